"""A judge in training: a detached process that learns a data set's classes, its progress, and its end; no torch.

One file, `judges/training.json` in the data folder, tells every page how far it is. The process alone writes it and
holds the lock, which the kernel frees at any death.
"""

import contextlib
import dataclasses
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from dcgan.config import Config
from dcgan.data import source_pictures, sources
from dcgan.data.holdout import MIN_FOR_TEST
from dcgan.errors import BadInput, Unwritable
from dcgan.runs.records import dump, load
from dcgan.system.files import PRIVATE, publish
from dcgan.system.processes import await_report, end, is_process, reap, start_detached

LAUNCH_SECONDS = 60.0  # until a new process, which loads PyTorch first, reports itself on a busy machine
REPORT_SECONDS = 0.5
MAX_CLASSES = 100
MIN_OF_CLASS = 20


@dataclasses.dataclass(frozen=True)
class Progress:
    """What the process that trains a judge last said; state is one of
    none, running, finished, cancelled, failed, and as seen by `observe` also interrupted (its process is gone)."""

    state: str = "none"
    title: str = ""  # of the data set
    out: str = ""  # the file that the judge will be
    share: float = 0.0  # done, 0 to 1
    doing: str = ""
    error: str = ""  # one sentence, for state failed
    accuracy: float = 0.0  # on held-out pictures, once it is finished
    pid: int = 0
    pid_started: float = 0.0  # Unix time; a process id alone may have been given to a stranger


# ---- what can have a judge


def path_of(source: source_pictures.Source, fingerprint: str, channels: int, crop: str = "square") -> Path:
    """Where a judge trained for a data set lives; a filter of IDX classes changes nothing."""
    name = f"{source.title.lower()}cnn" if source.kind == "idx" else f"{fingerprint}-{channels}"
    name += f"-{crop}" if source.kind == "images" and crop != "square" else ""
    return folder() / f"{name}.safetensors"


def path_for(config: Config) -> Path:
    """Where the judge of a run's data lives; raises BadInput when the data is gone."""
    return path_of(sources.resolve(config.data), config.data_fingerprint, config.channels, config.crop)


def folder() -> Path:
    return sources.DATA_DIR / "judges"


def why_not(source: source_pictures.Source) -> str:
    """Why no judge can be trained for a data set, in one sentence that says what to do; empty if one can."""
    if source.kind == "idx":
        return ""
    classes = source_pictures.folder_classes(source.path)
    if source.folders:
        classes = {name: number for name, number in classes.items() if name in source.folders}
    number = sum(classes.values())
    if len(classes) < 2:
        return f"{source.title} has no classes: put its pictures into two or more sub-folders, one for each class."
    if outside := sources.count(source) - number:
        return (
            f"{source.title} has no whole classes: {outside:,} of its pictures lie outside its sub-folders, so move "
            "them into one."
        )
    if len(classes) > MAX_CLASSES:
        return f"{source.title} has {len(classes)} sub-folders; at most {MAX_CLASSES} can be classes."
    smallest = min(classes, key=lambda name: classes[name])
    if classes[smallest] < MIN_OF_CLASS or number < MIN_FOR_TEST:
        return (
            f"{source.title} has too few pictures to learn its classes: at least {MIN_OF_CLASS} in each sub-folder "
            f"({smallest!r} has {classes[smallest]}) and {MIN_FOR_TEST} in all are needed."
        )
    return ""


# ---- the side of the page


def observe() -> Progress:
    """The newest training of a judge as it really is: one whose process died is `interrupted`."""
    reap()
    found = load(Progress, folder() / "training.json")
    if found.state == "running" and not is_process(found.pid, found.pid_started):
        return dataclasses.replace(found, state="interrupted")
    return found


def start(config: Config) -> None:
    """Start `python -m dcgan train-judge` for a run's data in a session of its own.

    Waits until it reports itself; raises BadInput with the reason if it refuses, or can't begin at all.
    """
    source = sources.resolve(config.data)
    if reason := why_not(source):
        raise BadInput(reason)
    if (other := observe()).state == "running":
        raise BadInput(_busy(other))
    command = [sys.executable, "-m", "dcgan", "train-judge", "--data", source.spec]
    command += ["--channels", str(config.channels), "--expect", config.data_fingerprint]
    command += ["--crop", config.crop]
    log_path = folder() / "log.txt"
    try:
        folder().mkdir(PRIVATE, parents=True, exist_ok=True)
        child = start_detached(command, log_path, "wb")
    except OSError as error:
        raise _unwritable(error) from None
    await_report(child, lambda: load(Progress, folder() / "training.json").pid, LAUNCH_SECONDS, log_path)


def cancel() -> None:
    """End the training of a judge; a process that doesn't listen is killed after three seconds, never a stranger."""
    found = observe()
    if found.state != "running":
        return
    end(found.pid, found.pid_started)
    if load(Progress, folder() / "training.json").state == "running":  # it had no time to say so
        forget(dataclasses.replace(found, state="cancelled"))


def forget(instead: Progress | None = None) -> None:
    """Clear what an ended training said."""
    with contextlib.suppress(OSError):
        publish(folder() / "training.json", dump(instead or Progress()), sync=False)


# ---- the side of the process


class Reporter:
    """Tells how far the training of a judge is, about twice a second."""

    def __init__(self, title: str, out: Path) -> None:
        self.progress = Progress("running", title, str(out), pid=os.getpid())
        self._told = 0.0
        self.tell(0.0, "Reading the pictures")

    def tell(self, share: float, doing: str) -> None:
        if time.monotonic() - self._told >= REPORT_SECONDS or doing != self.progress.doing:
            self.progress = dataclasses.replace(self.progress, share=round(share, 4), doing=doing)
            self._write()

    def end(self, state: str, error: str = "", accuracy: float = 0.0) -> None:
        share = 1.0 if state == "finished" else self.progress.share
        self.progress = dataclasses.replace(self.progress, state=state, share=share, error=error, accuracy=accuracy)
        self._write()

    def _write(self) -> None:
        self._told = time.monotonic()
        started = psutil.Process().create_time()  # goes with the clock
        self.progress = dataclasses.replace(self.progress, pid_started=started)
        with contextlib.suppress(OSError):  # a full disk costs the bar, not the judge
            publish(folder() / "training.json", dump(self.progress), sync=False)


@contextlib.contextmanager
def hold() -> Iterator[None]:
    """Be the one process that trains a judge; raises BadInput if another is, or if the folder can't be written to."""
    try:
        folder().mkdir(PRIVATE, parents=True, exist_ok=True)
        lock = FileLock(folder() / ".lock", mode=0o600).acquire(timeout=0.5)
    except Timeout:
        raise BadInput(_busy(observe())) from None
    except OSError as error:
        raise _unwritable(error) from None
    with lock:
        yield


# ---- helpers


def _unwritable(error: OSError) -> BadInput:
    return Unwritable(f"No judge can be trained: {folder()} can't be written to ({error.strerror})")


def _busy(other: Progress) -> str:
    whose = f" for {other.title}" if other.title else ""
    return f"A judge{whose} is being trained, one at a time: wait for its end, or cancel it."
