"""Pictures in NumPy's files: .npy, mapped into memory, and .npz with labels; nothing in them runs; no torch."""

import contextlib
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Literal, NamedTuple

import numpy as np
import psutil

from dcgan.data.array_values import (
    Axes,
    axes_of,
    classes_of,
    flat_words,
    picture_file,
    range_of,
    range_words,
    settled,
)
from dcgan.data.row_set import LABELS, MAX_ROWS, RowSet, listed, row_names, row_of, split_of
from dcgan.errors import BadInput, first_line
from dcgan.images.decode import shown

LIKELY = ("images", "image", "imgs", "img", "pictures", "x", "data", "features")  # what pictures are called
MAX_MEMBERS = 1_000
PIECE = 2**20  # bytes decompressed at a time
NPY_ERRORS = (OSError, ValueError, EOFError, struct.error, SyntaxError, MemoryError, OverflowError, TypeError)
ZIP_ERRORS = (*NPY_ERRORS, zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, KeyError)


class Header(NamedTuple):
    """What an array says of itself before its values."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype

    @property
    def num_bytes(self) -> int:
        return self.dtype.itemsize * math.prod(self.shape)


class Stack(NamedTuple):
    """Where the pictures are, and what they look like."""

    member: str  # of an .npz; "" for an .npy
    axes: Axes
    black: float
    white: float


def look(path: Path, place: str) -> RowSet:
    """Find pictures and labels; raises BadInput, which calls the file `place`."""
    try:
        return _look_npz(path, place) if _is_zip(path) else _look_npy(path, place)
    except BadInput:
        raise
    except ZIP_ERRORS as error:
        raise _damaged(place, error) from error


@contextlib.contextmanager
def reader(path: Path, found: RowSet, place: str) -> Iterator[Callable[[str], bytes]]:
    """Give a function that makes a picture file of a row, from any thread."""
    stack: Stack = found.details
    try:
        array = _member(path, stack.member, place) if stack.member else _whole(path, place)
    except ZIP_ERRORS as error:
        raise error if isinstance(error, BadInput) else _damaged(place, error) from None
    yield lambda name: picture_file(array[row_of(name)], stack.axes, stack.black, stack.white)


def _look_npy(path: Path, place: str) -> RowSet:
    with open(path, "rb") as file:
        header = _header(file)
    axes = axes_of(header.shape, header.dtype, place)
    check_rows(header.shape, place)
    array = _whole(path, place)
    black, white = range_of(array, place)
    axes = settled(axes, array)
    beside = next((other for other in _beside(path) if other.is_file()), None)
    classes = None
    if beside is not None:
        with contextlib.suppress(*NPY_ERRORS):
            classes = classes_of(np.load(beside, mmap_mode="r", allow_pickle=False), len(array))
    files = (str(path), str(beside)) if classes is not None else (str(path),)
    remark = [flat_words(axes), range_words(header.dtype, black, white)]
    if classes is not None and beside is not None:
        remark.append(f"The classes are those of {beside.name}.")
    return RowSet(row_names(len(array), classes), files, files, _told(remark), Stack("", axes, black, white))


def _beside(path: Path) -> Iterator[Path]:
    """Files beside an array that may hold its labels."""
    stem = path.stem
    names = [f"{stem}_labels"]
    for pictures, labels in (("images", "labels"), ("imgs", "labels"), ("image", "label"), ("data", "labels")):
        names += [stem.replace(pictures, labels)] if pictures in stem else []
    names += [f"y{stem[1:]}"] if stem[:2].lower() in ("x", "x_") else []
    return (path.with_name(f"{name}.npy") for name in names if name != stem)


def _look_npz(path: Path, place: str) -> RowSet:
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if info.filename.endswith(".npy")][:MAX_MEMBERS]
        headers: dict[str, Header] = {}
        for info in infos:
            with archive.open(info) as file:
                headers[info.filename] = _header(file)
    member, left = _pictures(headers, place)
    header = headers[member]
    axes = axes_of(header.shape, header.dtype, f"{shown(member[:-4])} in {path}")
    check_rows(header.shape, place)
    array = _member(path, member, place)
    black, white = range_of(array, place)
    axes = settled(axes, array)
    classes = None
    for name in _labels(member, headers):
        if headers[name].shape[:1] == header.shape[:1] and headers[name].dtype.kind != "O":
            classes = classes_of(_member(path, name, place), len(array))
        if classes is not None:
            break
    remark = [flat_words(axes), range_words(header.dtype, black, white)]
    if left:
        remark.append(f"Of its arrays {shown(member[:-4])} is used, not {listed(name[:-4] for name in left)}.")
    return RowSet(
        row_names(len(array), classes), (str(path),), (str(path),), _told(remark), Stack(member, axes, black, white)
    )


def _pictures(headers: dict[str, Header], place: str) -> tuple[str, list[str]]:
    """The member to train on, and others that hold pictures, too."""
    found: list[str] = []
    refused: list[BadInput] = []
    for name, header in headers.items():
        try:
            axes_of(header.shape, header.dtype, f"{shown(name[:-4])} in {place[0].lower() + place[1:]}")
        except BadInput as error:
            refused += [error] if len(header.shape) > 1 or header.dtype.kind in "OV" else []
        else:
            found.append(name)
    found = [name for name in found if len(headers[name].shape) > 2] or found
    if not found:
        holds = listed((f"{name[:-4]} {header.shape}" for name, header in headers.items()), 300)
        but = f" but {holds}" if holds else ", and no other arrays"
        raise next(iter(refused), BadInput(f"{place} holds no pictures{but}: save them as (N, H, W, C) in it."))
    of_train = [name for name in found if split_of(name) == "train"]
    best = of_train or [name for name in found if not split_of(name)] or found
    for likely in LIKELY:
        named = [name for name in best if likely in _words(name)]
        if named:
            best = named
            break
    if len(best) > 1:
        raise BadInput(
            f"{place} holds several arrays of pictures ({listed(name[:-4] for name in best)}): save the one "
            "to train on by itself."
        )
    return best[0], [name for name in found if name != best[0]]


def _labels(member: str, headers: dict[str, Header]) -> list[str]:
    """The members that may hold the labels of these pictures, the likeliest first."""
    named = [name for name in headers if name != member and set(_words(name)) & set(LABELS)]
    named = [name for name in named if split_of(name) == split_of(member)] or named
    if not named:  # saved without names: a number for each picture
        num_rows = headers[member].shape[:1]
        return [name for name, header in headers.items() if header.shape == num_rows and header.dtype.kind in "ui"]
    return sorted(named, key=lambda name: min(LABELS.index(word) for word in _words(name) if word in LABELS))


def _words(name: str) -> Sequence[str]:
    return "".join(char if char.isalpha() else " " for char in name[:-4].lower()).split()


def _whole(path: Path, place: str) -> np.ndarray:
    """The array of an .npy, mapped into memory."""
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return _by_rows(array, place)


def _by_rows(array: np.ndarray, place: str) -> np.ndarray:
    """The array so that a row is read at once: one in Fortran's order has parts of each row all over the file."""
    if array.flags.c_contiguous:
        return array
    check_memory(array.nbytes, f"{place} is in Fortran's order, and it", "save it in C's order")
    return np.ascontiguousarray(array)


def check_memory(num_bytes: int, what: str, way_out: str) -> None:
    """Raise BadInput if `what`, the beginning of a sentence, would take more than half of the free memory."""
    free = psutil.virtual_memory().available
    if num_bytes > free / 2:
        raise BadInput(
            f"{what} would take {num_bytes / 1e9:.1f} GB of the {free / 1e9:.1f} GB of memory that are free: {way_out}."
        )


def _member(path: Path, name: str, place: str) -> np.ndarray:
    """One array of an .npz: mapped into memory where it is stored as it is, else decompressed."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
        with archive.open(info) as file:
            header = _header(file)
            order: Literal["F", "C"] = "F" if header.fortran else "C"
            if info.compress_type == zipfile.ZIP_STORED:
                with open(path, "rb") as raw:
                    raw.seek(info.header_offset + 26)
                    before = 30 + sum(struct.unpack("<HH", raw.read(4)))  # PKWARE APPNOTE 4.3.7, local file header
                offset = info.header_offset + before + file.tell()
                mapped = np.memmap(path, header.dtype, "r", offset=offset, shape=header.shape, order=order)
                return _by_rows(mapped, place)
            compressed = f"{place} is compressed, and its {shown(name[:-4])}"
            check_memory(header.num_bytes, compressed, "save it as .npy, which is read in place")
            content = bytearray()
            while len(content) < header.num_bytes and (piece := file.read(PIECE)):
                content += piece
            array = np.frombuffer(content, header.dtype, math.prod(header.shape))
            return _by_rows(array.reshape(header.shape, order=order), place)


def _header(file: IO[bytes]) -> Header:
    """Read up to where the values begin; raises nearly anything for what is no .npy."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the format")
    shape, fortran, dtype = read(file)
    if any(side < 0 for side in shape):
        raise ValueError(f"the shape {shape}")
    return Header(shape, fortran, dtype)


def check_rows(shape: tuple[int, ...], place: str) -> None:
    """Raise BadInput for more pictures than can be used."""
    if shape[0] > MAX_ROWS:
        raise BadInput(f"{place} holds {shape[0]:,} pictures; at most {MAX_ROWS:,} can be used: save a part of it.")


def _is_zip(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"PK"


def _damaged(place: str, error: Exception) -> BadInput:
    return BadInput(f"{place} can't be read as NumPy's arrays ({first_line(error)}): save it again.")


def _told(sentences: Sequence[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
