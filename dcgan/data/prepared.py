"""Pictures decoded once into a memory-mapped uint8 array, in a cache; an interrupted preparation goes on; no torch.

<cache>/<key>.npy holds the training pictures, then the test pictures; <key>.json says how many are which and which
were skipped; <key>.files lists what every row was made of. The key is fingerprint, size, channels, crop, how many
are test pictures, and how pictures are read unless it is as in the first version. Until it is whole, the array is
.<key>.draft, and .<key>.journal lists the pictures that are in it for good.
"""

import contextlib
import io
import json
import mmap
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from filelock import FileLock, Timeout

from dcgan.data import decode_workers, source_pictures, sources
from dcgan.data.decode_workers import Fact, Shape
from dcgan.data.fingerprint import of_digests
from dcgan.data.holdout import MIN_FOR_TEST
from dcgan.errors import BadInput
from dcgan.system.files import PRIVATE, private, publish, sync_directory

PREPARATION = 1  # raised when pictures are prepared in another way, so that older caches are made again
COMMIT_SECONDS = 2.0  # of work that a killed preparation loses at most
STALE_SECONDS = 7 * 86_400  # after which nobody is taken to come back to a half-made array
Progress = Callable[[int, int], None]  # called with (pictures done, pictures in all)


class Prepared(NamedTuple):
    """A data set as one array."""

    images: np.ndarray  # uint8 (N, C, S, S), mapped: what is written into it stays in this process
    num_train: int  # the rows after these are the test split
    skipped: list[str]  # "name: reason" for each picture that could not be read


def prepared(
    source: source_pictures.Source,
    fingerprint: str,
    shape: Shape,
    folder: Path,
    progress: Progress | None = None,
    num_test: int = 0,
) -> Prepared:
    """Open a data set's array, made first if it isn't there; raises BadInput when that can't be done.

    How many are the test split, `dcgan.data.holdout` says. Of several processes one makes it, and the others wait and
    report its progress; if it dies, another goes on.
    """
    key = key_of(fingerprint, shape, num_test)
    found = open_prepared(fingerprint, shape, folder, num_test)
    if found is None:
        sources.check(source)
        try:
            folder.mkdir(PRIVATE, parents=True, exist_ok=True)
            _remove_stale(folder)
            lock = FileLock(folder / f".{key}.lock", mode=0o600)
            _wait(lock, source, folder / f".{key}.draft", shape, progress)
            try:
                if open_prepared(fingerprint, shape, folder, num_test) is None:
                    _prepare(source, fingerprint, shape, folder, progress, num_test)
                Path(lock.lock_file).unlink(missing_ok=True)  # whoever still waits for it finds the array
            finally:
                lock.release()
        except OSError as error:
            raise BadInput(
                f"The prepared pictures could not be written to {folder} ({error.strerror or error}): make room there, "
                "or name another folder in the environment variable DCGAN_DATA."
            ) from error
        found = open_prepared(fingerprint, shape, folder, num_test)
        assert found is not None, folder
    if progress:
        progress(len(found.images), len(found.images))
    return found


def open_prepared(fingerprint: str, shape: Shape, folder: Path, num_test: int = 0) -> Prepared | None:
    """Map an array into memory; None if it isn't there, isn't whole, or was prepared in another way."""
    path = folder / f"{key_of(fingerprint, shape, num_test)}.npy"
    try:
        about = json.loads(path.with_suffix(".json").read_text())
        images = np.load(path, mmap_mode="c")
        if about["preparation"] != PREPARATION:
            return None
        if images.shape != (about["num_images"], shape.channels, shape.size, shape.size):
            return None
        found = Prepared(images, about["num_train"], about["skipped"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with contextlib.suppress(OSError):  # a kill came between the last two renames
        os.replace(folder / f".{path.stem}.journal", path.with_suffix(".files"))
    fits = images.nbytes < psutil.virtual_memory().available / 2
    advise(images, "MADV_WILLNEED" if fits else "MADV_RANDOM")  # read ahead all of it, or nothing that isn't asked for
    return found


def advise(images: np.ndarray, advice: str) -> None:
    """Tell the system how a mapped array is going to be used; does nothing for another or where it takes no advice."""
    base: object = images
    while base is not None and not isinstance(base, mmap.mmap):
        base = getattr(base, "base", None)
    if base is not None and hasattr(mmap, advice):
        base.madvise(getattr(mmap, advice))


# ---- making it


def _prepare(
    source: source_pictures.Source,
    fingerprint: str,
    shape: Shape,
    folder: Path,
    progress: Progress | None,
    num_test: int,
) -> None:
    """Decode every picture that is not in the draft yet, then publish."""
    key = key_of(fingerprint, shape, num_test)
    names = source_pictures.picture_names(source)
    test_names = source_pictures.held_names(source, num_test)
    order = [name for name in names if name not in test_names] + [name for name in names if name in test_names]
    draft = _Draft(folder / f".{key}.draft", order, shape)
    try:
        _need_room(folder, (len(order) - draft.done) * shape.row_bytes)
        if progress:
            progress(draft.done, len(order))
        with contextlib.closing(decode_workers.decoded(source.path, order[draft.done :], shape)) as chunks:
            for chunk in chunks:
                draft.add(*chunk)
                if progress:
                    progress(draft.done, len(order))
        draft.commit()
        vanished = any(digest == "FileNotFoundError" for digest, _ in draft.facts)
        if not vanished and of_digests(draft.digests()) != fingerprint:
            draft.remove()
            raise BadInput(f"The pictures in {source.path} changed while they were being prepared: start again.")
        draft.publish(folder / f"{key}.npy", test_names, num_test)
    except OSError:
        draft.remove()  # a full disk is not left full
        raise
    finally:
        draft.close()


class _Draft:
    """An array in the making: rows are on disk before the journal names them, so what it names is never torn."""

    def __init__(self, path: Path, order: list[str], shape: Shape) -> None:
        self.path, self.journal_path = path, path.with_suffix(".journal")
        self.order, self.shape = order, shape
        self.facts: list[Fact] = []
        self._unsaved = bytearray()  # lines of the journal
        whole = self._take_up()
        self._rows = open(path, "r+b" if path.exists() else "w+b", opener=private)  # noqa: SIM115 closed by close()
        self._journal = open(self.journal_path, "r+b" if self.journal_path.exists() else "w+b", opener=private)  # noqa: SIM115
        header = _header(len(order), shape)
        self._rows.write(header)
        self._rows.truncate(len(header) + self.num_rows * shape.row_bytes)
        self._rows.seek(0, os.SEEK_END)
        self._journal.truncate(whole)
        self._journal.seek(whole)
        self._committed = time.monotonic()

    @property
    def done(self) -> int:
        return len(self.facts)

    @property
    def num_rows(self) -> int:
        return sum(not reason for _, reason in self.facts)

    def digests(self) -> dict[str, str]:
        return {name: digest for name, (digest, _) in zip(self.order, self.facts, strict=True)}

    def add(self, names: list[str], facts: list[Fact], rows: bytes) -> None:
        self._rows.write(rows)
        for name, fact in zip(names, facts, strict=True):
            self._unsaved += json.dumps([name, *fact]).encode() + b"\n"
        self.facts += facts
        if time.monotonic() - self._committed >= COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        for file, content in ((self._rows, b""), (self._journal, self._unsaved)):
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._unsaved.clear()
        self._committed = time.monotonic()

    def publish(self, path: Path, test_names: set[str], num_test: int) -> None:
        """Give the array its name; the .json before it means nothing without it."""
        num_train = sum(
            not reason for name, (_, reason) in zip(self.order, self.facts, strict=True) if name not in test_names
        )
        if self.num_rows < MIN_FOR_TEST if num_test == 0 else num_train < 2:
            num_train = self.num_rows  # so many could not be read that the rest is needed for training
        self._rows.seek(0)
        self._rows.write(_header(self.num_rows, self.shape))  # numpy leaves room for any number of rows
        self.commit()
        skipped = [reason for _, reason in self.facts if reason]
        about = {"preparation": PREPARATION, "num_images": self.num_rows, "num_train": num_train, "skipped": skipped}
        path.unlink(missing_ok=True)  # one made in another way, or damaged: not to be taken for what the .json tells of
        publish(path.with_suffix(".json"), json.dumps(about).encode())
        self.close()  # a file that is open can't be renamed on Windows
        os.replace(self.path, path)
        with contextlib.suppress(FileNotFoundError):  # whoever opened the array first has done it
            os.replace(self.journal_path, path.with_suffix(".files"))
        sync_directory(path.parent)

    def remove(self) -> None:
        self.close()
        for path in (self.path, self.journal_path):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        for file in (self._rows, self._journal):
            with contextlib.suppress(OSError):  # what could not be flushed is not in the journal either
                file.close()

    def _take_up(self) -> int:
        """Learn from the journal what an earlier process did; the length of its lines that can be used."""
        whole = 0
        try:
            lines = self.journal_path.read_bytes().splitlines(keepends=True)
            room = (self.path.stat().st_size - len(_header(len(self.order), self.shape))) // self.shape.row_bytes
        except OSError:
            return 0
        rows = 0
        for expected, line in zip(self.order, lines, strict=False):
            try:
                name, digest, reason = json.loads(line)
            except ValueError:
                break  # the kill came while it was written
            rows += not reason
            if name != expected or not line.endswith(b"\n") or rows > room:
                break
            self.facts.append((digest, reason))
            whole += len(line)
        return whole


def _wait(lock: FileLock, source: source_pictures.Source, draft: Path, shape: Shape, progress: Progress | None) -> None:
    """Take the lock; while another process has it, tell how far that one is with the draft."""
    total = len(source_pictures.picture_names(source))
    while True:
        try:
            lock.acquire(timeout=1.0, poll_interval=0.1)
            return
        except Timeout:
            with contextlib.suppress(OSError):
                size = os.stat(draft).st_size
                if progress:
                    progress(min(total, size // shape.row_bytes), total)


def _need_room(folder: Path, num_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if num_bytes > free:
        raise BadInput(
            f"The prepared pictures need {num_bytes / 1e9:.1f} GB, but {folder} has {free / 1e9:.1f} GB left: make "
            "room there, or name another folder in the environment variable DCGAN_DATA."
        )


def key_of(fingerprint: str, shape: Shape, num_test: int) -> str:
    """The name of an array's files without their endings: what decides its pictures."""
    crop = f"-{shape.crop}" if shape.crop != "square" else ""
    how = shape.reading
    read = f"-read{how.version}" if how.version > 1 else ""
    read += f"-{how.black:g}to{how.white:g}" if how.white > how.black else ""
    return f"{fingerprint}-{shape.size}-{shape.channels}{crop}" + (f"-test{num_test}" if num_test else "") + read


def _header(num_images: int, shape: Shape) -> bytes:
    buffer = io.BytesIO()
    dimensions = (num_images, shape.channels, shape.size, shape.size)
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": dimensions})
    return buffer.getvalue()


def _remove_stale(folder: Path) -> None:
    """Remove what killed preparations left and nobody came back to."""
    for path in folder.glob(".*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()
