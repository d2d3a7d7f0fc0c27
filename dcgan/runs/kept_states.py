"""The training states a run keeps to fork from: which there are, and what they say of themselves, without PyTorch."""

import collections
import contextlib
import functools
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

from dcgan.errors import BadInput
from dcgan.presets import IMPORTED
from dcgan.runs.kept_steps import thin
from dcgan.runs.records import fits
from dcgan.runs.run import Run
from dcgan.system.files import PRIVATE, share

NEEDED = {"step": 0, "time_s": 0.0, "config": ""}  # what every state of a run says
MAX_INDEX_BYTES = 1 << 26  # of the part of a state that holds everything but its tensors


def keep(run: Run, step: int, budget_mb: int) -> None:
    """Keep the newest state under its step, and thin out the others to a budget; the first and the newest stay.

    The file is that of state.pt under a second name, so the newest costs no room. Raises OSError.
    """
    if budget_mb:
        _keep(run, run.state_path, step, budget_mb)


def keep_again(run: Run, step: int, budget_mb: int) -> None:
    """At a resume: keep the state that it goes on from, which a kill may have come before. Raises OSError."""
    for path in run.state_paths() if budget_mb else ():
        with contextlib.suppress(BadInput):
            if facts(path)["step"] == step and is_whole(path):
                return _keep(run, path, step, budget_mb)


def _keep(run: Run, path: Path, step: int, budget_mb: int) -> None:
    run.kept_state_path(step).parent.mkdir(PRIVATE, exist_ok=True)
    share(path, run.kept_state_path(step))
    fitting = int(budget_mb * 1e6 / path.stat().st_size)
    for dropped in thin(run.kept_states(), fitting):
        run.kept_state_path(dropped).unlink(missing_ok=True)


def fork_points(run: Run) -> dict[int, Path]:
    """The steps that a fork can start from, rising, each with the file of its whole state."""
    points = {}
    for path in reversed(run.state_paths()):  # also of runs from before states were kept
        try:
            points[int(facts(path)["step"])] = path
        except BadInput:
            continue  # damaged: it would be refused
    points |= {step: run.kept_state_path(step) for step in run.kept_states()}
    return dict(sorted(points.items()))


def facts(path: Path) -> dict[str, Any]:
    """What a state says of itself besides its tensors: step, time_s, config and more; raises BadInput if unreadable."""
    try:
        stat = path.stat()
        return _facts(path, stat.st_mtime_ns, stat.st_ino)
    except Exception:  # readers of damaged files raise nearly anything
        raise BadInput(f"{path} is not a readable training state.") from None


def can_go_on(run: Run) -> bool:
    """Whether there is a state to go on from, or nothing that was trained would be lost by beginning anew."""
    trained = run.generator_path.is_file() and (
        max(run.status().step, *run.samples(), *run.snapshots(), 0) > 0 or run.config.preset == IMPORTED
    )
    return bool(run.state_paths()) or not trained


def newest_facts(run: Run) -> dict[str, Any]:
    """What the state says of itself that the run would go on from; empty where there is none that can be read."""
    for path in run.state_paths():
        with contextlib.suppress(BadInput):
            return facts(path)
    return {}


def is_whole(path: Path) -> bool:
    """Whether every record of a state matches its checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except Exception:
        return False


@functools.lru_cache(maxsize=256)
def _facts(path: Path, modified: int, inode: int) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        index = next(info for info in archive.infolist() if info.filename.endswith("/data.pkl"))
        if index.file_size > MAX_INDEX_BYTES:
            raise ValueError("too large")
        state = _Reader(io.BytesIO(archive.read(index))).load()
    found = {key: value for key, value in state.items() if isinstance(value, (int, float, str))}
    if not all(fits(found.get(key), default) for key, default in NEEDED.items()):
        raise ValueError("of another program")
    return found


class _Reader(pickle.Unpickler):
    """Reads numbers and texts; what else a file names, tensors or something hostile, becomes None."""

    def find_class(self, module: str, name: str) -> Any:
        return collections.OrderedDict if (module, name) == ("collections", "OrderedDict") else _nothing

    def persistent_load(self, pid: Any) -> None:
        return None


def _nothing(*args: object) -> None:
    return None
