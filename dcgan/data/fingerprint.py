"""Which data set is this: hashes of all its bytes, remembered, and what differs between two; no torch."""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from dcgan.data import rows
from dcgan.data.picture_files import SETTLED_SECONDS
from dcgan.system.files import PRIVATE, publish

REMEMBER_SECONDS = 0.5  # hashing that takes longer is not done again for files that have not been touched


def of_arrays(arrays: list[np.ndarray], classes: tuple[int, ...]) -> str:
    """The fingerprint, 32 hex digits, of an IDX set with a class filter."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape}".encode() + array.data)
    digest.update(f"{classes}".encode())
    return digest.hexdigest()[:32]


def of_files(spec: str, path: Path, names: Iterable[str], read: Callable[[str], bytes], memory: Path) -> str:
    """The fingerprint, 32 hex digits, of picture files: of all their names and bytes.

    What took long is remembered in the folder `memory`, for as long as no file's size, time or inode changes.
    """
    names = list(names)
    state = _state(path, names)
    note = memory / f"{hashlib.sha256(spec.encode(errors='surrogateescape')).hexdigest()[:32]}.known"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(note.read_text())
        if state and known["state"] == state:
            return str(known["fingerprint"])
    began = time.monotonic()
    found = of_digests({name: digest_of(read, name)[0] for name in names})
    if state and time.monotonic() - began > REMEMBER_SECONDS:
        with contextlib.suppress(OSError):  # then it is hashed again
            memory.mkdir(PRIVATE, parents=True, exist_ok=True)
            publish(note, json.dumps({"state": state, "fingerprint": found}).encode())
    return found


def digest_of(read: Callable[[str], bytes], name: str) -> tuple[str, bytes | Exception]:
    """The SHA-256 of a file in hex and its bytes, or the kind of error and the error."""
    try:
        content = read(name)
    except Exception as error:  # a damaged member of a zip, a file that vanished: part of what the data is
        return type(error).__name__, error
    return hashlib.sha256(content).hexdigest(), content


def of_digests(digests: Mapping[str, str]) -> str:
    """The fingerprint of picture files by their names and digests."""
    whole = hashlib.sha256()
    for name in sorted(digests):
        whole.update(hashlib.sha256(name.encode(errors="surrogateescape")).digest())
        digest = digests[name]
        whole.update(bytes.fromhex(digest) if len(digest) == 64 else digest.encode())
    return whole.hexdigest()[:32]


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[list[str], list[str], list[str]]:
    """The names that are gone, that are new, and whose content differs."""
    gone = sorted(before.keys() - now.keys())
    new = sorted(now.keys() - before.keys())
    return gone, new, sorted(name for name in before.keys() & now.keys() if before[name] != now[name])


def _state(path: Path, names: list[str]) -> str:
    """A hash of what the file system says about the files, or "" where that can't be relied on.

    The time of the last change of the inode can't be set by a program, so no change of content escapes it; but files
    changed a moment ago could change again within the same tick of the file system's clock.
    """
    if os.name == "nt":
        return ""
    digest, newest = hashlib.sha256(), 0
    try:
        root = os.fspath(path)
        for name in rows.found(path).rows.files if rows.kind_of(path) else names if path.is_dir() else [""]:
            stat = os.stat(os.path.join(root, name) if name else root)
            newest = max(newest, stat.st_ctime_ns, stat.st_mtime_ns)
            facts = f"{name}\0{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino} {stat.st_dev}\n"
            digest.update(facts.encode(errors="surrogateescape"))
    except OSError:
        return ""
    return digest.hexdigest() if time.time_ns() - newest > SETTLED_SECONDS * 1e9 else ""
