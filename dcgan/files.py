"""Files that appear whole or not at all."""

import contextlib
import os
import shutil
import uuid
from pathlib import Path


def publish(path: Path, data: bytes, sync: bool = True) -> None:
    """Write a file so that a reader sees the old or the new content, never a part, even after a crash.

    `sync` waits for the disk: for what must survive a power cut, not for a heartbeat.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with open(draft, "wb") as file:
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
            with open(source, "rb") as original, open(draft, "wb") as copy:
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
