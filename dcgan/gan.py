"""One training step of a GAN: losses, optimisers and the generator's moving average; no files, no prints."""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from dcgan.config import Config
from dcgan.models import Discriminator, Generator, initialise

RECALIBRATION_BATCHES, RECALIBRATION_SIZE = 4, 128


class GAN:
    """Generator, discriminator and all that trains them; `step` is one move of the two-player game."""

    def __init__(self, config: Config, device: torch.device) -> None:
        self.config, self.device = config, device
        weights_rng = torch.Generator().manual_seed(config.seed)  # on the CPU: the same start on every device
        self.G, self.D = Generator(config), Discriminator(config)
        initialise(self.G, weights_rng)
        initialise(self.D, weights_rng)
        for network in (self.G, self.D):
            network.to(device).to(memory_format=torch.channels_last)
        self.ema = copy.deepcopy(self.G).requires_grad_(False)
        self.opt_G = _adam(self.G, config.lr_g, config)
        self.opt_D = _adam(self.D, config.lr_d, config)
        self.z_rng = torch.Generator(device).manual_seed(config.seed + 1)
        self.steps = 0

    def draw_z(self, n: int) -> Tensor:
        """n latent vectors (n, z_dim) from the prior, on the training stream of randomness."""
        shape = (n, self.config.z_dim)
        if self.config.z_prior == "uniform":
            return torch.rand(shape, generator=self.z_rng, device=self.device) * 2 - 1
        return torch.randn(shape, generator=self.z_rng, device=self.device)

    def step(self, real: Tensor) -> dict[str, Tensor]:
        """Train D once, then G once, on real pictures (B, C, H, W) in [-1, 1].

        Returns scalar tensors that stay on the device, so that a step never waits for it: d_loss, g_loss (both
        in nats per picture), d_real = mean D(x), d_fake = mean D(G(z)), d_accuracy.
        """
        # D: tell real from fake (Goodfellow et al. 2014, equation 1), each batch with its own BatchNorm statistics
        fake = self.G(self.draw_z(len(real)))  # (B, C, H, W)
        on_real, on_fake = self.D(real), self.D(fake.detach())  # (B,), (B,)
        d_loss = bce(on_real, torch.ones_like(on_real)) + bce(on_fake, torch.zeros_like(on_fake))
        self.opt_D.zero_grad(set_to_none=True)
        d_loss.backward()
        self.opt_D.step()

        # G: make D say real (the non-saturating loss of Goodfellow et al. 2014, section 3), on the same fakes
        self.D.requires_grad_(False)
        on_same = self.D(fake)  # (B,)
        g_loss = bce(on_same, torch.ones_like(on_same))
        self.opt_G.zero_grad(set_to_none=True)
        g_loss.backward()
        self.D.requires_grad_(True)
        self.opt_G.step()

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

    @torch.no_grad()
    def _update_ema(self, batch_size: int) -> None:
        """Move the average towards G; early on its memory is a tenth of what was seen, so it leaves the start."""
        half_life = min(self.config.ema_half_life_images, 0.1 * self.steps * batch_size)
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
            "steps": self.steps,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in ("G", "D", "ema", "opt_G", "opt_D"):
            getattr(self, name).load_state_dict(state[name])
        self.z_rng.set_state(state["z_rng"].cpu())
        self.steps = state["steps"]


@torch.no_grad()
def recalibrate(generator: Generator, config: Config, rng: torch.Generator) -> None:
    """Set BatchNorm's running statistics to the plain average over fresh z, leaving the network in train mode."""
    norms = [module for module in generator.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # None means a cumulative average
    generator.train()
    for _ in range(RECALIBRATION_BATCHES):
        z = torch.randn(RECALIBRATION_SIZE, config.z_dim, generator=rng, device=rng.device)
        if config.z_prior == "uniform":
            z = torch.rand(RECALIBRATION_SIZE, config.z_dim, generator=rng, device=rng.device) * 2 - 1
        generator(z)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def pick_device(wish: str) -> torch.device:
    """auto takes CUDA, then MPS, then the CPU; a device that isn't there raises BadInput."""
    from dcgan.config import BadInput

    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wish == "auto":
        return torch.device(next(name for name, there in has.items() if there))
    if not has[wish]:
        raise BadInput(f"device is {wish!r}, but PyTorch finds none here; use device=auto.")
    return torch.device(wish)


def _adam(network: nn.Module, lr: float, config: Config) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr, (config.beta1, config.beta2), fused=True)
