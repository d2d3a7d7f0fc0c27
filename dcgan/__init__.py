"""A Deep Convolutional GAN (Radford et al. 2016) that trains, resumes, samples and explains itself.

`load_generator`, `draw`, `train` and `evaluate` are for a notebook or a script; their first use loads what they need.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dcgan.notebook import draw, evaluate, load_generator, train

__all__ = ["draw", "evaluate", "load_generator", "train"]

# Read by OpenMP when PyTorch is loaded: how long a thread spins at a barrier before it gives up its core. By its own
# choice that is for milliseconds in which another program could work, at each of a step's hundreds of barriers
# (benchmarks/README.md has the figures).
os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("dcgan.notebook"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
