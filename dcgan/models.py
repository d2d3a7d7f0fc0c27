"""Generator and Discriminator by the rules of Radford et al. 2016, built from a Config."""

import torch
from torch import Tensor, nn

from dcgan.config import Config

LEAK = 0.2  # slope of LeakyReLU in the discriminator (Radford et al. 2016, section 4)


class Generator(nn.Module):
    """z (B, z_dim) -> pictures (B, channels, image_size, image_size) in [-1, 1].

    A transposed convolution makes a 4x4 map of z, then each block doubles height and width and halves the
    channels. BatchNorm and ReLU follow every layer but the last, which is a tanh.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        width = config.ngf * config.image_size // 8  # channels of the 4x4 map: ngf at half the picture's size
        blocks = [_up_block(config.z_dim, width, first=True)]  # (B, width, 4, 4)
        size = 4
        while size < config.image_size // 2:
            blocks.append(_up_block(width, width // 2))  # (B, width / 2, 2 * size, 2 * size)
            width, size = width // 2, size * 2
        last = nn.ConvTranspose2d(width, config.channels, 4, stride=2, padding=1, bias=True)
        blocks.append(nn.Sequential(last, nn.Tanh()))  # (B, channels, image_size, image_size)
        self.blocks = nn.Sequential(*blocks)

    def forward(self, z: Tensor) -> Tensor:
        return self.blocks(z[:, :, None, None])


class Discriminator(nn.Module):
    """Pictures (B, channels, image_size, image_size) in [-1, 1] -> logits (B,), positive for real.

    Strided convolutions halve height and width and double the channels down to 4x4, where one more makes the
    verdict. LeakyReLU throughout; BatchNorm everywhere but at the input and the verdict.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        width, size = config.ndf, config.image_size // 2
        blocks = [_down_block(config.channels, width, norm=False)]  # (B, ndf, image_size / 2, image_size / 2)
        while size > 4:
            blocks.append(_down_block(width, width * 2))  # (B, 2 * width, size / 2, size / 2)
            width, size = width * 2, size // 2
        blocks.append(nn.Sequential(nn.Conv2d(width, 1, 4)))  # (B, 1, 1, 1)
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(x).flatten()


def initialise(network: nn.Module, generator: torch.Generator) -> None:
    """Draw weights from N(0, 0.02) and BatchNorm's scale from N(1, 0.02); biases start at 0.

    Radford et al. 2016, section 4; the BatchNorm scale follows the authors' published code.
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, 0.0, 0.02, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02, generator=generator)
            nn.init.zeros_(module.bias)


def _up_block(inputs: int, outputs: int, first: bool = False) -> nn.Sequential:
    stride, padding = (1, 0) if first else (2, 1)
    conv = nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False)  # BatchNorm's shift is the bias
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


def _down_block(inputs: int, outputs: int, norm: bool = True) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=not norm)
    layers = [conv, nn.BatchNorm2d(outputs)] if norm else [conv]
    return nn.Sequential(*layers, nn.LeakyReLU(LEAK, inplace=True))
