"""The small JSON records of a run: what its worker says of itself, and what it is asked for."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dcgan.system.files import read_regular
from dcgan.system.names import is_text

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MAX_BYTES = 1_000_000  # of a record; a worker writes less than one of a thousand
COMMANDS = ("run", "pause", "step", "stop")

Record = TypeVar("Record", bound="DataclassInstance")
ANY = (-1e15, 1e15)
RANGES: dict[str, tuple[float, float]] = {  # of some numbers; of the others 0 to 1e15
    "prepared": (0, 1),
    "heartbeat": (0, 4e9),  # to the year 2096
    "pid_started": (0, 4e9),
    "pid": (0, 2**31 - 1),
    "distance": ANY,  # rounding may put it below 0
    "distance_floor": ANY,
    "best_distance": ANY,
}


@dataclasses.dataclass(frozen=True)
class Status:
    """What a worker last said about itself; state is one of
    created, starting, running, paused, finished, stopped, failed, and as seen by `launch.observe` also
    interrupted (its process is gone) or stalled (its process no longer moves)."""

    state: str = "created"
    message: str = ""  # what it is doing, in a few words
    error: str = ""  # one sentence, for state failed
    step: int = 0
    num_steps: int = 0  # where training will end
    images: int = 0  # real pictures seen
    epoch: float = 0.0
    images_per_s: float = 0.0
    eta_s: float | None = None
    time_s: float = 0.0  # seconds spent training, pauses not counted
    device: str = ""
    heartbeat: float = 0.0  # Unix time
    pid: int = 0
    pid_started: float = 0.0  # Unix time; a process id alone may have been given to a stranger
    obeyed: int = 0  # serial number of the last command in control.json that was carried out
    notice: str = ""  # what the person should know about the pictures
    alarms: str = ""  # the names of those that speak, with commas
    prepared: float | None = None  # share of the pictures that are ready, while they are being prepared
    # from quality.jsonl; None as long as nothing was measured
    distance: float | None = None  # the newest
    distance_floor: float | None = None  # of real pictures
    best_step: int | None = None  # of best.safetensors
    best_distance: float | None = None
    starter: str = ""  # the torchrun that started it: see `dcgan.runs.restarts`


@dataclasses.dataclass(frozen=True)
class Control:
    """The wish of whoever watches: written by the app or the command line, obeyed by the worker."""

    command: str = "run"
    serial: int = 0  # grows with every command, so that a worker knows which it has obeyed
    name: str = ""  # what the run is called on the pages; empty means its id
    num_steps: int = 0  # a new end of training; 0 keeps the config's
    # settings changed while it trains (see `dcgan.runs.live_settings`); None, or no text, keeps the config's
    lr_g: float | None = None
    lr_d: float | None = None
    d_steps: int | None = None
    ema_half_life_images: int | None = None
    micro_batch: int | None = None
    sample_every: int | None = None
    checkpoint_seconds: float | None = None
    num_minutes: float | None = None
    augment: str = ""


@dataclasses.dataclass(frozen=True)
class Parent:
    """The run that a fork began as, and where it left it; written once, with the fork's config.json."""

    run: str = ""  # the parent's id; empty: this run began with fresh weights
    step: int = 0
    changes: str = ""  # what the fork does otherwise, in words


def dump(record: Any) -> bytes:
    return (json.dumps(dataclasses.asdict(record), allow_nan=False) + "\n").encode()


def load(kind: type[Record], path: Path) -> Record:
    """Read a record: what is missing, of the wrong type or out of range gets its default, what is unknown is left out.

    A share is from 0 to 1, a time is one that a calendar has, and few numbers are negative: see RANGES.
    """
    try:
        values = json.loads(read_regular(path, MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return kind()
    if not isinstance(values, dict):
        return kind()
    fields = {field.name: field.default for field in dataclasses.fields(kind)}
    known = {key: values[key] for key in fields.keys() & values.keys() if fits(values[key], fields[key])}
    return kind(**{key: value for key, value in known.items() if _in_range(key, value)})


def objects_in(data: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The whole lines that are JSON objects, each as it is and as what it says; damaged ones are passed over."""
    for line in data[: data.rfind(b"\n") + 1].splitlines():
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue  # torn by a crash in mid-write
        if isinstance(found, dict):
            yield line, found


def _in_range(name: str, value: Any) -> bool:
    low, high = RANGES.get(name, (0, 1e15))
    return not isinstance(value, (int, float)) or low <= value <= high


def fits(value: Any, default: Any) -> bool:
    """Whether a value can stand where `default` stands; a default of None stands for a number that may be missing."""
    if isinstance(default, str):
        return isinstance(value, str) and is_text(value)
    if value is None:
        return default is None
    kinds = int if isinstance(default, int) else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and abs(value) < 1e18  # NaN is not less
