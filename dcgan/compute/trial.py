"""Whether a GPU computes: one operation is tried, and where it fails a person is told why and what helps."""

import os
import warnings
from typing import NamedTuple

import torch

from dcgan.errors import first_line


class Trouble(NamedTuple):
    """Why a kind of GPU can't train here, and what helps if anything does: both without an end of the sentence."""

    reason: str
    remedy: str = ""


NO_CODE = ("no kernel image", "invalid device function")  # as CUDA and as ROCm say it
NONE = Trouble("PyTorch finds none here")


def trouble(kind: str) -> Trouble | None:
    """What is wrong with the GPUs of a kind, cuda or mps; None if one operation comes to its end.

    PyTorch lists a GPU also where this build has no code for it, or where other programs hold its memory or all of it.
    """
    with warnings.catch_warnings(record=True) as told:  # of a driver that is too old, at the first question only
        warnings.simplefilter("always")
        there = torch.cuda.is_available() if kind == "cuda" else torch.backends.mps.is_available()
        if not there:
            return _absent(kind, [str(each.message) for each in told])
        device = torch.device("cuda", _number()) if kind == "cuda" else torch.device(kind)
        try:
            _compute(device)
        except Exception as error:
            return _broken(device, error)
    return None


def _compute(device: torch.device) -> None:
    """One convolution, awaited: it needs memory, a library and code of this build."""
    x = torch.ones(1, 1, 4, 4, device=device)
    torch.nn.functional.conv2d(x, x).sum().item()


def _number() -> int:
    """Which GPU this process is to use: with torchrun that of its own number."""
    number = int(os.environ.get("LOCAL_RANK", 0))
    return number if number < torch.cuda.device_count() else 0


def _absent(kind: str, told: list[str]) -> Trouble:
    if kind == "cuda" and torch.version.cuda is None and torch.version.hip is None:
        return NONE._replace(remedy="install the build of PyTorch for your GPU, which pytorch.org offers")
    for words in told:
        if "driver" in words and "too old" in words:
            return Trouble("its driver is too old for this PyTorch", "update the driver")
    return NONE


def _broken(device: torch.device, error: Exception) -> Trouble:
    if any(word in str(error) for word in ("out of memory", "busy")):
        return Trouble("other programs hold its memory, or all of it", "end them")
    if device.type == "cuda" and any(words in str(error) for words in NO_CODE):
        builds = _builds_for(*torch.cuda.get_device_capability(device))
        build = f"its build for CUDA {builds[0]}" if builds else "an older version"
        name = torch.cuda.get_device_name(device)
        return Trouble(
            f"PyTorch {torch.__version__} has no code for {name}", f"install {build}, which pytorch.org offers"
        )
    return Trouble(f"its first operation failed ({first_line(error)})", "restart the machine, or update its driver")


def _builds_for(major: int, minor: int) -> list[str]:
    """Versions of CUDA for which this version of PyTorch is offered with code for a GPU of this compute capability."""
    offered: dict[str, dict[str, set[int]]] = getattr(torch.cuda, "PYTORCH_RELEASES_CODE_CC", {})
    codes = {cuda: set().union(*by_machine.values()) for cuda, by_machine in offered.items()}
    return [cuda for cuda, code in codes.items() if any(major * 10 <= each <= major * 10 + minor for each in code)]
