"""The metric points of a run as columns, read from where the last look ended."""

import threading
from typing import Any

import numpy as np
import streamlit as st

from dcgan import live
from dcgan.alarm_words import title
from dcgan.alarms import Alarm, Watcher, class_rows, ordered, watch
from dcgan.runs import Run

COLUMNS = ("step", "d_loss", "g_loss", "d_real", "d_fake", "d_accuracy", "images_per_s", "epoch")
MARKED = ("change", "memory", "gap")  # events that stand on the curves


def event_words(event: dict[str, Any]) -> str:
    """What stands on the curves at an event."""
    if event["event"] == "gap":
        return f"disk full until step {int(event.get('until') or 0):,}"
    return live.words(event)


class History:
    """Columns of a growing metrics.jsonl; `refresh` costs only what was added since."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._lock = threading.Lock()  # visitors share it
        self._forget()

    def _forget(self) -> None:
        self._offset, self._inode = 0, -1
        self._columns = {name: np.empty(0) for name in COLUMNS}
        self._marks: list[tuple[int, str]] = []
        self._watcher = Watcher()

    def refresh(self) -> dict[str, np.ndarray]:
        """All points as arrays (N,) by name; a file rewritten by a resume is read anew."""
        with self._lock:
            try:
                stat = self.run.metrics_path.stat()
            except OSError:
                self._forget()
                return self._columns
            if stat.st_ino != self._inode or stat.st_size < self._offset:
                self._forget()
                self._inode = stat.st_ino
            lines, self._offset = self.run.read_lines(self._offset)
            points = [line for line in lines if "event" not in line]
            self._marks += [(int(line["step"]), event_words(line)) for line in lines if line.get("event") in MARKED]
            self._watcher.feed(lines)
            if points:
                self._columns = {
                    name: np.append(old, [float(point.get(name) or 0.0) for point in points])
                    for name, old in self._columns.items()
                }
            return self._columns

    def marks(self) -> list[tuple[int, str]]:
        """Steps at which something was changed live or a first alarm began, each with what, as of the last refresh."""
        with self._lock:
            return self._marks + [(alarm.since, title(alarm.name)) for alarm in self._watcher.episodes]

    def alarms(self) -> list[Alarm]:
        """The alarms that speak, causes before their consequences, as of the last refresh."""
        with self._lock:
            return ordered([*self._watcher.alarms(), *watch(class_rows(self.run.path / "quality.jsonl"))])


@st.cache_resource(max_entries=32, show_spinner=False)
def _history(run_path: str) -> History:
    return History(Run(run_path))


def history_of(run: Run) -> dict[str, np.ndarray]:
    """The run's curves so far, by column name."""
    return _history(str(run.path)).refresh()


def alarms_of(run: Run) -> list[Alarm]:
    """The alarms that speak now, causes before their consequences."""
    history = _history(str(run.path))
    history.refresh()
    return history.alarms()


def marks_of(run: Run) -> list[tuple[int, str]]:
    """What should be marked on the run's curves: where it was forked, what was changed, and where alarms began."""
    history, parent = _history(str(run.path)), run.parent()
    history.refresh()
    return sorted([(parent.step, "fork")] * bool(parent.run) + history.marks())
