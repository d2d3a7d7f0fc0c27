"""Generator and Discriminator, built from a Config, and the weights that training begins with."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from dcgan.config import Config
from dcgan.networks.architectures import DISCRIMINATORS, GENERATORS, NORMS

RENDER_AT_ONCE = {"faces-128": 16}  # whose 512 maps of 128x128 take 34 MB a picture; others take as many as are given


class Origin(NamedTuple):
    """Which weights these are: what a picture's recipe needs to name them."""

    step: int
    weights_hash: str


class Generator(nn.Module):
    """z (B, z_dim) -> pictures (B, channels, image_size, image_size), always in [-1, 1]."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.origin: Origin | None = None  # set when it is read from a file
        self.blocks = nn.Sequential(*GENERATORS[config.architecture](config))

    def forward(self, z: Tensor) -> Tensor:
        limit = RENDER_AT_ONCE.get(self.config.architecture, len(z))
        if not self.training and len(z) > limit:  # each picture depends on its own z only, so parts change nothing
            return torch.cat([self.forward(part) for part in z.split(limit)])
        return self.blocks(self.as_input(z))

    def as_input(self, z: Tensor) -> Tensor:
        """z (B, z_dim) as the first layer takes it: a dense one takes vectors, a convolution maps of 1x1."""
        return z if self.config.stem == "dense" else z[:, :, None, None]


class Discriminator(nn.Module):
    """Pictures (B, channels, image_size, image_size) in [-1, 1] -> logits (B,), positive for real."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*DISCRIMINATORS[config.architecture](config))

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(x).flatten()


def initialise(network: nn.Module, generator: torch.Generator, scheme: str = "dcgan") -> None:
    """Draw the initial weights; biases start at 0.

    dcgan: weights from N(0, 0.02) (Radford et al. 2016, section 4), BatchNorm's scale from N(1, 0.02) as in the
    authors' published code. keras: weights from Glorot's uniform distribution, BatchNorm's scale 1.
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            if scheme == "keras":
                nn.init.xavier_uniform_(module.weight, generator=generator)
            else:
                nn.init.normal_(module.weight, 0.0, 0.02, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, NORMS):
            if scheme == "keras":
                nn.init.ones_(module.weight)
            else:
                nn.init.normal_(module.weight, 1.0, 0.02, generator=generator)
            nn.init.zeros_(module.bias)
