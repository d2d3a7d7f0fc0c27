"""A generator as one compact file for the browser: BatchNorm folded in, 16-bit weights, ordered as they are read.

The file: a 4-byte little-endian header length, a JSON header, padding to a multiple of 4, then the numbers. The header
lists the layers in order, each with the offsets of its numbers in bytes after the header. There are two kinds:

dense   (inputs) -> (outputs), or a map (height, width, channels) in that order
conv    maps to maps `stride` times as high and wide; each of its phases makes the output pixels (y, x) of one
        remainder modulo the stride, and sums over taps: the input pixel (y // stride + dy, x // stride + dx)

Weights lie in panels of `panel` output channels: (phase, panel, tap, input channel, channel in the panel). A network
ends in tanh; one that ends in a sigmoid, shown in [-1, 1], is the same with halved weights: 2 * sigmoid(x) - 1 is
tanh(x / 2).

Of a generator that knows classes the header has their names and shares, and where their centres are, float32 (classes,
z_dim): a picture of a class is drawn at z + its centre.

16-bit weights are whole numbers with a step per output channel, not float16: those spend bits on weights near zero
and leave two to three times the error at the picture. Small layers stay float32.
"""

import dataclasses
import json
from typing import Any

import numpy as np
from torch import nn

from dcgan.errors import BadInput
from dcgan.networks.architectures import Rescale
from dcgan.networks.models import Generator

FORMAT = 1
PANEL, NARROW = 8, 4  # output channels that a kernel sums at once; the narrow one is for pictures
SMALL = 16_384  # weights; a layer with fewer is kept in float32
LARGEST = 32_767  # of a signed 16-bit number

Array = np.ndarray


@dataclasses.dataclass
class Layer:
    """One linear layer with what follows it, float64; feature arrays are per output, in PyTorch's order."""

    weight: Array  # dense (outputs, inputs); conv (taps y, taps x, outputs, inputs)
    bias: Array  # (outputs,)
    kind: str
    stride: int = 1
    start: int = 0  # how far into the input the output begins: PyTorch's padding
    transposed: bool = False
    map_in: tuple[int, int] = (1, 1)
    map_out: tuple[int, int] = (1, 1)
    shape: tuple[int, int, int] | None = None  # of a dense layer's output as maps (channels, height, width)
    activation: str = "none"
    leak: float = 0.0
    scale: Array | None = None  # BatchNorm behind the activation: y * scale + shift
    shift: Array | None = None


def pack(generator: Generator) -> bytes:
    """The generator, in eval mode, as a file for the browser; raises BadInput for a layer that it can't run."""
    config = generator.config
    layers = read_layers(generator)
    facts: dict[str, Any] = {"format": FORMAT, "z_dim": config.z_dim, "prior": config.z_prior}
    facts |= {"channels": config.channels, "size": config.image_size}
    numbers, rows = bytearray(), []
    for layer in layers:
        rows.append(_laid_out(layer, layer is layers[-1], numbers))
    if config.num_classes:
        facts["classes"] = _classes(generator, numbers)
    header = json.dumps(facts | {"layers": rows}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 4)
    return len(header).to_bytes(4, "little") + header + bytes(numbers)


def _classes(generator: Generator, numbers: bytearray) -> dict[str, Any]:
    """Append the classes' centres to `numbers` and return what the header says of classes."""
    config, centres = generator.config, _numbers(generator.centres.weight).astype("<f4")
    names = config.names_of_classes or tuple(map(str, range(config.num_classes)))
    return {"names": names, "shares": config.class_shares, "centres": _append(numbers, centres)}


# ---- from modules to linear layers


def read_layers(generator: Generator) -> list[Layer]:
    """The generator's linear layers with everything between them folded in."""
    layers: list[Layer] = []
    for module in generator.blocks.modules():
        if list(module.children()):
            continue
        if isinstance(module, nn.Linear):
            layers.append(Layer(_numbers(module.weight), _bias(module, module.out_features), "dense"))
        elif isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            layers.append(_convolution(module, layers[-1] if layers else None))
        else:
            _fold(module, layers[-1])
    return layers


def _numbers(tensor: Any) -> Array:
    return tensor.detach().cpu().double().numpy()


def _bias(module: Any, outputs: int) -> Array:
    return np.zeros(outputs) if module.bias is None else _numbers(module.bias)


def _convolution(module: nn.Conv2d | nn.ConvTranspose2d, before: Layer | None) -> Layer:
    """A convolution as a layer; on a single pixel a transposed one is a dense layer."""
    kernel, stride, padding = module.kernel_size[0], module.stride[0], int(module.padding[0])
    height, width = _map_of(before)
    weight, bias = _numbers(module.weight), _bias(module, module.out_channels)
    if isinstance(module, nn.Conv2d):
        _need(stride == 1 and 2 * padding == kernel - 1, module)
        return Layer(
            weight.transpose(2, 3, 0, 1), bias, "conv", 1, padding, map_in=(height, width), map_out=(height, width)
        )
    if (height, width) == (1, 1):
        _need(stride == 1 and padding == 0, module)
        outputs = module.out_channels
        flat = weight.transpose(1, 2, 3, 0).reshape(outputs * kernel * kernel, -1)
        return Layer(flat, bias.repeat(kernel * kernel), "dense", shape=(outputs, kernel, kernel))
    size = [(n - 1) * stride - 2 * padding + kernel + module.output_padding[0] for n in (height, width)]
    return Layer(weight.transpose(2, 3, 1, 0), bias, "conv", stride, padding, True, (height, width), (size[0], size[1]))


def _map_of(before: Layer | None) -> tuple[int, int]:
    if before is None:
        return (1, 1)
    if before.kind == "conv":
        return before.map_out
    return before.shape[1:] if before.shape else (1, 1)


def _fold(module: nn.Module, layer: Layer) -> None:
    """Take a module without weights of its own, or BatchNorm, into the layer before it."""
    if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
        assert module.running_var is not None and module.running_mean is not None
        scale = _numbers(module.weight) / np.sqrt(_numbers(module.running_var) + module.eps)
        shift = _numbers(module.bias) - _numbers(module.running_mean) * scale
        pixels = len(layer.bias) // len(scale)  # a map's channel is many outputs of a dense layer
        scale, shift = scale.repeat(pixels), shift.repeat(pixels)
        if layer.activation == "none":
            layer.weight = layer.weight * (scale[:, None] if layer.kind == "dense" else scale[None, None, :, None])
            layer.bias = layer.bias * scale + shift
        else:
            layer.scale, layer.shift = scale, shift
    elif isinstance(module, nn.Unflatten):
        channels, height, width = module.unflattened_size
        layer.shape = (channels, height, width)
    elif isinstance(module, nn.Sigmoid):
        layer.weight, layer.bias, layer.activation = layer.weight / 2, layer.bias / 2, "tanh"
    elif isinstance(module, Rescale):
        _need(layer.activation == "tanh" and (module.scale, module.shift) == (2, -1), module)
    else:
        names = {nn.ReLU: "relu", nn.LeakyReLU: "leaky-relu", nn.SELU: "selu", nn.Tanh: "tanh"}
        _need(type(module) in names and layer.activation == "none", module)
        layer.activation = names[type(module)]
        layer.leak = getattr(module, "negative_slope", 0.0)


def _need(condition: bool, module: nn.Module) -> None:
    if not condition:
        raise BadInput(f"this generator can't run in the browser: it has the layer {module}.")


# ---- from layers to bytes


def _laid_out(layer: Layer, last: bool, numbers: bytearray) -> dict[str, Any]:
    """Append the layer's numbers to `numbers` and return its row of the header."""
    row: dict[str, Any] = {"kind": layer.kind, "activation": layer.activation, "leak": layer.leak}
    features = [layer.bias, layer.scale, layer.shift]
    if layer.kind == "dense":
        weight = layer.weight.T  # (inputs, outputs)
        if layer.shape:  # maps are channels-last here
            channels, height, width = layer.shape
            row["map"] = [height, width, _padded(channels, PANEL)]
            weight = _channels_last(weight, layer.shape)
            features = [None if f is None else _channels_last(f[None], layer.shape)[0] for f in features]
        blocks = [weight[None]]  # one phase of one tap
        panel = PANEL
    else:
        panel = NARROW if last else PANEL
        phases = [_phase(layer, y, x) for y in range(layer.stride) for x in range(layer.stride)]
        row |= {"stride": layer.stride, "map_in": layer.map_in, "map_out": layer.map_out}
        row["phases"] = [{"y": y, "x": x, "taps": taps} for y, x, taps, _ in phases]
        blocks = [block for *_, block in phases]  # each (taps, inputs, outputs)
    inputs, outputs = _padded(blocks[0].shape[1], 4 if len(numbers) == 0 else PANEL), blocks[0].shape[2]
    row |= {"panel": panel, "inputs": inputs, "outputs": _padded(outputs, panel)}
    blocks = [_pad(_pad(block, 1, inputs), 2, row["outputs"]) for block in blocks]

    row["steps"] = None
    if sum(block.size for block in blocks) > SMALL:
        steps = np.max([np.abs(block).max(axis=(0, 1)) for block in blocks], axis=0) / LARGEST
        steps = np.where(steps > 0, steps, 1.0).astype(np.float32)
        row["steps"] = _append(numbers, steps)
        whole = [np.rint(block / steps).clip(-LARGEST, LARGEST).astype("<i2") for block in blocks]
        row["weights"] = _append(numbers, np.concatenate([_in_panels(block, panel) for block in whole]))
    else:
        row["weights"] = _append(numbers, np.concatenate([_in_panels(b, panel) for b in blocks]).astype("<f4"))
    for name, feature in zip(("bias", "scale", "shift"), features, strict=True):
        padded = None if feature is None else _pad(feature, 0, row["outputs"]).astype("<f4")
        row[name] = None if padded is None else _append(numbers, padded)
    return row


def _phase(layer: Layer, y: int, x: int) -> tuple[int, int, list[list[int]], Array]:
    """The taps (dy, dx) of one phase and their weights (taps, inputs, outputs)."""
    rows, columns = (_taps(layer, n, layer.weight.shape[axis]) for axis, n in enumerate((y, x)))
    taps = [[dy, dx] for _, dy in rows for _, dx in columns]
    return y, x, taps, np.stack([layer.weight[ky, kx].T for ky, _ in rows for kx, _ in columns])


def _taps(layer: Layer, phase: int, kernel: int) -> list[tuple[int, int]]:
    """Which of the kernel's rows (or columns) this phase uses, and the input row of each, relative to its own."""
    if not layer.transposed:
        return [(k, k - layer.start) for k in range(kernel)]
    found = [(k, phase + layer.start - k) for k in range(kernel)]
    return [(k, d // layer.stride) for k, d in found if d % layer.stride == 0]


def _channels_last(x: Array, shape: tuple[int, int, int]) -> Array:
    """(N, channels * height * width) -> (N, height * width * channels), with channels padded to whole panels."""
    maps = x.reshape(len(x), *shape).transpose(0, 2, 3, 1)
    return _pad(maps, 3, _padded(shape[0], PANEL)).reshape(len(x), -1)


def _in_panels(block: Array, panel: int) -> Array:
    """(taps, inputs, outputs) -> flat (panel, tap, input, output in the panel)."""
    taps, inputs, outputs = block.shape
    return block.reshape(taps, inputs, outputs // panel, panel).transpose(2, 0, 1, 3).ravel()


def _padded(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


def _pad(x: Array, axis: int, length: int) -> Array:
    """Zeros behind the end of one axis."""
    widths = [(0, 0)] * x.ndim
    widths[axis] = (0, length - x.shape[axis])
    return np.pad(x, widths)


def _append(numbers: bytearray, values: Array) -> list[int]:
    """Put values at the next multiple of 4 bytes; return [offset, count]."""
    numbers += bytes(-len(numbers) % 4)
    at = len(numbers)
    numbers += values.tobytes()
    return [at, values.size]
