"""Reading metrics.jsonl: points of the curves, and events that mark them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dcgan.records import fits


def read_lines(path: Path, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Points and events from a byte offset on, and the offset to go on from; a torn last line is left for later.

    An event has the text `event`, and like a point `step` and numbers by name; other texts are words without spaces.
    """
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            data = file.read()
    except OSError:
        return [], offset
    whole = data[: data.rfind(b"\n") + 1]
    return [record for _, record in _lines(whole)], offset + len(whole)


def lines_until(path: Path, step: int) -> bytes:
    """The whole lines up to a step, as they are."""
    try:
        data = path.read_bytes()
    except OSError:
        return b""
    return b"".join(line + b"\n" for line, record in _lines(data) if record["step"] <= step)


def _lines(data: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The lines that are points or events, each as it is and as what it says."""
    for line in data[: data.rfind(b"\n") + 1].splitlines():
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue  # damaged by a crash in mid-write
        if isinstance(record, dict) and fits(record.get("step"), 0):
            event = isinstance(record.get("event"), str)
            yield line, {key: value for key, value in record.items() if fits(value, 0.0) or event and _is_word(value)}


def _is_word(value: Any) -> bool:
    """Whether a value is text that can stand on a page as it is."""
    return isinstance(value, str) and len(value) <= 40 and value.replace("-", "").replace("_", "").isalnum()
