"""Many picture files to rows of one uint8 array, on every core; no torch.

Threads hardly help, for decoding small pictures is half Python: on 2 cores they prepared 1.2 times as many as one
thread, processes 1.85 times. A worker is started by its module's name, not by multiprocessing, so that a script or a
notebook needs no `if __name__ == "__main__"`; it ends when its standard input does, however the parent died.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dcgan.data import rows
from dcgan.data.fingerprint import digest_of
from dcgan.data.picture_files import reader
from dcgan.errors import first_line
from dcgan.images.decode import decode, fit
from dcgan.images.tones import NEWEST, Reading
from dcgan.system.paths import PROJECT

CHUNK = 16  # pictures that a worker gets at a time
MIN_FOR_WORKERS = 300  # pictures below which starting processes costs more than it saves
MAX_WORKERS = 16
MISSING = ""  # instead of a file's bytes, where it is gone


class Shape(NamedTuple):
    """What a picture is made into."""

    size: int  # pixels across and down
    channels: int  # 1 grey, 3 colour
    crop: str  # see `dcgan.images.decode.fit`
    reading: Reading = NEWEST

    @property
    def row_bytes(self) -> int:
        return self.channels * self.size**2


Fact = tuple[str, str]  # the digest of a picture file, and "name: reason" if it could not be read
Chunk = tuple[list[str], list[Fact], bytes]  # names, a fact for each, and the rows (C, S, S) of those that were read


def decoded(path: Path, names: Sequence[str], shape: Shape) -> Generator[Chunk, None, None]:
    """Decode the pictures of a folder or zip, in order; those that are rows are read here and given to the workers."""
    chunks = [list(names[start : start + CHUNK]) for start in range(0, len(names), CHUNK)]
    num_workers = min(_cores(), MAX_WORKERS)
    if len(names) < MIN_FOR_WORKERS or num_workers == 1:
        with reader(path, version=shape.reading.version) as read:
            for chunk in chunks:
                yield chunk, *_decode(read, chunk, shape)
        return
    idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()

    def ask(chunk: list[str], contents: list[bytes | str] | None) -> tuple[list[Fact], bytes]:
        worker = idle.get()
        try:
            return worker.ask(chunk, contents)
        finally:
            idle.put(worker)

    with contextlib.ExitStack() as stack:
        given = stack.enter_context(reader(path)) if rows.kind_of(path) else None
        for _ in range(num_workers):
            idle.put(stack.enter_context(contextlib.closing(_Worker(path if given is None else None, shape))))
        pool = ThreadPoolExecutor(num_workers)
        stack.callback(pool.shutdown, cancel_futures=True)
        waiting: deque[tuple[list[str], Future[Any]]] = deque()  # a window, so that results never pile up
        for chunk in chunks:
            contents = None if given is None else [_content(given, name) for name in chunk]
            waiting.append((chunk, pool.submit(ask, chunk, contents)))
            if len(waiting) >= 4 * num_workers:
                done, future = waiting.popleft()
                yield done, *future.result()
        for done, future in waiting:
            yield done, *future.result()


def _decode(read: Callable[[str], bytes], names: list[str], shape: Shape) -> tuple[list[Fact], bytes]:
    facts, rows = [], []
    for name in names:
        digest, content = digest_of(read, name)
        try:
            opened = decode(lambda _: _given(content), name, shape.size, shape.reading)  # noqa: B023 used at once
            picture = fit(opened, shape.size, shape.channels, shape.crop)
        except ValueError as error:
            facts.append((digest, str(error)))
            continue
        pixels = np.asarray(picture).reshape(shape.size, shape.size, shape.channels)
        rows.append(pixels.transpose(2, 0, 1).tobytes())  # (C, S, S)
        facts.append((digest, ""))
    return facts, b"".join(rows)


def _content(read: Callable[[str], bytes], name: str) -> bytes | str:
    """The bytes of a picture file, or why it can't be read."""
    try:
        return read(name)
    except FileNotFoundError:
        return MISSING
    except Exception as error:  # as in `digest_of`
        return first_line(error)


def _given(content: bytes | Exception) -> bytes:
    if isinstance(content, Exception):
        raise content
    return content


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# ---- a worker: one JSON line with names in, and the files with their sizes if it doesn't read them itself; one JSON
# line with facts and then the rows out


class _Worker:
    """A process that decodes chunks of one folder or zip, or without a path what it is given."""

    def __init__(self, path: Path | None, shape: Shape) -> None:
        job = json.dumps(["" if path is None else os.fspath(path), *shape])
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "dcgan.data.decode_workers", job],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._row_bytes = shape.row_bytes

    def ask(self, names: list[str], contents: list[bytes | str] | None = None) -> tuple[list[Fact], bytes]:
        """Facts and rows of these pictures; raises RuntimeError if the process has died."""
        assert self._process.stdin and self._process.stdout
        try:
            sizes = [each if isinstance(each, str) else len(each) for each in contents or ()]
            self._process.stdin.write(json.dumps([names, sizes]).encode() + b"\n")
            for each in contents or ():
                self._process.stdin.write(b"" if isinstance(each, str) else each)
            self._process.stdin.flush()
            facts = [(digest, reason) for digest, reason in json.loads(self._process.stdout.readline())]
            rows = self._process.stdout.read(self._row_bytes * sum(not reason for _, reason in facts))
        except (OSError, ValueError) as error:
            raise RuntimeError(f"decoding died between the pictures {names[0]!r} and {names[-1]!r}") from error
        return facts, rows

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def _serve(job: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to obey
    path, size, channels, crop, how = json.loads(job)
    shape = Shape(size, channels, crop, Reading(*how))
    with reader(Path(path), version=shape.reading.version) if path else contextlib.nullcontext() as read:
        for line in sys.stdin.buffer:
            names, sizes = json.loads(line)
            given = [each if isinstance(each, str) else sys.stdin.buffer.read(each) for each in sizes]
            facts, pixels = _decode(read or _reader_of(dict(zip(names, given, strict=True))), names, shape)
            sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + pixels)
            sys.stdout.buffer.flush()


def _reader_of(contents: dict[str, bytes | str]) -> Callable[[str], bytes]:
    """Reads what was given, and fails as the parent did."""

    def read(name: str) -> bytes:
        content = contents[name]
        if content == MISSING:
            raise FileNotFoundError
        if isinstance(content, str):
            raise ValueError(content)
        return content

    return read


if __name__ == "__main__":
    _serve(sys.argv[1])
