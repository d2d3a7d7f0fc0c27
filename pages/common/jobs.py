"""Work of some seconds beside the page: a thread of its own, how far it is, and a way to stop it."""

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from dcgan.errors import BadInput

LEAST_PRIORITY = 19  # of a thread on Linux: it gets what the processes of a higher one leave, a few percent at least


class Stopped(Exception):
    """Raised within the work when nobody wants it any more."""


class Job:
    """Calls work(tick) in a thread; `tick(share, doing)` tells how far it is, and ends it once it was stopped.

    `gently`: it leaves the cores to a run in training, where the system knows priorities of threads.
    """

    def __init__(self, work: Callable[[Callable[[float, str], None]], Any], gently: bool = False) -> None:
        self.share, self.doing = 0.0, ""
        self.result: Any = None
        self.error: BadInput | None = None
        self._wanted, self._gently = True, gently
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Let it end at its next tick, without a result."""
        self._wanted = False

    def wait(self, timeout_s: float) -> None:
        """Wait until it has ended, or for so long."""
        self._thread.join(timeout_s)

    def _run(self, work: Callable[[Callable[[float, str], None]], Any]) -> None:
        if self._gently and sys.platform == "linux":  # elsewhere that would be the priority of the whole process
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LEAST_PRIORITY)
        try:
            self.result = work(self._tick)
        except Stopped:
            pass
        except BadInput as error:
            self.error = error
        except Exception:
            logging.getLogger(__name__).exception("work beside the page failed")
            self.error = BadInput("This went wrong, and it is our mistake: what happened stands in the app's log.")

    def _tick(self, share: float, doing: str) -> None:
        if not self._wanted:
            raise Stopped
        self.share, self.doing = share, doing
