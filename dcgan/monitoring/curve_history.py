"""What a page shows of a run's metrics.jsonl: its curves, the marks on them, its alarms; read on from the last look.

Of a long file a summary, curves.json, saves the next reader most of the way. Whoever has read far writes it, a page or
the training; it may be deleted. It counts only for the very file that it was made of, so it can't be out of date.
"""

import base64
import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from dcgan.monitoring.alarm_words import seen, title
from dcgan.monitoring.alarms import Alarm, Watcher, ordered, watch
from dcgan.monitoring.class_rows import class_rows
from dcgan.monitoring.thinned_curves import COLUMNS, MOST, Thinned, rows_of
from dcgan.runs import live_settings
from dcgan.runs.metrics_blocks import read_blocks
from dcgan.runs.metrics_log import records
from dcgan.runs.run import Run
from dcgan.system.files import open_regular, publish, read_regular

MARKED = ("change", "memory", "gap")  # events that stand on the curves
FAR_BYTES = 10_000_000  # of lines read since the last summary make a new one worth while: about a second's work
MOST_BYTES = 32_000_000  # of a summary
SCHEMA = 2  # 1 knew no time
KNOWN_BY = 4096  # bytes before the place up to which a summary goes: with their times they are those of one file
ARRAYS = ("means", "lows", "highs", "newest")


def event_words(event: Mapping[str, Any]) -> str:
    """What stands on the curves at an event."""
    if event["event"] == "gap":
        return f"disk full until step {int(event.get('until') or 0):,}"
    return live_settings.words(event)


class History:
    """Curves, marks and alarms of a growing metrics.jsonl; `refresh` costs only what was added since."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._lock = threading.Lock()  # visitors share it
        self._forget()

    def _forget(self) -> None:
        self._offset, self._kept_at, self._inode = 0, 0, -1
        self._points = Thinned()
        self._columns = self._points.columns()
        self._events: list[dict[str, Any]] = []
        self._watcher = Watcher()

    def refresh(self) -> dict[str, np.ndarray]:
        """All points as arrays (N,) by name, thinned as `Thinned` does; a file rewritten by a resume is read anew."""
        with self._lock:
            try:
                stat = self.run.metrics_path.stat()
            except OSError:
                self._forget()
                return self._columns
            if stat.st_ino != self._inode or stat.st_size < self._offset:
                self._forget()
                self._inode = stat.st_ino
            if not self._offset and stat.st_size > FAR_BYTES:
                self._recall()
            began = self._offset
            for block, end in read_blocks(self.run.metrics_path, began):
                self._take(block)
                self._offset = end
            if self._offset > began or not len(self._columns["step"]):
                self._columns = self._points.columns()
            if self._offset - self._kept_at > FAR_BYTES:
                self._keep()
            return self._columns

    def keep_up(self) -> None:
        """Bring the summary up to date if the file has grown far beyond it."""
        with contextlib.suppress(OSError):
            if self.run.metrics_path.stat().st_size - self._kept_at > FAR_BYTES:
                self.refresh()

    def marks(self) -> list[tuple[int, str]]:
        """Steps at which something was changed live or a first alarm began, each with what, as of the last refresh."""
        with self._lock:
            changes = [(int(event["step"]), event_words(event)) for event in self._events]
            return changes + [(alarm.since, title(alarm.name)) for alarm in self._watcher.episodes]

    def alarms(self) -> list[Alarm]:
        """The alarms that speak, causes before their consequences, as of the last refresh."""
        with self._lock:
            return ordered([*self._watcher.alarms(), *watch(class_rows(self.run.quality_path))])

    def _take(self, block: Any) -> None:
        """Add rows or columns, as `read_blocks` gives them."""
        self._watcher.feed(block)
        if isinstance(block, list):
            self._events += [row for row in block if row.get("event") in MARKED]
            self._points.add(rows_of([row for row in block if "event" not in row]))
        else:
            absent = np.zeros(len(block["step"]))
            self._points.add(np.nan_to_num(np.stack([block.get(name, absent) for name in COLUMNS], 1).astype(float)))

    def _keep(self) -> None:
        """Publish the summary; where the folder can't be written to, do without."""
        self._kept_at = self._offset
        arrays = {name: base64.b64encode(getattr(self._points, name).astype("<f8")).decode() for name in ARRAYS}
        facts = {
            **{"schema": SCHEMA, "offset": self._offset, "known_by": self._known_by(self._offset)},
            **{"events": self._events, "watcher": self._watcher.facts(), "stride": self._points.stride, **arrays},
        }
        with contextlib.suppress(OSError):
            publish(self._path, json.dumps(facts).encode(), sync=False)

    def _recall(self) -> None:
        """Begin where a summary of this very file ends, if there is one that can be read."""
        try:
            facts = json.loads(read_regular(self._path, MOST_BYTES))
            offset = int(facts["offset"])
            if facts["schema"] != SCHEMA or facts["known_by"] != self._known_by(offset):
                return
            points, watcher = _points_from(facts), Watcher.from_facts(facts["watcher"])
            for alarm in watcher.alarms():
                seen(alarm)  # its words find all that they speak of
            events = list(records(b"".join(json.dumps(event).encode() + b"\n" for event in facts["events"])))
            if any(event.get("event") not in MARKED for event in events) or len(events) < len(facts["events"]):
                return
        except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return
        self._points, self._watcher, self._events = points, watcher, events
        self._offset = self._kept_at = offset
        self._columns = self._points.columns()

    @property
    def _path(self) -> Any:
        return self.run.path / "curves.json"

    def _known_by(self, offset: int) -> str:
        """A hash of what stands before a place in the file; without that place raises OSError or ValueError."""
        with open_regular(self.run.metrics_path) as file:
            if not 0 < offset <= os.fstat(file.fileno()).st_size:
                raise ValueError("the file ends before")
            file.seek(max(0, offset - KNOWN_BY))
            return hashlib.sha256(file.read(min(offset, KNOWN_BY))).hexdigest()


def _points_from(facts: Mapping[str, Any]) -> Thinned:
    """The points of a summary; raises ValueError, TypeError or KeyError for what no summary holds."""
    made = Thinned()
    made.stride = int(facts["stride"])
    for name in ARRAYS:
        values = np.frombuffer(base64.b64decode(facts[name], validate=True), "<f8").reshape(-1, len(COLUMNS))
        if not (np.abs(values) < 1e18).all():
            raise ValueError(f"{name} holds what is no number")
        setattr(made, name, values)
    lengths = {len(made.means), len(made.lows), len(made.highs)}
    if len(lengths) > 1 or len(made.means) >= MOST or made.stride < 1 or made.stride & (made.stride - 1):
        raise ValueError("the buckets don't fit")
    return made
