"""Which paths hold pictures as rows, of a NumPy array, of parquet files or of a CSV, and reading them; no torch."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from dcgan.data import array_rows, idx_pictures, listed_rows, number_rows, parquet_files, parquet_rows
from dcgan.data.row_set import RowSet, listed, row_of, split_of
from dcgan.errors import BadInput
from dcgan.images.decode import shown

COULD_RUN = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".dill")
OTHERS = (".h5", ".hdf5", ".mat", ".arrow", ".feather", ".tfrecord", ".tfrecords", ".jsonl", ".json", ".xlsx", ".gz")
UNREAD = (*COULD_RUN, ".h5", ".hdf5", ".mat", ".arrow", ".feather", ".tfrecord", ".tfrecords")  # of data sets
# for sentences
KINDS = "an array (.npy, .npz, IDX), a table of pictures or pixels (.parquet, .csv) or a list of them (.csv)"
SETTLED_SECONDS = 2.0  # a younger change may be followed by one with the same time stamp
MAX_LOOKED_AT = 2_000  # entries of a folder that is searched for arrays
Kind = Literal["array", "numbers", "parquet", "list", ""]
ARRAYS = ("array", "numbers")  # kinds that have one scale for all values, and no row that can't be read
Stamp = tuple[tuple[str, int, int, int, int], ...]  # path, size, two times and inode of each file
BY_SUFFIX: dict[str, Kind] = {".npy": "array", ".npz": "array", ".parquet": "parquet", ".csv": "list", ".tsv": "list"}
_MODULES: dict[str, Any] = {"array": array_rows, "numbers": number_rows, "parquet": parquet_rows, "list": listed_rows}


class Found(NamedTuple):
    """Rows, and by what they are known."""

    rows: RowSet
    stamp: Hashable  # changes when a file that they are read from does
    settled: bool  # whether that can be relied on


_kept: dict[Path, Found] = {}
_kinds: dict[Path, tuple[Stamp, Kind]] = {}  # of folders
_lock = threading.Lock()


def kind_of(path: Path) -> Kind:
    """What kind of rows a file or folder holds, by its content where that tells; "" for anything else."""
    try:
        if path.is_dir():
            return "numbers" if number_rows.is_one(path) else _kind_of_folder(path)
        with open(path, "rb") as file:
            start = file.read(6)
    except OSError:
        return ""
    suffix = path.suffix.lower()
    if start.startswith(b"\x93NUMPY") or (start.startswith(b"PK") and suffix == ".npz"):
        return "array"
    kind = "parquet" if start.startswith(b"PAR1") else BY_SUFFIX.get(suffix, "")
    return "numbers" if kind in ("", "list") and number_rows.is_one(path) else kind


def _kind_of_folder(folder: Path) -> Kind:
    """parquet for a folder that has more pictures in such files than beside them; looked at again once it changes."""
    with _lock:
        known = _kinds.get(folder)
    if known is not None and known[0] == _stamp(tuple(each[0] for each in known[0])):
        return known[1]
    began = time.time_ns()
    inside = parquet_files.look_into(folder)
    number = sum(map(parquet_rows.num_pictures, inside.files))
    kind: Kind = "parquet" if inside.files and (number > inside.pictures or not inside.pictures) else ""
    stamp = _stamp(tuple(map(str, inside.folders)))
    with _lock:
        if stamp is not None and _is_settled(stamp, began):
            _kinds[folder] = stamp, kind
        while len(_kinds) > 16:
            del _kinds[next(iter(_kinds))]
    return kind


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
    settled = stamp is not None and _is_settled(stamp, began)
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


def _stamp(files: tuple[str, ...]) -> Stamp | None:
    """What the file system says of files and folders, the latter notice files that come; None if one is gone."""
    try:
        stats = [(file, os.stat(file)) for file in files]
    except OSError:
        return None
    return tuple((file, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino) for file, stat in stats)


def _is_settled(stamp: Stamp, began: int) -> bool:
    return began - max(each[2] for each in stamp) > SETTLED_SECONDS * 1e9


def forward(path: Path, names: Sequence[str]) -> list[str]:
    """The names in the order in which they are read fastest: parquet files are read in passes."""
    return sorted(names, key=row_of) if kind_of(path) == "parquet" else list(names)


def title(path: Path) -> str:
    """What a path is called: by its own name, but for IDX files."""
    is_idx = kind_of(path) == "numbers" and not path.is_dir() and not number_rows.is_table(path.name)
    return idx_pictures.title(path) if is_idx else path.name


def way_out(path: Path) -> str:
    """What to do with a file of another format, a sentence; nothing for one that isn't known to hold pictures."""
    suffixes = {suffix.lower() for suffix in path.suffixes[-2:]}
    if suffixes & set(COULD_RUN):
        return " Such a file could run code as it is opened, so it isn't: save its pictures as .npy or .npz."
    return " Save its pictures as .npy, .npz or .parquet." if suffixes & set(OTHERS) else ""


def within(folder: Path) -> Path:
    """The one array that a folder without pictures holds, or that of the training pictures; the folder without any.

    Raises BadInput for several. Where there are files of other formats only, it says what they are to become.
    """
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name
                for _, entry in zip(range(MAX_LOOKED_AT), entries, strict=False)
                if not entry.name.startswith(".") and entry.is_file()
            )
    except OSError:
        return folder
    others = [name for name in names if name.lower().endswith(UNREAD)]
    names = [name for name in names if name.lower().endswith((".npy", ".npz")) or number_rows.is_one(folder / name)]
    if others and not names:
        raise BadInput(f"{folder} holds no pictures, but {shown(others[0])}.{way_out(Path(others[0]))}")
    names = [name for name in names if not _is_labels(name, names)]
    best = [name for name in names if split_of(name) == "train"] or names
    best = [name for name in best if not number_rows.is_table(name)] or best
    if len(best) > 1:
        raise BadInput(
            f"{folder} holds no pictures but {len(names):,} files of arrays ({listed(names)}): name the one "
            "to train on."
        )
    return folder / best[0] if best else folder


def _is_labels(name: str, names: list[str]) -> bool:
    words = os.path.splitext(name.lower())[0].replace("-", "_").split("_")
    return len(names) > 1 and bool({"label", "labels", "y", "target", "targets"} & set(words))
