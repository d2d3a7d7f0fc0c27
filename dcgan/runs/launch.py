"""Starts a detached training process, watches over it, and refuses a second one on the same run."""

import contextlib
import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from dcgan.errors import BadInput
from dcgan.runs.records import Status
from dcgan.runs.run import Run, list_runs
from dcgan.system.files import private, read_regular
from dcgan.system.paths import PROJECT

ACTIVE = ("starting", "running", "paused", "stalled")  # states in which a process holds the run
STALL_SECONDS = 10.0  # a heart that beats every second and was not heard for this long
LAUNCH_SECONDS = 20.0  # how long a new process may take to report itself on a busy machine

_children: list[subprocess.Popen] = []  # kept only to collect the exit codes of the dead


def observe(run: Run) -> Status:
    """The run's status as it really is: a worker that died is `interrupted`, one that hangs is `stalled`."""
    _reap()
    status = run.status()
    if status.state not in ACTIVE:
        return status
    if not is_process(status.pid, status.pid_started):
        lost = "Its process ended without a word (killed, out of memory, or the machine restarted)."
        return dataclasses.replace(status, state="interrupted", message=lost, eta_s=None, images_per_s=0.0)
    if abs(time.time() - status.heartbeat) > STALL_SECONDS:  # in the future: the clock was set back since
        return dataclasses.replace(status, state="stalled", message="Its process is there but does not answer.")
    return status


def is_process(pid: int, started: float) -> bool:
    """Whether the process with this id *and* start time (Unix seconds) lives; a zombie does not."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 2.0 and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError, OverflowError):
        return False


def active_run(root: Path | None = None) -> Run | None:
    """The run under root that a process is training or holding paused, if any."""
    return next((run for run in list_runs(root) if observe(run).state in ACTIVE), None)


@contextlib.contextmanager
def hold(run: Run, parallel: bool = False) -> Iterator[None]:
    """Be the run's one trainer, and the one under its root unless `parallel`; raises BadInput if another is.

    The kernel frees these locks at any death of the process.
    """
    if not run.path.is_dir():  # or the lock would bring it back
        raise BadInput(f"Run {run.id} is gone.")
    _refuse_odd_places(run)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(FileLock(run.lock_path, mode=0o600).acquire(timeout=1.0))
        except Timeout:
            raise BadInput(f"Run {run.id} is being trained by another process already.") from None
        except OSError as error:
            raise BadInput(f"Run {run.id} can't be written to ({error.strerror}).") from None
        if not parallel:
            try:
                stack.enter_context(FileLock(run.path.parent / ".trainer.lock").acquire(timeout=1.0))
            except Timeout:
                raise BadInput(_busy(active_run(run.path.parent))) from None
            except OSError as error:
                raise BadInput(f"{run.path.parent} can't be written to ({error.strerror}).") from None
        yield


def start(run: Run) -> None:
    """Start `python -m dcgan train --resume RUN` in a session of its own and wait until it reports itself.

    Raises BadInput with the reason if it refuses or dies first.
    """
    other = active_run(run.path.parent)
    if other is not None:
        raise BadInput(_busy(other))
    _refuse_odd_places(run)
    command = [sys.executable, "-m", "dcgan", "train", "--resume", str(run.path)]
    env = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}  # the app's, not training's
    try:
        with open(run.log_path, "ab", opener=private) as log:
            child = subprocess.Popen(
                command, cwd=PROJECT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
    except OSError as error:
        raise BadInput(f"Run {run.id} can't be started ({error.strerror}).") from None
    _children.append(child)
    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process(child.pid).nice(5)  # the pages stay quick while both cores train
    deadline = time.monotonic() + LAUNCH_SECONDS
    while run.status().pid != child.pid and time.monotonic() < deadline:
        if child.poll() is not None:
            raise BadInput(_last_words(run))
        time.sleep(0.05)


def kill(run: Run) -> None:
    """End a worker that no longer answers: TERM, then KILL after three seconds; never a stranger with its id."""
    status = run.status()
    for end in (psutil.Process.terminate, psutil.Process.kill):
        if not is_process(status.pid, status.pid_started):
            return
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(status.pid)
            end(process)
            process.wait(timeout=3.0)


def _refuse_odd_places(run: Run) -> None:
    """Raise BadInput where a worker would wait for a pipe, or could not write."""
    for path in (run.metrics_path, run.quality_path, run.status_path, run.control_path, run.log_path):
        if path.exists() and not path.is_file():
            raise BadInput(f"Run {run.id} can't be trained: its {path.name} is not a file.")


def _busy(other: Run | None) -> str:
    if other is None:
        return "Another run is starting just now: one trains at a time."
    state = "is paused" if observe(other).state == "paused" else "is training"
    return f"{other.name} {state}, and one run trains at a time: stop it first (it can be resumed later, exactly)."


def _last_words(run: Run) -> str:
    try:
        lines = read_regular(run.log_path).decode(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "The training process ended at once and left no word."


def _reap() -> None:
    for child in list(_children):
        if child.poll() is not None:
            with contextlib.suppress(ValueError):  # another thread of the app was faster
                _children.remove(child)
