"""A file appears whole or not at all, at whatever call its writer dies."""

import io
import os
import threading
from pathlib import Path

import pytest

from dcgan.system import files
from dcgan.system.files import publish


class Crash(BaseException):
    """The process is gone: nothing after this point runs."""


def test_publish_puts_the_content_there_and_nothing_else(tmp_path):
    publish(tmp_path / "a.json", b"old")
    publish(tmp_path / "a.json", b"new", sync=False)
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.parametrize("call", ["open", "write", "flush", "fsync", "replace", "after"])
@pytest.mark.parametrize("before", [b"old", None])
def test_a_crash_at_any_call_leaves_the_old_or_the_new_content_whole(tmp_path, monkeypatch, call, before):
    path, new = tmp_path / "a.bin", bytes(range(256)) * 400
    if before is not None:
        path.write_bytes(before)

    def crash(*args, **kwargs):
        raise Crash

    class Torn:
        """A file whose writes end in mid-content."""

        def __init__(self, path, mode, opener):
            self.file = io.FileIO(path, mode, opener=opener)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def write(self, data):
            self.file.write(data[: len(data) // 2] if call == "write" else data)
            if call == "write":
                raise Crash

        def flush(self):
            if call == "flush":
                raise Crash

        def fileno(self):
            return self.file.fileno()

    monkeypatch.setattr(files, "open", crash if call == "open" else Torn, raising=False)
    monkeypatch.setattr(Path, "unlink", lambda *args, **kwargs: None)  # a dead process cleans nothing up
    if call in ("fsync", "replace"):
        monkeypatch.setattr(os, call, crash)
    if call == "after":
        monkeypatch.setattr(files, "sync_directory", crash)
    with pytest.raises(Crash):
        publish(path, new)
    left = path.read_bytes() if path.exists() else None
    assert left == (new if call == "after" else before)


def test_the_content_is_on_the_disk_before_its_name_is(tmp_path, monkeypatch):
    calls = []

    def spy(name: str) -> None:
        def call(*args):
            calls.append(name)
            return real(*args)

        real = getattr(os, name)
        monkeypatch.setattr(os, name, call)

    spy("fsync")
    spy("replace")
    publish(tmp_path / "a", b"x")
    assert calls == ["fsync", "replace", "fsync"]  # the file, its name, the directory


def test_a_failed_write_leaves_no_litter(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        publish(tmp_path / "a", b"x")
    assert os.listdir(tmp_path) == []


def test_a_reader_never_sees_a_part(tmp_path):
    path, seen, done = tmp_path / "status.json", set(), threading.Event()
    contents = {bytes([65 + i]) * 200_000 for i in range(4)}
    publish(path, min(contents))

    def write():
        for _ in range(50):
            for content in contents:
                publish(path, content, sync=False)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        seen.add(path.read_bytes())
    writer.join()
    assert seen <= contents and len(seen) > 1


def test_publish_makes_no_directory(tmp_path):
    with pytest.raises(FileNotFoundError):
        publish(tmp_path / "gone" / "status.json", b"{}")
    assert os.listdir(tmp_path) == []
