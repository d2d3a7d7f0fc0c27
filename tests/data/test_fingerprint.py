"""Hashing a data set: what is remembered, and what no trick with times gets past."""

import os
import time

import pytest

from dcgan.data import fingerprint as identity
from dcgan.data import sources
from tests.files import colour, encode, write_pictures


@pytest.fixture
def counted(tmp_path, monkeypatch):
    """A folder's fingerprint, and how many files were read for it."""
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    monkeypatch.setattr(identity, "REMEMBER_SECONDS", 0.0)
    monkeypatch.setattr(identity, "SETTLED_SECONDS", 0.2)
    folder, reads = write_pictures(tmp_path / "d", 3), []
    real = identity.digest_of
    monkeypatch.setattr(identity, "digest_of", lambda read, name: reads.append(name) or real(read, name))

    def fingerprint() -> tuple[str, int]:
        reads.clear()
        return sources.fingerprint(sources.resolve(str(folder))), len(reads)

    return folder, fingerprint


def test_files_that_were_not_touched_are_hashed_once(counted, tmp_path):
    folder, fingerprint = counted
    young, _ = fingerprint()
    assert fingerprint() == (young, 3)  # written a moment ago: not remembered
    time.sleep(0.3)
    assert fingerprint() == (young, 3) and fingerprint() == (young, 0)
    note = next((tmp_path / "data" / "cache").iterdir())
    note.write_text("{")
    assert fingerprint() == (young, 3) and fingerprint() == (young, 0)


def test_a_change_that_keeps_size_and_time_is_noticed(counted):
    folder, fingerprint = counted
    time.sleep(0.3)
    before, _ = fingerprint()
    path = folder / "001.png"
    stat, content = path.stat(), path.read_bytes()
    path.write_bytes(content[:-20] + bytes(8) + content[-12:])
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    time.sleep(0.3)
    assert path.stat().st_size == stat.st_size and path.stat().st_mtime_ns == stat.st_mtime_ns
    after, reads = fingerprint()
    assert after != before and reads == 3
    path.unlink()
    (folder / "new.png").write_bytes(encode(colour()))
    assert fingerprint()[1] == 3


def test_difference():
    before, now = {"a": "1", "b": "2", "c": "3"}, {"b": "2", "c": "4", "d": "5"}
    assert identity.difference(before, now) == (["a"], ["d"], ["c"])
    assert identity.difference(now, now) == ([], [], [])
