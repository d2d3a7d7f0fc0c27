"""Weights in strangers' files: read within limits, without running what else is in them.

PyTorch's files (both its formats) are pickles: they are opened with `weights_only=True`, which makes tensors and plain
containers and calls nothing that a file names. safetensors files hold nothing but numbers.
"""

import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from dcgan.errors import BadInput
from dcgan.images.decode import shown
from dcgan.system.files import open_regular

MAX_BYTES = 2 << 30  # of a file, and of what is packed in it: a whole checkpoint holds D and two optimisers, too
MAX_DEPTH = 4  # of dictionaries in dictionaries

Tensors = dict[str, Tensor]


def networks_in(path: Path, name: str) -> list[tuple[str, Tensors]]:
    """Every dictionary of tensors in a file, each with the names that lead to it, joined by dots.

    The tensors are on the CPU, as the file has them. Raises BadInput, which calls the file by its `name`, for what
    can't be read safely.
    """
    found = list(_dictionaries(_content(path, shown(name)), "", set()))
    if not found:
        raise BadInput(f"{shown(name)} holds no weights by name: save `netG.state_dict()` and bring that file.")
    return found


def _content(path: Path, name: str) -> Any:
    """What a file holds, whichever of the known kinds it is."""
    try:
        with open_regular(path, MAX_BYTES) as file:
            head = file.read(9)
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except OSError as error:
        raise BadInput(f"{name} can't be read ({error.strerror}): it must be a file of at most 2 GB.") from None
    if head.startswith(b"\x89HDF"):
        raise BadInput(f"{name} is a Keras file (HDF5): bring PyTorch's weights, .pth, .pt or .safetensors.")
    try:
        if head[8:] == b"{":
            return dict(sorted(load_file(path).items()))  # each type of numbers comes by itself
        _check_packed(path, name)
        return torch.load(path, map_location="cpu", weights_only=True)
    except BadInput:
        raise
    except MemoryError:
        raise BadInput(f"{name} names more numbers than this computer has memory for.") from None
    except Exception as error:  # readers of strangers' files raise nearly anything
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL " in str(error):
            raise _refused(name, str(error)) from None
        raise BadInput(f"{name} is no whole file of weights: bring a .pth, .pt or .safetensors file.") from None


def _check_packed(path: Path, name: str) -> None:
    """Refuse an archive that would unpack to more than it may, or that holds a program."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
                raise BadInput(f"{name} would unpack to more than 2 GB: save the generator's weights alone.")
            if any(each.endswith("/constants.pkl") for each in archive.namelist()):
                raise BadInput(
                    f"{name} is TorchScript, a program, and is not run: where it was made, save `netG.state_dict()` "
                    "and bring that file."
                )


def _refused(name: str, words: str) -> BadInput:
    """What to say of a pickle that holds more than weights."""
    what = words.partition("GLOBAL ")[2].split()[0][:80]
    return BadInput(
        f"{name} holds Python objects beside weights ({shown(what)}), which could run a stranger's program and are not "
        "opened: where it was made, save `netG.state_dict()` and bring that file."
    )


def _dictionaries(value: Any, where: str, seen: set[int], depth: int = 0) -> Iterator[tuple[str, Tensors]]:
    """The dictionaries of tensors in nested ones, outer ones first, each once: one may hold itself a thousand times."""
    if not isinstance(value, dict) or depth > MAX_DEPTH or id(value) in seen:
        return
    seen.add(id(value))
    tensors = {key: tensor for key, tensor in value.items() if isinstance(key, str) and _is_plain(tensor)}
    if tensors:
        yield where, tensors
    for key, each in value.items():
        if isinstance(key, str):
            yield from _dictionaries(each, f"{where}.{key}".lstrip("."), seen, depth + 1)


def _is_plain(value: Any) -> bool:
    """Whether it is a tensor of numbers in memory, neither sparse nor quantised, nor one that only has a shape."""
    return (
        isinstance(value, Tensor) and value.layout == torch.strided and value.device.type == "cpu"
        and not value.is_quantized and not value.is_complex()
    )  # fmt: skip
