"""The training step of PyTorch's DCGAN example (github.com/pytorch/examples, dcgan) on the networks of any preset.

It is what a step of ours is compared with on a GPU, where launches and waits decide: float32 in the example's layout,
Adam as it comes, and after each step the numbers that the example prints.
"""

import torch
from torch import Tensor, nn

from dcgan.config import Config
from dcgan.networks.models import Discriminator, Generator, initialise


class Example:
    """G and D with the example's step; stands where a GAN of ours does."""

    precision = "float32"

    def __init__(self, config: Config, device: torch.device) -> None:
        self.config, self.device = config, device
        rng = torch.Generator().manual_seed(config.seed)
        self.G, self.D = Generator(config), Discriminator(config)
        for network in (self.G, self.D):
            initialise(network, rng, config.initial_weights)
            network.to(device)
        betas = config.beta1, config.beta2
        self.opt_D = torch.optim.Adam(self.D.parameters(), config.lr_d, betas)
        self.opt_G = torch.optim.Adam(self.G.parameters(), config.lr_g, betas)

    def step(self, real: Tensor, labels: Tensor | None = None) -> list[float]:
        """Train D on real pictures (B, C, H, W) and as many fakes, then G on these; returns what the example prints.

        The example knows no classes, so `labels` are not used.
        """
        real = real.to(self.device)
        ones, zeros = (torch.full((len(real),), value, device=self.device) for value in (1.0, 0.0))

        self.D.zero_grad()
        on_real = self.D(real)
        loss_real = bce(on_real, ones)
        loss_real.backward()
        fake = self.G(torch.randn(len(real), self.config.z_dim, device=self.device))
        on_fake = self.D(fake.detach())
        loss_fake = bce(on_fake, zeros)
        loss_fake.backward()
        self.opt_D.step()

        self.G.zero_grad()
        judged = self.D(fake)
        loss_g = bce(judged, ones)
        loss_g.backward()
        self.opt_G.step()
        means = (logits.sigmoid().mean() for logits in (on_real, on_fake, judged))
        return [number.item() for number in (loss_real + loss_fake, loss_g, *means)]  # each waits, as there


bce = nn.functional.binary_cross_entropy_with_logits
