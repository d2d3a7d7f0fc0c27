"""A generator told in layers of torch.nn alone, so that its file can be opened where this package isn't installed.

The description travels as JSON in the metadata of a generator's file: a list of blocks, each a list of
[class in torch.nn, settings]. The file's weights fit nn.Sequential of nn.Sequential under the name "blocks".
"""

import json
from collections.abc import Callable
from typing import Any

from torch import nn

from dcgan.networks.architectures import Rescale
from dcgan.networks.models import Generator

Described = tuple[str, dict[str, Any]]  # the class in torch.nn, and what it is built with

_HALVED: Described = ("AvgPool2d", {"kernel_size": 1, "divisor_override": 2})  # x -> x / 2, exactly


def layers_json(generator: Generator) -> str:
    """The description as JSON text."""
    return json.dumps(describe(generator), separators=(",", ":"))


def input_shape(generator: Generator) -> list[int]:
    """The shape of one z as the first layer takes it: a dense one takes vectors, a convolution maps of 1x1."""
    z_dim = generator.config.z_dim
    return [z_dim] if generator.config.stem == "dense" else [z_dim, 1, 1]


def describe(generator: Generator) -> list[list[Described]]:
    """The blocks in order, each with its layers; a layer without weights that torch.nn lacks is told in others."""
    return [_block(list(block.children())) for block in generator.blocks.children()]


def _block(layers: list[nn.Module]) -> list[Described]:
    last = layers[-1]
    if isinstance(last, Rescale):  # 2 * sigmoid(x) - 1 is tanh(x / 2)
        assert isinstance(layers[-2], nn.Sigmoid) and (last.scale, last.shift) == (2, -1)
        return [*map(_layer, layers[:-2]), _HALVED, ("Tanh", {})]
    return [_layer(layer) for layer in layers]


def _layer(layer: nn.Module) -> Described:
    return type(layer).__name__, SETTINGS[type(layer)](layer)


def _convolution(layer: Any) -> dict[str, Any]:
    settings = {"in_channels": layer.in_channels, "out_channels": layer.out_channels}
    settings |= {name: getattr(layer, name)[0] for name in ("kernel_size", "stride", "padding")}
    if isinstance(layer, nn.ConvTranspose2d):
        settings["output_padding"] = layer.output_padding[0]
    return settings | {"bias": layer.bias is not None}


def _norm(layer: Any) -> dict[str, Any]:
    return {"num_features": layer.num_features, "eps": layer.eps}


def _nothing(layer: Any) -> dict[str, Any]:
    return {}


SETTINGS: dict[type[nn.Module], Callable[[Any], dict[str, Any]]] = {
    nn.Linear: lambda layer: {
        "in_features": layer.in_features,
        "out_features": layer.out_features,
        "bias": layer.bias is not None,
    },
    nn.Unflatten: lambda layer: {"dim": layer.dim, "unflattened_size": list(layer.unflattened_size)},
    nn.ConvTranspose2d: _convolution,
    nn.Conv2d: _convolution,
    nn.BatchNorm1d: _norm,
    nn.BatchNorm2d: _norm,
    nn.LeakyReLU: lambda layer: {"negative_slope": layer.negative_slope},
    nn.ReLU: _nothing,
    nn.SELU: _nothing,
    nn.Tanh: _nothing,
}
