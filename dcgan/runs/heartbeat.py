"""The worker's heart: status.json once a second, from a thread, whatever the training loop is doing."""

import contextlib
import dataclasses
import os
import threading
import time
from typing import Any

import psutil

from dcgan.runs.records import dump
from dcgan.runs.restarts import starter
from dcgan.runs.run import Run
from dcgan.system.files import overwrite

BEAT_SECONDS = 1.0
NO_ROOM = "Nothing can be written: training goes on, what it would keep meanwhile is lost"


class Heartbeat:
    """Holds the run's Status and publishes it at every change of state and once a second; a context manager."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.status = dataclasses.replace(
            run.status(),
            state="starting",
            message="Loading PyTorch",
            error="",
            pid=os.getpid(),
            starter=starter(),
            obeyed=run.control().serial,  # wishes from before this process are history
        )
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Heartbeat":
        self.publish()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self.publish()

    def update(self, **fields: Any) -> None:
        """Change the status; a change of state is published at once, numbers with the next beat."""
        urgent = fields.get("state", self.status.state) != self.status.state
        self.status = dataclasses.replace(self.status, **fields)
        if urgent:
            self.publish()

    def publish(self) -> None:
        """Write status.json; where there is no room for a new one, into the room of the old one, which then says so."""
        with self._lock:
            now = {"heartbeat": time.time(), "pid_started": psutil.Process().create_time()}  # both go with the clock
            status = dataclasses.replace(self.status, **now)
            try:
                self.run.write_status(status)
            except OSError as error:
                trouble = f"{NO_ROOM} ({error.strerror})"
                with contextlib.suppress(OSError):
                    overwrite(self.run.status_path, dump(dataclasses.replace(status, message=trouble)))

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            self.publish()
