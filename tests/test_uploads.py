"""Uploads: kept whole under one plain name, or refused without a trace."""

import io
import os
import re
import zipfile
from pathlib import Path

import pytest

from dcgan import sources, uploads
from dcgan.pictures import decode
from tests.files import colour, encode, refuse, write_zip


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_upload_of_pictures(tmp_path):
    files = [("../../evil.png", encode(colour())), ("b\\c.PNG", io.BytesIO(encode(colour(seed=1)))), ("x.txt", b"")]
    first = uploads.store_upload(files, "../My cats <b>", tmp_path)
    assert first == tmp_path / "uploads" / "My_cats_b"
    assert everything(tmp_path) == ["uploads/My_cats_b/00000-evil.png", "uploads/My_cats_b/00001-c.png"]
    sources.check(sources.resolve(str(first)))
    files[1][1].seek(0)
    assert uploads.store_upload(files, "../My cats <b>", tmp_path).name == "My_cats_b-2"
    assert sorted(os.listdir(tmp_path / "uploads")) == ["My_cats_b", "My_cats_b-2"]


def test_upload_of_a_zip_unpacks_nothing(tmp_path):
    names = ["../../evil.png", "/etc/evil.png", "a/b.png", "inner.zip"]
    archive = write_zip(tmp_path / "z.zip", {name: encode(colour()) for name in names})
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "a") as out:
        out.writestr(link, "/etc/passwd")
    inside = tmp_path / "deep" / "data"
    saved = uploads.store_upload([("Z.ZIP", archive.read_bytes())], "zoo", inside)
    assert saved == inside / "uploads" / "zoo" / "zoo.zip"
    assert everything(tmp_path) == ["deep/data/uploads/zoo/zoo.zip", "z.zip"]
    source = sources.resolve(str(saved))
    assert sources.count(source) == 4
    with sources.pictures(source) as (_, read), pytest.raises(ValueError, match="link.png: a link, not a picture"):
        decode(read, "link.png")


@pytest.mark.parametrize(
    "files,words",
    [
        ([], ["The upload holds no pictures"]),
        ([("a.txt", b"")], ["The upload holds no pictures"]),
        ([("a.png", b"<html>")], ["None of the 1 picture files in the upload", "00000-a.png"]),
        ([("a.png", encode(colour()))], ["The upload holds only one picture that can be read", "at least 2."]),
        ([("a.zip", b"x"), ("b.png", b"")], ["either pictures or one zip"]),
        ([("a.zip", b"x")], ["The upload can't be read as a zip"]),
    ],
)
def test_bad_upload_is_refused_and_leaves_nothing(tmp_path, files, words):
    with refuse(*words):
        uploads.store_upload(files, "x", tmp_path)
    assert everything(tmp_path) == [] and not list(tmp_path.glob("uploads/*"))


def test_upload_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "uploads").write_text("a file in the way")
    with refuse("The upload could not be saved in", str(tmp_path / "uploads")):
        uploads.store_upload([("a.png", b"")], "x", tmp_path)


@pytest.mark.parametrize("name", ["", "..", "a/../..", "x" * 300, "猫" * 300, ".hidden", "<b>", "a\0b", "-", "\ud800"])
def test_safe_name_is_one_plain_component(tmp_path, name):
    safe = uploads.safe_name(name)
    assert re.fullmatch(r"[\w-][\w.-]*", safe) and len(safe) <= 54
    (tmp_path / safe).mkdir()
    assert os.listdir(tmp_path) == [safe]
