"""Other people's DCGAN generators, told from the names and shapes of their weights and rebuilt as ours.

The layout is that of PyTorch's DCGAN example (pytorch/examples, dcgan/main.py) and its many copies: a transposed
convolution, or a dense layer, makes the first map of z; others double height and width, with BatchNorm between.
Weights don't tell strides, activations and BatchNorm's eps: kernels of 4 and 5 double, and the activations are those of
the settings, by default the example's ReLU and tanh; eps is PyTorch's 1e-5.
"""

import itertools
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from dcgan.config import NO_END, SIZES, Config
from dcgan.errors import BadInput
from dcgan.images.decode import shown
from dcgan.imports.foreign_weights import Tensors
from dcgan.networks.layer_sizes import first_size, sizes
from dcgan.networks.models import Generator
from dcgan.presets import IMPORTED

ENDINGS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
NO_CHAIN = "its layers don't lead from z to pictures of 1 or 3 channels, as those of a generator do"
MAX_NUMBERS = 200_000_000  # in a generator; the studio's largest preset has 12 million
MAX_SHOWN = 12  # tensors that a refusal lists


class Linear(NamedTuple):
    """A dense layer or a transposed convolution, and the BatchNorm that follows it."""

    weight: Tensor  # (outputs, inputs), or (inputs, outputs, kernel, kernel)
    bias: Tensor | None
    norm: Tensors | None


class Unfit(Exception):
    """Why weights are not such a generator's, as the middle of a sentence."""


def generator_in(networks: list[tuple[str, Tensors]], file: str, **settings: object) -> tuple[str, Generator]:
    """The first generator among dictionaries of tensors, an averaged one before others, and where it was found.

    It is in eval mode, float32, and draws as the file's own would; `settings` say what weights don't tell. Raises
    BadInput that names the `file` and lists what it holds if there is none.
    """
    tried = [(where, part) for name, tensors in networks for where, part in _parts(name, tensors)]
    tried.sort(key=lambda each: "ema" not in each[0].lower())  # stable: otherwise the file's own order
    reasons: list[tuple[int, str, Tensors]] = []
    for where, tensors in tried:
        try:
            return where, rebuilt(tensors, **settings)
        except Unfit as problem:
            reasons.append((len(tensors), str(problem), tensors))
    _, reason, tensors = max(reasons, key=lambda each: each[0])
    listed = ", ".join(f"{shown(name[-40:])} {'x'.join(map(str, each.shape))}" for name, each in _weights(tensors))
    raise BadInput(f"{shown(file)} holds no DCGAN generator that the studio can draw with: {reason}. Found: {listed}.")


def rebuilt(tensors: Tensors, **settings: object) -> Generator:
    """The generator that these weights are of; raises Unfit with the reason, or BadInput for a setting."""
    if sum(each.numel() for each in tensors.values()) > MAX_NUMBERS:  # a shape may claim more than the file holds
        raise Unfit(f"it has more than {MAX_NUMBERS:,} numbers")
    layers = layers_of(tensors)
    config = config_of(layers).replace(**settings)
    for name, tensor in tensors.items():  # last, for only here their number is known to be that of a generator
        if not bool(tensor.float().isfinite().all()):
            raise Unfit(f"{shown(name[-60:])} has values that are no finite numbers")
    if sizes(config)["G"].trainable > MAX_NUMBERS:
        raise Unfit(f"with all its layers as wide as the studio lays them out it has more than {MAX_NUMBERS:,} numbers")
    generator = Generator(config)
    try:
        with torch.no_grad():
            _fill(generator, layers)
    except RuntimeError:  # such as an architecture that the settings name
        raise Unfit("the settings describe another network than its weights") from None
    return generator.eval().requires_grad_(False)


def layers_of(tensors: Tensors) -> list[Linear]:
    """The layers that have weights, in order, each with its BatchNorm; raises Unfit."""
    grouped: dict[str, Tensors] = {}
    for name, tensor in tensors.items():
        prefix, _, ending = name.rpartition(".")
        if ending not in ENDINGS:
            raise Unfit(f"{shown(name[-60:])} is of no layer that is known here")
        grouped.setdefault(prefix, {})[ending] = tensor
    ordered = sorted(grouped, key=_natural) if list(grouped) == sorted(grouped) else list(grouped)  # safetensors sorts
    found = [grouped[name] for name in ordered]
    norms = [each for each in found if "running_mean" in each]
    linear = [each for each in found if "weight" in each and each["weight"].ndim in (2, 4)]
    if len(norms) + len(linear) < len(found):
        raise Unfit("a layer of it is neither dense nor a convolution, nor BatchNorm with its running statistics")
    if len(linear) < 2:
        raise Unfit("it has fewer than two layers with weights")
    shapes = [each["weight"].shape for each in linear]
    if any(len(a) == len(b) == 4 and a[1] != b[0] for a, b in itertools.pairwise(shapes)):
        raise Unfit(NO_CHAIN)
    if any(not _fits_together(each) for each in found):
        raise Unfit("the tensors of one of its layers don't fit one another")
    layers = []
    for i, each in enumerate(linear):
        norm = next((n for n in norms if len(n["running_mean"]) == _outputs(each, linear[i + 1 :])), None)
        norms = [n for n in norms if n is not norm]
        layers.append(Linear(each["weight"], each.get("bias"), norm))
    if norms or layers[-1].norm:
        raise Unfit("its BatchNorm layers don't follow its other layers one by one, but for the last")
    return layers


def config_of(layers: list[Linear]) -> Config:
    """The settings of a generator with these layers; raises Unfit for a layout that is not the studio's.

    Where widths don't halve from layer to layer, the narrower ones are widened: `_fill` leaves the rest at zero.
    """
    first, *ups = layers
    kernels = {each.weight.shape[-1] for each in ups if each.weight.ndim == 4 and _is_square(each.weight)}
    if len(kernels) != 1 or any(each.weight.ndim != 4 or not _is_square(each.weight) for each in ups):
        raise Unfit("behind the first layer its kernels are not all of one size")
    kernel, channels, inputs = kernels.pop(), ups[-1].weight.shape[1], [each.weight.shape[0] for each in ups]
    if kernel not in (4, 5):
        raise Unfit(f"its kernels of {kernel}x{kernel} are not the 4x4 or 5x5 that double height and width")
    dense = first.weight.ndim == 2
    if dense:
        pixels, rest = divmod(first.weight.shape[0], inputs[0])
        size = round(pixels**0.5)
        if rest or size * size != pixels:
            raise Unfit(f"its dense layer makes no square map of the {inputs[0]} channels that the next layer takes")
    else:
        size = first.weight.shape[-1] if _is_square(first.weight) else 0
    z_dim = first.weight.shape[1] if dense else first.weight.shape[0]
    outputs = [inputs[0] if dense else first.weight.shape[1], *(each.weight.shape[1] for each in ups[:-1])]
    if outputs != inputs or channels not in (1, 3):
        raise Unfit(NO_CHAIN)
    pixels = size * 2 ** len(ups)
    normed = [each.norm is not None for each in layers[:-1]]
    biased = any(each.bias is not None for each in layers[:-1])
    if pixels not in SIZES:
        raise Unfit(f"it makes pictures of {pixels} px, not of {', '.join(map(str, SIZES))}")
    try:
        config = Config(
            preset=IMPORTED,
            data="",
            image_size=pixels,
            channels=channels,
            z_dim=z_dim,
            ngf=max(-(-width // 2**i) for i, width in enumerate(reversed(inputs))),
            stem="dense" if dense else "conv",
            kernel=kernel,
            norm_g="batch" if any(normed) else "none",
            conv_bias="always" if any(normed) and biased else "needed",
            ema_half_life_images=0,
            num_steps=NO_END,
        )
    except BadInput as error:
        raise Unfit(str(error).rstrip(".")) from None
    if first_size(config) != size:
        raise Unfit(f"its first map is {size}x{size}, where {pixels} px begin with {first_size(config)}")
    return config


def _fill(generator: Generator, layers: list[Linear]) -> None:
    """Copy the weights; what the file has none of, adds or changes nothing: a bias of 0, a BatchNorm that does nothing.

    Channels beyond the file's own come out as 0 and weigh 0 in the next layer.
    """
    modules = list(generator.modules())
    linear = [module for module in modules if isinstance(module, (nn.Linear, nn.ConvTranspose2d))]
    norms = [module for module in modules if isinstance(module, nn.BatchNorm2d)]
    if len(linear) != len(layers):
        raise Unfit("the settings describe another network than its weights")
    for module, layer in zip(linear, layers, strict=True):
        if isinstance(module, nn.Linear):
            width, pixels = norms_width(generator), module.out_features // norms_width(generator)
            _put(module.weight.view(width, pixels, -1), layer.weight.view(-1, pixels, layer.weight.shape[1]))
            if module.bias is not None:
                _put(module.bias.view(width, pixels), None if layer.bias is None else layer.bias.view(-1, pixels))
        else:
            _put(module.weight, layer.weight)
            if module.bias is not None:
                _put(module.bias, layer.bias)
    for norm, layer in zip(norms, layers, strict=False):
        given = layer.norm if layer.norm is not None else {}
        width = len(given.get("running_mean", norm.weight))
        one = torch.ones(width) if given else torch.full((width,), (1 + norm.eps) ** 0.5)
        _put(norm.weight, given.get("weight", one))
        _put(norm.bias, given.get("bias"))
        assert norm.running_mean is not None and norm.running_var is not None
        _put(norm.running_mean, given.get("running_mean"))
        norm.running_var.fill_(1.0)
        norm.running_var[:width] = given.get("running_var", torch.ones(width))


def norms_width(generator: Generator) -> int:
    """Channels of the first map."""
    return next(module.in_channels for module in generator.modules() if isinstance(module, nn.ConvTranspose2d))


def _put(target: Tensor, values: Tensor | None) -> None:
    """Values into the corner of a tensor, zeros elsewhere."""
    target.zero_()
    if values is not None:
        target[tuple(slice(n) for n in values.shape)] = values


def _outputs(layer: Mapping[str, Tensor], later: list[Tensors]) -> int:
    """Channels that a layer makes; a dense one as many as the next layer takes."""
    weight = layer["weight"]
    if weight.ndim == 4:
        return weight.shape[1]
    return later[0]["weight"].shape[0] if later else weight.shape[0]


def _fits_together(layer: Tensors) -> bool:
    """Whether the tensors of one layer have the shapes that its weight, or BatchNorm's mean, asks for."""
    if "running_mean" in layer:
        wanted = layer["running_mean"].shape
    else:
        weight = layer["weight"]
        wanted = weight.shape[1:2] if weight.ndim == 4 else weight.shape[:1]
    others = [each for name, each in layer.items() if name != "num_batches_tracked"]
    vectors = [each for each in others if each is not layer.get("weight") or "running_mean" in layer]
    return len(wanted) == 1 and all(each.shape == wanted for each in vectors) and all(each.numel() for each in others)


def _is_square(weight: Tensor) -> bool:
    return weight.shape[-1] == weight.shape[-2]


def _parts(where: str, tensors: Tensors) -> list[tuple[str, Tensors]]:
    """A dictionary of tensors, and those that share their first or their first two names, as G and D in one may."""
    parts: dict[str, Tensors] = {}
    for depth in (1, 2):
        for name, tensor in tensors.items():
            parts.setdefault(".".join(name.split(".")[:depth]), {})[name] = tensor
    return [(where, tensors), *((f"{where}.{name}".lstrip("."), part) for name, part in parts.items())]


def _natural(name: str) -> list[Any]:
    """A key that sorts main.2 before main.10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _weights(tensors: Tensors) -> list[tuple[str, Tensor]]:
    named = [(name, each) for name, each in tensors.items() if each.ndim > 1] or list(tensors.items())
    return named[:MAX_SHOWN]
