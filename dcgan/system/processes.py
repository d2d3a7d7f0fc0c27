"""Processes of our own that outlive their parent: started, told from strangers with the same id, and ended."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from dcgan.errors import BadInput
from dcgan.system.files import private, read_regular
from dcgan.system.paths import PROJECT

NICE = 5  # so that the pages stay quick while every core works
END_SECONDS = 3.0  # between the request to end and the kill

children: list[subprocess.Popen[bytes]] = []  # kept only to collect the exit codes of the dead


def start_detached(command: Sequence[str], log_path: Path, mode: str = "ab") -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, at a lower priority, with its output in a log; raises OSError."""
    env = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}  # the app's, not its own
    with open(log_path, mode, opener=private) as log:
        child = subprocess.Popen(
            command, cwd=PROJECT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    children.append(child)
    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process(child.pid).nice(NICE)
    return child


def await_report(
    child: subprocess.Popen[bytes], reported_pid: Callable[[], int], seconds: float, log_path: Path
) -> None:
    """Wait until a child has reported its id, at most so long; raises BadInput with its last words if it dies first."""
    deadline = time.monotonic() + seconds
    while reported_pid() != child.pid and time.monotonic() < deadline:
        if child.poll() is not None:
            raise BadInput(last_words(log_path))
        time.sleep(0.05)


def last_words(log_path: Path) -> str:
    """The last line of a log."""
    try:
        lines = read_regular(log_path).decode(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "The process ended at once and left no word."


def is_process(pid: int, started: float) -> bool:
    """Whether the process with this id *and* start time (Unix seconds) lives; a zombie does not."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 2.0 and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError, OverflowError):
        return False


def end(pid: int, started: float) -> None:
    """End a process: TERM, then KILL after three seconds; never a stranger with its id."""
    for signal in (psutil.Process.terminate, psutil.Process.kill):
        if is_process(pid, started):
            with contextlib.suppress(psutil.Error):
                process = psutil.Process(pid)
                signal(process)
                process.wait(timeout=END_SECONDS)


def reap() -> None:
    """Collect children that have ended."""
    for child in list(children):
        if child.poll() is not None:
            with contextlib.suppress(ValueError):  # another thread was faster
                children.remove(child)
