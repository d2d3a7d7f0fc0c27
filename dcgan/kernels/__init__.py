"""The library of kernels.c: what lies between the matrix products of a training step, compiled.

`kernels-x86_64.so` is built from `kernels.c` by `python -m dcgan.kernels`, which needs gcc; it is kept beside its
source so that nobody else needs one. It asks for AVX-512 with bfloat16 and takes its threads from the OpenMP library
that PyTorch has loaded. Where it can't be loaded, `library` is None and training goes on in float32 without it.
"""

import ctypes
import hashlib
import platform
import sys
from pathlib import Path

import torch

FOLDER = Path(__file__).parent
SOURCE, BUILT, STAMP = (FOLDER / name for name in ("kernels.c", "kernels-x86_64.so", "kernels.sha256"))
OPTIMISE = ["-O3", "-march=sapphirerapids", "-mno-amx-tile", "-fno-math-errno", "-fopenmp"]
FLAGS = ["-std=c11", *OPTIMISE, "-fPIC", "-Wall", "-Wextra", "-Werror"]

LANES = 16  # a map's channels are a multiple of it

POINTER, FLAG, FLOAT, WHOLE = ctypes.c_void_p, ctypes.c_int, ctypes.c_float, ctypes.c_longlong


class Shape(ctypes.Structure):
    """A batch of maps; groups are equal parts of it with BatchNorm statistics of their own."""

    _fields_ = [(name, WHOLE) for name in ("batch", "height", "width", "channels", "groups")]


def hash_of_source() -> str:
    """SHA-256 of the source and the flags it is built with: what STAMP holds of the built library."""
    return hashlib.sha256(SOURCE.read_bytes() + " ".join(FLAGS).encode()).hexdigest()


def load() -> ctypes.CDLL | None:
    """The library, or None where this processor or system can't run it."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or not torch.cpu._is_avx512_bf16_supported():
        return None
    try:
        found = ctypes.CDLL(str(BUILT))
    except OSError:  # another C library, or PyTorch built without OpenMP
        return None
    maps: list[type] = [POINTER, FLAG, POINTER, FLAG]
    tensors: list[type] = [POINTER] * 4
    found.bend.argtypes = [*maps, *tensors, FLOAT, FLOAT, FLOAT, *tensors, Shape]
    found.unbend.argtypes = [*maps, *tensors, POINTER, POINTER, FLOAT, POINTER, POINTER, Shape]
    found.add_windows.argtypes = [POINTER, POINTER, Shape]
    for function in (found.bend, found.unbend, found.add_windows):
        function.restype = None
    return found


def fits(maps: torch.Tensor, channels: int) -> bool:
    """Whether the library takes these maps."""
    return maps.dtype == torch.bfloat16 and channels % LANES == 0


library = load()
