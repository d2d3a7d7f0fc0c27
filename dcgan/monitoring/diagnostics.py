"""What is measured now and then beside the losses, so that faults of the game are seen early; `alarms` reads it.

Nothing here moves the training: its random streams stay where they are, BatchNorm's statistics are put back, and what
was measured stays on the device until the loop waits for it anyway.
"""

import contextlib
import logging
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from dcgan.compute import devices
from dcgan.data.batches import Feed
from dcgan.errors import Halted, first_line
from dcgan.latent.prior import draw_z

if TYPE_CHECKING:
    from dcgan.training.gan import GAN

log = logging.getLogger("dcgan")

EVERY = 50  # steps between two looks at G's pictures and at both players' moves
EVERY_JUDGED = 100  # and at what D says of pictures that it has never trained on
ENOUGH_HELD_OUT = 16  # fewer pictures say nothing about the others
FEW_NUMBERS = 8  # in a z this short neighbours are near each other by nature
MOST = 1e9  # stands for what has no end, in a file of numbers
DISTINCT_OF = 5_000  # pictures compared to see how many of them differ


class Diagnostics:
    """Looks at the players every so many steps: `before` and `after` stand around each step of the loop."""

    def __init__(self, gan: "GAN", feed: Feed, held_out: np.ndarray | None, log_every: int) -> None:
        """`held_out` is uint8 (M, C, S, S), pictures that are not trained on."""
        self.gan, self.feed = gan, feed
        enough = held_out is not None and len(held_out) >= ENOUGH_HELD_OUT
        self.held_out = Feed(held_out, gan.device) if enough else None  # type: ignore[arg-type]
        self.every = log_every * math.ceil(EVERY / log_every)
        self.every_judged = self.every * math.ceil(EVERY_JUDGED / self.every)
        self.notice = ""  # why nothing is looked at any more
        self._old: dict[nn.Module, list[Tensor]] = {}

    def before(self, step: int) -> None:
        """Call it before a step, named by its number from 1 on."""
        self._old = {}
        if not self.notice and step % self.every == 0:
            with self._no_harm():
                self._old = {net: [w.detach().clone() for w in weights_of(net)] for net in (self.gan.G, self.gan.D)}

    def after(self, step: int) -> dict[str, Tensor]:
        """What there is to say after a step, scalars by name; mostly nothing.

        grad_g, grad_d: the norm of each player's gradient. update_g, update_d: how much the step changed a weight
        tensor, relative to it, the most of all. weight_g, weight_d: the size of all weights. spread, nearest, grid:
        see `compare`. held_gap: how far D takes held-out pictures for fakes, 0 if as real as its training pictures
        and 1 if as false as the fakes (r_v in Karras et al. 2020, equation 1).
        """
        if not self._old:
            return {}
        with self._no_harm(), torch.no_grad():
            found = self._moves()
            self._old = {}
            found |= self._pictures(step)
            return {
                name: value.float().nan_to_num(MOST, MOST, -MOST).clamp(-MOST, MOST) for name, value in found.items()
            }
        return {}

    @contextlib.contextmanager
    def _no_harm(self) -> Iterator[None]:
        """A look for which memory runs out is left out; any other failure ends the looks, and nothing else."""
        try:
            yield
        except Halted:  # by another process
            raise
        except Exception as error:
            self._old = {}
            if not devices.is_out_of_memory(error):
                log.exception("nothing is looked at any more")
                self.notice = f"The alarms look at nothing any more: {first_line(error)}; log.txt has the details."
            devices.forget_buffers(self.gan.device)

    def _moves(self) -> dict[str, Tensor]:
        found = {}
        for name, network in (("g", self.gan.G), ("d", self.gan.D)):
            gradients = [w.grad for w in network.parameters() if w.grad is not None]
            weights, old = weights_of(network), self._old[network]
            moved = torch.stack(torch._foreach_norm(torch._foreach_sub(weights, old)))
            found[f"grad_{name}"] = torch.stack(torch._foreach_norm(gradients)).norm()
            found[f"update_{name}"] = (moved / torch.stack(torch._foreach_norm(old)).clamp_min(1e-12)).max()
            found[f"weight_{name}"] = size_of(weights)
        return found

    def _pictures(self, step: int) -> dict[str, Tensor]:
        gan, look = self.gan, step // self.every
        rows = gan.at_once(gan.team.hold(gan.config.batch_size).rows)  # the sizes that training has a route for
        rng = torch.Generator(gan.device).manual_seed(2**32 * (look + 1) + gan.config.seed)
        with gan.untouched():
            picked = spaced(self.feed.num_images, rows, look)
            real = self.feed.batch(picked)
            fake = gan.draw(draw_z(rows, gan.config, rng), self.feed.labels(picked))  # (b, C, S, S)
            found = compare(fake, real)
            if gan.config.z_dim < FEW_NUMBERS:
                del found["nearest"]
            if self.held_out and step % self.every_judged == 0:
                held = self.held_out.batch(spaced(self.held_out.num_images, rows, look))
                on_real, on_fake = gan.both_logits(real, fake)  # (b,), (b,)
                on_held, _ = gan.both_logits(held, fake)
                lead = (on_real.mean() - on_fake.mean()).clamp_min(1.0)  # of real over fake, in logits
                found["held_gap"] = (on_real.mean() - on_held.mean()) / lead
        return found


def compare(fake: Tensor, real: Tensor) -> dict[str, Tensor]:
    """How the variety and the texture of fakes (n, C, S, S) stand beside those of real pictures (n, C, S, S).

    spread: the mean squared distance between two pictures, fake over real. nearest: the distance from a picture to the
    most similar other one, fake over real, its median; 0 if every picture is there twice. grid: the share of the
    fakes' power that repeats every 2 or 4 pixels, beyond what neighbouring frequencies have, less that of the real.
    """
    (spread, nearest), (spread_real, nearest_real) = variety(fake), variety(real)
    small = 1e-3 * spread_real.sqrt() + 1e-6
    return {
        "spread": spread / spread_real.clamp_min(1e-9),
        "nearest": (nearest + small) / (nearest_real + small),
        "grid": lattice(fake) - lattice(real),
    }


def variety(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """The mean squared distance of two pictures, and the median distance to the nearest other one, per pixel."""
    flat = pictures.flatten(1)  # (n, C * S * S)
    scale = flat.shape[1]
    distances = torch.cdist(flat, flat) / math.sqrt(scale)  # (n, n)
    nearest = (distances + torch.eye(len(flat), device=flat.device) * MOST).amin(1).median()
    return 2 * flat.var(0).sum() / scale, nearest


def lattice(pictures: Tensor) -> Tensor:
    """The share of the power of pictures (n, C, S, S) at periods of 2 and 4 pixels that stands out.

    Transposed convolutions leave such patterns where their kernels overlap unevenly (Odena et al. 2016,
    "Deconvolution and Checkerboard Artifacts"). A frequency stands out by what it has beyond the mean of the eight
    around it.
    """
    waves = torch.fft.fft2(pictures.float().mean(1))
    power = (waves.real.square() + waves.imag.square()).mean(0)  # (S, S); `abs` of complex numbers compiles on a GPU
    power[0, 0] = 0.0
    around = sum(power.roll((i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)) - power
    quarter = pictures.shape[-1] // 4
    beyond = (power - around / 8)[::quarter, ::quarter].clamp_min(0)  # (4, 4): periods of 4, 2 and 4, or none
    beyond[0, 0] = 0.0
    return beyond.sum() / power.sum().clamp_min(1e-9)


def weights_of(network: nn.Module) -> list[Tensor]:
    """The kernels and matrices of a network, without biases and BatchNorm's scales, which may begin at 0."""
    return [parameter for parameter in network.parameters() if parameter.dim() > 1]


def size_of(weights: list[Tensor]) -> Tensor:
    """The root of the mean square of all numbers in weights, a scalar."""
    return torch.stack(torch._foreach_norm(weights)).norm() / math.sqrt(sum(weight.numel() for weight in weights))


def begun(gan: "GAN", images: np.ndarray) -> dict[str, float]:
    """What there is to say before the first step: of the pictures, see `distinct`, and the size of both weights.

    `scores` is there, and 1, where D gives scores: the size of losses is then no sign of anything.
    """
    sizes = torch.stack([size_of(weights_of(network)).detach() for network in (gan.G, gan.D)]).tolist()
    scores = {"scores": 1} if gan.config.scores else {}
    return distinct(images) | scores | {"weight_g": round(sizes[0], 6), "weight_d": round(sizes[1], 6)}


def spaced(num_images: int, n: int, turn: int) -> Tensor:
    """n indices int64 (n,) spread evenly over the data, others at each turn."""
    return (torch.arange(n) * num_images // n + turn * 7919) % num_images


def distinct(images: np.ndarray) -> dict[str, int]:
    """How many of uint8 pictures (N, C, S, S) were looked_at, at most DISTINCT_OF, and how many were different."""
    picked = np.unique(np.linspace(0, len(images) - 1, min(len(images), DISTINCT_OF)).astype(int))
    repeated = images.strides[1] == 0  # a grey picture in three channels
    different = {(images[i, :1] if repeated else images[i]).tobytes() for i in picked}
    return {"pictures": len(images), "looked_at": len(picked), "different": len(different)}
