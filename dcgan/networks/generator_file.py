"""Crash-safe saving and loading: the generator as safetensors, the whole training state as state.pt."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.networks.models import Generator, Origin
from dcgan.networks.portable_layers import input_shape, layers_json


def generator_bytes(
    generator: Generator, step: int, half: bool = False, facts: Mapping[str, str] = MappingProxyType({})
) -> bytes:
    """The generator as one safetensors file, its Config, step and `facts` in the metadata; `half` stores float16.

    The metadata also tell its layers in torch.nn's words, and the shape of one z: for those who open it without us. Of
    one that knows classes they tell the classes' names, and which tensor is added to z, a row for each class.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in generator.state_dict().items()}
    if half:
        tensors = {name: t.half() if t.is_floating_point() else t for name, t in tensors.items()}
    metadata = {"config": generator.config.to_json(), "step": str(step), "weights_hash": weights_hash(tensors)}
    metadata |= {"layers": layers_json(generator), "input": json.dumps(input_shape(generator)), **facts}
    if generator.config.num_classes:
        metadata["classes"] = json.dumps({"names": generator.config.names_of_classes, "added_to_z": "centres.weight"})
    return to_safetensors(tensors, metadata | {"metadata_hash": _metadata_hash(metadata)})


def metadata_of(content: bytes) -> dict[str, str]:
    """The metadata of a safetensors file."""
    return json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]


def weights_hash(tensors: dict[str, torch.Tensor]) -> str:
    """SHA-256 over names, types, shapes and values: the same weights give the same hash in any file."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _metadata_hash(metadata: dict[str, str]) -> str:
    parts = [metadata[name] for name in sorted(metadata) if name != "metadata_hash"]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def load_generator(path: Path | str) -> Generator:
    """Read a generator in eval mode on the CPU, float32; raises BadInput if the file is missing, damaged or foreign.

    Every picture depends on its own z only: BatchNorm uses stored statistics. `origin` says which weights these are.
    """
    path = Path(path)
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise BadInput(f"{path} is not a file.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError:
        raise BadInput(f"{path} is missing: train the run first, or pick another step.") from None
    except (SafetensorError, OSError) as error:
        raise BadInput(f"{path} is not a readable safetensors file ({error}).") from None
    if "config" not in metadata or "weights_hash" not in metadata:
        raise BadInput(f"{path} was not saved by DCGAN Studio: its settings are not in the file.")
    if not re.fullmatch("[0-9]{1,15}", metadata.get("step", "")):
        raise BadInput(f"{path} is damaged: it does not say which step it is from.")
    if weights_hash(tensors) != metadata["weights_hash"]:
        raise BadInput(f"{path} is damaged: its weights don't match their hash.")
    if metadata.get("metadata_hash", _metadata_hash(metadata)) != _metadata_hash(metadata):
        raise BadInput(f"{path} is damaged: its settings don't match their hash.")
    with torch.device("meta"):  # no memory is taken before the file's shapes are known to be right
        generator = Generator(Config.from_json(metadata["config"]))
    types = {name: tensor.dtype for name, tensor in generator.state_dict().items()}
    try:
        own = {name: tensor.to(types.get(name), copy=True) for name, tensor in tensors.items()}  # not the file's pages
        generator.load_state_dict(own, assign=True)
    except RuntimeError:
        raise BadInput(f"{path} holds weights of another network than its settings describe.") from None
    generator.origin = Origin(int(metadata["step"]), metadata["weights_hash"])
    return generator.eval().requires_grad_(False)
