"""Pictures that are read into memory as numbers: tables of pixels, IDX files and CIFAR's; no torch."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dcgan.data import cifar_files, idx_pictures, number_table
from dcgan.data.array_rows import check_memory, check_rows
from dcgan.data.array_values import Axes, axes_of, flat_words, picture_file, range_of, range_words, settled
from dcgan.data.row_set import RowSet, class_words, row_names, row_of
from dcgan.errors import BadInput

NUMBERS_PER_BYTE = 2.5  # of a table's text at most, as float32


class Held(NamedTuple):
    """The pictures in memory."""

    array: np.ndarray
    axes: Axes
    black: float
    white: float


def is_one(path: Path) -> bool:
    """Whether a file or folder holds pictures so."""
    if path.is_dir():
        return cifar_files.is_one(path)
    if not is_table(path.name):
        return idx_pictures.is_one(path)
    try:
        stat = path.stat()
        return _holds_pixels(path, stat.st_size, stat.st_mtime_ns)
    except OSError:
        return False


@functools.lru_cache(maxsize=64)
def _holds_pixels(path: Path, size: int, mtime_ns: int) -> bool:
    """Whether a table does; a page asks many times, and a row may be long."""
    with open(path, "rb") as file:
        return number_table.is_one(file.read(number_table.HEAD))


def is_table(name: str) -> bool:
    """Whether a file's name is that of a table in text."""
    return name.lower().endswith((".csv", ".tsv"))


def look(path: Path, place: str) -> RowSet:
    """Read pictures and labels; raises BadInput, which calls the file or folder `place`."""
    names: Sequence[str] = ()
    labels: Sequence[object] | np.ndarray | None
    try:
        files = _files(path)
        num_bytes = sum(file.stat().st_size for file in files)
        if path.is_dir():
            check_memory(num_bytes, place, "take fewer of its files")
            array, labels, names = cifar_files.read(path)
            remark = ""
        elif is_table(path.name):
            check_memory(int(NUMBERS_PER_BYTE * num_bytes), place, "save its pixels as .npy, which is read in place")
            array, labels, remark = number_table.read(path, place)
        else:
            array, labels, remark = idx_pictures.read(path)
    except OSError as error:
        raise BadInput(f"{place} can't be read ({error.strerror}).") from error
    check_rows(array.shape, place)
    axes = axes_of(array.shape, array.dtype, place)
    black, white = range_of(array, place)
    axes = settled(axes, array)
    classes = None if labels is None else class_words(list(labels), names)
    remark = " ".join(filter(None, (flat_words(axes), remark, range_words(array.dtype, black, white))))
    watched = tuple(map(str, files))
    return RowSet(row_names(len(array), classes), watched, watched, remark, Held(array, axes, black, white))


@contextlib.contextmanager
def reader(path: Path, found: RowSet, place: str) -> Iterator[Callable[[str], bytes]]:
    """Give a function that makes a picture file of a row, from any thread."""
    held: Held = found.details
    yield lambda name: picture_file(held.array[row_of(name)], held.axes, held.black, held.white)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return cifar_files.files(path)
    beside = idx_pictures.labels_beside(path) if idx_pictures.is_one(path) else None
    return [path] if beside is None else [path, beside]
