"""Figures over several draws, and work that is done a piece at a time."""

from collections.abc import Generator
from typing import Any, TypeVar, cast

import numpy as np

Result = TypeVar("Result")


def spread(values: list[float]) -> dict[str, float]:
    """Mean and standard deviation of a figure over several draws."""
    return {"mean": float(np.mean(values)), "deviation": float(np.std(values, ddof=1)), "draws": len(values)}


def whole(pieces: Generator[Any, None, Result]) -> Result:
    """What a generator of pieces returns when they are all done."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return cast(Result, end.value)
