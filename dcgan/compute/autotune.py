"""Which of several ways to compute the same thing is the fastest on this machine: measured once, then remembered.

What was measured stays in a file of the user's cache, so that the next run starts at once; a run also keeps its own
choices with its weights, since another way rounds otherwise, and a resumed run must go on bit for bit.
"""

import contextlib
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

ROUNDS = 3  # the best of them counts: a disturbance only ever makes one slower

_chosen: dict[str, str] = {}
_read: set[Path] = set()


def fastest(job: str, ways: dict[str, Callable[[], Tensor]]) -> Callable[[], Tensor]:
    """The way that is the fastest for a job; measured when this machine hasn't done that job yet.

    A job's name holds all that its time depends on: what is computed and the shapes of its tensors.
    """
    if job not in _chosen:
        _remember_file()
    if _chosen.get(job) not in ways:
        seconds = {name: _seconds(way) for name, way in ways.items()}
        _chosen[job] = min(seconds, key=lambda name: seconds[name])
        _write_file()
    return ways[_chosen[job]]


def chosen() -> dict[str, str]:
    """All choices so far: the job's name -> the name of its way."""
    return dict(_chosen)


def choose(choices: dict[str, str]) -> None:
    """Take these choices over, as a resumed run must; choices for other jobs stay."""
    _chosen.update(choices)


def cache_file() -> Path:
    """Where this machine's choices are kept; another version of PyTorch or number of threads has its own file."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    machine = f"{platform.machine()}-{torch.backends.cpu.get_cpu_capability()}-{torch.get_num_threads()}-threads"
    return base / "dcgan-studio" / f"routes-{machine}-torch-{torch.__version__}.json"


def _seconds(way: Callable[[], Tensor]) -> float:
    times = []
    with torch.no_grad():
        way()  # the first time also asks for memory and compiles
        for _ in range(ROUNDS):
            began = time.perf_counter()
            way()
            times.append(time.perf_counter() - began)
    return min(times)


def _remember_file() -> None:
    path = cache_file()
    if path not in _read:
        _read.add(path)
        with contextlib.suppress(OSError, ValueError, AttributeError):  # unreadable: measure again
            known = {str(job): str(way) for job, way in json.loads(path.read_text(encoding="utf-8")).items()}
            _chosen.update(known | _chosen)


def _write_file() -> None:
    path = cache_file()
    part = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with contextlib.suppress(OSError):  # a home that can't be written to: measured again next time
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(_chosen, indent=1, sort_keys=True), encoding="utf-8")
        os.replace(part, path)
