"""Files that appear whole or not at all."""

import os
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


def sync_directory(path: Path) -> None:
    """Make a rename in this directory survive a power cut (a directory can't be opened on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
