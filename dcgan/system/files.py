"""Files that appear whole or not at all, and the reading of those that anybody may have put in their place."""

import contextlib
import errno
import os
import shutil
import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

Opener = Callable[[str, int], int]
PRIVATE = 0o700  # the rights of a folder of ours: runs, uploads and prepared pictures may show what is private


def open_regular(path: Path, most: int | None = None) -> BinaryIO:
    """Open a regular file of at most `most` bytes; raises OSError for anything else, and never waits for a pipe."""
    file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")
    about = os.fstat(file.fileno())
    problem = 0 if stat.S_ISREG(about.st_mode) else errno.EINVAL
    if not problem and most is not None and about.st_size > most:
        problem = errno.EFBIG
    if problem:
        file.close()
        raise OSError(problem, os.strerror(problem), str(path))
    return file


def read_regular(path: Path, most: int | None = None) -> bytes:
    """The bytes of a regular file; raises OSError like `open_regular`."""
    with open_regular(path, most) as file:
        return file.read()


def private(path: str, flags: int) -> int:
    """An opener for `open`: a file that it makes is its owner's alone; one that is there keeps its rights."""
    return os.open(path, flags, 0o600)


def publish(path: Path, data: bytes, sync: bool = True, opener: Opener | None = private) -> None:
    """Write a file so that a reader sees the old or the new content, never a part, even after a crash.

    `sync` waits for the disk: for what must survive a power cut, not for a heartbeat. An `opener` of None gives the
    usual rights: for a file that a person asked for at a place of theirs.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with open(draft, "wb", opener=opener) as file:
            file.write(data)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    if sync:
        sync_directory(path.parent)


def overwrite(path: Path, data: bytes) -> None:
    """Put a text into the room that a file has already, as even a full disk allows; spaces fill what is left of it.

    Not for what must survive a crash: a reader may see a mixture for a moment. Raises OSError.
    """
    with open(path, "r+b", buffering=0) as file:
        file.write(data.rstrip().ljust(path.stat().st_size))


def share(source: Path, target: Path) -> None:
    """Give a published file a second name that costs no room; where the disk knows no links, make a copy.

    Right only for files that are replaced and never written to. Raises OSError; `target` then is as it was.
    """
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        try:
            os.link(source, draft)
        except FileNotFoundError:
            raise
        except OSError:
            with open(source, "rb") as original, open(draft, "wb", opener=private) as copy:
                shutil.copyfileobj(original, copy)
                copy.flush()
                os.fsync(copy.fileno())
        os.replace(draft, target)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)  # a rename onto another name of the same file leaves both


def sync_directory(path: Path) -> None:
    """Make a rename in this directory survive a power cut (a directory can't be opened on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def bytes_in(*folders: Path) -> int:
    """Bytes of all files in the folders; one with several names counts once."""
    sizes: dict[tuple[int, int], int] = {}
    for top in folders:
        for folder, _, names in os.walk(top):
            for name in names:
                with contextlib.suppress(OSError):  # gone while we looked
                    stat = os.stat(os.path.join(folder, name))
                    sizes[stat.st_dev, stat.st_ino] = stat.st_size
    return sum(sizes.values())
