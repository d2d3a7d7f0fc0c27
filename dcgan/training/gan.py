"""One training step of a GAN: the moves of D and G on a batch, and the state that they leave; no files, no prints."""

import contextlib
import copy
import functools
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from dcgan.compute import autotune, bfloat16, devices, kernels
from dcgan.config import Config
from dcgan.data.batches import layout
from dcgan.latent.prior import draw_z
from dcgan.networks.architectures import Dropout, Originals
from dcgan.networks.models import Discriminator, Generator, initialise, logits_of
from dcgan.training import ema, losses, optimisers
from dcgan.training.augment import FEW_PICTURES, augment, wanted
from dcgan.training.microbatch import Noise, Part, Sums, split, weighted
from dcgan.training.rollback import Rollback
from dcgan.training.team import ALONE, Team

SAVED = ("G", "D", "ema", "opt_G", "opt_D")  # what has a state_dict of its own
STREAMS = ("z_rng", "noise_rng")  # of random numbers on the device


class GAN:
    """Generator, discriminator and all that trains them; `step` is one move of the two-player game."""

    def __init__(self, config: Config, device: torch.device, team: Team = ALONE, pictures: int = FEW_PICTURES) -> None:
        """Begin with fresh weights; `pictures` is how many there are to learn from."""
        self.config, self.device, self.team = config, device, team
        weights_rng = torch.Generator().manual_seed(config.seed)  # on the CPU: the same start on every device
        self.G, self.D = Generator(config), Discriminator(config)
        for network in (self.G, self.D):
            initialise(network, weights_rng, config.initial_weights)
            network.to(device)
        self.precision = devices.choose_for_step(config, device, self.G, self.D)
        self.layout = layout(device, config.architecture, self.precision)
        for network in (self.G, self.D):
            network.to(memory_format=self.layout)
        self.order = "pixels"  # of maps in memory, where bfloat16 is trained in: see `bfloat16.run`
        self.ema = copy.deepcopy(self.G).requires_grad_(False)
        self.opt_G = optimisers.make_optimiser(self.G, config.lr_g, config)
        self.opt_D = optimisers.make_optimiser(self.D, config.lr_d, config)
        self.z_rng = torch.Generator(device).manual_seed(config.seed + 1)
        self.noise_rng = torch.Generator(device).manual_seed(config.seed + 3)  # of dropout, labels, augmentation
        self.noise = Noise(self.noise_rng)
        self.pictures, self.augments = pictures, wanted(config.augment, pictures)
        self._dropouts = [module for module in self.D.modules() if isinstance(module, Dropout)]
        for module in self._dropouts:
            module.noise = self.noise
        self._originals = next((module for module in self.D.modules() if isinstance(module, Originals)), None)
        self.inexact = ""  # why it goes on otherwise than its state would have: another "device" or "route", or nothing
        self.steps = 0
        # between D's move and G's: the z of both (b, z_dim), and what was measured
        self.begun: dict[str, Tensor] = {}
        self.measured: dict[str, Tensor] = {}  # by the last whole step
        self.d_moves = 0  # of D alone since G's last move
        self.at_most = 0  # pictures at once, found out by running out of memory; 0 is no limit
        self.torn = False  # within an optimiser's step
        self._rollback = Rollback((self.G, self.D), self.z_rng, self.noise_rng)

    def draw_z(self, n: int) -> Tensor:
        """n latent vectors (n, z_dim) from the prior, on the training stream of randomness."""
        return draw_z(n, self.config, self.z_rng)

    def apply(self, config: Config) -> None:
        """Take over what may change between two steps: learning rates, optimisers' numbers, EMA, augmentation."""
        self.config, self.augments = config, wanted(config.augment, self.pictures)
        optimisers.apply_settings(self.opt_G, config.lr_g, config, self.steps)
        optimisers.apply_settings(self.opt_D, config.lr_d, config, self.steps)

    def step(self, real: Tensor, labels: Tensor | None = None, train_g: bool = True) -> dict[str, Tensor]:
        """Train D once, then G once, on real pictures (B, C, H, W) in [-1, 1]; without `train_g` only D.

        Where classes are asked for, `labels` are those of the pictures, int64 (B,), and the fakes get the same.
        In a team `real` is this process's part of the batch. Returns scalar tensors that stay on the device, so that a
        step never waits for it, each a mean over the whole batch: d_loss, g_loss (per picture; of bce in nats), d_real
        = mean D(x), d_fake = mean D(G(z)), d_accuracy. After an exception, `undo` goes back to before the player's move
        that it came from; a step called again then goes on there.
        """
        held = self.team.hold(len(real) if self.team.size == 1 else self.config.batch_size)
        assert held.rows == len(real) and (labels is None) == (self.config.classes == "off")
        parts = split(held, self.at_once(len(real)))
        real = real.contiguous(memory_format=self.layout)
        keep = train_g and self.config.g_noise == "same" and len(parts) == 1
        fake = None if self.begun else self._move_d(real, labels, held, parts, keep)
        if not train_g:
            self.begun, self.d_moves = {}, self.d_moves + 1
            return {}
        self._move_g(real, labels, held, parts, fake)
        self.measured = {name: value for name, value in self.begun.items() if name != "z"}
        self.begun, self.d_moves, self.steps = {}, 0, self.steps + 1
        kept = ema.decay(self.config.ema_half_life_images, self.steps, held.whole)
        ema.update(self.ema, self.G, kept)
        return self.measured

    def _move_d(self, real: Tensor, labels: Tensor | None, held: Part, parts: list[Part], keep: bool) -> Tensor | None:
        """One step of D down its loss; returns the fakes, for G to go on from, if they are to be kept."""
        self.opt_D.zero_grad()
        self._rollback.begin()
        z, sums = held.of(self.draw_z(held.whole)), Sums()
        for part in self._each(parts):
            of_part = None if labels is None else part.of(labels, held)
            with torch.set_grad_enabled(keep):
                fake = self.draw(part.of(z, held), of_part)  # (b, C, H, W)
            seen, seen_fake = self._augmented(part.of(real, held)), self._augmented(fake.detach())
            on_real, on_fake = self.both_logits(seen, seen_fake, of_part)
            loss = losses.discriminator_loss(on_real, on_fake, self.config, self.noise)
            if self.config.loss == "wgan-gp":  # on the plain route: others have no second derivative
                judge = functools.partial(self.D, labels=of_part)
                loss = loss + losses.gradient_penalty(judge, seen, seen_fake, self.noise)
            mean = loss / 2 if self.config.d_batch == "together" else loss  # over the one batch of 2b
            scores = losses.discriminator_scores(on_real, on_fake, self.config.loss)
            sums.add({"d_loss": loss.detach(), **scores}, part.share)
            if part is parts[-1]:
                self.team.exchange(self.D, sums.values)
            weighted(mean, part.share).backward()
        self._move(self.D, self.opt_D, self.config.lr_d)
        self.begun = {"z": z, **sums.values}
        return fake if keep else None

    def _move_g(self, real: Tensor, labels: Tensor | None, held: Part, parts: list[Part], fake: Tensor | None) -> None:
        """One step of G down its loss, on the z of D's move, whose fakes are made again if they weren't kept."""
        self.opt_G.zero_grad()
        self._rollback.begin()
        self.D.requires_grad_(False)
        z, sums = self.begun["z"], Sums()
        if self.config.g_noise == "fresh":
            z, fake = held.of(self.draw_z(held.whole)), None
        for part in self._each(parts):
            of_part = None if labels is None else part.of(labels, held)
            made = self.draw(part.of(z, held), of_part) if fake is None else fake
            on_fake, on_real = self.logits(self._augmented(made), of_part), None
            if self.config.loss == "relativistic":  # G's task is to overtake real pictures, which it doesn't move
                with torch.no_grad():
                    on_real = self.logits(self._augmented(part.of(real, held)), of_part)
            loss = losses.generator_loss(on_fake, self.config, on_real)
            sums.add({"g_loss": loss.detach()}, part.share)
            if self._originals is not None:
                loss = loss + losses.HELD * self._originals.rest(made).square().mean()
            if part is parts[-1]:
                self.team.exchange(self.G, sums.values)
            weighted(loss, part.share).backward()
        if fake is None and self.config.g_noise == "same":  # BatchNorm has counted these fakes in D's move
            self._rollback.restore_statistics(self.G)
        self._move(self.G, self.opt_G, self.config.lr_g)
        self.D.requires_grad_(True)
        self.begun |= sums.values

    # ---- the networks on a part of the batch

    def draw(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """z (b, z_dim), and labels (b,) where classes are asked for -> fakes (b, C, H, W), on the fastest route."""
        return devices.run(self.G, self.G.of_class(z, labels), self.precision, self.order)

    def _augmented(self, x: Tensor) -> Tensor:
        """Pictures (b, C, H, W) as they enter D in training."""
        x = x if self._originals is None else self._originals(x)
        return augment(x, self.noise, self.augments)

    def logits(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        """Pictures (b, C, H, W), and their labels (b,) -> D's logits (b,), on the fastest route."""
        return logits_of(devices.run(self.D.blocks, x, self.precision, self.order), labels)

    def both_logits(self, real: Tensor, fake: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """D's logits (b,) on both kinds of pictures (b, C, H, W), as its own step has them, both of these labels.

        With `d_batch` together both kinds share their BatchNorm statistics. Apart, each has its own, also where one
        pass over both is faster.
        """
        if self.config.d_batch == "together":
            both = devices.run(self.D.blocks, torch.cat([real, fake]), self.precision, self.order)
        elif self.precision == devices.OURS:
            both = bfloat16.run(self.D.blocks, torch.cat([real, fake]), 2, self.order)
        else:
            return self.logits(real, labels), self.logits(fake, labels)
        on_real, on_fake = both.chunk(2)
        return logits_of(on_real, labels), logits_of(on_fake, labels)

    # ---- a player's move

    def _each(self, parts: list[Part]) -> Iterator[Part]:
        """The parts in turn, each with the random numbers that its pictures have in the undivided batch."""
        for part in parts:
            if part is not parts[0]:
                self._rollback.rewind_noise()  # drawn anew, each time for the whole batch
            self.noise.part = part
            yield part
        self.noise.part = None

    def _move(self, network: nn.Module, optimiser: torch.optim.Optimizer, lr: float) -> None:
        """One step of a player down its gradients, those of all processes together."""
        self.team.collect()
        if self.config.clip_value:
            nn.utils.clip_grad_value_(network.parameters(), self.config.clip_value)
        optimisers.set_rate(optimiser, lr, self.config, self.steps)
        self.torn = True
        optimiser.step()
        self.torn = False
        self._rollback.end()

    def undo(self) -> None:
        """After an exception in a step: be as before the move that failed, and hold no memory that it took.

        Can't be done if `torn`: the optimiser was about to change the weights.
        """
        assert not self.torn
        self.opt_G.zero_grad()
        self.opt_D.zero_grad()
        self.D.requires_grad_(True)
        self.noise.part = None
        self._rollback.undo()

    @contextlib.contextmanager
    def untouched(self) -> Iterator[None]:
        """Between two steps: run the networks as training does, and leave no trace in their state or in the streams.

        Dropout is off meanwhile.
        """
        assert not self._rollback.in_move
        self._rollback.note_statistics()
        try:
            for module in self._dropouts:
                module.noise = None
            yield
        finally:
            for module in self._dropouts:
                module.noise = self.noise
            self._rollback.restore_statistics(self.G, self.D)

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

    @property
    def is_exact(self) -> bool:
        """Whether it goes on exactly as its state would have where that was saved."""
        return not self.inexact

    def ema_generator(self) -> Generator:
        """The averaged generator in eval mode, which is what samples are drawn by: see `ema.shown`."""
        return ema.shown(self.ema, self.config, self.device)

    def state_dict(self) -> dict[str, Any]:
        """Everything an exact continuation needs, as tensors and plain numbers."""
        return {
            **{name: getattr(self, name).state_dict() for name in SAVED},
            **{name: getattr(self, name).get_state() for name in STREAMS},
            "steps": self.steps,
            "begun": dict(self.begun),
            "d_moves": self.d_moves,
            "at_most": self.at_most,
            "precision": self.precision,
            "order": self.order,
            "units": kernels.units() if self.precision in devices.OWN else "",
            "routes": autotune.chosen() if self.precision == devices.OURS else {},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over a state; one of an earlier version may lack what there was no word for then."""
        for name in SAVED:
            getattr(self, name).load_state_dict(state[name])
        for optimiser in (self.opt_G, self.opt_D):
            optimisers.lay_out(optimiser)
        self.steps = state["steps"]
        for name in STREAMS:
            if name in state:  # states saved before there was dropout or label noise lack one, and don't need it
                rng, origin = getattr(self, name), (self.config.seed, self.steps, name)
                if not devices.continue_stream(rng, state[name], *origin):
                    self.inexact = "device"
        self.begun = {name: value.to(self.device) for name, value in state.get("begun", {}).items()}
        self.d_moves, self.at_most = state.get("d_moves", 0), state.get("at_most", 0)
        self.order = state.get("order", "blocks")  # the only one there was when states had no word for it
        autotune.choose(state.get("routes", {}))  # another order or route rounds otherwise
        self._keep_precision(state.get("precision", ""))
        if self.precision in devices.OWN and state.get("units", "matrix") != kernels.units():
            self.inexact = self.inexact or "route"

    def _keep_precision(self, was: str) -> None:
        """Go on in the precision that a state is of, where this device has it; a state may have no word for it."""
        place = self.device, self.G, self.D
        was = was or devices.first_precision(self.config.precision, *place)
        if self.config.precision == "auto" and devices.pays(was, *place):
            self.precision = was
        elif was != self.precision:
            self.inexact = self.inexact or "route"
