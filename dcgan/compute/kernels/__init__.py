"""The library of products.c and batchnorm_relu.c: a training step's matrix products and what lies between them.

`kernels-x86_64.so` is built by `python -m dcgan.compute.kernels`, which needs gcc; it is kept beside its sources so
that nobody else needs one. It asks for a processor with all of `NEEDED`, uses AMX where there is some (`units`), and
takes its threads from the OpenMP library that PyTorch has loaded. It is loaded when `library` is first called, and only
as it was built: where that can't be, training goes on without it. oneDNN's variable ONEDNN_MAX_CPU_ISA holds it back as
it holds oneDNN.
"""

import ctypes
import functools
import hashlib
import logging
import os
import platform
import sys
from collections.abc import Set
from pathlib import Path
from typing import Any

import torch

FOLDER = Path(__file__).parent
SOURCES = [FOLDER / name for name in ("batchnorm_relu.c", "products.c")]
BUILT, STAMP = FOLDER / "kernels-x86_64.so", FOLDER / "kernels.sha256"
# The narrowest that the code needs; `-march=sapphirerapids` makes the same machine code, but allows some 30 kinds of
# instructions more, for each of which the processor would have to be asked.
PROCESSOR = ["-march=x86-64-v4", "-mavx512bf16", "-mamx-tile", "-mamx-bf16", "-mtune=sapphirerapids"]
OPTIMISE = ["-O3", *PROCESSOR, "-fno-math-errno", "-fopenmp"]
FLAGS = ["-std=gnu11", *OPTIMISE, "-fPIC", "-Wall", "-Wextra", "-Werror"]

# What PROCESSOR allows, in the words of Linux's /proc/cpuinfo: x86-64-v2, v3 and v4, and products of bfloat16. The
# matrix units are asked for apart, since only the products use them.
NEEDED = frozenset(
    [
        *("cx16", "lahf_lm", "popcnt", "pni", "ssse3", "sse4_1", "sse4_2"),
        *("avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"),
        *("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512_bf16"),
    ]
)
TILES = frozenset(["amx_tile", "amx_bf16"])
BFLOAT16 = TILES | {"avx512_bf16"}

# Sets of instructions that oneDNN can be held to, in its words, by what they lack
_NO_BFLOAT16 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI")
_NO_TILES = ("AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX10_1_512")

LANES = 16  # a map's channels are a multiple of it

FUNCTIONS = ["bend", "unbend", "add_windows", "product", "pack", "correlate", "normalise", "bend_map", "unbend_map"]
FUNCTIONS += ["turn", "unfold", "fold", "judge", "unjudge", "use_tiles"]

POINTER, FLAG, FLOAT, WHOLE = ctypes.c_void_p, ctypes.c_int, ctypes.c_float, ctypes.c_longlong


class Shape(ctypes.Structure):
    """A batch of maps; groups are equal parts of it with BatchNorm statistics of their own."""

    _fields_ = [(name, WHOLE) for name in ("batch", "height", "width", "channels", "groups")]


class Grid(ctypes.Structure):
    """A convolution between a small map, whose height and width these are, and a large one: products.c."""

    _fields_ = [(name, WHOLE) for name in ("batch", "height", "width", "kernel", "stride", "pad", "extra")]


class Ending(ctypes.Structure):
    """What becomes of a product: products.c."""

    _fields_ = [
        ("mode", FLAG),
        ("slope", FLOAT),
        *((name, POINTER) for name in ("bias", "scale", "shift", "before", "sums")),
        ("groups", WHOLE),
    ]


def stamp() -> str:
    """What STAMP holds: SHA-256 of the sources and the flags they are built with, and of the library built of them."""
    sources = b"".join(source.read_bytes() for source in SOURCES) + " ".join(FLAGS).encode()
    return f"{hashlib.sha256(sources).hexdigest()}  sources and flags\n{_hash(BUILT)}  {BUILT.name}\n"


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.cache
def library() -> ctypes.CDLL | None:
    """The library, or None where this processor or system can't run it, or where it is not the one that was built."""
    return load(BUILT, processor())


def processor() -> frozenset[str]:
    """What this processor can do and the system allows, in the words of /proc/cpuinfo; nothing on other systems."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return frozenset()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    flags = set(next((line.partition(":")[2] for line in lines if line.startswith("flags")), "").split())
    if torch.cpu._is_avx512_bf16_supported():  # asks the processor itself; lists of sandboxes may not know it
        flags.add("avx512_bf16")
    return frozenset(flags - held_back())


def held_back() -> Set[str]:
    """Units for bfloat16 that oneDNN may not use, and so this library neither."""
    held = (os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA", "")).upper()
    return BFLOAT16 if held in _NO_BFLOAT16 else TILES if held in _NO_TILES else frozenset()


def load(path: Path, able: Set[str]) -> ctypes.CDLL | None:
    """The library at `path` for a processor that is able to do so much, or None.

    Where only the file is in the way, the log says so: these machines train several times faster with it.
    """
    if not able >= NEEDED:
        return None
    try:
        if _hash(path) not in STAMP.read_text(encoding="ascii").split():
            raise OSError("it is not the one that was built of its sources")
        return _declared(ctypes.CDLL(str(path)))
    except (OSError, AttributeError, UnicodeDecodeError) as error:  # another C library, PyTorch without OpenMP, damage
        logging.getLogger("dcgan").warning("%s is not used, training goes on without it: %s.", path.name, error)
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
    found.judge.argtypes = [POINTER, POINTER, POINTER, *sizes]
    found.use_tiles.argtypes = [FLAG]
    found.unjudge.argtypes = [*four, POINTER, WHOLE, WHOLE, WHOLE, Ending]
    for name in FUNCTIONS:
        getattr(found, name).restype = None
    return found


@functools.cache
def units() -> str:
    """What the library multiplies with: "matrix" units (AMX) if the system grants them, else "vector" units.

    Nothing where there is no library. The two round otherwise.
    """
    found = library()
    if found is None:
        return ""
    can = processor() >= TILES and torch.cpu._is_amx_tile_supported()
    granted = can and not found.ask_for_tiles()
    found.use_tiles(granted)
    return "matrix" if granted else "vector"


@functools.cache
def pays() -> bool:
    """Whether the library's products are faster here than those of float32."""
    return units() == "matrix" or (units() == "vector" and vectors_pay())


@functools.cache
def vectors_pay() -> bool:
    """Whether vector units for bfloat16, where there are some, do more products in a second than those for float32.

    AMD's do (Zen 4: twice as many). Intel's don't: 91 GFLOP/s against 185, one core of a Xeon of family 6, model 207.
    """
    try:
        return "GenuineIntel" not in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        return "Intel" not in platform.processor()


def fits(maps: torch.Tensor, channels: int) -> bool:
    """Whether the library takes these maps."""
    return maps.dtype == torch.bfloat16 and channels % LANES == 0


def needed() -> Any:
    """The library, for whoever has asked before whether it is there."""
    found = library()
    assert found is not None
    return found


def at(tensor: torch.Tensor | None) -> int | None:
    """Where a tensor's memory begins, for a function of the library; None is a null pointer."""
    return None if tensor is None else tensor.data_ptr()
