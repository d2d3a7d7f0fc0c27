"""Uploads: kept whole under the name they came with, or refused without a trace."""

import io
import os
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dcgan.data import source_pictures, sources, uploads
from dcgan.images.decode import decode
from dcgan.images.formats import SUFFIXES
from dcgan.system.names import run_name
from tests.files import colour, encode, refuse, write_tar, write_zip


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def store(files: dict[str, bytes], data_dir: Path) -> Path:
    opened: list[tuple[str, IO[bytes]]] = [(name, io.BytesIO(content)) for name, content in files.items()]
    return uploads.store_upload(opened, data_dir)


def test_upload_of_pictures(tmp_path):
    files = {"../../evil.png": encode(colour()), "b\\c.PNG": encode(colour(seed=1)), "x.txt": b""}
    first = store(files, tmp_path)
    assert first == tmp_path / "uploads" / "My pictures"
    assert everything(tmp_path) == ["uploads/My pictures/00000-evil.png", "uploads/My pictures/00001-c.png"]
    sources.check(sources.resolve(str(first)))
    assert store(files, tmp_path).name == "My pictures-2"
    assert sorted(os.listdir(tmp_path / "uploads")) == ["My pictures", "My pictures-2"]


def test_every_kind_that_a_folder_may_hold_can_be_uploaded(tmp_path):
    saved = store({f"a{suffix}": encode(colour()) for suffix in SUFFIXES}, tmp_path)
    assert sources.count(sources.resolve(str(saved))) == len(SUFFIXES)


@pytest.mark.parametrize(
    "name", ["Holiday cats.zip", "Кошки в отпуске.ZIP", "假日的猫.zip", "छुट्टी (2).zip", "😀 & $1.zip"]
)
def test_a_zip_keeps_its_name(tmp_path, name):
    content = write_zip(tmp_path / "z.zip", {f"{i}.png": encode(colour(seed=i)) for i in range(2)}).read_bytes()
    stem = name[: -len(".zip")]
    for folder in (stem, f"{stem}-2"):
        saved = store({name: content}, tmp_path)
        assert saved == tmp_path / "uploads" / folder / f"{stem}.zip"
        source = sources.resolve(str(saved))
        assert (source.spec, source.title, sources.count(source)) == (str(saved), saved.name, 2)


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".TGZ", ".gz"])
def test_a_tar_gives_its_name_without_the_ending(tmp_path, monkeypatch, suffix):
    monkeypatch.setenv("DCGAN_DATA", str(tmp_path))
    pictures = {f"{i}.png": encode(colour(seed=i)) for i in range(2)}
    content = write_tar(tmp_path / "t", pictures, mode="w" if suffix == ".tar" else "w:gz").read_bytes()
    saved = store({f"102 flowers{suffix}": content}, tmp_path)
    assert saved == tmp_path / "uploads" / "102 flowers" / f"102 flowers{suffix.lower()}"
    assert sources.count(sources.resolve(str(saved))) == 2
    assert suffix == ".gz" or run_name(f"{saved}:a") == "102 flowers:a"


def test_what_was_refused_once_is_refused_again_for_the_same_reason(tmp_path):
    broken = [("a.zip", io.BytesIO(write_zip(tmp_path / "z.zip", {"a.png": b"", "b.png": b"x"}).read_bytes()))]
    for _ in range(2):
        with refuse("None of the 2 picture files in the upload"):
            uploads.store_upload(broken, tmp_path / "data")


@pytest.mark.parametrize("name", ["a.npy", "Digits 2.NPZ", "t.parquet"])
def test_a_file_of_many_pictures_keeps_its_name(tmp_path, name):
    pixels, content = np.zeros((5, 8, 8), np.uint8), io.BytesIO()
    if name == "a.npy":
        np.save(content, pixels)
    elif name == "t.parquet":
        pq.write_table(pa.table({"image": [encode(colour(seed=i)) for i in range(5)]}), content)
    else:
        np.savez_compressed(content, images=pixels, labels=np.arange(5) % 2)
    saved = store({name: content.getvalue()}, tmp_path)
    stem, suffix = os.path.splitext(name)
    assert saved == tmp_path / "uploads" / stem / f"{stem}{suffix.lower()}"
    assert sources.count(sources.resolve(str(saved))) == 5 and run_name(str(saved)) == stem


def test_what_is_no_file_of_pictures_leaves_nothing(tmp_path):
    weights = io.BytesIO()
    np.save(weights, np.zeros(9))
    several = {"a.npy": b"", "b.npy": b""}
    for files, word in (({"w.npy": weights.getvalue()}, "The upload has the shape"), (several, "not several")):
        with refuse(word):
            store(files, tmp_path)
    with refuse("A list of files can't be uploaded without the files"):
        store({"labels.csv": b"file,label\n"}, tmp_path)
    assert everything(tmp_path) == []


def test_upload_of_a_zip_unpacks_nothing(tmp_path):
    names = ["../../evil.png", "/etc/evil.png", "a/b.png", "inner.zip"]
    archive = write_zip(tmp_path / "z.zip", {name: encode(colour()) for name in names})
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "a") as out:
        out.writestr(link, "/etc/passwd")
    inside = tmp_path / "deep" / "data"
    saved = store({"zoo.ZIP": archive.read_bytes()}, inside)
    assert saved == inside / "uploads" / "zoo" / "zoo.zip"
    assert everything(tmp_path) == ["deep/data/uploads/zoo/zoo.zip", "z.zip"]
    source = sources.resolve(str(saved))
    assert sources.count(source) == 4
    with (
        source_pictures.pictures(source) as (_, read),
        pytest.raises(ValueError, match="link.png: a link, not a picture"),
    ):
        decode(read, "link.png")


@pytest.mark.parametrize(
    "files,words",
    [
        ({}, ["The upload holds no pictures"]),
        ({"a.txt": b""}, ["The upload holds no pictures"]),
        ({"a.png": b"<html>"}, ["None of the 1 picture files in the upload", "00000-a.png"]),
        ({"a.png": encode(colour())}, ["The upload holds only one picture that can be read", "at least 2."]),
        ({"a.zip": b"x", "b.png": b""}, ["either pictures or one zip"]),
        ({"a.zip": b"x"}, ["The upload can't be read as a zip"]),
    ],
)
def test_bad_upload_is_refused_and_leaves_nothing(tmp_path, files, words):
    with refuse(*words):
        store(files, tmp_path)
    assert everything(tmp_path) == [] and not list(tmp_path.glob("uploads/*"))


def test_upload_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "uploads").write_text("a file in the way")
    with refuse("The upload could not be saved in", str(tmp_path / "uploads")) as refused:
        store({"a.png": b""}, tmp_path)
    assert "DCGAN_ROOT" in refused.value.on_page and "DCGAN_DATA" in refused.value.on_page


ODD = ["", "..", "a/../..", "x" * 300, "猫" * 300, ".hidden", "<b>", "a\0b", "-", "\ud800", "a:b?*|\".png", "nul.png",
       "a\nb.jpg", " . ", "C:\\x\\y.png"]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_safe_name_is_one_plain_component(tmp_path, name):
    safe = uploads.safe_name(name)
    assert not set(safe) & set('<>:"/\\|?*') and safe.isprintable() and safe == safe.strip(" .")
    assert 1 <= len(safe) <= 54 and len(safe.encode()) < 200 and safe.lower() != "nul.png"
    (tmp_path / safe).mkdir()
    assert os.listdir(tmp_path) == [safe]
