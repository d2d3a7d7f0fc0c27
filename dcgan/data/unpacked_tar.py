"""A packed tar as a plain one, made once in the cache of prepared pictures: packed, it has no middle to read from.

It is <cache>/.<key>.tar, by the packed file's inode, size and times, and is removed there a week after its last use.
"""

import bz2
import gzip
import hashlib
import lzma
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from dcgan.data.archive_members import check_sizes
from dcgan.errors import BadInput
from dcgan.system.files import PRIVATE, private
from dcgan.system.paths import data_dir

OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
PIECE = 2**20  # bytes unpacked at a time
_refused: dict[str, Exception] = {}  # by key: a page asks at every rerun


def unpacked(path: Path, stat: os.stat_result, place: str) -> Path:
    """The plain tar, which is the file itself if it isn't packed.

    Raises BadInput, which calls it `place`, and what the openers raise for a damaged file.
    """
    with open(path, "rb") as file:
        opener = opener_of(file.read(8))
    if opener is None:
        return path
    state = f"{stat.st_dev} {stat.st_ino} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}"
    key = hashlib.sha256(state.encode()).hexdigest()[:32]
    if key in _refused:
        raise _refused[key].with_traceback(None)
    folder = data_dir() / "cache"
    target = folder / f".{key}.tar"
    try:
        folder.mkdir(PRIVATE, parents=True, exist_ok=True)
        if not target.exists():
            with FileLock(folder / f".{key}.lock", mode=0o600) as lock:  # it saves work, no more than that
                try:
                    if not target.exists():
                        _unpack(opener, path, target, stat.st_size, place)
                finally:
                    Path(lock.lock_file).unlink(missing_ok=True)
        os.utime(target)  # in use
    except Exception as error:
        if not isinstance(error, OSError) or error.errno is None:  # the file's own fault
            _refused[key] = error
            raise
        raise BadInput(
            f"{place} could not be unpacked to {folder} ({error.strerror}): make room there, or name another folder in "
            "the environment variable DCGAN_DATA."
        ) from error
    return target


def opener_of(start: bytes) -> Callable[..., Any] | None:
    """What opens a packed file that begins so; None for any other."""
    return next((opener for begins, opener in OPENERS.items() if start.startswith(begins)), None)


def _unpack(opener: Callable[..., Any], path: Path, target: Path, packed: int, place: str) -> None:
    draft, done = target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.tmp"), 0
    try:
        with opener(path, "rb") as given, open(draft, "wb", opener=private) as out:
            while piece := given.read(PIECE):
                done += len(piece)
                check_sizes(done, packed, place)
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)  # a full disk is not left full
