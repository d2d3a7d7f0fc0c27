"""One training step of a GAN: losses, optimisers and the generator's moving average; no files, no prints."""

import contextlib
import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from dcgan.compute import autotune, bfloat16, devices
from dcgan.config import Config
from dcgan.latent.prior import draw_z
from dcgan.networks.architectures import Dropout
from dcgan.networks.models import Discriminator, Generator, initialise
from dcgan.training.augment import FEW_PICTURES, augment, wanted
from dcgan.training.microbatch import Noise, Part, Sums, split
from dcgan.training.recalibration import recalibrate
from dcgan.training.team import ALONE, Team

MAX_LOGIT = 16.1  # a probability of 1 - 1e-7, where Keras stops: a label above 1 would reward logits without end
EMA_SHARE = 0.05  # of all pictures seen: the best of 0.05, 0.1 and 0.3 at every length that was tried


class GAN:
    """Generator, discriminator and all that trains them; `step` is one move of the two-player game."""

    def __init__(self, config: Config, device: torch.device, team: Team = ALONE, pictures: int = FEW_PICTURES) -> None:
        """Begin with fresh weights; `pictures` is how many there are to learn from."""
        self.config, self.device, self.team = config, device, team
        weights_rng = torch.Generator().manual_seed(config.seed)  # on the CPU: the same start on every device
        self.G, self.D = Generator(config), Discriminator(config)
        initialise(self.G, weights_rng, config.initial_weights)
        initialise(self.D, weights_rng, config.initial_weights)
        for network in (self.G, self.D):
            network.to(device).to(memory_format=torch.channels_last)
        self.precision = devices.choose_precision(config.precision, device, self.G, self.D)
        self.order = "pixels"  # of maps in memory, where bfloat16 is trained in: ops.run
        self.ema = copy.deepcopy(self.G).requires_grad_(False)
        self.opt_G = _optimiser(self.G, config.lr_g, config)
        self.opt_D = _optimiser(self.D, config.lr_d, config)
        self.z_rng = torch.Generator(device).manual_seed(config.seed + 1)
        self.noise_rng = torch.Generator(device).manual_seed(config.seed + 3)  # of dropout, labels, augmentation
        self.noise = Noise(self.noise_rng)
        self.pictures = pictures
        self.augments = wanted(config.augment, pictures)
        for module in self.D.modules():
            if isinstance(module, Dropout):
                module.noise = self.noise
        self.steps = 0
        self.begun: dict[str, Tensor] = {}  # between D's move and G's: the z of both (b, z_dim), and what was measured
        self.measured: dict[str, Tensor] = {}  # by the last whole step
        self.d_moves = 0  # of D alone since G's last move
        self.at_most = 0  # pictures at once, found out by running out of memory; 0 is no limit
        self.torn = False  # within an optimiser's step
        self._buffers = {  # BatchNorm's statistics, and those before the present move
            network: (buffers, [torch.empty_like(buffer) for buffer in buffers])
            for network in (self.G, self.D)
            if (buffers := list(network.buffers()))
        }
        self._before: tuple[Tensor, ...] = ()  # it, the streams of z and of noise; empty between moves

    def draw_z(self, n: int) -> Tensor:
        """n latent vectors (n, z_dim) from the prior, on the training stream of randomness."""
        return draw_z(n, self.config, self.z_rng)

    def apply(self, config: Config) -> None:
        """Take over what may change between two steps: learning rates, optimisers' numbers, EMA, what D sees."""
        self.config, self.augments = config, wanted(config.augment, self.pictures)
        for optimiser, lr in ((self.opt_G, config.lr_g), (self.opt_D, config.lr_d)):
            for group in optimiser.param_groups:
                group |= {"lr": self._decayed(lr, max(0, self.steps - 1)), "eps": config.epsilon}
                group |= {"alpha": config.rho} if "alpha" in group else {"betas": (config.beta1, config.beta2)}

    def step(self, real: Tensor, train_g: bool = True) -> dict[str, Tensor]:
        """Train D once, then G once, on real pictures (B, C, H, W) in [-1, 1]; without `train_g` only D.

        In a team `real` is this process's part of the batch. Returns scalar tensors that stay on the device, so that a
        step never waits for it, each a mean over the whole batch: d_loss, g_loss (both in nats per picture), d_real =
        mean D(x), d_fake = mean D(G(z)), d_accuracy. After an exception, `undo` goes back to before the player's move
        that it came from; a step called again then goes on there.
        """
        held = self.team.hold(len(real) if self.team.size == 1 else self.config.batch_size)
        assert held.rows == len(real)
        parts = split(held, self.at_once(len(real)))
        fake = None
        if not self.begun:
            fake = self._move_d(real, held, parts, keep=train_g and self.config.g_noise == "same" and len(parts) == 1)
        if not train_g:
            self.begun, self.d_moves = {}, self.d_moves + 1
            return {}
        self._move_g(held, parts, fake)
        self.measured = {name: value for name, value in self.begun.items() if name != "z"}
        self.begun, self.d_moves, self.steps = {}, 0, self.steps + 1
        self._update_ema(held.whole)
        return self.measured

    def _move_d(self, real: Tensor, held: Part, parts: list[Part], keep: bool) -> Tensor | None:
        """D learns to tell real from fake; returns the fakes for G to go on from if they are to be kept."""
        self._remember(self.opt_D)
        z, sums = held.of(self.draw_z(held.whole)), Sums()
        for part in self._each(parts):
            with torch.set_grad_enabled(keep):
                fake = self.draw(part.of(z, held))  # (b, C, H, W)
            loss, measured = self._d_loss(self._seen(part.of(real, held)), self._seen(fake.detach()))
            (loss * part.share).backward()
            sums.add(measured, part.share)
        self._move(self.D, self.opt_D, sums, self.config.lr_d)
        self.begun = {"z": z, **sums.values}
        return fake if keep else None

    def _move_g(self, held: Part, parts: list[Part], fake: Tensor | None) -> None:
        """G learns to make D say real, on the noise of D's move, whose fakes are made again if they weren't kept."""
        self._remember(self.opt_G)
        self.D.requires_grad_(False)
        z, sums = self.begun["z"], Sums()
        if self.config.g_noise == "fresh":
            z, fake = held.of(self.draw_z(held.whole)), None
        for part in self._each(parts):
            made = self.draw(part.of(z, held)) if fake is None else fake
            loss, measured = self._g_loss(made)
            (loss * part.share).backward()
            sums.add(measured, part.share)
        if fake is None and self.config.g_noise == "same":  # BatchNorm has counted these fakes in D's move
            self._restore(self.G)
        self._move(self.G, self.opt_G, sums, self.config.lr_g)
        self.D.requires_grad_(True)
        self.begun |= sums.values

    # ---- the losses of a part of the batch; each term is a mean over its pictures, so that parts add up to the whole

    def _d_loss(self, real: Tensor, fake: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """What D moves down on pictures (b, C, H, W) (Goodfellow et al. 2014, equation 1), and what is measured."""
        noise = self.config.label_noise
        on_real, on_fake = self.judge_both(real, fake)  # (b,), (b,)
        d_loss = self._loss(on_real, real=True, noise=noise) + self._loss(on_fake, real=False, noise=noise)
        mean_loss = d_loss / 2 if self.config.d_batch == "together" else d_loss  # the mean over the one batch of 2b
        with torch.no_grad():
            measured = {
                "d_loss": d_loss.detach(),
                "d_real": on_real.sigmoid().mean(),
                "d_fake": on_fake.sigmoid().mean(),
                "d_accuracy": ((on_real > 0).float().mean() + (on_fake <= 0).float().mean()) / 2,
            }
        return mean_loss, measured

    def _g_loss(self, fake: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """What G moves down on its fakes (b, C, H, W): the non-saturating loss of Goodfellow et al. 2014, section 3."""
        g_loss = self._loss(self._judge(self._seen(fake)), real=True)
        return g_loss, {"g_loss": g_loss.detach()}

    def draw(self, z: Tensor) -> Tensor:
        """z (b, z_dim) -> fakes (b, C, H, W), on the fastest route."""
        return devices.run(self.G, z, self.precision, self.order)

    def _seen(self, x: Tensor) -> Tensor:
        """Pictures (b, C, H, W) as D gets to see them in training."""
        return augment(x, self.noise, self.augments)

    def _judge(self, x: Tensor) -> Tensor:
        """Pictures (b, C, H, W) -> logits (b,), on the fastest route."""
        return devices.run(self.D, x, self.precision, self.order).flatten()

    def judge_both(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The logits (b,) of both kinds of pictures (b, C, H, W), as D's own step has them."""
        if self.config.d_batch == "together":  # one batch of 2b: both kinds share their BatchNorm statistics
            on_real, on_fake = self._judge(torch.cat([real, fake])).chunk(2)
            return on_real, on_fake
        return self._judge_apart(real, fake)

    def _judge_apart(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of both, each with BatchNorm statistics of its own; together where that is one faster pass."""
        if self.precision != "bfloat16":
            return self._judge(real), self._judge(fake)
        on_real, on_fake = bfloat16.run(self.D.blocks, torch.cat([real, fake]), 2, self.order).flatten().chunk(2)
        return on_real, on_fake

    def _loss(self, logits: Tensor, real: bool, noise: float = 0.0) -> Tensor:
        """Cross-entropy in nats of logits (B,), positive for real, with the label of real or fake.

        Flipped labels ask for the probability of fake: of the negative logit, so that positive stays real for everyone.
        """
        if self.config.labels == "flipped":
            logits, real = -logits, not real
        labels = torch.full_like(logits, float(real))
        if noise:
            labels = labels + noise * self.noise.rand(labels.shape)
            logits = logits.clamp(-MAX_LOGIT, MAX_LOGIT)
        return bce(logits, labels)

    # ---- a player's move

    def _each(self, parts: list[Part]) -> Iterator[Part]:
        """The parts in turn, each with the random numbers that its pictures have in the undivided batch."""
        for part in parts:
            if part is not parts[0]:
                self.noise.rng.set_state(self._before[1])  # drawn anew, each time for the whole batch
            self.noise.part = part
            yield part
        self.noise.part = None

    def _move(self, network: nn.Module, optimiser: torch.optim.Optimizer, sums: Sums, lr: float) -> None:
        """One step of a player down its gradients, those of all processes together."""
        gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
        self.team.add_up([*gradients, *sums.values.values()])
        if self.config.clip_value:
            nn.utils.clip_grad_value_(network.parameters(), self.config.clip_value)
        if self.config.lr_decay:
            for group in optimiser.param_groups:
                group["lr"] = self._decayed(lr, self.steps)
        self.torn = True
        optimiser.step()
        self.torn = False
        self._before = ()

    def _decayed(self, lr: float, steps: int) -> float:
        """The learning rate after so many steps."""
        return lr / (1 + self.config.lr_decay * steps)

    def _remember(self, optimiser: torch.optim.Optimizer) -> None:
        """Begin a move: note what changes before its optimiser's step does."""
        optimiser.zero_grad(set_to_none=True)
        for buffers, old in self._buffers.values():
            torch._foreach_copy_(old, buffers)
        self._before = self.z_rng.get_state(), self.noise.rng.get_state()

    @torch.no_grad()
    def undo(self) -> None:
        """After an exception in a step: be as before the move that failed, and hold no memory that it took.

        Can't be done if `torn`: the optimiser was about to change the weights.
        """
        assert not self.torn
        for optimiser in (self.opt_G, self.opt_D):
            optimiser.zero_grad(set_to_none=True)
        self.D.requires_grad_(True)
        self.noise.part = None
        if self._before:
            self._restore(self.G)
            self._restore(self.D)
            self.z_rng.set_state(self._before[0])
            self.noise.rng.set_state(self._before[1])
            self._before = ()

    @torch.no_grad()
    def _restore(self, network: nn.Module) -> None:
        """Take BatchNorm's statistics back to before the present move."""
        if network in self._buffers:
            buffers, old = self._buffers[network]
            torch._foreach_copy_(buffers, old)

    @contextlib.contextmanager
    def untouched(self) -> Iterator[None]:
        """Between two steps: run the networks as training does, and leave no trace in their state or in the streams.

        Dropout lets everything pass meanwhile.
        """
        assert not self._before
        dropouts = [module for module in self.D.modules() if isinstance(module, Dropout)]
        for buffers, old in self._buffers.values():
            torch._foreach_copy_(old, buffers)
        try:
            for module in dropouts:
                module.noise = None
            yield
        finally:
            for module in dropouts:
                module.noise = self.noise
            for network in (self.G, self.D):
                self._restore(network)

    def at_once(self, rows: int) -> int:
        """How many of so many pictures pass through the networks at once."""
        return min([rows, *(limit for limit in (self.config.micro_batch, self.at_most) if limit)])

    def start_step_anew(self) -> None:
        """Forget what was found out with other sizes of batches: how much fits into memory, and half a step."""
        self.begun, self.d_moves, self.at_most = {}, 0, 0

    def halve(self, rows: int) -> bool:
        """Work on half as many pictures at once from now on; False if there are too few to halve."""
        if self.at_once(rows) < 4:
            return False
        self.at_most = self.at_once(rows) // 2
        return True

    @torch.no_grad()
    def _update_ema(self, batch_size: int) -> None:
        """Move the average towards G; early on its half-life is a share of what was seen, so it leaves the start."""
        half_life = min(self.config.ema_half_life_images, EMA_SHARE * self.steps * batch_size)
        decay = 0.5 ** (batch_size / half_life) if half_life > 0 else 0.0
        torch._foreach_lerp_(list(self.ema.parameters()), list(self.G.parameters()), 1 - decay)

    @torch.no_grad()
    def ema_generator(self) -> Generator:
        """The averaged generator in eval mode, with BatchNorm statistics of its own weights.

        Averaged weights make other activations than the trained ones, so the trained network's running statistics
        would be wrong for it: they are measured anew on fixed z, without touching any training randomness.
        """
        rng = torch.Generator(self.device).manual_seed(self.config.seed + 2)
        recalibrate(self.ema, self.config, rng)
        return self.ema.eval()

    def state_dict(self) -> dict[str, Any]:
        """Everything an exact continuation needs, as tensors and plain numbers."""
        return {
            "G": self.G.state_dict(),
            "D": self.D.state_dict(),
            "ema": self.ema.state_dict(),
            "opt_G": self.opt_G.state_dict(),
            "opt_D": self.opt_D.state_dict(),
            "z_rng": self.z_rng.get_state(),
            "noise_rng": self.noise_rng.get_state(),
            "steps": self.steps,
            "begun": dict(self.begun),
            "d_moves": self.d_moves,
            "at_most": self.at_most,
            "order": self.order,
            "routes": autotune.chosen() if self.precision == "bfloat16" else {},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in ("G", "D", "ema", "opt_G", "opt_D"):
            getattr(self, name).load_state_dict(state[name])
        self.z_rng.set_state(state["z_rng"].cpu())
        if "noise_rng" in state:  # states saved before there was dropout or label noise don't need it
            self.noise_rng.set_state(state["noise_rng"].cpu())
        self.steps = state["steps"]
        self.begun = {name: value.to(self.device) for name, value in state.get("begun", {}).items()}
        self.d_moves, self.at_most = state.get("d_moves", 0), state.get("at_most", 0)
        self.order = state.get("order", "blocks")  # the only one there was when states had no word for it
        autotune.choose(state.get("routes", {}))  # another order or route rounds otherwise


def _optimiser(network: nn.Module, lr: float, config: Config) -> torch.optim.Optimizer:
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(network.parameters(), lr, alpha=config.rho, eps=config.epsilon)
    betas = (config.beta1, config.beta2)
    return torch.optim.Adam(network.parameters(), lr, betas, eps=config.epsilon, fused=True)
