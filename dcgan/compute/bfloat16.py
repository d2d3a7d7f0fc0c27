"""The networks' layers on the fastest route of a CPU that multiplies bfloat16 in hardware.

The modules stay plain PyTorch: this file only runs them in another way, with the same mathematics and the same
weights. Activations are maps (H, W, B, C) (pixel_order.py). For batches and channels that aren't multiples of 32, and
for runs that began before that order was known, they are rows of channels (B * H * W, C), which is what a picture in
channels-last order is, or, between a strided convolution and its neighbour, blocks of 2x2 pixels (block_order.py).
Products take bfloat16 and add in float32; weights, their gradients and BatchNorm's statistics stay float32.
"""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dcgan.compute import kernels, map_products, pixel_order
from dcgan.compute.batchnorm_relu import Maps, bend
from dcgan.compute.block_order import Cut, Down, Join, Up
from dcgan.networks.architectures import Originals


class Dense:
    """A dense first layer, and the map that it is made, as the transposed convolution from a single pixel that it is.

    Its bias, a number for each pixel, is the weight of one more input, which is always 1.
    """

    stride, padding, bias = (1, 1), (0, 0), None

    def __init__(self, linear: nn.Linear, to_map: nn.Unflatten) -> None:
        self.linear, self.shape = linear, tuple(to_map.unflattened_size)
        self.out_channels, *self.kernel_size = self.shape

    @property
    def weight(self) -> Tensor:
        """(D + 1, R, k, k), or (D, R, k, k) without a bias."""
        rows, bias = self.linear.weight.T, self.linear.bias
        return (rows if bias is None else torch.cat([rows, bias[None]])).unflatten(1, self.shape)

    def inputs(self, z: Tensor) -> Tensor:
        """z (B, D) -> (B, D + 1), or as it is without a bias."""
        return z if self.linear.bias is None else torch.cat([z, z.new_ones(len(z), 1)], 1)


Conv = nn.Conv2d | nn.ConvTranspose2d | Dense


class Stage(NamedTuple):
    """A convolution and what follows it up to the next one."""

    conv: Conv
    norm: nn.BatchNorm2d | None
    slope: float  # below zero: 0 is ReLU, 1 no bend at all
    tanh: bool


def pays_off(device: torch.device) -> bool:
    """Whether this device is a CPU whose units for bfloat16, of matrices or of vectors, outdo those for float32."""
    return device.type == "cpu" and kernels.pays()


def can_run(network: nn.Module) -> bool:
    """Whether every layer has a route here; a network with others runs as the plain module it is."""
    return stages(network) is not None


def stages(network: nn.Module) -> list[Stage] | None:
    """The layers of a network, or of its blocks, as stages, from first to last; None if a layer has no route here."""
    blocks = getattr(network, "blocks", network)
    layers = [module for module in blocks.modules() if not list(module.children())]
    layers = [layer for layer in layers if not isinstance(layer, Originals)]  # D's look at its pictures, before them
    found: list[Stage] = []
    while layers:
        conv, slope = layers.pop(0), 1.0
        if isinstance(conv, nn.Linear) and not found and layers and isinstance(layers[0], nn.Unflatten):
            conv = Dense(conv, cast(nn.Unflatten, layers.pop(0)))
        elif not isinstance(conv, (nn.Conv2d, nn.ConvTranspose2d)) or not _has_route(conv):
            return None
        norm = layers[0] if layers and isinstance(layers[0], nn.BatchNorm2d) else None
        layers = layers[1:] if norm is not None else layers
        if layers and isinstance(layers[0], (nn.ReLU, nn.LeakyReLU)):
            slope = getattr(layers.pop(0), "negative_slope", 0.0)
        tanh = len(layers) == 1 and isinstance(layers[0], nn.Tanh)
        layers = layers[1:] if tanh else layers
        if layers and conv.out_channels % kernels.LANES:
            return None
        found.append(Stage(conv, norm, slope, tanh))
    last = found[-1] if found else None
    return found if last and last.norm is None and last.slope == 1.0 else None


def run(network: nn.Module, x: Tensor, groups: int = 1, order: str = "pixels") -> Tensor:
    """Run the layers in training mode on x, z (B, D) or pictures (B, C, H, W); returns float32 (B, C', H', W').

    Each of the groups, equal parts of the batch, has BatchNorm statistics of its own, as if it had come alone. Maps lie
    in memory in the order of pixel_order.py, where it takes this network and batch, or in that of block_order.py, which
    "blocks" asks for.
    """
    plan, looks = stages(network), [module for module in network.modules() if isinstance(module, Originals)]
    assert plan
    x = looks[0](x) if looks else x
    if order == "pixels" and fits_pixels(plan, len(x), groups):
        return _run_pixels(plan, x, groups)
    return _run_blocks(plan, x, groups)


def fits_pixels(plan: list[Stage], batch: int, groups: int) -> bool:
    """Whether these layers can run with their maps in the order of pixel_order.py, on this processor."""
    first, last = plan[0].conv, plan[-1].conv
    middle = [stage.conv for stage in plan[1:-1]]
    up = _spreads(first)
    if up:
        ends = not _halves(first) and first.bias is None and _halves(last) and last.out_channels <= 4
    else:
        ends = isinstance(first, nn.Conv2d) and _halves(first) and first.in_channels <= 4 and not _halves(last)
    return (
        kernels.units() != ""
        and ends
        and batch % (groups * map_products.IMAGES) == 0
        and all(_halves(conv) and _spreads(conv) is up for conv in middle)
        and _spreads(last) is up
        and all(stage.conv.out_channels % map_products.CHANNELS == 0 for stage in plan[:-1])
        and all(conv.kernel_size[0] <= map_products.WIDEST for conv in (first, last))
    )


def _run_pixels(plan: list[Stage], x: Tensor, groups: int) -> Tensor:
    first, *middle, last = plan
    x = first.conv.inputs(x) if isinstance(first.conv, Dense) else x
    weight, after = first.conv.weight, _after(first, groups)
    begin = pixel_order.Stem if x.dim() == 2 else pixel_order.FromPicture
    values, sums = begin.apply(x, weight, after)
    maps = map_products.Maps(values, sums, after)
    for stage in middle:
        up, after = _spreads(stage.conv), _after(stage, groups)
        inputs = maps.values, maps.scale, maps.shift, stage.conv.weight
        values, sums = pixel_order.Strided.apply(*inputs, maps, up, after)
        maps = map_products.Maps(values, sums, after)
    several = pixel_order.Verdicts if last.conv.out_channels > 1 else pixel_order.Verdict
    end = pixel_order.ToPicture if _halves(last.conv) else several
    out = end.apply(maps.values, maps.scale, maps.shift, last.conv.weight, maps)
    out = out if _halves(last.conv) else out.view(len(out), -1, 1, 1)
    if last.conv.bias is not None:
        out = out + last.conv.bias[:, None, None]
    return out.tanh() if last.tanh else out


def _after(stage: Stage, groups: int) -> map_products.After:
    return map_products.After(stage.norm, stage.conv.bias, stage.slope, groups)


def _run_blocks(plan: list[Stage], x: Tensor, groups: int) -> Tensor:
    if x.dim() == 2:
        x = (plan[0].conv.inputs(x) if isinstance(plan[0].conv, Dense) else x)[:, :, None, None]
    batch, channels, height, width = x.shape
    values = x.permute(0, 2, 3, 1).reshape(-1, channels).to(torch.bfloat16)
    maps = Maps(values, batch, height, width)
    for stage, then in zip(plan, [*plan[1:], None], strict=True):
        maps = _convolve(stage.conv, maps)
        if then is not None:
            cut = not _spreads(then.conv) and _halves(then.conv)
            maps = bend(maps, stage.norm, stage.conv.bias, stage.slope, cut, groups)
    values = Join.apply(maps.values) if maps.cut else maps.values
    if plan[-1].conv.bias is not None:
        values = values + plan[-1].conv.bias.to(values.dtype)
    if plan[-1].tanh:
        values = values.tanh()
    return values.float().view(batch, maps.height, maps.width, -1).permute(0, 3, 1, 2)


def _spreads(conv: Conv) -> bool:
    """Whether it goes from a small map to a large one."""
    return not isinstance(conv, nn.Conv2d)


def _has_route(conv: nn.Conv2d | nn.ConvTranspose2d) -> bool:
    whole = conv.stride == (1, 1) and conv.padding == (0, 0)  # between a whole map and a single pixel
    odd = conv.dilation != (1, 1) or conv.groups != 1
    return (_halves(conv) or whole) and not odd


def _halves(conv: Conv) -> bool:
    """Whether it halves height and width, or, transposed, doubles them."""
    return conv.kernel_size == (4, 4) and conv.stride == (2, 2) and conv.padding == (1, 1)


def _convolve(conv: Conv, maps: Maps) -> Maps:
    values, batch, height, width, cut = maps
    if _spreads(conv):
        if _halves(conv):
            out = Up.apply(values, conv.weight, batch, height, width)
            return Maps(out, batch, 2 * height, 2 * width, cut=True)
        assert height == width == 1  # from a single pixel to a whole map: a dense layer
        weight = conv.weight.permute(0, 2, 3, 1).flatten(1)  # (C, k * k * C')
        return Maps(
            (values @ weight.to(values.dtype)).view(-1, conv.out_channels),
            batch,
            height=conv.kernel_size[0],
            width=conv.kernel_size[1],
        )
    if _halves(conv):
        blocks = values if cut else Cut.apply(values, batch, height, width)
        return Maps(Down.apply(blocks, conv.weight), batch, height // 2, width // 2)
    assert conv.kernel_size == (height, width)  # one kernel over the whole map: a dense layer
    weight = conv.weight.permute(0, 2, 3, 1).reshape(conv.out_channels, -1)
    return Maps(F.linear(values.view(batch, -1), weight.to(values.dtype)), batch, 1, 1)
