"""The picture files of a folder or zip, listed and read within limits; light enough for a page (no torch)."""

import contextlib
import os
import struct
import threading
import time
import zipfile
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from dcgan.data import rows
from dcgan.errors import BadInput, first_line
from dcgan.images.decode import SUFFIXES

MAX_FOLDER_ENTRIES = 1_000_000  # files and folders looked at: somebody may name the root of a disk
MAX_FILE_BYTES = 256 * 2**20  # of one picture file
MAX_ZIP_MEMBERS = 500_000
MAX_ZIP_INDEX_BYTES = 64 * 2**20  # the list of members, which Python's reader holds in memory
MAX_ZIP_BYTES = 20 * 2**30  # all pictures of an archive, decompressed
MAX_ZIP_RATIO = 200  # decompressed to compressed, looked at above 1 GiB
SETTLED_SECONDS = 2.0  # a younger change may be followed by one with the same time stamp


class Listing(NamedTuple):
    """The picture files that a folder or zip holds."""

    names: tuple[str, ...]  # relative paths with forward slashes, sorted; of rows, in their order
    stamp: Hashable  # changes when a file comes or goes
    settled: bool  # whether that can be relied on


_kept: dict[Path, Listing] = {}  # a page asks at every rerun
_answers: dict[tuple[Hashable, ...], Any] = {}  # what was found out about a listing
_lock = threading.Lock()


def listing(path: Path, place: str = "") -> Listing:
    """List a folder or zip, at the price of a few stat calls while nothing has come or gone; raises BadInput.

    A zip is known by its time, size and inode; a folder by the times of itself and of the folders in it. Of what holds
    pictures as rows, see `dcgan.data.rows`, the names are in the order of the rows.
    """
    if rows.kind_of(path):
        _check_npz(path, place)
        of_rows = rows.found(path, place)
        return Listing(of_rows.rows.names, of_rows.stamp, of_rows.settled)
    with _lock:
        found = _kept.get(path)
    if found is not None and found.stamp == _stamp_again(path, found.stamp):
        return found
    began = time.time_ns()
    if path.is_dir():
        names, stamp, newest = _list_folder(path)
    else:
        with _opened(path, place or f"The archive {path}") as (archive, members):
            stat = os.fstat(archive.fp.fileno())  # type: ignore[union-attr]
            names, stamp, newest = list(members), _file_stamp(stat), stat.st_mtime_ns
    found = Listing(tuple(sorted(names)), stamp, began - newest > SETTLED_SECONDS * 1e9)
    with _lock:
        if found.settled:
            _kept[path] = found
        while len(_kept) > 8:
            del _kept[next(iter(_kept))]
    return found


def once(found: Listing, question: tuple[Hashable, ...], answer: Callable[[], Any]) -> Any:
    """The answer to a question about a listing, found out once as long as no file comes or goes."""
    if not found.settled:
        return answer()
    key = (found.stamp, *question)
    with _lock:
        if key in _answers:
            return _answers[key]
    value = answer()
    with _lock:
        _answers[key] = value
        while len(_answers) > 64:
            del _answers[next(iter(_answers))]
    return value


@contextlib.contextmanager
def reader(path: Path, place: str = "") -> Iterator[Callable[[str], bytes]]:
    """Give a function that reads one picture file by its name in the listing, from any thread.

    It raises ValueError for a file that is too large, and OSError or nearly anything for one that is damaged.
    """
    if rows.kind_of(path):
        _check_npz(path, place)
        with rows.reader(path, place) as read:
            yield read
        return
    if path.is_dir():
        yield lambda name: _read_file(path / name)
        return
    with _opened(path, place or f"The archive {path}") as (archive, members):

        def read(name: str) -> bytes:
            member = members[name]
            if member.file_size > MAX_FILE_BYTES:
                raise ValueError("the file is too large")
            if member.external_attr >> 28 == 0o12:  # its content is the path of something else
                raise ValueError("a link, not a picture")
            if member.flag_bits & 1:
                raise ValueError("locked with a password")
            return archive.read(member)  # never more than the file_size it declares

        yield read


def class_of(names: tuple[str, ...]) -> dict[str, str]:
    """The class of each picture: the first folder on its way below the folders that all pictures share, or ""."""
    ways = {name: PurePosixPath(name).parts[:-1] for name in names}
    shared = os.path.commonprefix(list(ways.values()))
    return {name: way[len(shared)] if len(way) > len(shared) else "" for name, way in ways.items()}


def _is_picture(name: str) -> bool:
    """Whether a relative path looks like a picture; hidden files and what macOS adds to archives don't."""
    if not name.lower().endswith(SUFFIXES):
        return False
    return not any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in PurePosixPath(name).parts)


# ---- folders


def _list_folder(folder: Path) -> tuple[list[str], Hashable, int]:
    """The names, a stamp made of the time of each folder, and the newest of these times in ns."""
    names: list[str] = []
    times: list[tuple[str, int]] = []
    todo, entries = [""], 0
    while todo:
        relative = todo.pop()
        try:
            times.append((relative, os.stat(folder / relative).st_mtime_ns))
            with os.scandir(folder / relative) as found:
                for entry in found:
                    entries += 1
                    if entries > MAX_FOLDER_ENTRIES:
                        raise BadInput(
                            f"The folder {folder} holds more than {MAX_FOLDER_ENTRIES:,} files: "
                            "name the folder that holds the pictures only."
                        )
                    if entry.name.startswith(".") or entry.name == "__MACOSX":
                        continue
                    name = f"{relative}/{entry.name}" if relative else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(name)
                    elif entry.name.lower().endswith(SUFFIXES) and entry.is_file():
                        names.append(name)
        except OSError as error:
            if not relative:
                raise BadInput(f"The folder {folder} can't be read ({error.strerror}).") from error
    return names, (str(folder), *times), max(time_ns for _, time_ns in times)


def _stamp_again(path: Path, stamp: Any) -> Hashable:
    """What the stamp of an unchanged folder or zip would be now."""
    try:
        if not path.is_dir():
            return _file_stamp(os.stat(path))
        return (str(path), *((relative, os.stat(path / relative).st_mtime_ns) for relative, _ in stamp[1:]))
    except (OSError, TypeError):
        return None


def _file_stamp(stat: os.stat_result) -> Hashable:
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _read_file(path: Path) -> bytes:
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
            raise ValueError("the file is too large")
        return file.read()


# ---- zips, read in place: nothing is ever unpacked, so no name in them can reach outside


@contextlib.contextmanager
def _opened(path: Path, place: str) -> Iterator[tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]]:
    """An archive within the limits and its picture files by name."""
    try:
        archive = zipfile.ZipFile(_check_index(path, place))
    except (OSError, zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{place} can't be read as a zip ({first_line(error)}): make it again.") from error
    with archive:
        members = {info.filename: info for info in archive.infolist() if _is_picture(info.filename)}
        _check_limits(list(members.values()), place)
        inner = next((name for name in archive.namelist() if name.lower().endswith(".zip")), "")
        if inner and not members:
            raise BadInput(f"{place} holds no pictures but the archive {inner[:200]!r}: unpack it once and use that.")
        yield archive, members


def _check_npz(path: Path, place: str) -> None:
    if path.is_file() and zipfile.is_zipfile(path):
        _check_index(path, place or f"The file {path}")


def _check_index(path: Path, place: str) -> Path:
    """Refuse an archive whose list of members alone would fill the memory, before Python's reader loads it."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 65_557 - 76))  # longest comment, end record, and the two records of zip64
        tail = file.read()
        at = tail.rfind(b"PK\5\6")
        sizes = [struct.unpack_from("<I", tail, at + 12)[0]] if 0 <= at <= len(tail) - 22 else []
        wide = tail.rfind(b"PK\6\6", 0, max(at, 0))
        if 0 <= wide <= len(tail) - 56:
            sizes.append(struct.unpack_from("<Q", tail, wide + 40)[0])
        sizes = [n for n in sizes if n <= size]
        too_many = any(n > MAX_ZIP_INDEX_BYTES for n in sizes)
        if sizes and not too_many:  # the counts that an archive states may lie, so its entries are counted
            end = size - len(tail) + (wide if wide >= 0 else at)
            file.seek(max(0, end - max(sizes)))
            too_many = file.read(max(sizes)).count(b"PK\1\2") > MAX_ZIP_MEMBERS
    if too_many:
        raise BadInput(f"{place} lists too many files; the limit is {MAX_ZIP_MEMBERS:,}.")
    return path


def _check_limits(members: list[zipfile.ZipInfo], place: str) -> None:
    expanded, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if expanded > MAX_ZIP_BYTES or expanded > max(2**30, MAX_ZIP_RATIO * packed):
        raise BadInput(f"{place} would unpack to {expanded / 2**30:,.1f} GiB, which is more than is reasonable for it.")
