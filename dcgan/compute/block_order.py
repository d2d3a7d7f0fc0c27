"""The 4x4 convolution with stride 2 and padding 1 and its transpose, as three products on blocks of 2x2 pixels.

A picture of rows (B * 2H * 2W, C), padded by one pixel and cut into blocks of 2x2, is a map of (H + 1) x (W + 1) blocks
with 4C channels ("space to depth"). On it the strided 4x4 convolution is one of 2x2 with stride 1, for which there are
fast routes: the convolution itself, or one matrix product of all windows. Which one wins depends on the shape and the
direction, so it is measured (routes.py).

| product | from | to |
|---|---|---|
| gather | blocks, kernel | rows (B * H * W, R): the convolution; the transposed one's gradient of its input |
| spread | rows, kernel | blocks: the transposed convolution; the convolution's gradient of its input |
| correlate | rows, blocks | kernel: the gradient of either's weight |

A kernel is (R, 2, 2, 4C) in the order in which a window of blocks lies in memory.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from dcgan.compute import kernels
from dcgan.compute.autotune import fastest

convolution_backward = torch.ops.aten.convolution_backward


class Down(torch.autograd.Function):
    """The convolution: blocks (B, H + 1, W + 1, 4C), weight (R, C, 4, 4) -> rows (B * H * W, R)."""

    @staticmethod
    def forward(ctx: Any, blocks: Tensor, weight: Tensor) -> Tensor:
        kernel = pack(weight, blocks.dtype)
        ctx.save_for_backward(blocks, kernel)
        return gather(blocks, kernel)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        blocks, kernel = ctx.saved_tensors
        grad = grad.contiguous()
        of_blocks = spread(grad, kernel, blocks.shape) if ctx.needs_input_grad[0] else None
        of_weight = unpack(correlate(grad, blocks)) if ctx.needs_input_grad[1] else None
        return of_blocks, of_weight


class Up(torch.autograd.Function):
    """The transposed convolution: rows (B * H * W, R), weight (R, C, 4, 4) -> blocks (B, H + 1, W + 1, 4C)."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, batch: int, height: int, width: int) -> Tensor:
        kernel = pack(weight, rows.dtype)
        ctx.save_for_backward(rows, kernel)
        return spread(rows, kernel, torch.Size((batch, height + 1, width + 1, 4 * weight.shape[1])))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        rows, kernel = ctx.saved_tensors
        of_rows = gather(grad, kernel) if ctx.needs_input_grad[0] else None
        of_weight = unpack(correlate(rows, grad)) if ctx.needs_input_grad[1] else None
        return of_rows, of_weight, None, None, None


class Cut(torch.autograd.Function):
    """Rows (B * 2H * 2W, C) -> blocks (B, H + 1, W + 1, 4C); for pictures, whose channels are few."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, batch: int, height: int, width: int) -> Tensor:
        return _cut(rows, torch.Size((batch, height // 2 + 1, width // 2 + 1, 4 * rows.shape[1])))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        return _join(grad), None, None, None


class Join(torch.autograd.Function):
    """The transpose of `Cut`: the pixels of blocks (B, H + 1, W + 1, 4C) without the border, as rows."""

    @staticmethod
    def forward(ctx: Any, blocks: Tensor) -> Tensor:
        ctx.shape = blocks.shape
        return _join(blocks)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        return _cut(grad.contiguous(), ctx.shape)


# ---- the three products


def gather(blocks: Tensor, kernel: Tensor) -> Tensor:
    """The convolution of blocks (B, H + 1, W + 1, 4C) with a kernel (R, 2, 2, 4C) -> rows (B * H * W, R)."""
    flat = kernel.flatten(1)
    ways = {
        "convolution": lambda: _as_rows(F.conv2d(_as_map(blocks), _as_map(kernel))),
        "product": lambda: F.linear(windows(blocks), flat),
        "turned product": lambda: (flat @ windows(blocks).T).T.contiguous(),
    }
    return _go("gather", blocks.shape, kernel, ways)


def spread(rows: Tensor, kernel: Tensor, shape: torch.Size) -> Tensor:
    """The transpose of `gather`: rows (B * H * W, R), kernel (R, 2, 2, 4C) -> blocks of the shape."""
    ways = {
        "convolution": lambda: _as_blocks(F.conv_transpose2d(_as_maps(rows, shape), _as_map(kernel))),
        "product": lambda: add_windows(rows @ kernel.flatten(1), shape),
    }
    return _go("spread", shape, kernel, ways)


def correlate(rows: Tensor, blocks: Tensor) -> Tensor:
    """The gradient of a kernel (R, 2, 2, 4C) from both of its sides, rows (B * H * W, R) and blocks."""
    channels = blocks.shape[3]
    kernel = rows.new_empty(1).expand(rows.shape[1], 2, 2, channels)  # only for its shape

    def convolution() -> Tensor:
        maps, mask = (_as_maps(rows, blocks.shape), _as_map(blocks), _as_map(kernel)), [False, True, False]
        grad = convolution_backward(*maps, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, mask)[1]
        return grad.permute(0, 2, 3, 1)

    ways = {
        "convolution": convolution,
        "product": lambda: (rows.T @ windows(blocks)).view(kernel.shape),
        "turned product": lambda: (rows.T.contiguous() @ windows(blocks)).view(kernel.shape),
    }
    return _go("correlate", blocks.shape, kernel, ways)


def _go(name: str, shape: torch.Size, kernel: Tensor, ways: dict[str, Callable[[], Tensor]]) -> Tensor:
    sizes = "x".join(str(size) for size in shape)
    return fastest(f"{name} {sizes} {kernel.shape[0]} {str(kernel.dtype).removeprefix('torch.')}", ways)()


def windows(blocks: Tensor) -> Tensor:
    """All 2x2 windows of blocks (B, H + 1, W + 1, 4C) -> (B * H * W, 16C): one strided copy."""
    batch, height, width, channels = blocks.shape
    image, line, block, _ = blocks.stride()  # two neighbours in a line are one run of memory
    runs = blocks.as_strided((batch, height - 1, width - 1, 2, 2 * channels), (image, line, block, line, 1))
    return runs.reshape(-1, 4 * channels)


def add_windows(columns: Tensor, shape: torch.Size) -> Tensor:
    """The transpose of `windows`: (B * H * W, 16C) added where they overlap -> blocks of the shape."""
    batch, height, width, channels = shape
    blocks = columns.new_empty(shape)
    library = kernels.library()
    if library is not None and kernels.fits(columns, channels):
        sizes = kernels.Shape(batch, 2 * (height - 1), 2 * (width - 1), channels // 4, 1)
        library.add_windows(columns.data_ptr(), blocks.data_ptr(), sizes)
        return blocks
    parts = columns.view(batch, height - 1, width - 1, 2, 2, channels)
    blocks.zero_()
    for y in (0, 1):
        for x in (0, 1):
            blocks[:, y : y + height - 1, x : x + width - 1].add_(parts[:, :, :, y, x])
    return blocks


# ---- the same memory seen in other ways


def pack(weight: Tensor, dtype: torch.dtype) -> Tensor:
    """A module's weight (R, C, 4, 4) as a kernel (R, 2, 2, 4C)."""
    split = weight.unflatten(3, (2, 2)).unflatten(2, (2, 2))  # (R, C, block y, y, block x, x)
    return split.permute(0, 2, 4, 3, 5, 1).to(dtype, memory_format=torch.contiguous_format).flatten(3)


def unpack(kernel: Tensor) -> Tensor:
    """A kernel's gradient (R, 2, 2, 4C) as that of the module's weight, float32 (R, C, 4, 4) in channels-last order."""
    split = kernel.unflatten(3, (2, 2, -1)).permute(0, 1, 3, 2, 4, 5)  # (R, block y, y, block x, x, C)
    return (
        split.to(torch.float32, memory_format=torch.contiguous_format).flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2)
    )


def _as_map(last: Tensor) -> Tensor:
    return last.permute(0, 3, 1, 2)


def _as_maps(rows: Tensor, shape: torch.Size) -> Tensor:
    return rows.view(shape[0], shape[1] - 1, shape[2] - 1, -1).permute(0, 3, 1, 2)


def _as_rows(maps: Tensor) -> Tensor:
    return maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])


def _as_blocks(maps: Tensor) -> Tensor:
    return maps.permute(0, 2, 3, 1).contiguous()


def _cut(rows: Tensor, shape: torch.Size) -> Tensor:
    blocks = rows.new_zeros(shape)
    for block, pixel in _quarters(blocks, rows):
        block.copy_(pixel)
    return blocks


def _join(blocks: Tensor) -> Tensor:
    batch, height, width, channels = blocks.shape
    rows = blocks.new_empty(batch * (2 * height - 2) * (2 * width - 2), channels // 4)
    for block, pixel in _quarters(blocks, rows):
        pixel.copy_(block)
    return rows


def _quarters(blocks: Tensor, rows: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """The four pixels of a block and where they lie among the rows, as pairs of views (B, H, W, C).

    The border moves the grid by one pixel: a pixel in an even line is in the lower half of its block.
    """
    batch, height, width, channels = blocks.shape
    inside = blocks.view(batch, height, width, 2, 2, channels // 4)
    pixels = rows.view(batch, height - 1, 2, width - 1, 2, channels // 4)
    for y in (0, 1):
        for x in (0, 1):
            block = inside[:, 1 - y : height - y, 1 - x : width - x, y, x]
            yield block, pixels[:, :, 1 - y, :, 1 - x]
