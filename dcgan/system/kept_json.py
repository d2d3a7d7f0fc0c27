"""Results that took long, kept as JSON where the next visit finds them; where none can be kept, all works without.

What is kept may be of other weights than those at hand, or come from a stranger: `found_about` heeds what it is about.
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dcgan.system.files import PRIVATE, publish, read_regular


def kept_json(path: Path, work_out: Callable[[], Any]) -> Any:
    """What is kept at path, or what is worked out now and kept there."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        pass
    found = work_out()
    keep(path, json.dumps(found, allow_nan=False).encode())
    return found


def keep(path: Path, content: bytes) -> None:
    """Write into a cache; where that can't be done, the same is worked out again next time."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(PRIVATE, parents=True, exist_ok=True)
        publish(path, content)


def found_about(path: Path, about: Mapping[str, object], name: str) -> list[Any] | None:
    """The list of this name that `keep_about` wrote about the very same; None for anything else."""
    try:
        values = json.loads(read_regular(path))
    except (OSError, ValueError, RecursionError):
        return None
    alike = isinstance(values, dict) and all(values.get(key) == value for key, value in about.items())
    return values[name] if alike and isinstance(values.get(name), list) else None


def keep_about(path: Path, about: Mapping[str, object], name: str, found: list[Any]) -> None:
    """Keep a list and what it is about in a folder of a run; a run that is gone or can't be written to keeps none."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(PRIVATE, exist_ok=True)
        publish(path, (json.dumps({**about, name: found}) + "\n").encode())
