"""Crash-safe saving and loading: the generator as safetensors, the whole training state as state.pt."""

import hashlib
import io
import json
import os
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors

from dcgan.config import BadInput, Config, first_line
from dcgan.files import publish, sync_directory
from dcgan.models import Generator, Origin
from dcgan.plain import input_shape, layers_json
from dcgan.runs import Run


def generator_bytes(
    generator: Generator, step: int, half: bool = False, facts: Mapping[str, str] = MappingProxyType({})
) -> bytes:
    """The generator as one safetensors file, its Config, step and `facts` in the metadata; `half` stores float16.

    The metadata also tell its layers in torch.nn's words, and the shape of one z: for those who open it without us.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in generator.state_dict().items()}
    if half:
        tensors = {name: t.half() if t.is_floating_point() else t for name, t in tensors.items()}
    metadata = {"config": generator.config.to_json(), "step": str(step), "weights_hash": weights_hash(tensors)}
    metadata |= {"layers": layers_json(generator), "input": json.dumps(input_shape(generator)), **facts}
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


def open_generator(run: Run, step: int | str | None = None) -> Generator:
    """The run's newest generator, or the one kept at a step, or with `best` the one whose fakes came closest to real
    pictures; raises BadInput naming the steps there are."""
    if step is None:
        return load_generator(run.generator_path)
    if step == "best":
        if not run.best_path.exists():
            raise BadInput(
                f"Run {run.id} has no best generator yet: ",
                terminal=f"`python -m dcgan evaluate {run.id} --history` finds it among the kept steps.",
                page="pick one of its kept steps.",
            )
        return load_generator(run.best_path)
    kept = run.generators()
    if step not in kept:
        listed = ", ".join(map(str, kept)) or "none"
        raise BadInput(f"step {step} of {run.id} was not kept; the kept steps are {listed}.")
    return load_generator(kept[step])


def save_state(run: Run, state: dict[str, Any]) -> None:
    """Write the training state; the one before it stays as state.previous.pt."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    publish(run.next_state_path, buffer.getvalue())
    if run.state_path.exists():
        os.replace(run.state_path, run.previous_state_path)
    os.replace(run.next_state_path, run.state_path)
    sync_directory(run.path)


def load_state(run: Run) -> dict[str, Any]:
    """The newest undamaged training state, or BadInput; warns when it had to take an older one."""
    found = run.state_paths()
    for path in found:
        try:
            return _read_state(path)
        except Exception as error:  # readers of damaged files raise nearly anything
            warnings.warn(f"{path.name} is damaged ({first_line(error)}); the one before it is used.", stacklevel=2)
    if found:
        raise BadInput(f"Run {run.id} can't go on: its saved states are damaged.")
    raise BadInput(f"Run {run.id} can't go on: it has no saved state (state.pt).")


def _read_state(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:  # compares every record with its CRC-32, which torch.load does not
            raise zipfile.BadZipFile("checksum mismatch")
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise ValueError("not a training state")
    return state
