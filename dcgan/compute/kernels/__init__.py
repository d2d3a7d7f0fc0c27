"""The library of products.c and batchnorm_relu.c: a training step's matrix products and what lies between them.

`kernels-x86_64.so` is built by `python -m dcgan.compute.kernels`, which needs gcc; it is kept beside its sources so
that nobody else needs one. It asks for AVX-512 with bfloat16, its products also for AMX (`has_tiles`), and takes its
threads from the OpenMP library that PyTorch has loaded. Where it can't be loaded, `library` is None and training goes
on in float32 without it.
"""

import ctypes
import functools
import hashlib
import platform
import sys
from pathlib import Path

import torch

FOLDER = Path(__file__).parent
SOURCES = [FOLDER / name for name in ("batchnorm_relu.c", "products.c")]
BUILT, STAMP = FOLDER / "kernels-x86_64.so", FOLDER / "kernels.sha256"
OPTIMISE = ["-O3", "-march=sapphirerapids", "-fno-math-errno", "-fopenmp"]
FLAGS = ["-std=gnu11", *OPTIMISE, "-fPIC", "-Wall", "-Wextra", "-Werror"]

LANES = 16  # a map's channels are a multiple of it

FUNCTIONS = ["bend", "unbend", "add_windows", "product", "pack", "correlate", "normalise", "bend_map", "unbend_map"]
FUNCTIONS += ["turn", "unfold", "fold", "judge", "unjudge"]

POINTER, FLAG, FLOAT, WHOLE = ctypes.c_void_p, ctypes.c_int, ctypes.c_float, ctypes.c_longlong


class Shape(ctypes.Structure):
    """A batch of maps; groups are equal parts of it with BatchNorm statistics of their own."""

    _fields_ = [(name, WHOLE) for name in ("batch", "height", "width", "channels", "groups")]


class Grid(ctypes.Structure):
    """A convolution between a small map, whose height and width these are, and a large one: products.c."""

    _fields_ = [(name, WHOLE) for name in ("batch", "height", "width", "kernel", "stride", "pad")]


class Ending(ctypes.Structure):
    """What becomes of a product: products.c."""

    _fields_ = [
        ("mode", FLAG),
        ("slope", FLOAT),
        *((name, POINTER) for name in ("bias", "scale", "shift", "before", "sums")),
        ("groups", WHOLE),
    ]


def hash_of_source() -> str:
    """SHA-256 of the sources and the flags they are built with: what STAMP holds of the built library."""
    return hashlib.sha256(b"".join(source.read_bytes() for source in SOURCES) + " ".join(FLAGS).encode()).hexdigest()


def load() -> ctypes.CDLL | None:
    """The library, or None where this processor or system can't run it."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or not torch.cpu._is_avx512_bf16_supported():
        return None
    try:
        return _declared(ctypes.CDLL(str(BUILT)))
    except (OSError, AttributeError):  # another C library, PyTorch built without OpenMP, or built from other sources
        return None


def _declared(found: ctypes.CDLL) -> ctypes.CDLL:
    maps: list[type] = [POINTER, FLAG, POINTER, FLAG]
    tensors: list[type] = [POINTER] * 4
    found.bend.argtypes = [*maps, *tensors, FLOAT, FLOAT, FLOAT, *tensors, Shape]
    found.unbend.argtypes = [*maps, *tensors, POINTER, POINTER, FLOAT, POINTER, POINTER, Shape]
    found.add_windows.argtypes = [POINTER, POINTER, Shape]
    sizes, four = [WHOLE] * 4, [POINTER] * 4
    found.product.argtypes = [FLAG, POINTER, WHOLE, POINTER, POINTER, WHOLE, Grid, Ending]
    found.pack.argtypes = [FLAG, POINTER, *sizes, POINTER]
    found.correlate.argtypes = [POINTER, WHOLE, POINTER, WHOLE, WHOLE, POINTER, Grid]
    found.normalise.argtypes = [POINTER, *sizes, ctypes.c_double, *four, FLOAT, FLOAT, *four]
    found.bend_map.argtypes = [*four, FLOAT, *sizes]
    found.unbend_map.argtypes = [POINTER, POINTER, POINTER, WHOLE, *sizes, *four, POINTER, POINTER]
    found.turn.argtypes = [POINTER, POINTER, WHOLE, WHOLE]
    found.unfold.argtypes = [POINTER, POINTER, *sizes, WHOLE]
    found.fold.argtypes = [POINTER, POINTER, *sizes]
    found.judge.argtypes = [POINTER, POINTER, POINTER, WHOLE, WHOLE, WHOLE]
    found.unjudge.argtypes = [*four, POINTER, WHOLE, WHOLE, WHOLE, Ending]
    for name in FUNCTIONS:
        getattr(found, name).restype = None
    return found


@functools.cache
def has_tiles() -> bool:
    """Whether the processor has matrix units (AMX) for bfloat16, and the system lets this process use them."""
    return library is not None and torch.cpu._is_amx_tile_supported() and not library.ask_for_tiles()


def fits(maps: torch.Tensor, channels: int) -> bool:
    """Whether the library takes these maps."""
    return maps.dtype == torch.bfloat16 and channels % LANES == 0


library = load()
