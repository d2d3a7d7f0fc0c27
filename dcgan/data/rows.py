"""Which paths hold pictures as rows, of a NumPy array, of parquet files or of a CSV, and reading them; no torch."""

import contextlib
import functools
import os
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from dcgan.data import array_rows, listed_rows, parquet_rows
from dcgan.data.row_set import RowSet, row_of
from dcgan.errors import BadInput

SUFFIXES = (".npy", ".npz", ".parquet", ".csv", ".tsv")
COULD_RUN = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".dill")
OTHERS = (".h5", ".hdf5", ".mat", ".arrow", ".feather", ".tfrecord", ".tfrecords", ".jsonl", ".json", ".xlsx", ".gz")
KINDS = "an array (.npy, .npz), a table of pictures (.parquet) or a list of them (.csv)"  # for sentences
SETTLED_SECONDS = 2.0  # a younger change may be followed by one with the same time stamp
MAX_LOOKED_AT = 2_000  # entries of a folder that is searched for arrays
Kind = Literal["array", "parquet", "list", ""]
_MODULES: dict[str, Any] = {"array": array_rows, "parquet": parquet_rows, "list": listed_rows}


class Found(NamedTuple):
    """Rows, and by what they are known."""

    rows: RowSet
    stamp: Hashable  # changes when a file that they are read from does
    settled: bool  # whether that can be relied on


_kept: dict[Path, Found] = {}
_lock = threading.Lock()


def kind_of(path: Path) -> Kind:
    """What kind of rows a file or folder holds, by its content where that tells; "" for anything else."""
    try:
        if path.is_dir():
            return _kind_of_folder(path, os.stat(path).st_mtime_ns)
        with open(path, "rb") as file:
            start = file.read(6)
    except OSError:
        return ""
    if start.startswith(b"\x93NUMPY") or (start.startswith(b"PK") and path.suffix.lower() == ".npz"):
        return "array"
    if start.startswith(b"PAR1"):
        return "parquet"
    suffix = path.suffix.lower()
    return {".npy": "array", ".npz": "array", ".parquet": "parquet", ".csv": "list", ".tsv": "list"}.get(suffix, "")  # type: ignore[return-value]


@functools.lru_cache(maxsize=16)
def _kind_of_folder(folder: Path, changed_ns: int) -> Kind:
    files, pictures = parquet_rows.files_in(folder)
    if not files or (pictures and not any(map(parquet_rows.holds_pictures, files[:3]))):
        return ""
    return "parquet"


def found(path: Path, place: str = "") -> Found:
    """Look at the rows of a path, once until one of its files changes; raises BadInput, which calls it `place`."""
    kind = kind_of(path)
    assert kind, path
    with _lock:
        known = _kept.get(path)
    if known is not None and known.stamp == _stamp(known.rows.watched):
        return known
    began = time.time_ns()
    place = place or f"The {'folder' if path.is_dir() else 'file'} {path}"
    rows: RowSet = _MODULES[kind].look(path, place)
    stamp = _stamp(rows.watched)
    settled = stamp is not None and began - max(each[2] for each in stamp) > SETTLED_SECONDS * 1e9
    now = Found(rows, stamp, settled)
    with _lock:
        if settled:
            _kept[path] = now
        while len(_kept) > 4:
            del _kept[next(iter(_kept))]
    return now


@contextlib.contextmanager
def reader(path: Path, place: str = "") -> Iterator[Callable[[str], bytes]]:
    """Give a function that reads the picture file of one row by its name, from any thread; raises BadInput."""
    place = place or f"The {'folder' if path.is_dir() else 'file'} {path}"
    with _MODULES[kind_of(path)].reader(path, found(path, place).rows, place) as read:
        yield read


def _stamp(files: tuple[str, ...]) -> tuple[tuple[str, int, int, int, int], ...] | None:
    """What the file system says of files and folders, the latter notice files that come; None if one is gone."""
    try:
        stats = [(file, os.stat(file)) for file in files]
    except OSError:
        return None
    return tuple((file, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino) for file, stat in stats)


def forward(path: Path, names: Sequence[str]) -> list[str]:
    """The names in the order in which they are read fastest: parquet files are read in passes."""
    return sorted(names, key=row_of) if kind_of(path) == "parquet" else list(names)


def way_out(path: Path) -> str:
    """What to do with a file of another format, a sentence; nothing for one that isn't known to hold pictures."""
    suffixes = {suffix.lower() for suffix in path.suffixes[-2:]}
    if suffixes & set(COULD_RUN):
        return " Such a file could run code as it is opened, so it isn't: save its pictures as .npy or .npz."
    return " Save its pictures as .npy, .npz or .parquet." if suffixes & set(OTHERS) else ""


def within(folder: Path) -> Path:
    """The one array or list that a folder without pictures holds; raises BadInput for several; the folder without any.

    A CSV beside pictures says nothing of it: who means it names it.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name
                for _, entry in zip(range(MAX_LOOKED_AT), entries, strict=False)
                if entry.name.lower().endswith((".npy", ".npz")) and not entry.name.startswith(".") and entry.is_file()
            )
    except OSError:
        return folder
    names = [name for name in names if not _is_labels(name, names)]
    if len(names) > 1:
        raise BadInput(
            f"{folder} holds no pictures but {len(names):,} files of arrays ({', '.join(names)[:200]}): name the one "
            "to train on."
        )
    return folder / names[0] if names else folder


def _is_labels(name: str, names: list[str]) -> bool:
    words = os.path.splitext(name.lower())[0].replace("-", "_").split("_")
    return len(names) > 1 and bool({"label", "labels", "y", "target", "targets"} & set(words))
