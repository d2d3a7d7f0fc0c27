"""A generator as an ONNX file, for programs that know no PyTorch; needs the package onnx, which the studio doesn't.

The graph is written layer by layer from what torch.nn's modules hold, so that it needs neither of PyTorch's exporters:
one is on its way out, the other wants a third package.
"""

import json
from typing import Any

from torch import Tensor, nn

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.networks.architectures import Rescale
from dcgan.networks.models import Generator

OPSET = 17  # of 2022: every operator here is older, so nearly any runtime takes the file
MISSING = "ONNX needs the package onnx: `pip install onnx`, then export again."

Node = tuple[str, dict[str, Tensor | list[int]], dict[str, Any]]  # operator, further inputs by name, attributes


def available() -> bool:
    """Whether the package is installed."""
    import importlib.util

    return importlib.util.find_spec("onnx") is not None


def onnx_bytes(generator: Generator, name: str) -> bytes:
    """The generator as one ONNX model: z (N, z_dim) -> pictures (N, channels, height, width) in [-1, 1], any N.

    One that knows classes takes `class`, int64 (N,), besides. What people call the run, step, weights hash, settings
    and the classes' names stand in the model's metadata. Raises BadInput where the package onnx is missing.
    """
    if not available():
        raise BadInput(MISSING)
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    assert generator.origin is not None
    config, value, nodes, weights = generator.config, "z", [], []
    layers = [layer for layer in generator.blocks.modules() if not list(layer.children())]
    if config.num_classes:  # z moves to the centre of its class
        weights.append(numpy_helper.from_array(_array(generator.centres.weight), "centres"))
        nodes.append(helper.make_node("Gather", ["centres", "class"], ["centre"], "Gather_class", axis=0))
        nodes.append(helper.make_node("Add", ["z", "centre"], ["placed"], "Add_class"))
        value = "placed"
    told = [*_as_maps(generator), *(node for layer in layers for node in _told(layer))]
    for place, (operator, inputs, attributes) in enumerate(told):
        names = [f"{operator}_{place}.{key}" for key in inputs]
        arrays = [_array(tensor) for tensor in inputs.values()]
        weights += [numpy_helper.from_array(array, key) for key, array in zip(names, arrays, strict=True)]
        made = "pictures" if place == len(told) - 1 else f"x{place}"
        nodes.append(helper.make_node(operator, [value, *names], [made], f"{operator}_{place}", **attributes))
        value = made
    side = config.image_size
    given = [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", config.z_dim])]
    if config.num_classes:
        given.append(helper.make_tensor_value_info("class", TensorProto.INT64, ["n"]))
    pictures = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["n", config.channels, side, side])
    graph = helper.make_graph(nodes, "generator", given, [pictures], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="DCGAN Studio")
    model.ir_version = 8  # that of this opset; newer ones are refused by older runtimes
    origin = {key: str(fact) for key, fact in generator.origin._asdict().items()}
    helper.set_model_props(model, {"name": name, "config": config.to_json()} | origin | _class_facts(config))
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def _class_facts(config: Config) -> dict[str, str]:
    """What the metadata say of classes, where there are some."""
    if not config.num_classes:
        return {}
    names = config.names_of_classes or tuple(map(str, range(config.num_classes)))
    inputs = {
        "z": f"float32 (n, {config.z_dim}), drawn from the {config.z_prior} prior",
        "class": f"int64 (n,), from 0 to {len(names) - 1}: the place of a name in classes",
    }
    return {"classes": json.dumps(names), "inputs": json.dumps(inputs)}


def _as_maps(generator: Generator) -> list[Node]:
    """z as the first layer takes it: a convolution wants maps of 1x1."""
    return [] if generator.config.stem == "dense" else [("Reshape", {"shape": [0, -1, 1, 1]}, {})]


def _told(layer: nn.Module) -> list[Node]:
    """A layer as operators; what is not listed here can't be exported."""
    if isinstance(layer, nn.Linear):
        return [("Gemm", _weights(layer), {"transB": 1})]
    if isinstance(layer, nn.ConvTranspose2d):
        return [("ConvTranspose", _weights(layer), _sizes(layer) | {"output_padding": list(layer.output_padding)})]
    if isinstance(layer, nn.Conv2d):
        return [("Conv", _weights(layer), _sizes(layer))]
    if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
        assert layer.running_mean is not None and layer.running_var is not None
        statistics: dict[str, Tensor | list[int]] = {"mean": layer.running_mean, "var": layer.running_var}
        return [("BatchNormalization", _weights(layer) | statistics, {"epsilon": layer.eps})]
    if isinstance(layer, nn.Unflatten):
        return [("Reshape", {"shape": [0, *map(int, layer.unflattened_size)]}, {})]  # 0: as many pictures as come
    if isinstance(layer, nn.LeakyReLU):
        return [("LeakyRelu", {}, {"alpha": layer.negative_slope})]
    if isinstance(layer, Rescale):
        numbers = {"scale": Tensor([layer.scale]), "shift": Tensor([layer.shift])}
        return [("Mul", {"scale": numbers["scale"]}, {}), ("Add", {"shift": numbers["shift"]}, {})]
    names: dict[type, str] = {nn.ReLU: "Relu", nn.SELU: "Selu", nn.Tanh: "Tanh", nn.Sigmoid: "Sigmoid"}
    if type(layer) not in names:
        raise BadInput(f"this generator can't be written as ONNX: it has the layer {layer}.")
    return [(names[type(layer)], {}, {})]


def _weights(layer: Any) -> dict[str, Tensor | list[int]]:
    return {"weight": layer.weight} if layer.bias is None else {"weight": layer.weight, "bias": layer.bias}


def _sizes(layer: Any) -> dict[str, Any]:
    return {"kernel_shape": list(layer.kernel_size), "strides": list(layer.stride), "pads": 2 * list(layer.padding)}


def _array(values: Tensor | list[int]) -> Any:
    import numpy as np

    if isinstance(values, list):
        return np.array(values, np.int64)
    return values.detach().cpu().float().contiguous().numpy()
