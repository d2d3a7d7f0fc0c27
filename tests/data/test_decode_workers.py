"""Decoding in this process and in others gives the same, and ends cleanly."""

import gc

import pytest
from PIL import Image

from dcgan.data import decode_workers
from dcgan.data.decode_workers import Shape, decoded
from tests.files import colour, encode, write_pictures, write_zip

SHAPE = Shape(8, 3, "square")


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(decode_workers, "_cores", lambda: 2)
    monkeypatch.setattr(decode_workers, "CHUNK", 5)


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize("shape", [SHAPE, Shape(4, 1, "178x208")])
def test_workers_do_what_this_process_would(tmp_path, two_cores, monkeypatch, form, shape):
    folder = write_pictures(tmp_path / "d", 33)
    (folder / "010.png").write_bytes(b"<html>")
    (folder / "011 \udcff 猫.png".encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")).write_bytes(
        encode(colour())
    )
    names = sorted(path.name for path in folder.iterdir())
    path = folder
    if form == "zip":
        names = [name for name in names if "\udcff" not in name]
        path = write_zip(tmp_path / "d.zip", {name: (folder / name).read_bytes() for name in names})
    here = list(decoded(path, names, shape))
    monkeypatch.setattr(decode_workers, "MIN_FOR_WORKERS", 0)
    assert list(decoded(path, names, shape)) == here
    assert [name for chunk, _, _ in here for name in chunk] == names
    facts = dict(zip(names, (fact for _, facts, _ in here for fact in facts), strict=True))
    assert facts["010.png"][1] == "010.png: not a picture in a known format" and len(facts["010.png"][0]) == 64
    assert sum(len(rows) for *_, rows in here) == (len(names) - 1) * shape.row_bytes


def test_workers_end_when_nobody_listens_any_more(tmp_path, two_cores, monkeypatch):
    monkeypatch.setattr(decode_workers, "MIN_FOR_WORKERS", 0)
    started = []
    popen = decode_workers.subprocess.Popen
    monkeypatch.setattr(
        decode_workers.subprocess, "Popen", lambda *args, **kw: started.append(popen(*args, **kw)) or started[-1]
    )
    folder = write_pictures(tmp_path / "d", 40)
    chunks = decoded(folder, sorted(path.name for path in folder.iterdir()), SHAPE)
    next(chunks)
    chunks.close()
    assert len(started) == 2 and all(process.returncode == 0 for process in started)


def test_a_worker_that_dies_is_said_where(tmp_path, two_cores, monkeypatch):
    monkeypatch.setattr(decode_workers, "MIN_FOR_WORKERS", 0)
    monkeypatch.setattr(decode_workers.sys, "executable", "/bin/false")
    folder = write_pictures(tmp_path / "d", 4)
    with pytest.raises(RuntimeError, match="decoding died between the pictures '000.png' and '003.png'"):
        list(decoded(folder, sorted(path.name for path in folder.iterdir()), SHAPE))
    gc.collect()


def test_rows_are_planes_of_one_colour(tmp_path):
    (tmp_path / "a.png").write_bytes(encode(Image.new("RGB", (30, 20), (1, 2, 3))))
    ((_, _, rows),) = decoded(tmp_path, ["a.png"], SHAPE)
    assert rows == b"\1" * 64 + b"\2" * 64 + b"\3" * 64
