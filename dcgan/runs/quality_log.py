"""Reading quality.jsonl: how far a run's fakes were from real pictures at its kept steps; light (no torch).

Each row is one measurement. `FIELDS` names everything it says; where there is no such figure it says None or [].
"""

from pathlib import Path
from typing import Any

from dcgan.runs.records import fits, objects_in
from dcgan.runs.run import Run
from dcgan.system.files import read_regular

FIELDS: dict[str, Any] = {  # name -> what stands for a value that is missing or damaged
    "step": 0,
    "images": 0,  # training pictures seen by then
    "time_s": 0.0,  # training time by then
    "n": 0,  # fakes compared at a time, of those from seeds seed, seed + 1, ...; rows of another n are no neighbours
    "seed": 0,
    "weights": "",  # EMA or raw
    "weights_hash": "",
    "judge": "",  # of the features; the distance is named FD-judge
    "judge_hash": "",
    "reference": "",  # test, or train where nothing is held out
    "reference_n": 0,
    "distance": None,  # Frechet; like its floor too large at small n
    "distance_floor": None,  # of n real training pictures instead of fakes: mean and deviation of some draws; None
    # where there are too few of them to tell
    "distance_floor_deviation": None,
    "kernel": None,  # not too large at any n
    "kernel_floor": None,
    "kernel_floor_deviation": None,
    "score": None,  # of the classes, from 1 to their number
    "score_real": None,  # that of n real pictures
    "class_names": [],  # K of them
    "shares": [],  # of the fakes, corrected for the judge's mistakes; sums to 1
    "real_shares": [],
    "covered": None,  # classes with at least a tenth of their real share, of `classes`
    "classes": None,
    "missing": [],  # names of those that are not covered
    "divergence": None,  # in bits, of the fakes' classes from the real ones
    "named_as_asked": None,  # share of the fakes that the judge names as the class that was asked for
    "real_named_right": None,  # and of real pictures
    "asked_names": [],  # the classes that can be asked for
    "asked_each": [],  # named as asked, of each; -1 where it can't be said, here and below
    "class_distances": [],  # Frechet, of the fakes of each class from its real pictures
    "class_floors": [],  # of as many real pictures
    "d_train": None,  # mean D(x) of some training pictures, and of as many held-out ones: always the same
    "d_test": None,
    "best_step": None,  # where the run's distance was lowest up to here
    "best_distance": None,
    "seconds": 0.0,  # what this measurement took of the training's time
}


def read_quality(run: Run) -> list[dict[str, Any]]:
    """All rows by rising step, the last one of each step; a torn last line and damaged ones are left out."""
    return rows_in(_content(run.quality_path))


def newest_quality(run: Run) -> dict[str, Any] | None:
    """The row of the highest step, if there is any."""
    rows = read_quality(run)
    return rows[-1] if rows else None


def lines_until(path: Path, step: int) -> bytes:
    """The whole lines up to a step, as they are."""
    return b"".join(line + b"\n" for line, row in _lines(_content(path)) if row["step"] <= step)


def rows_in(content: bytes) -> list[dict[str, Any]]:
    """The rows in the bytes of a quality.jsonl, as `read_quality` gives them."""
    found = {row["step"]: row for _, row in _lines(content)}
    return [found[step] for step in sorted(found)]


def _content(path: Path) -> bytes:
    try:
        return read_regular(path)
    except OSError:
        return b""


def _lines(data: bytes) -> list[tuple[bytes, dict[str, Any]]]:
    """The lines that are rows, each as it is and as what it says."""
    return [
        (line, {name: _sound(record.get(name), default) for name, default in FIELDS.items()})
        for line, record in objects_in(data)
        if fits(record.get("step"), 0) and fits(record.get("distance"), 0.0)
    ]


def _sound(value: Any, default: Any) -> Any:
    """A value of the kind that stands in FIELDS, or what stands there."""
    if isinstance(default, list):
        kinds = ("", 0.0)
        return value if isinstance(value, list) and any(all(fits(v, kind) for v in value) for kind in kinds) else []
    if default is None:
        return value if fits(value, 0.0) else None
    return value if fits(value, default) else default
