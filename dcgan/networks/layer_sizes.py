"""The layers of the networks as arithmetic: sizes of G and D from a Config alone, without PyTorch.

A second account of `dcgan.networks.architectures`, kept honest by a test that compares the two for every architecture
and option. It is for pages and refusals that must not wait for PyTorch to load.
"""

from collections.abc import Callable
from typing import NamedTuple

from dcgan.config import Config


class Size(NamedTuple):
    """What one layer, or a whole network, holds."""

    trainable: int = 0  # parameters
    frozen: int = 0  # BatchNorm's running statistics
    outputs: int = 0  # numbers that one picture becomes, in all layers that make new ones


def sizes(config: Config) -> dict[str, Size]:
    """G and D -> their layers added up."""
    generators, discriminators = NETWORKS[config.architecture]
    centres = Size(config.num_classes * config.z_dim)
    return {"G": _total([*generators(config), centres]), "D": _total(discriminators(config))}


def parameter_counts(config: Config) -> dict[str, dict[str, int]]:
    """G, D and both -> total, trainable and frozen numbers. The total is that of Keras, which counts the frozen ones.

    They are BatchNorm's running statistics, two for each channel; PyTorch's `parameters()` leaves them out.
    """
    counts = {
        name: {"total": size.trainable + size.frozen, "trainable": size.trainable, "frozen": size.frozen}
        for name, size in sizes(config).items()
    }
    counts["both"] = {key: counts["G"][key] + counts["D"][key] for key in counts["G"]}
    return counts


def verdicts(config: Config) -> int:
    """How many numbers D gives of a picture: one, and one more for each class, see `models.Discriminator`."""
    return 1 + config.num_classes


def first_size(config: Config) -> int:
    """Height and width of the smallest map of dcgan's G and D: 4, and 7 for pictures of 28 pixels."""
    size = config.image_size
    while size % 2 == 0 and size > 4:
        size //= 2
    return size


def _total(layers: list[Size]) -> Size:
    return Size(*map(sum, zip(*layers, strict=True)))


def _conv(inputs: int, outputs: int, kernel: int, size: int, bias: bool = True) -> Size:
    """A convolution, transposed or not, whose output is (outputs, size, size)."""
    return Size(inputs * outputs * kernel**2 + outputs * bias, 0, outputs * size**2)


def _dense(inputs: int, outputs: int) -> Size:
    return Size(inputs * outputs + outputs, 0, outputs)


def _norm(channels: int, size: int = 1) -> Size:
    return Size(2 * channels, 2 * channels, channels * size**2)


def _dropped(config: Config, outputs: int) -> list[Size]:
    """Dropout makes new numbers; activations work in place."""
    return [Size(0, 0, outputs)] if config.dropout else []


def _rescaled(config: Config, outputs: int) -> list[Size]:
    """A network on [0, 1] rescales its pictures."""
    return [Size(0, 0, outputs)] if config.output == "sigmoid" else []


def _picture(config: Config) -> int:
    return config.channels * config.image_size**2


def _drawn(config: Config) -> list[Size]:
    """The generator's last activation, and its rescaling."""
    return [Size(0, 0, _picture(config)), *_rescaled(config, _picture(config))]


def _dcgan_g(config: Config) -> list[Size]:
    normed = config.norm_g != "none"
    bias = not normed or config.conv_bias == "always"
    size = first_size(config)
    width = config.ngf * config.image_size // 2 // size

    def finish(channels: int) -> list[Size]:
        return [_norm(channels, size)] if normed else []

    if config.stem == "dense":
        layers = [_dense(config.z_dim, width * size**2)]
    else:
        layers = [_conv(config.z_dim, width, size, size, bias)]
    layers += finish(width)
    while size < config.image_size // 2:
        width, size = width // 2, size * 2
        layers += [_conv(2 * width, width, config.kernel, size, bias), *finish(width)]
    return [*layers, _conv(width, config.channels, config.kernel, config.image_size), *_drawn(config)]


def _dcgan_d(config: Config) -> list[Size]:
    normed = config.norm_d == "batch"
    bias = not normed or config.conv_bias == "always"
    width, size, last = config.ndf, config.seen_size // 2, first_size(config)
    seen = config.channels * config.seen_size**2
    layers = [Size(0, 0, seen)] * (config.seen_size < config.image_size)
    layers += [*_rescaled(config, seen), _conv(config.channels, width, config.kernel, size)]
    layers += _dropped(config, width * size**2)
    while size > last:
        width, size = width * config.d_growth, size // 2
        layers += [_conv(width // config.d_growth, width, config.kernel, size, bias)]
        layers += [_norm(width, size)] * normed + _dropped(config, width * size**2)
    return [*layers, _conv(width, verdicts(config), last, 1)]


def _from_7(config: Config) -> list[Size]:
    """From a map of 7 pixels to the picture of 28, as selu-28 and dense-28 do."""
    n = config.ngf
    return [_conv(2 * n, n, 5, 14), _norm(n, 14), _conv(n, config.channels, 5, 28), *_drawn(config)]


def _to_7(config: Config) -> list[Size]:
    """From the picture of 28 pixels to a map of 7, as their discriminators do."""
    n, wide = config.ndf, config.ndf * config.d_growth
    return [
        *(*_rescaled(config, _picture(config)), _conv(config.channels, n, 5, 14), *_dropped(config, n * 196)),
        *(_conv(n, wide, 5, 7), *_dropped(config, wide * 49)),
    ]


def _selu_g(config: Config) -> list[Size]:
    n = config.ngf
    return [_dense(config.z_dim, 98 * n), _norm(2 * n, 7), *_from_7(config)]


def _selu_d(config: Config) -> list[Size]:
    return [*_to_7(config), _dense(49 * config.ndf * config.d_growth, verdicts(config))]


def _digit_g(config: Config) -> list[Size]:
    n = config.ngf
    layers = [_dense(config.z_dim, 8 * n)]
    for inputs, outputs, size in ((8 * n, 8 * n, 5), (8 * n, 4 * n, 9), (4 * n, 2 * n, 21), (2 * n, n, 25)):
        layers += [_conv(inputs, outputs, 5, size), _norm(outputs, size)]
    return [*layers, _conv(n, config.channels, 4, 28), *_drawn(config)]


def _digit_d(config: Config) -> list[Size]:
    layers, inputs = [*_rescaled(config, _picture(config))], config.channels
    for i, (kernel, size) in enumerate(((3, 13), (5, 5), (5, 1))):
        width = config.ndf * config.d_growth**i
        layers += [_conv(inputs, width, kernel, size), *_dropped(config, width * size**2), _norm(width, size)]
        inputs = width
    return [*layers, _dense(inputs, verdicts(config))]


def _dense_g(config: Config) -> list[Size]:
    n = config.ngf
    return [_dense(config.z_dim, 16 * n), _norm(16 * n), _dense(16 * n, 98 * n), _norm(98 * n), *_from_7(config)]


def _dense_d(config: Config) -> list[Size]:
    hidden = 16 * config.ndf
    first = _dense(49 * config.ndf * config.d_growth, hidden)
    return [*_to_7(config), first, *_dropped(config, hidden), _dense(hidden, verdicts(config))]


def _faces_g(config: Config) -> list[Size]:
    n = config.ngf
    half, twice = max(1, n // 2), 2 * n
    return [
        *(_dense(config.z_dim, half * 256), _conv(half, n, 5, 16)),
        *(_conv(n, n, 4, size) for size in (32, 64, 128)),
        *(_conv(n, twice, 5, 128), _conv(twice, twice, 5, 128), _conv(twice, config.channels, 7, 128)),
        *_drawn(config),
    ]


def _faces_d(config: Config) -> list[Size]:
    widths = [config.ndf * config.d_growth**i for i in range(5)]
    layers = [*_rescaled(config, _picture(config)), _conv(config.channels, widths[0], 3, 126)]
    for inputs, outputs, size in zip(widths, widths[1:], (62, 30, 14, 6), strict=False):
        layers.append(_conv(inputs, outputs, 4, size))
    return [*layers, *_dropped(config, widths[-1] * 36), _dense(widths[-1] * 36, verdicts(config))]


Layers = Callable[[Config], list[Size]]
NETWORKS: dict[str, tuple[Layers, Layers]] = {
    "dcgan": (_dcgan_g, _dcgan_d),
    "selu-28": (_selu_g, _selu_d),
    "digit-28": (_digit_g, _digit_d),
    "dense-28": (_dense_g, _dense_d),
    "faces-128": (_faces_g, _faces_d),
}
