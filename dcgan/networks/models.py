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
    """z (B, z_dim) -> pictures (B, channels, image_size, image_size), always in [-1, 1].

    One that knows classes has a learned centre in latent space for each: what is drawn from the prior makes pictures of
    a class when it is moved there by `of_class`. In the first layer, which is linear, that is the same as giving it the
    class as further inputs (Mirza & Osindero 2014, arXiv:1411.1784); all else is a generator as any other.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.origin: Origin | None = None  # set when it is read from a file
        self.blocks = nn.Sequential(*GENERATORS[config.architecture](config))
        if config.num_classes:
            # from_pretrained draws no numbers: on "meta" drawing them would load the whole of PyTorch's compiler
            self.centres = nn.Embedding.from_pretrained(torch.zeros(config.num_classes, config.z_dim), freeze=False)

    def of_class(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """z (B, z_dim) as the prior has them, moved to the centres of classes, int64 (B,); None leaves them."""
        return z if labels is None else z + self.centres(labels)

    def forward(self, z: Tensor) -> Tensor:
        limit = RENDER_AT_ONCE.get(self.config.architecture, len(z))
        if not self.training and len(z) > limit:  # each picture depends on its own z only, so parts change nothing
            return torch.cat([self.forward(part) for part in z.split(limit)])
        return self.blocks(self.as_input(z))

    def as_input(self, z: Tensor) -> Tensor:
        """z (B, z_dim) as the first layer takes it: a dense one takes vectors, a convolution maps of 1x1."""
        return z if self.config.stem == "dense" else z[:, :, None, None]


class Discriminator(nn.Module):
    """Pictures (B, channels, image_size, image_size) in [-1, 1] -> logits (B,), positive for real.

    One that knows classes gives 1 + K numbers of a picture x: psi(x), and <v_k, phi(x)> for each class k, where phi is
    what reaches its last layer. The logit of x as one of class k is their sum, a projection discriminator (Miyato &
    Koyama 2018, arXiv:1802.05637, equation 3) with phi not summed over places.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*DISCRIMINATORS[config.architecture](config))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        return logits_of(self.blocks(x), labels)


def logits_of(outputs: Tensor, labels: Tensor | None = None) -> Tensor:
    """Logits (B,) of a discriminator's outputs (B, 1 or 1 + K, ...), of pictures as ones of their classes, int64 (B,).

    Without labels, a picture's logit is that of the class which suits it best.
    """
    outputs = outputs.flatten(1)
    if outputs.shape[1] == 1:
        return outputs.flatten()
    of_class = outputs[:, 1:].amax(1) if labels is None else outputs[:, 1:].gather(1, labels[:, None])[:, 0]
    return outputs[:, 0] + of_class


def initialise(network: nn.Module, generator: torch.Generator, scheme: str = "dcgan") -> None:
    """Draw the initial weights; biases start at 0.

    dcgan: weights from N(0, 0.02) (Radford et al. 2016, section 4), BatchNorm's scale from N(1, 0.02) as in the
    authors' published code. keras: weights from Glorot's uniform distribution, BatchNorm's scale 1. The classes'
    centres are near each other, N(0, 0.25): with the spread of z itself every class soon had one picture only.
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
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, 0.0, 0.25, generator=generator)
