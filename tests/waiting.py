"""Waiting for what another process or a browser does, and no longer than it takes."""

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], bool], seconds: float = 20.0, what: str = "the condition") -> None:
    """Look again and again, since a busy machine may take its time; fails when the seconds are over."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s for: {what}"
        time.sleep(0.02)
