"""The networks' layers with maps in the order (H, W, B, C), in which a convolution needs no copies: map_products.py.

Each function below is a bend and the product that follows it. The gradient that passes between them is that of a
product before its bias and bend, even where the values that passed forward are those after them: whoever makes the
gradient of a bent map takes it through the bend as well.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from dcgan.compute.kernels import Grid, at, needed
from dcgan.compute.map_products import (
    After,
    Bent,
    Maps,
    as_pixel,
    as_weight,
    correlate,
    ending_of,
    fold,
    judge,
    pack,
    product,
    unfold,
)


class Stem(torch.autograd.Function):
    """z (B, D), float32, weight (D, R, k, k) -> values (k, k, B, R): a transposed convolution from a single pixel."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, weight: Tensor, after: After) -> tuple[Tensor, Tensor | None]:
        ctx.grid, rows = Grid(len(z), 1, 1, weight.shape[2], 1, 0), as_pixel(z)
        ctx.save_for_backward(rows, weight)
        return product(True, rows, pack(weight, True), weight.shape[1], ctx.grid, after)

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Any) -> Any:
        rows, weight = ctx.saved_tensors
        of_z = None
        if ctx.needs_input_grad[0]:
            kernels = F.pad(weight, (0, 0, 0, 0, 0, 0, 0, -len(weight) % 32))
            made, _ = product(False, grad, pack(kernels, False), len(kernels), ctx.grid, None)
            of_z = made[0, 0, :, : len(weight)].float()
        return of_z, correlate(rows, grad, ctx.grid, grad.shape[3])[: len(weight)], None


class FromPicture(torch.autograd.Function):
    """Pictures (B, C, 2H, 2W), float32, weight (R, C, 4, 4) -> values (H, W, B, R): the convolution."""

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, weight: Tensor, after: After) -> tuple[Tensor, Tensor | None]:
        columns = unfold(pictures)
        height, width, batch, _ = columns.shape
        ctx.grid = Grid(batch, height, width, 1, 1, 0)
        ctx.save_for_backward(columns, weight)
        return product(False, columns, pack(weight, False, whole=True), len(weight), ctx.grid, after)

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Any) -> Any:
        columns, weight = ctx.saved_tensors
        of_pictures = of_weight = None
        if ctx.needs_input_grad[0]:
            channels = weight.shape[1]
            made, _ = product(True, grad, pack(weight, True, whole=True), 16 * channels, ctx.grid, None)
            of_pictures = fold(made)
        if ctx.needs_input_grad[1]:
            of_weight = as_weight(correlate(grad, columns, ctx.grid, 16 * weight.shape[1]), weight)
        return of_pictures, of_weight, None


class Strided(torch.autograd.Function):
    """A bend, then the 4x4 convolution with stride 2 and padding 1 (weight (R, C, 4, 4)), or its transpose."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, gamma: Tensor | None, shift: Tensor | None, weight: Tensor, maps: Maps, up: bool,
        after: After,
    ) -> tuple[Tensor, Tensor | None]:  # fmt: skip
        height, width, batch, _ = values.shape
        ctx.grid = Grid(batch, *((height, width) if up else (height // 2, width // 2)), 4, 2, 1)
        ctx.save_for_backward(weight)
        ctx.bent, ctx.up = Bent(values, maps), up
        return product(up, ctx.bent.y, pack(weight, up), weight.shape[1 if up else 0], ctx.grid, after)

    @staticmethod
    def backward(ctx: Any, grad: Tensor, _: Any) -> Any:
        bent, (weight,) = ctx.bent, ctx.saved_tensors
        before, of_gamma, of_shift, of_weight = None, None, None, None
        if any(ctx.needs_input_grad[:3]):
            inner = weight.shape[0 if ctx.up else 1]
            before, sums = product(not ctx.up, grad, pack(weight, not ctx.up), inner, ctx.grid, bent)
            of_gamma, of_shift = bent.back(before, sums, *ctx.needs_input_grad[1:3])
        if ctx.needs_input_grad[3]:
            small, big = (bent.y, grad) if ctx.up else (grad, bent.y)
            of_weight = correlate(small, big, ctx.grid, big.shape[3])
        return before, of_gamma, of_shift, of_weight, None, None, None


class ToPicture(torch.autograd.Function):
    """A bend, then the transposed convolution with a weight (R, C, 4, 4) of few channels -> pictures (B, C, 2H, 2W)."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, gamma: Tensor | None, shift: Tensor | None, weight: Tensor, maps: Maps
    ) -> Tensor:
        height, width, batch, _ = values.shape
        ctx.grid = Grid(batch, height, width, 1, 1, 0)
        ctx.save_for_backward(weight)
        ctx.bent = Bent(values, maps)
        columns, _ = product(True, ctx.bent.y, pack(weight, True, whole=True), 16 * weight.shape[1], ctx.grid, None)
        return fold(columns)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        bent, (weight,) = ctx.bent, ctx.saved_tensors
        columns = unfold(grad)
        before, sums = product(False, columns, pack(weight, False, whole=True), len(weight), ctx.grid, bent)
        of_gamma, of_shift = bent.back(before, sums, *ctx.needs_input_grad[1:3])
        of_weight = None
        if ctx.needs_input_grad[3]:
            of_weight = as_weight(correlate(bent.y, columns, ctx.grid, 16 * weight.shape[1]), weight)
        return before, of_gamma, of_shift, of_weight, None


class Verdict(torch.autograd.Function):
    """A bend, then one kernel (1, C, H, W) over the whole map -> a number per picture (B,), float32."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, gamma: Tensor | None, shift: Tensor | None, weight: Tensor, maps: Maps
    ) -> Tensor:
        ctx.bent, ctx.kernel = Bent(values, maps), weight.permute(0, 2, 3, 1).contiguous()
        return judge(ctx.bent.y, ctx.kernel)[:, 0]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        bent, kernel = ctx.bent, ctx.kernel
        grad = grad.contiguous()
        height, width, batch, channels = bent.y.shape
        before = torch.empty_like(bent.y)
        of_kernel = torch.empty_like(kernel) if ctx.needs_input_grad[3] else None
        ending, sums = ending_of(bent, height * width, batch, channels)
        needed().unjudge(
            at(grad), at(bent.y), at(kernel), at(before), at(of_kernel), height * width, batch, channels, ending
        )
        of_gamma, of_shift = bent.back(before, sums, *ctx.needs_input_grad[1:3])
        return before, of_gamma, of_shift, None if of_kernel is None else of_kernel.permute(0, 3, 1, 2), None


class Verdicts(torch.autograd.Function):
    """A bend, then N kernels (N, C, k, k) over the whole map -> their numbers for each picture (B, N), float32."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, gamma: Tensor | None, shift: Tensor | None, weight: Tensor, maps: Maps
    ) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.bent = Bent(values, maps)
        return judge(ctx.bent.y, weight.permute(0, 2, 3, 1).contiguous())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        bent, (weight,) = ctx.bent, ctx.saved_tensors
        grid, rows = Grid(len(grad), 1, 1, weight.shape[2], 1, 0), as_pixel(grad)
        before, sums = product(True, rows, pack(weight, True), weight.shape[1], grid, bent)
        of_gamma, of_shift = bent.back(before, sums, *ctx.needs_input_grad[1:3])
        of_weight = None
        if ctx.needs_input_grad[3]:
            of_weight = correlate(rows, bent.y, grid, weight.shape[1])[: len(weight)]
        return before, of_gamma, of_shift, of_weight, None
