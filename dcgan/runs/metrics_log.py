"""metrics.jsonl, read and written: points of the curves, and events that mark them; one JSON object on a line."""

import contextlib
import errno
import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dcgan.runs.records import fits, objects_in
from dcgan.system.files import open_regular, private

log = logging.getLogger("dcgan")


class Curves:
    """Writes the points of a training; a full disk costs points, never the run, and the curves tell of the gap."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lost_since: int | None = None  # the step of the first line that did not fit

    def add(self, record: Mapping[str, Any]) -> None:
        """Append a point or an event; the first that fits after some were lost stands behind an event `gap`."""
        try:
            if self.lost_since is not None:
                append_line(self.path, {"step": self.lost_since, "event": "gap", "until": record["step"]})
                self.lost_since = None
            append_line(self.path, record)
        except OSError as error:
            if self.lost_since is None:
                self.lost_since = int(record["step"])
                log.warning("metrics from step %d on are lost: %s", self.lost_since, error)


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Add a record as one whole line, or raise OSError and leave the file as it was.

    What a crash left of a line is ended first, so that it spoils nothing but itself.
    """
    line = (json.dumps(record, allow_nan=False) + "\n").encode()
    with open(path, "a+b", buffering=0, opener=private) as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            line = line if file.read(1) == b"\n" else b"\n" + line
        try:
            if file.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            with contextlib.suppress(OSError):
                file.truncate(size)
            raise


def read_lines(path: Path, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Points and events from a byte offset on, and the offset to go on from; a torn last line is left for later.

    An event has the text `event`, and like a point `step` and numbers by name; other texts are words without spaces.
    """
    try:
        with open_regular(path) as file:
            file.seek(offset)
            data = file.read()
    except OSError:
        return [], offset
    whole = data[: data.rfind(b"\n") + 1]
    return list(records(whole)), offset + len(whole)


def records(data: bytes) -> Iterator[dict[str, Any]]:
    """The points and events in whole lines, as `read_lines` gives them."""
    return (record for _, record in _lines(data))


def lines_until(data: bytes, step: int) -> bytes:
    """Those of whole lines that are up to a step, as they are."""
    return b"".join(line + b"\n" for line, record in _lines(data) if record["step"] <= step)


def _lines(data: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The lines that are points or events, each as it is and as what it says."""
    for line, record in objects_in(data):
        if fits(record.get("step"), 0):
            event = isinstance(record.get("event"), str)
            yield line, {key: value for key, value in record.items() if fits(value, 0.0) or event and _is_word(value)}


def _is_word(value: Any) -> bool:
    """Whether a value is text that can stand on a page as it is."""
    return isinstance(value, str) and len(value) <= 40 and value.replace("-", "").replace("_", "").isalnum()
