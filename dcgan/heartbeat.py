"""The worker's heart: status.json once a second, from a thread, whatever the training loop is doing."""

import contextlib
import dataclasses
import os
import threading
import time
from typing import Any

import psutil

from dcgan.runs import Run

BEAT_SECONDS = 1.0


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
            pid_started=psutil.Process().create_time(),
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
        """Write status.json; a full disk must not end the training, so a failure only costs this beat."""
        with self._lock, contextlib.suppress(OSError):
            self.run.write_status(dataclasses.replace(self.status, heartbeat=time.time()))

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            self.publish()
