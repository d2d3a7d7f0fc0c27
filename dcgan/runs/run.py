"""A run is a directory; this file names, reads and writes everything in it.

Every file has one writer. Files appear whole or not at all: see `publish`.
"""

import contextlib
import dataclasses
import datetime
import os
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dcgan.config import Config
from dcgan.errors import BadInput, Unwritable
from dcgan.runs.kept_steps import steps_in
from dcgan.runs.metrics_blocks import bytes_until
from dcgan.runs.metrics_log import read_lines
from dcgan.runs.records import COMMANDS, MAX_BYTES, Control, Parent, Status, dump, load
from dcgan.system.files import PRIVATE, bytes_in, publish, read_regular, sync_directory
from dcgan.system.names import clean_name, free_name, is_text, nearest, run_name, slug
from dcgan.system.paths import PROJECT

# ids of the runs that came with the studio
SHIPPED = ("quick-fashion", "quick-classes-fashion", "classic-64-fashion", "modern-classes-fashion")
TAIL_BYTES = 2000  # of the metrics file: a few lines


def default_root() -> Path:
    """The folder that holds the runs: `checkpoints/` of the project, or what DCGAN_ROOT names."""
    return Path(os.environ.get("DCGAN_ROOT") or PROJECT / "checkpoints").resolve()


class Run:
    """One run directory."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path).resolve()
        self.id = self.path.name
        self.config_path = self.path / "config.json"
        self.control_path = self.path / "control.json"
        self.status_path = self.path / "status.json"
        self.metrics_path = self.path / "metrics.jsonl"
        self.quality_path = self.path / "quality.jsonl"
        self.generator_path = self.path / "generator.safetensors"
        self.best_path = self.path / "best.safetensors"
        self.state_path = self.path / "state.pt"
        self.previous_state_path = self.path / "state.previous.pt"
        self.next_state_path = self.path / ".state.pt.next"
        self.parent_path = self.path / "parent.json"
        self.log_path = self.path / "log.txt"
        self.lock_path = self.path / "lock"

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    # -- where things are

    def state_paths(self) -> list[Path]:
        """The training states there are, newest first; a crash while saving leaves a whole one as the next."""
        paths = [self.next_state_path, self.state_path, self.previous_state_path]
        return [path for path in paths if path.is_file()]

    def kept_state_path(self, step: int) -> Path:
        return self.path / "states" / f"{step:08d}.pt"

    def sample_path(self, step: int) -> Path:
        return self.path / "samples" / f"{step:08d}.png"

    def snapshot_path(self, step: int) -> Path:
        return self.path / "snapshots" / f"{step:08d}.safetensors"

    # -- making, finding, removing

    @classmethod
    def create(
        cls,
        config: Config,
        root: Path | None = None,
        name: str = "",
        fill: Callable[["Run"], None] = lambda draft: None,
        otherwise: str = "",
    ) -> "Run":
        """Make a new run directory holding config.json; the id comes from the name, or from preset and time.

        Without a name the run is called `otherwise`, or as its own pictures, with a number if that is taken.
        `fill` puts more into it before it appears. A directory that could not be finished is never seen.
        """
        root = Path(root or default_root())
        stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
        own = "" if clean_name(name) else otherwise or run_name(config.data)
        wanted = slug(name or own) or f"{slug(config.preset) or 'run'}-{stamp}"
        if own:
            name = free_name(own, {run.name for run in list_runs(root)})
        draft = root / f".new-{uuid.uuid4().hex}"
        try:
            draft.mkdir(PRIVATE, parents=True)
            publish(draft / "config.json", config.to_json().encode())
            if name and name != wanted:
                publish(draft / "control.json", dump(Control(name=clean_name(name))))
            fill(cls(draft))
        except BadInput:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise Unwritable(
                f"{root} can't hold runs ({error.strerror})", terminal="name another folder with --root"
            ) from None
        for number in range(1, 10_000):
            path = root / (wanted if number == 1 else f"{wanted}-{number}")
            if path.exists():
                continue
            try:
                draft.rename(path)
                with contextlib.suppress(OSError):
                    sync_directory(root)
                return cls(path)
            except OSError:  # taken in the meantime
                if not path.exists():
                    break
        shutil.rmtree(draft, ignore_errors=True)
        raise BadInput(f"No directory {wanted!r} could be made in {root}: choose another name.")

    @classmethod
    def named(cls, wanted: str, root: Path | None = None) -> "Run":
        """Open a run under root by its id alone, as an address or a picture names it; raises BadInput if there is none.

        Either may come from a stranger, who must not choose a folder.
        """
        root = Path(root or default_root())
        if wanted and Path(wanted).name == wanted and not wanted.startswith("."):
            with contextlib.suppress(OSError, ValueError):  # a name too long or not a path at all
                if is_run(root / wanted):
                    return cls(root / wanted)
        near = nearest(wanted, [run.id for run in list_runs(root)])
        raise BadInput(
            f"There is no run {wanted[:80]!r} in {root}" + f", the nearest is {near}" * bool(near),
            terminal="; `python -m dcgan runs` lists what is there.",
            page="; the page Runs shows what is there.",
        )

    @classmethod
    def find(cls, wanted: str, root: Path | None = None) -> "Run":
        """Open a run by id or directory, as a person types it in a terminal; raises BadInput if there is none."""
        try:
            return cls.named(wanted, root)
        except BadInput:
            with contextlib.suppress(OSError, ValueError):
                if wanted and is_run(Path(wanted)):
                    return cls(wanted)
            raise

    def delete(self) -> None:
        """Remove the whole directory; it vanishes from the list at once, whole or not at all."""
        grave = self.path.with_name(f".deleted-{uuid.uuid4().hex}")
        try:
            self.path.rename(grave)
        except OSError as error:
            raise BadInput(f"Run {self.id} can't be deleted ({error.strerror}).") from None
        shutil.rmtree(grave, ignore_errors=True)

    # -- the small JSON files

    @property
    def config(self) -> Config:
        """The settings; raises BadInput when config.json is missing or unusable."""
        try:
            return Config.from_json(read_regular(self.config_path, MAX_BYTES).decode())
        except (OSError, UnicodeDecodeError):
            raise BadInput(f"Run {self.id} has no readable config.json.") from None

    def status(self) -> Status:
        """What the worker last wrote, unchecked: `launch.observe` knows whether it still lives."""
        return load(Status, self.status_path)

    def write_status(self, status: Status) -> None:
        publish(self.status_path, dump(status), sync=False)

    def note(self, **fields: Any) -> None:
        """Change some of the status of a run that no process trains; who calls this holds it."""
        self.write_status(dataclasses.replace(self.status(), **fields))

    def control(self) -> Control:
        return load(Control, self.control_path)

    def ask(self, command: str) -> None:
        """Wish that the worker runs, pauses, makes one step, or stops."""
        assert command in COMMANDS, command
        old = self.control()
        self._write_control(dataclasses.replace(old, command=command, serial=old.serial + 1))

    def extend(self, num_steps: int) -> None:
        """Move the end of training."""
        self._write_control(dataclasses.replace(self.control(), num_steps=num_steps))

    def change(self, **values: float | str | None) -> None:
        """Wish that settings change while it trains; None goes back to the config's. `live.ask` checks them first."""
        self._write_control(dataclasses.replace(self.control(), **values))  # type: ignore[arg-type]

    def parent(self) -> Parent:
        """The run that this one was forked from; its `run` is empty for one that was not."""
        return load(Parent, self.parent_path)

    def rename(self, name: str) -> None:
        """Give the run another name on the pages; its id stays."""
        self._write_control(dataclasses.replace(self.control(), name=clean_name(name)))

    def _write_control(self, control: Control) -> None:
        try:
            publish(self.control_path, dump(control), sync=False)
        except OSError as error:
            raise BadInput(f"Run {self.id} can't be written to ({error.strerror}).") from None

    @property
    def name(self) -> str:
        return clean_name(self.control().name) or self.id

    # -- metrics

    def read_metrics(self, offset: int = 0) -> tuple[list[dict[str, float]], int]:
        """Points of the curves from a byte offset on, and the offset to go on from."""
        lines, offset = self.read_lines(offset)
        return [line for line in lines if "event" not in line], offset

    def newest_point(self) -> dict[str, float]:
        """The last whole point of the curves, without reading those before it; empty if there is none."""
        try:
            size = self.metrics_path.stat().st_size
        except OSError:
            return {}
        points, _ = self.read_metrics(max(0, size - TAIL_BYTES))
        return points[-1] if points else {}

    def read_lines(self, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Points and events from a byte offset on, and the offset to go on from: see `metrics_log.read_lines`."""
        return read_lines(self.metrics_path, offset)

    def metrics_until(self, step: int) -> bytes:
        """The whole lines of metrics.jsonl up to a step, as they are."""
        return bytes_until(self.metrics_path, step)

    # -- pictures and generators

    def samples(self) -> list[int]:
        """Steps with a kept sample grid, rising."""
        return steps_in(self.path / "samples", ".png")

    def snapshots(self) -> list[int]:
        """Steps with a kept generator, rising."""
        return steps_in(self.path / "snapshots", ".safetensors")

    def best_step(self) -> int | None:
        """The step of the generator kept as the best so far, if there is one."""
        return self.status().best_step if self.best_path.is_file() else None

    def generators(self) -> dict[int, Path]:
        """The steps whose generator can be opened, rising, each with its file: the snapshots, and the best so far."""
        best = self.best_step()
        found = {} if best is None else {best: self.best_path}
        return dict(sorted((found | {step: self.snapshot_path(step) for step in self.snapshots()}).items()))

    def kept_states(self) -> list[int]:
        """Steps with a whole training state kept to fork from, rising."""
        return steps_in(self.path / "states", ".pt")

    def size_bytes(self) -> int:
        """Bytes on disk; a file with two names in here counts once."""
        return bytes_in(self.path)

    def created(self) -> float:
        """Unix time at which the run was made; that of its last training for a copy, whose files are younger."""
        try:
            written = self.config_path.stat().st_mtime
        except OSError:
            written = time.time()
        return min(written, self.status().heartbeat or written)


def is_run(path: Path) -> bool:
    """Whether a directory is a run, if only one whose settings can't be read; False also where we may not look."""
    return os.path.exists(path / "config.json")


def list_runs(root: Path | None = None) -> list[Run]:
    """All runs under root, newest first."""
    root = Path(root or default_root())
    try:
        names = os.listdir(root)
    except OSError:
        return []
    runs = [Run(root / name) for name in names if not name.startswith(".") and is_text(name) and is_run(root / name)]
    return sorted(runs, key=lambda run: (run.created(), run.id), reverse=True)
