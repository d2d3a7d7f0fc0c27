"""Starts a detached training process, watches over it, and refuses a second one on the same run."""

import contextlib
import dataclasses
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from dcgan.errors import BadInput
from dcgan.runs.records import Status
from dcgan.runs.run import Run, list_runs
from dcgan.system.processes import await_report, end, is_process, reap, start_detached

ACTIVE = ("starting", "running", "paused", "stalled")  # states in which a process holds the run
STALL_SECONDS = 10.0  # a heart that beats every second and was not heard for this long
LAUNCH_SECONDS = 20.0  # how long a new process may take to report itself on a busy machine


def observe(run: Run) -> Status:
    """The run's status as it really is: a worker that died is `interrupted`, one that hangs is `stalled`."""
    reap()
    status = run.status()
    if status.state not in ACTIVE:
        return status
    if not is_process(status.pid, status.pid_started):
        lost = "Its process ended without a word (killed, out of memory, or the machine restarted)."
        return dataclasses.replace(status, state="interrupted", message=lost, eta_s=None, images_per_s=0.0)
    if abs(time.time() - status.heartbeat) > STALL_SECONDS:  # in the future: the clock was set back since
        return dataclasses.replace(status, state="stalled", message="Its process is there but does not answer.")
    return status


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
    try:
        child = start_detached(command, run.log_path)
    except OSError as error:
        raise BadInput(f"Run {run.id} can't be started ({error.strerror}).") from None
    await_report(child, lambda: run.status().pid, LAUNCH_SECONDS, run.log_path)


def kill(run: Run) -> None:
    """End a worker that no longer answers: TERM, then KILL after three seconds; never a stranger with its id."""
    status = run.status()
    end(status.pid, status.pid_started)


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
