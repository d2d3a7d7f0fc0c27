"""Networks with layers that bfloat16.py has no route for: their convolutions alone are our own products.

Maps lie in the order (H, W, B, C) here, too (map_products.py). What stands between two products are the plain modules,
under autocast: those that change number by number take maps in any order, and BatchNorm takes them for H pictures.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn

from dcgan.compute import kernels, pixel_order
from dcgan.compute.kernels import Grid
from dcgan.compute.map_products import CHANNELS, IMAGES, WIDEST, After, Maps, correlate, pack, product
from dcgan.networks.architectures import Dropout


def suits(layer: nn.Module) -> bool:
    """Whether a layer is a convolution whose products are our own, for batches of a multiple of IMAGES."""
    if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        return False
    sizes = (layer.kernel_size, layer.stride, layer.padding)
    square = all(isinstance(size, tuple) and size[0] == size[1] for size in sizes)
    odd = layer.dilation != (1, 1) or layer.groups != 1
    wide = layer.in_channels % CHANNELS == layer.out_channels % CHANNELS == 0
    return square and not odd and wide and layer.kernel_size[0] <= WIDEST


def can_run(network: nn.Module) -> bool:
    """Whether any of a network's products is our own here."""
    return kernels.units() != "" and any(map(suits, network.modules()))


class Convolution(torch.autograd.Function):
    """Maps (H, W, B, C), bfloat16, and a module's weight, float32 -> maps; `up` is the transposed convolution."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, grid: Grid, up: bool) -> Tensor:
        ctx.grid, ctx.up = grid, up
        ctx.save_for_backward(x, weight)
        outputs = weight.shape[1 if up else 0]
        made, _ = product(up, x, pack(weight, up), outputs, grid, None if bias is None else After(None, bias, 1.0, 1))
        return made

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        (x, weight), grad = ctx.saved_tensors, grad.contiguous()
        before = of_weight = of_bias = None
        if ctx.needs_input_grad[0]:
            inputs = weight.shape[0 if ctx.up else 1]
            before, _ = product(not ctx.up, grad, pack(weight, not ctx.up), inputs, ctx.grid, None)
        if ctx.needs_input_grad[1]:
            small, big = (x, grad) if ctx.up else (grad, x)
            of_weight = correlate(small, big, ctx.grid, big.shape[3])
        if ctx.needs_input_grad[2]:
            of_bias = grad.sum((0, 1, 2), dtype=torch.float32)
        return before, of_weight, of_bias, None, None


class Turned(torch.autograd.Function):
    """Maps (B, C, H, W), as the modules take them, to (H, W, B, C) or `back`; on the way back likewise.

    Gradients in another order than their maps would take PyTorch's BatchNorm ten times as long.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, back: bool) -> Tensor:
        ctx.back = back
        return _turned(x, back)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        return _turned(grad, not ctx.back), None


def _turned(x: Tensor, back: bool) -> Tensor:
    turned = x.to(torch.bfloat16).permute(2, 3, 0, 1)
    return turned.clone(memory_format=torch.channels_last if back else torch.contiguous_format)


def run(network: nn.Module, x: Tensor) -> Tensor:
    """Run the layers in training mode on x, z (B, D) or pictures (B, C, H, W); returns float32."""
    layers = [module for module in getattr(network, "blocks", network).modules() if not list(module.children())]
    pixels = False  # whether x is maps (H, W, B, C)
    with torch.autocast("cpu", torch.bfloat16):
        while layers:
            layer, then = layers.pop(0), layers[0] if layers else None
            if pixels and suits(layer):
                x = _convolve(layer, x)
            elif pixels and isinstance(layer, nn.BatchNorm2d):
                x = _normalise(layer, x)
            elif pixels and isinstance(layer, Dropout):
                x = layer(x.permute(2, 0, 1, 3)).permute(1, 2, 0, 3)  # its masks are rows of the batch
            elif pixels and isinstance(layer, nn.Flatten) and isinstance(then, nn.Linear) and then.out_features == 1:
                x, pixels = _verdict(cast(nn.Linear, layers.pop(0)), x), False
            elif pixels and isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Flatten):
                x, pixels = layer(Turned.apply(x, True)), False
            else:
                x = layer(x)
            if not pixels and x.dim() == 4 and len(x) % IMAGES == x.shape[1] % CHANNELS == 0:
                x, pixels = Turned.apply(x, False), True
    return (Turned.apply(x, True) if pixels else x).float()


def _convolve(conv: Any, x: Tensor) -> Tensor:
    (height, width, batch, _), up = x.shape, isinstance(conv, nn.ConvTranspose2d)
    kernel, stride, pad = conv.kernel_size[0], conv.stride[0], conv.padding[0]
    if up:
        grid = Grid(batch, height, width, kernel, stride, pad, conv.output_padding[0])
    else:
        spare = height + 2 * pad - kernel
        small = [(side + 2 * pad - kernel) // stride + 1 for side in (height, width)]
        grid = Grid(batch, *small, kernel, stride, pad, spare % stride)
    return Convolution.apply(x, conv.weight, conv.bias, grid, up)


def _normalise(norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
    """BatchNorm of maps, which it takes, as their statistics don't care, for H pictures (C, W, B), channels last."""
    return norm(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


def _verdict(linear: nn.Linear, x: Tensor) -> Tensor:
    """A dense layer with one output on flattened maps: (B, 1)."""
    height, width, _, channels = x.shape
    weight = linear.weight.view(1, channels, height, width)
    made = pixel_order.Verdict.apply(x, None, None, weight, Maps(x, None, After(None, None, 1.0, 1)))[:, None]
    return made if linear.bias is None else made + linear.bias
