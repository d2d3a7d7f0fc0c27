"""Commands to a run in training, from control.json or by a signal."""

import contextlib
import signal
from collections.abc import Iterator

from dcgan.runs import live_settings
from dcgan.runs.run import Run


class Commands:
    """The commands in control.json, read at the price of one stat call when nothing changed."""

    def __init__(self, run: Run, obeyed: int) -> None:
        self.run, self.config = run, run.config
        self.serial = obeyed  # of the newest wish seen; those obeyed by an earlier process are history
        self.control = run.control()
        self.settings = live_settings.asked(self.config, self.control)  # that should be in force
        self._seen: tuple[int, int] | None = None
        self._command = "run"

    def newest(self) -> str:
        """run, pause, step (once) or stop."""
        try:
            stat = self.run.control_path.stat()
            now: tuple[int, int] | None = (stat.st_mtime_ns, stat.st_ino)
        except OSError:
            now = self._seen  # nobody has commanded anything
            if not self.run.config_path.exists():
                return "stop"  # the run was deleted
        if now != self._seen:
            self._seen = now
            self.control = self.run.control()
            self.settings = live_settings.asked(self.config, self.control)
            if self.control.serial > self.serial:
                self.serial, self._command = self.control.serial, self.control.command
                return self._command
        if self._command == "step":
            self._command = "pause"  # one step was asked for, and made
        return self._command


@contextlib.contextmanager
def caught_signals() -> Iterator[list[int]]:
    """Collect Ctrl-C and TERM in a list, so that a step is never torn."""
    received: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, frame: received.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield received
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
