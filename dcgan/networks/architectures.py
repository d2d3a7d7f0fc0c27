"""The layers of each architecture: by the rules of Radford et al. 2016, or as others published them.

A builder reads from top to bottom; shapes of one picture stand in the margin.
"""

import contextlib
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from dcgan.config import FRAMED, Config
from dcgan.networks.enlarging import enlarging, undoing
from dcgan.networks.layer_sizes import first_size, verdicts

# ---- dcgan: the paper's rules at any size, with an option for each rule that others broke


def dcgan_generator(config: Config) -> list[nn.Module]:
    """A small map of z, then blocks that double height and width and halve the channels.

    BatchNorm and ReLU follow every layer but the last, which is a tanh.
    """
    size = first_size(config)
    width = config.ngf * config.image_size // 2 // size  # channels of the first map: ngf at half the picture's size
    bias = config.norm_g == "none" or config.conv_bias == "always"  # BatchNorm's shift is the bias

    def finish(channels: int) -> list[nn.Module]:
        norm = [nn.BatchNorm2d(channels)] if config.norm_g == "batch" else []
        return [*norm, _activation(config)]

    stem: list[nn.Module] = [nn.ConvTranspose2d(config.z_dim, width, size, bias=bias)]
    if config.stem == "dense":
        stem = [nn.Linear(config.z_dim, width * size * size), nn.Unflatten(1, (width, size, size))]
    blocks = [nn.Sequential(*stem, *finish(width))]  # (width, size, size)
    while size < config.image_size // 2:
        up = _up(width, width // 2, config.kernel, bias)
        blocks.append(nn.Sequential(up, *finish(width // 2)))  # (width / 2, 2 * size, 2 * size)
        width, size = width // 2, size * 2
    last = _up(width, config.channels, config.kernel)
    return [*blocks, nn.Sequential(last, *_output(config))]  # (channels, image_size, image_size)


def dcgan_discriminator(config: Config) -> list[nn.Module]:
    """Strided convolutions that halve height and width and widen the channels, then one that makes the verdict.

    LeakyReLU throughout; BatchNorm everywhere but at the input and the verdict.
    """
    bias = config.norm_d == "none" or config.conv_bias == "always"
    width, size, last_size = config.ndf, config.seen_size // 2, first_size(config)
    first = _down(config.channels, width, config.kernel)
    blocks = [nn.Sequential(*_originals(config), *_input(config), first, *_leaky(config))]  # (ndf, size, size)
    while size > last_size:
        down = _down(width, width * config.d_growth, config.kernel, bias)
        width, size = width * config.d_growth, size // 2
        norm = [nn.BatchNorm2d(width)] if config.norm_d == "batch" else []
        blocks.append(nn.Sequential(down, *norm, *_leaky(config)))  # (width, size, size)
    return [*blocks, nn.Sequential(nn.Conv2d(width, verdicts(config), size))]  # (1, 1, 1)


# ---- selu-28: a dense stem and two transposed convolutions, BatchNorm after SELU; no BatchNorm in D


def selu_28_generator(config: Config) -> list[nn.Module]:
    n = config.ngf
    return [
        nn.Sequential(nn.Linear(config.z_dim, 2 * n * 7 * 7), nn.Unflatten(1, (2 * n, 7, 7)), _keras_norm(2 * n)),
        nn.Sequential(_up(2 * n, n, 5), _activation(config), _keras_norm(n)),  # (n, 14, 14)
        nn.Sequential(_up(n, config.channels, 5), *_output(config)),  # (channels, 28, 28)
    ]


def selu_28_discriminator(config: Config) -> list[nn.Module]:
    n, wide = config.ndf, config.ndf * config.d_growth
    return [
        nn.Sequential(*_input(config), _down(config.channels, n, 5), *_leaky(config)),  # (n, 14, 14)
        nn.Sequential(_down(n, wide, 5), *_leaky(config)),  # (wide, 7, 7)
        nn.Sequential(nn.Flatten(), nn.Linear(wide * 7 * 7, verdicts(config))),  # (1,)
    ]


# ---- digit-28: five unpadded transposed convolutions from a single pixel; BatchNorm in D, too, even at its input


def digit_28_generator(config: Config) -> list[nn.Module]:
    n = config.ngf

    def grow(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
        conv = nn.ConvTranspose2d(inputs, outputs, 5, stride)
        return nn.Sequential(conv, _activation(config), _keras_norm(outputs))

    return [
        nn.Sequential(nn.Linear(config.z_dim, 8 * n), _activation(config), nn.Unflatten(1, (8 * n, 1, 1))),
        grow(8 * n, 8 * n),  # (8n, 5, 5)
        grow(8 * n, 4 * n),  # (4n, 9, 9)
        grow(4 * n, 2 * n, stride=2),  # (2n, 21, 21)
        grow(2 * n, n),  # (n, 25, 25)
        nn.Sequential(nn.ConvTranspose2d(n, config.channels, 4), *_output(config)),  # (channels, 28, 28)
    ]


def digit_28_discriminator(config: Config) -> list[nn.Module]:
    widths = [config.ndf * config.d_growth**i for i in range(3)]

    def shrink(inputs: int, outputs: int, kernel: int) -> list[nn.Module]:
        return [nn.Conv2d(inputs, outputs, kernel, stride=2), *_leaky(config), _keras_norm(outputs)]

    return [
        nn.Sequential(*_input(config), *shrink(config.channels, widths[0], 3)),  # (n, 13, 13)
        nn.Sequential(*shrink(widths[0], widths[1], 5)),  # (2n, 5, 5)
        nn.Sequential(*shrink(widths[1], widths[2], 5)),  # (4n, 1, 1)
        nn.Sequential(nn.Flatten(), nn.Linear(widths[2], verdicts(config))),  # (1,)
    ]


# ---- dense-28: two dense layers before G's convolutions, one after D's


def dense_28_generator(config: Config) -> list[nn.Module]:
    n = config.ngf
    wide, maps = 16 * n, 2 * n * 7 * 7
    return [
        nn.Sequential(nn.Linear(config.z_dim, wide), _activation(config), _keras_norm(wide, nn.BatchNorm1d)),
        nn.Sequential(
            *(nn.Linear(wide, maps), _activation(config), _keras_norm(maps, nn.BatchNorm1d)),
            nn.Unflatten(1, (2 * n, 7, 7)),
        ),
        nn.Sequential(_up(2 * n, n, 5), _activation(config), _keras_norm(n)),  # (n, 14, 14)
        nn.Sequential(_up(n, config.channels, 5), *_output(config)),  # (channels, 28, 28)
    ]


def dense_28_discriminator(config: Config) -> list[nn.Module]:
    n, wide = config.ndf, config.ndf * config.d_growth
    return [
        nn.Sequential(*_input(config), _down(config.channels, n, 5), *_leaky(config)),  # (n, 14, 14)
        nn.Sequential(_down(n, wide, 5), *_leaky(config)),  # (2n, 7, 7)
        nn.Sequential(nn.Flatten(), nn.Linear(wide * 7 * 7, 16 * n), *_leaky(config)),  # (16n,)
        nn.Sequential(nn.Linear(16 * n, verdicts(config))),  # (1,)
    ]


# ---- faces-128: wide, without BatchNorm; most of G works at the full size


def faces_128_generator(config: Config) -> list[nn.Module]:
    n = config.ngf
    half, twice = max(1, n // 2), 2 * n

    def same(inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(inputs, outputs, 5, padding=2), _activation(config))

    stem = [nn.Linear(config.z_dim, half * 16 * 16), _activation(config), nn.Unflatten(1, (half, 16, 16))]
    return [
        nn.Sequential(*stem),  # (n / 2, 16, 16)
        same(half, n),  # (n, 16, 16)
        *(nn.Sequential(_up(n, n, 4), _activation(config)) for _ in range(3)),  # (n, 32, 32) to (n, 128, 128)
        same(n, twice),  # (2n, 128, 128)
        same(twice, twice),
        nn.Sequential(nn.Conv2d(twice, config.channels, 7, padding=3), *_output(config)),  # (channels, 128, 128)
    ]


def faces_128_discriminator(config: Config) -> list[nn.Module]:
    widths = [config.ndf * config.d_growth**i for i in range(5)]
    blocks = [nn.Sequential(*_input(config), nn.Conv2d(config.channels, widths[0], 3), _leaky_relu(config))]  # 126
    for inputs, outputs in zip(widths, widths[1:], strict=False):
        blocks.append(nn.Sequential(nn.Conv2d(inputs, outputs, 4, stride=2), _leaky_relu(config)))  # 62, 30, 14, 6
    verdict = [nn.Flatten(), *_dropout(config), nn.Linear(widths[-1] * 6 * 6, verdicts(config))]
    return [*blocks, nn.Sequential(*verdict)]  # (1,)


Builder = Callable[[Config], list[nn.Module]]
GENERATORS: dict[str, Builder] = {
    "dcgan": dcgan_generator,
    "selu-28": selu_28_generator,
    "digit-28": digit_28_generator,
    "dense-28": dense_28_generator,
    "faces-128": faces_128_generator,
}
DISCRIMINATORS: dict[str, Builder] = {
    "dcgan": dcgan_discriminator,
    "selu-28": selu_28_discriminator,
    "digit-28": digit_28_discriminator,
    "dense-28": dense_28_discriminator,
    "faces-128": faces_128_discriminator,
}

# ---- layers

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


class Masks(Protocol):
    """A stream of random masks."""

    def kept(self, shape: torch.Size, share: float) -> Tensor:
        """Of a shape, bool: False for a share of them."""


class Dropout(nn.Module):
    """Zeroes a share of its input and scales up the rest, while training and given a stream of randomness.

    PyTorch's own draws from the global stream, which no checkpoint of a run could restore.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.noise: Masks | None = None  # set by whoever trains; without it everything passes

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.noise is None:
            return x
        kept = torch.empty_like(x).copy_(self.noise.kept(x.shape, self.share))  # in the order of x in memory
        return x * kept / (1 - self.share)


class Rescale(nn.Module):
    """x -> scale * x + shift: between the studio's pictures in [-1, 1] and a network's in [0, 1]."""

    def __init__(self, scale: float, shift: float) -> None:
        super().__init__()
        self.scale, self.shift = scale, shift

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale + self.shift


class Originals(nn.Module):
    """Pictures (B, C, S, S) -> what they were enlarged from, with its border (B, C, 32, 32); those of 32 px stay.

    `bordered` pictures had their border, black, before they were enlarged; others get it now.
    """

    def __init__(self, size: int, bordered: bool) -> None:
        super().__init__()
        self.size, self.small = size, FRAMED if bordered else 28

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] == FRAMED:
            return x
        return nn.functional.pad(self._small(x), ((FRAMED - self.small) // 2,) * 4, value=-1.0)

    def rest(self, x: Tensor) -> Tensor:
        """What pictures (B, C, S, S) hold beside the enlargement that comes closest to them, of the same shape."""
        up = enlarging(self.small, self.size, x.device)
        return x - up @ self._small(x) @ up.T

    def _small(self, x: Tensor) -> Tensor:
        # autocast, which "meta" doesn't know, would round away what this brings out
        with contextlib.nullcontext() if x.is_meta else torch.autocast(x.device.type, enabled=False):
            back = undoing(self.small, self.size, x.device)
            return back @ x.float() @ back.T


def _originals(config: Config) -> list[nn.Module]:
    if config.seen_size == config.image_size:
        return []
    return [Originals(config.image_size, config.crop == "pad")]


def _up(inputs: int, outputs: int, kernel: int, bias: bool = True) -> nn.ConvTranspose2d:
    """Double height and width. Keras pads an odd kernel's other side, which is the same network seen in a mirror."""
    return nn.ConvTranspose2d(inputs, outputs, kernel, 2, (kernel - 1) // 2, output_padding=kernel % 2, bias=bias)


def _down(inputs: int, outputs: int, kernel: int, bias: bool = True) -> nn.Conv2d:
    """Halve height and width."""
    return nn.Conv2d(inputs, outputs, kernel, stride=2, padding=(kernel - 1) // 2, bias=bias)


def _keras_norm(channels: int, kind: type = nn.BatchNorm2d) -> nn.Module:
    """BatchNorm with the defaults of Keras."""
    return kind(channels, eps=1e-3, momentum=0.01)


def _activation(config: Config) -> nn.Module:
    """Of the generator's hidden layers."""
    if config.g_activation == "leaky-relu":
        return _leaky_relu(config)
    return nn.SELU(inplace=True) if config.g_activation == "selu" else nn.ReLU(inplace=True)


def _leaky_relu(config: Config) -> nn.Module:
    return nn.LeakyReLU(config.leak, inplace=True)


def _dropout(config: Config) -> list[nn.Module]:
    return [Dropout(config.dropout)] if config.dropout else []


def _leaky(config: Config) -> list[nn.Module]:
    """What follows each of the discriminator's layers."""
    return [_leaky_relu(config), *_dropout(config)]


def _output(config: Config) -> list[nn.Module]:
    return [nn.Sigmoid(), Rescale(2, -1)] if config.output == "sigmoid" else [nn.Tanh()]


def _input(config: Config) -> list[nn.Module]:
    return [Rescale(0.5, 0.5)] if config.output == "sigmoid" else []
