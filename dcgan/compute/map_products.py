"""Maps in the order (H, W, B, C), what lies between two of their products, and the products: kernels/products.c.

What lies between is BatchNorm or a bias, and (leaky) ReLU: a bend. Its statistics are taken while the product before it
is stored, and likewise, on the way back, the sums that its gradient needs while the product after it is stored.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from dcgan.compute.kernels import Ending, Grid, at, needed

IMAGES = CHANNELS = 32  # a batch and the channels of a map are multiples of these
WIDEST = 8  # kernel, in pixels
PLAIN, MOMENTS, BEND, UNBEND = range(4)  # what becomes of a product: kernels/products.c

Norm = nn.BatchNorm2d | None


class After(NamedTuple):
    """What follows a product up to the next one."""

    norm: Norm
    bias: Tensor | None
    slope: float
    groups: int  # equal parts of the batch, each with BatchNorm statistics of its own


class Maps(NamedTuple):
    """A product (H, W, B, C), bfloat16: bent already, or, with BatchNorm, not yet normalised, with sums for that."""

    values: Tensor
    sums: Tensor | None
    after: After

    @property
    def shift(self) -> Tensor | None:
        """What the bend adds and learns."""
        return self.after.norm.bias if self.after.norm is not None else self.after.bias

    @property
    def scale(self) -> Tensor | None:
        return self.after.norm.weight if self.after.norm is not None else None


class Bent:
    """A map y after its bend, and what the way back needs of it."""

    def __init__(self, values: Tensor, maps: Maps) -> None:
        norm, self.slope, self.groups = maps.after.norm, maps.after.slope, maps.after.groups
        self.before, self.y = values, values
        self.gamma: Tensor | None = None
        self.statistics: Tensor | None = None  # (4, groups, C): scale, shift, mean, inverse deviation
        if norm is None:
            return
        assert norm.num_batches_tracked is not None and maps.sums is not None
        norm.num_batches_tracked.add_(self.groups)
        height, width, batch, channels = values.shape
        pixels = height * width
        self.gamma, self.y = norm.weight, torch.empty_like(values)
        self.statistics = torch.empty(4, self.groups, channels)
        needed().normalise(
            at(maps.sums), maps.sums.shape[0], batch // IMAGES, self.groups, channels, pixels * batch / self.groups,
            *map(at, (norm.weight, norm.bias, norm.running_mean, norm.running_var)), norm.momentum, norm.eps,
            *map(at, self.statistics),
        )  # fmt: skip
        scale, shift, _, _ = self.statistics
        needed().bend_map(
            at(values), at(self.y), at(scale), at(shift), self.slope, pixels, batch, self.groups, channels
        )

    def back(self, grad: Tensor, sums: Tensor | None, of_gamma: bool, of_shift: bool) -> tuple[Tensor | None, ...]:
        """Take the gradient of a product that ended in UNBEND to before BatchNorm, in place; of its parameters, too."""
        height, width, batch, channels = grad.shape
        gamma = torch.empty(channels) if of_gamma else None
        shift = torch.empty(channels) if of_shift else None
        assert sums is not None
        scale, _, mean, deviation = self.statistics if self.statistics is not None else [None] * 4
        needed().unbend_map(
            at(grad), at(self.before), at(sums), sums.shape[0], height * width, batch, self.groups, channels,
            *map(at, (self.gamma, scale, mean, deviation, gamma, shift)),
        )  # fmt: skip
        return gamma, shift


# ---- the products


def product(
    spread: bool, x: Tensor, kernel: Tensor, outputs: int, grid: Grid, end: After | Bent | None
) -> tuple[Tensor, Tensor | None]:
    """From the large map to the small one or, to spread, the other way; a bend or the way back through one follows."""
    height, width = _large(grid) if spread else (grid.height, grid.width)
    y = x.new_empty(height, width, grid.batch, outputs)
    ending, sums = ending_of(end, height, grid.batch, outputs)
    needed().product(spread, at(x), x.shape[3], at(kernel), at(y), outputs, grid, ending)
    return y, sums


def ending_of(end: After | Bent | None, lines: int, batch: int, channels: int) -> tuple[Ending, Tensor | None]:
    if end is None:
        return Ending(PLAIN, groups=1), None
    if isinstance(end, After) and end.norm is None:
        return Ending(BEND, end.slope, at(end.bias), groups=end.groups), None
    sums = torch.empty(lines, batch // IMAGES, 2, channels)
    if isinstance(end, After):
        return Ending(MOMENTS, sums=at(sums), groups=end.groups), sums
    scale, shift = end.statistics[:2] if end.statistics is not None else [None] * 2
    return Ending(UNBEND, end.slope, None, at(scale), at(shift), at(end.before), at(sums), end.groups), sums


def correlate(small: Tensor, big: Tensor, grid: Grid, channels: int) -> Tensor:
    """The gradient of a kernel, as that of the module's weight: float32 (R, channels, k, k), channels last."""
    of_kernel = torch.empty(small.shape[3], grid.kernel, grid.kernel, channels)
    needed().correlate(at(small), small.shape[3], at(big), channels, big.shape[3], at(of_kernel), grid)
    return of_kernel.permute(0, 3, 1, 2)


def pack(weight: Tensor, spread: bool, whole: bool = False) -> Tensor:
    """A module's weight (R, C, k, k) as `product` takes it; `whole` takes its window as channels of one tap."""
    memory = weight.permute(0, 2, 3, 1).contiguous()  # as it lies in memory, so no copy
    rows, taps, channels = len(weight), weight.shape[2] * weight.shape[3], weight.shape[1]
    if whole:
        taps, channels = 1, taps * channels
    inner = _up_to(rows if spread else channels, 32)
    packed = torch.empty(taps * inner * (channels if spread else rows), dtype=torch.bfloat16)
    needed().pack(spread, at(memory), rows, taps, channels, inner, at(packed))
    return packed


def as_pixel(rows: Tensor) -> Tensor:
    """Rows (B, D) as a map of one pixel (1, 1, B, D), bfloat16, with zeros up to a multiple of 32 channels."""
    batch, width = rows.shape
    pixel = rows.new_zeros(1, 1, batch, _up_to(width, 32), dtype=torch.bfloat16)
    pixel[0, 0, :, :width] = rows
    return pixel


def judge(y: Tensor, kernels: Tensor) -> Tensor:
    """A map (k, k, B, C) times the kernels (N, k, k, C) over all of it: (B, N), float32."""
    height, width, batch, channels = y.shape
    verdicts = torch.empty(batch, len(kernels))
    needed().judge(at(y), at(kernels), at(verdicts), height * width, batch, channels, len(kernels))
    return verdicts


def unfold(pictures: Tensor) -> Tensor:
    """All windows of pictures (B, C, 2H, 2W): (H, W, B, 16C), with zeros up to a multiple of 32 channels."""
    pictures = pictures.contiguous()
    batch, channels, height, width = pictures.shape
    inner, turned = _up_to(16 * channels, 32), torch.empty(channels, height, width, batch)
    columns = torch.empty(height // 2, width // 2, batch, inner, dtype=torch.bfloat16)
    needed().turn(at(pictures), at(turned), batch, channels * height * width)
    needed().unfold(at(turned), at(columns), height // 2, width // 2, channels, batch, inner)
    return columns


def fold(columns: Tensor) -> Tensor:
    """The transpose: windows (H, W, B, 16C) added up to pictures (B, C, 2H, 2W)."""
    height, width, batch, window = columns.shape
    channels = window // 16
    turned = torch.empty(channels, 2 * height, 2 * width, batch)
    pictures = torch.empty(batch, channels, 2 * height, 2 * width)
    needed().fold(at(columns), at(turned), height, width, channels, batch)
    needed().turn(at(turned), at(pictures), channels * 4 * height * width, batch)
    return pictures


def as_weight(of_kernel: Tensor, weight: Tensor) -> Tensor:
    """The gradient (R, 16C, 1, 1) of a kernel of one tap as that of the weight (R, C, 4, 4)."""
    rows, channels, side, _ = weight.shape
    return of_kernel.reshape(rows, side, side, channels).permute(0, 3, 1, 2)


def _large(grid: Grid) -> tuple[int, int]:
    reach = grid.kernel - grid.stride - 2 * grid.pad + grid.extra
    height, width = (side * grid.stride + reach for side in (grid.height, grid.width))
    return height, width


def _up_to(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple
