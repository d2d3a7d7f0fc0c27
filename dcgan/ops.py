"""The networks' layers on the fastest route of a CPU that multiplies bfloat16 in hardware.

The modules stay plain PyTorch: this file only runs them in another way, with the same mathematics and the same
weights. Activations are rows of channels (B * H * W, C), which is what a picture in channels-last order is; a strided
4x4 convolution is then one strided copy (`unfold`) and one matrix product, a transposed one the same pair the other
way round (`fold`). Products take bfloat16 and add in float32; weights, their gradients and BatchNorm's statistics
stay float32.
"""

import ctypes
import sys
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FEW_CHANNELS = 8  # below this, rows are too short to copy, and PyTorch's own convolution is faster
SIMPLE = (nn.ReLU, nn.LeakyReLU, nn.Tanh)


class Rows(NamedTuple):
    """A batch of maps as rows (B * H * W, C) in the order of its pixels."""

    values: Tensor
    batch: int
    height: int
    width: int


def choose_precision(wish: str, device: torch.device, *networks: nn.Module) -> str:
    """bfloat16 if that is wished (`auto`), pays off on this device, and every layer has a route here; else float32."""
    fast = wish == "auto" and pays_off(device) and all(can_run(network) for network in networks)
    return "bfloat16" if fast else "float32"


def pays_off(device: torch.device) -> bool:
    """Whether this device is a CPU with units for bfloat16 matrices (AMX)."""
    return device.type == "cpu" and torch.cpu._is_amx_tile_supported()


def can_run(network: nn.Module) -> bool:
    """Whether every layer has a route here; a network with others runs as the plain module it is."""
    return all(_has_route(module) for module in network.modules() if not list(module.children()))


def keep_buffers() -> None:
    """Let glibc reuse large blocks of memory instead of asking the kernel for fresh pages at every layer.

    On other systems nothing happens. The values are those of `mallopt`: M_MMAP_MAX and M_TRIM_THRESHOLD.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(-4, 0)
        mallopt(-1, 2**31 - 1)


def run(blocks: nn.Module, x: Tensor) -> Tensor:
    """Run the layers in training mode on x, z (B, D) or pictures (B, C, H, W); returns float32 (B, C', H', W')."""
    if x.dim() == 2:
        x = x[:, :, None, None]
    batch, channels, height, width = x.shape
    rows = Rows(x.permute(0, 2, 3, 1).reshape(-1, channels).to(torch.bfloat16), batch, height, width)
    for module in blocks.modules():
        if not list(module.children()):
            rows = _apply(module, rows)
    values = rows.values.float().view(rows.batch, rows.height, rows.width, -1)
    return values.permute(0, 3, 1, 2)


def _has_route(module: nn.Module) -> bool:
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        halving = module.kernel_size == (4, 4) and module.stride == (2, 2) and module.padding == (1, 1)
        whole = module.stride == (1, 1) and module.padding == (0, 0)  # between a whole map and a single pixel
        odd = module.dilation != (1, 1) or module.groups != 1
        return (halving or whole) and not odd
    return isinstance(module, (nn.BatchNorm2d, *SIMPLE))


def _apply(module: nn.Module, rows: Rows) -> Rows:
    if isinstance(module, nn.Conv2d):
        return _convolve(module, rows)
    if isinstance(module, nn.ConvTranspose2d):
        return _convolve_transposed(module, rows)
    if isinstance(module, nn.BatchNorm2d):
        return Rows(_normalise(module, rows.values), *rows[1:])
    if isinstance(module, nn.LeakyReLU):  # the modules themselves may work in place, on what others still need
        return Rows(F.leaky_relu(rows.values, module.negative_slope), *rows[1:])
    return Rows(F.relu(rows.values) if isinstance(module, nn.ReLU) else module(rows.values), *rows[1:])


def _normalise(norm: nn.BatchNorm2d, values: Tensor) -> Tensor:
    assert norm.num_batches_tracked is not None and norm.momentum is not None
    norm.num_batches_tracked.add_(1)
    return F.batch_norm(
        values, norm.running_mean, norm.running_var, norm.weight, norm.bias, True, norm.momentum, norm.eps
    )


def _convolve(conv: nn.Conv2d, rows: Rows) -> Rows:
    values, batch, height, width = rows
    if conv.stride == (1, 1):  # one kernel over the whole map: a dense layer
        assert conv.kernel_size == (height, width)
        flat = values.view(batch, -1)  # (B, H * W * C)
        weight = conv.weight.permute(0, 2, 3, 1).reshape(conv.out_channels, -1)
        return Rows(F.linear(flat, weight.to(flat.dtype), _in(flat, conv.bias)), batch, 1, 1)
    if min(conv.in_channels, conv.out_channels) < FEW_CHANNELS:
        return _few_channels(F.conv2d, conv, rows, height // 2, width // 2)
    out = Down.apply(values, conv.weight, conv.bias, batch, height, width)
    return Rows(out, batch, height // 2, width // 2)


def _convolve_transposed(conv: nn.ConvTranspose2d, rows: Rows) -> Rows:
    values, batch, height, width = rows
    if conv.stride == (1, 1):  # from a single pixel: a dense layer
        assert height == width == 1
        weight = conv.weight.permute(0, 2, 3, 1).reshape(conv.in_channels, -1)  # (C, k * k * C')
        out = (values @ weight.to(values.dtype)).view(-1, conv.out_channels)
        bias = _in(out, conv.bias)
        return Rows(out if bias is None else out + bias, batch, *conv.kernel_size)
    if min(conv.in_channels, conv.out_channels) < FEW_CHANNELS:
        return _few_channels(F.conv_transpose2d, conv, rows, height * 2, width * 2)
    out = Up.apply(values, conv.weight, conv.bias, batch, height, width)
    return Rows(out, batch, height * 2, width * 2)


def _few_channels(convolve: Any, conv: nn.Conv2d | nn.ConvTranspose2d, rows: Rows, height: int, width: int) -> Rows:
    """PyTorch's own convolution on the same memory."""
    x = rows.values.view(rows.batch, rows.height, rows.width, -1).permute(0, 3, 1, 2)
    out = convolve(x, conv.weight.to(x.dtype), _in(x, conv.bias), stride=2, padding=1)
    return Rows(out.permute(0, 2, 3, 1).reshape(rows.batch * height * width, -1), rows.batch, height, width)


def _in(like: Tensor, bias: Tensor | None) -> Tensor | None:
    return None if bias is None else bias.to(like.dtype)


class Down(torch.autograd.Function):
    """4x4 convolution with stride 2 and padding 1: rows (B * H * W, C) -> (B * H/2 * W/2, C')."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, batch: int, height: int, width: int
    ) -> Tensor:
        outputs, inputs = weight.shape[:2]
        matrix = weight.permute(0, 2, 3, 1).reshape(outputs, 16 * inputs).to(x.dtype)
        columns = unfold(x, batch, height, width)  # (B * H/2 * W/2, 16 C)
        ctx.save_for_backward(columns, matrix)
        ctx.shape = batch, height // 2, width // 2, inputs, outputs
        return F.linear(columns, matrix, _in(x, bias))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:  # type: ignore[override]
        columns, matrix = ctx.saved_tensors
        batch, height, width, inputs, outputs = ctx.shape
        grad = grad.contiguous()
        grad_x = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_x = fold(grad @ matrix, batch, height, width)
        if ctx.needs_input_grad[1]:
            grad_weight = (grad.T @ columns).view(outputs, 4, 4, inputs).permute(0, 3, 1, 2).float()
        if ctx.needs_input_grad[2]:
            grad_bias = grad.sum(0, dtype=torch.float32)
        return grad_x, grad_weight, grad_bias, None, None, None


class Up(torch.autograd.Function):
    """4x4 transposed convolution with stride 2 and padding 1: rows (B * H * W, C) -> (B * 2H * 2W, C')."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, batch: int, height: int, width: int
    ) -> Tensor:
        inputs, outputs = weight.shape[:2]
        matrix = weight.permute(0, 2, 3, 1).reshape(inputs, 16 * outputs).to(x.dtype)
        ctx.save_for_backward(x, matrix)
        ctx.shape = batch, height, width, inputs, outputs
        out = fold(x @ matrix, batch, height, width)
        return out if bias is None else out.add_(bias.to(x.dtype))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:  # type: ignore[override]
        x, matrix = ctx.saved_tensors
        batch, height, width, inputs, outputs = ctx.shape
        columns = unfold(grad.contiguous(), batch, 2 * height, 2 * width)  # (B * H * W, 16 C')
        grad_x = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_x = columns @ matrix.T
        if ctx.needs_input_grad[1]:
            grad_weight = (x.T @ columns).view(inputs, 4, 4, outputs).permute(0, 3, 1, 2).float()
        if ctx.needs_input_grad[2]:
            grad_bias = grad.sum(0, dtype=torch.float32)
        return grad_x, grad_weight, grad_bias, None, None, None


def unfold(x: Tensor, batch: int, height: int, width: int) -> Tensor:
    """Rows (B * H * W, C) -> the 4x4 windows at stride 2 with padding 1, (B * H/2 * W/2, 16 C)."""
    channels = x.shape[1]
    padded = x.new_zeros(batch, height + 2, width + 2, channels)
    padded[:, 1:-1, 1:-1] = x.view(batch, height, width, channels)
    image, line, pixel, _ = padded.stride()
    shape = batch, height // 2, width // 2, 4, 4 * channels  # four neighbours in a line are one run of memory
    windows = padded.as_strided(shape, (image, 2 * line, 2 * pixel, line, 1))
    return windows.reshape(-1, 16 * channels)


def fold(columns: Tensor, batch: int, height: int, width: int) -> Tensor:
    """The transpose of `unfold`: windows (B * H * W, 16 C) added where they overlap -> rows (B * 2H * 2W, C).

    On the grid of 2x2 blocks of the padded picture a window covers 2x2 whole blocks, so four shifted sums do it.
    """
    windows = columns.view(batch, height, width, 2, 2, 2, 2, -1)  # block row, row in it, block column, column in it
    channels = windows.shape[-1]
    blocks = columns.new_zeros(batch, height + 1, 2, width + 1, 2, channels)
    for y in (0, 1):
        for x in (0, 1):
            part = windows[:, :, :, y, :, x].permute(0, 1, 3, 2, 4, 5)  # (B, H, 2, W, 2, C)
            blocks[:, y : y + height, :, x : x + width].add_(part)
    padded = blocks.view(batch, 2 * height + 2, 2 * width + 2, channels)
    return padded[:, 1:-1, 1:-1].reshape(-1, channels)
