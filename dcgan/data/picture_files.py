"""The picture files of a folder, zip or tar, listed and read within limits; light enough for a page (no torch)."""

import contextlib
import os
import threading
import time
import zipfile
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dcgan.data import archive_members, rows
from dcgan.data.archive_members import Opened
from dcgan.data.folder_files import list_folder, times_again
from dcgan.data.tar_files import is_one, opened_tar
from dcgan.data.unused import Unused
from dcgan.data.zip_files import check_index, opened_zip
from dcgan.images.tones import READING

SETTLED_SECONDS = 2.0  # a younger change may be followed by one with the same time stamp


class Listing(NamedTuple):
    """The picture files that a folder or archive holds."""

    names: tuple[str, ...]  # relative paths with forward slashes, sorted; of rows, in their order
    stamp: Hashable  # changes when a file comes or goes
    settled: bool  # whether that can be relied on
    unused: tuple[Unused, ...] = ()  # what else it holds
    remark: str = ""  # how it is used, a sentence


_kept: dict[tuple[Path, int], Listing] = {}  # a page asks at every rerun
_answers: dict[tuple[Hashable, ...], Any] = {}  # what was found out about a listing
_lock = threading.Lock()


def listing(path: Path, place: str = "", version: int = READING) -> Listing:
    """List a folder, zip or tar, at the price of a few stat calls while nothing has come or gone; raises BadInput.

    An archive is known by its time, size and inode; a folder by the times of itself and of the folders in it. Of what
    holds pictures as rows, see `dcgan.data.rows`, the names are in the order of the rows. `version` is that of
    `dcgan.images.tones.Reading`.
    """
    if rows.kind_of(path):
        _check_npz(path, place)
        of_rows = rows.found(path, place)
        return Listing(of_rows.rows.names, of_rows.stamp, of_rows.settled)
    with _lock:
        found = _kept.get((path, version))
    if found is not None and found.stamp == _stamp_again(path, found.stamp):
        return found
    began = time.time_ns()
    if path.is_dir():
        names, times, newest, unused = list_folder(path, version)
        remark = ""
        stamp: Hashable = (version, str(path), times)
    else:
        with _opened(path, place, version) as opened:
            names, unused, newest = list(opened.names), opened.unused, opened.stat.st_mtime_ns
            stamp, remark = (version, "", _file_stamp(opened.stat)), opened.remark
    found = Listing(tuple(sorted(names)), stamp, began - newest > SETTLED_SECONDS * 1e9, unused, remark)
    with _lock:
        if found.settled:
            _kept[path, version] = found
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
def reader(path: Path, place: str = "", version: int = READING) -> Iterator[Callable[[str], bytes]]:
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
    with _opened(path, place, version) as opened:
        yield opened.read


def _opened(path: Path, place: str, version: int) -> contextlib.AbstractContextManager[Opened]:
    place = place or f"The archive {path}"
    return opened_tar(path, place) if is_one(path) else opened_zip(path, place, version)


def _stamp_again(path: Path, stamp: Any) -> Hashable:
    """What the stamp of an unchanged folder or archive would be now."""
    version, folder, known = stamp
    try:
        return version, folder, times_again(path, known) if path.is_dir() else _file_stamp(os.stat(path))
    except (OSError, TypeError, ValueError):
        return None


def _file_stamp(stat: os.stat_result) -> Hashable:
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _read_file(path: Path) -> bytes:
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size > archive_members.MAX_FILE_BYTES:
            raise ValueError("the file is too large")
        return file.read()


def _check_npz(path: Path, place: str) -> None:
    if path.is_file() and zipfile.is_zipfile(path):
        check_index(path, place or f"The file {path}")
