"""One training step of a GAN: losses, optimisers and the generator's moving average; no files, no prints."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from dcgan import ops, routes
from dcgan.config import BadInput, Config
from dcgan.models import NORMS, Discriminator, Dropout, Generator, initialise

MAX_LOGIT = 16.1  # a probability of 1 - 1e-7, where Keras stops: a label above 1 would reward logits without end
EMA_SHARE = 0.05  # of all pictures seen: the best of 0.05, 0.1 and 0.3 at every length that was tried
RECALIBRATION_BATCHES, RECALIBRATION_SIZE = 2, 128


class GAN:
    """Generator, discriminator and all that trains them; `step` is one move of the two-player game."""

    def __init__(self, config: Config, device: torch.device) -> None:
        self.config, self.device = config, device
        weights_rng = torch.Generator().manual_seed(config.seed)  # on the CPU: the same start on every device
        self.G, self.D = Generator(config), Discriminator(config)
        initialise(self.G, weights_rng, config.initial_weights)
        initialise(self.D, weights_rng, config.initial_weights)
        for network in (self.G, self.D):
            network.to(device).to(memory_format=torch.channels_last)
        self.precision = ops.choose_precision(config.precision, device, self.G, self.D)
        self.ema = copy.deepcopy(self.G).requires_grad_(False)
        self.opt_G = _optimiser(self.G, config.lr_g, config)
        self.opt_D = _optimiser(self.D, config.lr_d, config)
        self.z_rng = torch.Generator(device).manual_seed(config.seed + 1)
        self.noise_rng = torch.Generator(device).manual_seed(config.seed + 3)  # of dropout and of D's labels
        for module in self.D.modules():
            if isinstance(module, Dropout):
                module.rng = self.noise_rng
        self.steps = 0

    def draw_z(self, n: int) -> Tensor:
        """n latent vectors (n, z_dim) from the prior, on the training stream of randomness."""
        return draw_z(n, self.config, self.z_rng)

    def apply(self, config: Config) -> None:
        """Take over settings that may change between two steps: learning rates, optimisers' numbers, EMA, the game."""
        self.config = config
        for optimiser, lr in ((self.opt_G, config.lr_g), (self.opt_D, config.lr_d)):
            for group in optimiser.param_groups:
                group |= {"lr": lr, "eps": config.epsilon}
                group |= {"alpha": config.rho} if "alpha" in group else {"betas": (config.beta1, config.beta2)}

    def step(self, real: Tensor, train_g: bool = True) -> dict[str, Tensor]:
        """Train D once, then G once, on real pictures (B, C, H, W) in [-1, 1]; without `train_g` only D.

        Returns scalar tensors that stay on the device, so that a step never waits for it: d_loss, g_loss (both
        in nats per picture), d_real = mean D(x), d_fake = mean D(G(z)), d_accuracy.
        """
        # D: tell real from fake (Goodfellow et al. 2014, equation 1)
        config = self.config
        fake = self._draw(self.draw_z(len(real)))  # (B, C, H, W)
        if config.d_batch == "together":  # one batch of 2B: both kinds share their BatchNorm statistics
            on_real, on_fake = self._judge(torch.cat([real, fake.detach()])).chunk(2)  # (B,), (B,)
        else:  # each batch with its own
            on_real, on_fake = self._judge_apart(real, fake.detach())  # (B,), (B,)
        d_loss = self._loss(on_real, real=True, noise=config.label_noise)
        d_loss = d_loss + self._loss(on_fake, real=False, noise=config.label_noise)
        mean_loss = d_loss / 2 if config.d_batch == "together" else d_loss  # the mean over the one batch of 2B
        self._move(self.D, self.opt_D, mean_loss, config.lr_d)
        if not train_g:
            return {}

        # G: make D say real (the non-saturating loss of Goodfellow et al. 2014, section 3)
        self.D.requires_grad_(False)
        if config.g_noise == "fresh":
            fake = self._draw(self.draw_z(len(real)))
        g_loss = self._loss(self._judge(fake), real=True)
        self._move(self.G, self.opt_G, g_loss, config.lr_g)
        self.D.requires_grad_(True)

        self.steps += 1
        self._update_ema(len(real))
        with torch.no_grad():
            return {
                "d_loss": d_loss.detach(),
                "g_loss": g_loss.detach(),
                "d_real": on_real.sigmoid().mean(),
                "d_fake": on_fake.sigmoid().mean(),
                "d_accuracy": ((on_real > 0).float().mean() + (on_fake <= 0).float().mean()) / 2,
            }

    def _draw(self, z: Tensor) -> Tensor:
        """z (B, z_dim) -> fakes (B, C, H, W), on the fastest route."""
        return ops.run(self.G.blocks, z) if self.precision == "bfloat16" else self.G(z)

    def _judge(self, x: Tensor) -> Tensor:
        """Pictures (B, C, H, W) -> logits (B,), on the fastest route."""
        return ops.run(self.D.blocks, x).flatten() if self.precision == "bfloat16" else self.D(x)

    def _judge_apart(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of both, each with BatchNorm statistics of its own; together where that is one faster pass."""
        if self.precision != "bfloat16":
            return self._judge(real), self._judge(fake)
        on_real, on_fake = ops.run(self.D.blocks, torch.cat([real, fake]), groups=2).flatten().chunk(2)
        return on_real, on_fake

    def _loss(self, logits: Tensor, real: bool, noise: float = 0.0) -> Tensor:
        """Cross-entropy in nats of logits (B,), positive for real, with the label of real or fake.

        Flipped labels ask for the probability of fake: of the negative logit, so that positive stays real for everyone.
        """
        if self.config.labels == "flipped":
            logits, real = -logits, not real
        labels = torch.full_like(logits, float(real))
        if noise:
            labels = labels + noise * torch.rand(labels.shape, generator=self.noise_rng, device=self.device)
            logits = logits.clamp(-MAX_LOGIT, MAX_LOGIT)
        return bce(logits, labels)

    def _move(self, network: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor, lr: float) -> None:
        """One step of a player down its loss."""
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.config.clip_value:
            nn.utils.clip_grad_value_(network.parameters(), self.config.clip_value)
        if self.config.lr_decay:
            for group in optimiser.param_groups:
                group["lr"] = lr / (1 + self.config.lr_decay * self.steps)
        optimiser.step()

    @torch.no_grad()
    def _update_ema(self, batch_size: int) -> None:
        """Move the average towards G; early on its half-life is a share of what was seen, so it leaves the start."""
        half_life = min(self.config.ema_half_life_images, EMA_SHARE * self.steps * batch_size)
        decay = 0.5 ** (batch_size / half_life) if half_life > 0 else 0.0
        for averaged, trained in zip(self.ema.parameters(), self.G.parameters(), strict=True):
            averaged.lerp_(trained, 1 - decay)

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
            "routes": routes.chosen() if self.precision == "bfloat16" else {},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in ("G", "D", "ema", "opt_G", "opt_D"):
            getattr(self, name).load_state_dict(state[name])
        self.z_rng.set_state(state["z_rng"].cpu())
        if "noise_rng" in state:  # states saved before there was dropout or label noise don't need it
            self.noise_rng.set_state(state["noise_rng"].cpu())
        self.steps = state["steps"]
        routes.choose(state.get("routes", {}))  # another route rounds otherwise


def draw_z(n: int, config: Config, rng: torch.Generator) -> Tensor:
    """n latent vectors (n, z_dim) from the config's prior, on the stream's device."""
    shape = (n, config.z_dim)
    if config.z_prior == "uniform":
        return torch.rand(shape, generator=rng, device=rng.device) * 2 - 1
    return torch.randn(shape, generator=rng, device=rng.device)


@torch.no_grad()
def recalibrate(generator: Generator, config: Config, rng: torch.Generator) -> None:
    """Set BatchNorm's running statistics to the plain average over fresh z, leaving the network in train mode."""
    norms = [module for module in generator.modules() if isinstance(module, NORMS)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # None means a cumulative average
    generator.train()
    for _ in range(RECALIBRATION_BATCHES if norms else 0):
        generator(draw_z(RECALIBRATION_SIZE, config, rng))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def pick_device(wish: str) -> torch.device:
    """auto takes CUDA, then MPS, then the CPU; a device that isn't there raises BadInput."""
    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish == "auto":
        return torch.device(next(name for name, there in has.items() if there))
    if not has[wish]:
        raise BadInput(f"device is {wish!r}, but PyTorch finds none here; use device=auto.")
    return torch.device(wish)


def _optimiser(network: nn.Module, lr: float, config: Config) -> torch.optim.Optimizer:
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(network.parameters(), lr, alpha=config.rho, eps=config.epsilon)
    betas = (config.beta1, config.beta2)
    return torch.optim.Adam(network.parameters(), lr, betas, eps=config.epsilon, fused=True)
