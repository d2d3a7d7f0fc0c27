"""BatchNorm or a bias, and (leaky) ReLU: all that stands between two convolutions, in one pass over memory each way."""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from dcgan.compute import kernels
from dcgan.compute.kernels import at, needed


class Maps(NamedTuple):
    """A batch of maps in bfloat16, as rows (B * H * W, C) or, cut, as blocks (B, H / 2 + 1, W / 2 + 1, 4C)."""

    values: Tensor
    batch: int
    height: int
    width: int
    cut: bool = False

    @property
    def channels(self) -> int:
        return self.values.shape[-1] // 4 if self.cut else self.values.shape[-1]


def bend(maps: Maps, norm: nn.BatchNorm2d | None, bias: Tensor | None, slope: float, cut: bool, groups: int) -> Maps:
    """Normalise in training mode, or add the bias, and bend with a slope (0 is ReLU, 1 a line); cut or not.

    Each of the groups, equal parts of the batch, has BatchNorm statistics of its own, as if it had come alone.
    """
    if norm is not None:
        assert norm.num_batches_tracked is not None
        norm.num_batches_tracked.add_(groups)
    gamma, beta = (norm.weight, norm.bias) if norm is not None else (None, bias)
    values = Bend.apply(maps.values, gamma, beta, norm, slope, maps, cut, groups)
    return Maps(values, maps.batch, maps.height, maps.width, cut)


class Bend(torch.autograd.Function):
    """x -> slope below zero of gamma * (x - mean) / deviation + beta, or of x + beta without BatchNorm."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        gamma: Tensor | None,
        beta: Tensor | None,
        norm: nn.BatchNorm2d | None,
        slope: float,
        maps: Maps,
        cut: bool,
        groups: int,
    ) -> Tensor:
        library = needed()
        channels, (batch, height, width, was_cut) = maps.channels, maps[1:]
        shape = kernels.Shape(batch, height, width, channels, groups)
        y = x.new_empty(
            (batch, height // 2 + 1, width // 2 + 1, 4 * channels) if cut else (batch * height * width, channels)
        )
        scale, shift, mean, deviation = torch.empty(4, groups, channels)
        running = (norm.running_mean, norm.running_var) if norm is not None else (None, None)
        momentum, epsilon = (norm.momentum, norm.eps) if norm is not None else (0.0, 0.0)
        library.bend(
            x.data_ptr(), was_cut, y.data_ptr(), cut, at(gamma), at(beta), *map(at, running), momentum, epsilon,
            slope, *map(at, (scale, shift, mean, deviation)), shape,
        )  # fmt: skip
        ctx.save_for_backward(x, gamma, scale, shift, mean, deviation)
        ctx.rest = was_cut, cut, slope, shape
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        x, gamma, scale, shift, mean, deviation = ctx.saved_tensors
        was_cut, cut, slope, shape = ctx.rest
        grad, of_x = grad.contiguous(), torch.empty_like(x)
        of_gamma = torch.empty(shape.channels) if ctx.needs_input_grad[1] else None
        of_beta = torch.empty(shape.channels) if ctx.needs_input_grad[2] else None
        needed().unbend(
            grad.data_ptr(), cut, x.data_ptr(), was_cut, of_x.data_ptr(), *map(at, (gamma, scale, shift, mean)),
            at(deviation), slope, at(of_gamma), at(of_beta), shape,
        )  # fmt: skip
        return of_x, of_gamma, of_beta, None, None, None, None, None
