"""Figures of real pictures, which no fake changes: over several draws, and kept on disk."""

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np

from dcgan.system.files import PRIVATE, publish


def spread(values: list[float]) -> dict[str, float]:
    """Mean and standard deviation of a figure over several draws."""
    return {"mean": float(np.mean(values)), "deviation": float(np.std(values, ddof=1)), "draws": len(values)}


def kept_json(path: Path, work_out: Callable[[], Any]) -> Any:
    """What is kept at path, or what is worked out now and kept there."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        pass
    found = work_out()
    keep(path, json.dumps(found, allow_nan=False).encode())
    return found


def whole(pieces: Generator[Any, None, Any]) -> Any:
    """What a generator of pieces returns when they are all done."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value


def keep(path: Path, content: bytes) -> None:
    """Write into the cache; where that can't be done, the same is worked out again next time."""
    try:
        path.parent.mkdir(PRIVATE, parents=True, exist_ok=True)
        publish(path, content)
    except OSError:
        pass
