"""What a SPEC names, and what there is to know about it."""

import gzip
import hashlib
import os
import re
from pathlib import Path

import numpy as np
import pytest

from dcgan.data import idx, source_pictures, sources
from tests.files import colour, encode, refuse, write_mnist, write_pictures, write_zip


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    return tmp_path / "data"


# ---- specs


def test_bundled_fashion_mnist_is_the_published_one(data_dir):
    source = sources.resolve("Fashion-MNIST")
    readme = (source.path / "README.md").read_text()
    for name in idx.FILES:
        packed = (source.path / f"{name}.gz").read_bytes()
        assert hashlib.md5(packed).hexdigest() in readme
        assert hashlib.sha256(gzip.decompress(packed)).hexdigest() in readme
    images, labels = idx.read_split(source.path, "train", source.classes)
    assert images.shape == (60_000, 28, 28) and np.bincount(labels).tolist() == [6_000] * 10
    assert images.mean() / 255 == pytest.approx(0.2860, abs=5e-5)
    assert images.std() / 255 == pytest.approx(0.3530, abs=5e-5)
    assert sources.count(source) == 60_000
    assert sources.class_names(source)[9] == "Ankle boot"
    assert sources.default_channels(source) == 1
    sources.check(source)


def test_class_filter(data_dir):
    train = write_mnist(data_dir / "mnist")
    source = sources.resolve("mnist: 9,7,9")
    assert source.spec == "mnist:7,9" and sources.resolve(source.spec) == source
    images, labels = idx.read_split(source.path, "train", source.classes)
    assert set(labels) == {7, 9} and np.array_equal(images[0], train[7])
    assert sources.count(source) == len(images) == 8
    assert sources.class_names(source) == tuple("0123456789")
    assert sources.fingerprint(source) != sources.fingerprint(sources.resolve("mnist"))


def test_classes_go_by_their_names_too(data_dir):
    assert sources.resolve("fashion-mnist: Bag,sneaker,9").spec == "fashion-mnist:7,8,9"
    with refuse("fashion-mnist has the classes 0 to 9 (T-shirt/top, Trouser,", "write fashion-mnist:0"):
        sources.resolve("fashion-mnist:hat")


def write_zoo(folder: Path) -> Path:
    for kind, n in (("cats", 3), ("dogs/big", 2), ("dogs/small", 2)):
        write_pictures(folder / kind, n)
    (folder / "stray.png").write_bytes(encode(colour(seed=9)))
    return folder


@pytest.mark.parametrize("form", ["folder", "zip", "zip with one folder around"])
def test_class_folders_are_chosen_by_name(tmp_path, form):
    path = zoo = write_zoo(tmp_path / "zoo")
    if form != "folder":
        around = "" if form == "zip" else "download/zoo/"
        files = {around + file.relative_to(zoo).as_posix(): file.read_bytes() for file in zoo.rglob("*.png")}
        if around:
            del files[around + "stray.png"]  # so that the two classes are all there is
        path = write_zip(tmp_path / "zoo.zip", files)
    assert source_pictures.folder_classes(path) == {"cats": 3, "dogs": 4}
    source = sources.resolve(f"{path}: dogs")
    assert source.spec == f"{path}:dogs" and sources.resolve(source.spec) == source
    assert [name.split("dogs/")[1] for name in source_pictures.picture_names(source)] == [
        *("big/000.png", "big/001.png", "small/000.png", "small/001.png")
    ]
    assert sources.count(source) == 4 and len(sources.preview(source)) == 4
    both = sources.resolve(f"{path}:dogs,cats,dogs")
    assert both.spec == f"{path}:cats,dogs" and sources.count(both) == 7
    assert len({sources.fingerprint(s) for s in (source, both, sources.resolve(f"{path}:cats"))}) == 3
    with refuse("There is no class folder 'birds' in", "zoo", "it has cats, dogs."):
        sources.resolve(f"{path}:cats,birds")


def test_a_colon_may_be_part_of_a_path(tmp_path):
    folder = write_pictures(tmp_path / "a:b")
    assert sources.resolve(str(folder)).folders == ()
    with refuse("There is no class folder 'x'", "its pictures are not sorted into folders"):
        sources.resolve(f"{folder}:x")


@pytest.mark.parametrize("spec", ["mnist:", "mnist:10", "mnist:-1", "mnist:cat", "fashion-mnist:1,,2", "mnist:1e0"])
def test_bad_class_is_refused(spec):
    with refuse("classes 0 to 9", repr(spec), "write"):
        sources.resolve(spec)


def test_celeba_is_found_or_says_where_to_put_it(data_dir):
    with refuse("CelebA is not here: put img_align_celeba.zip", str(data_dir / "celeba")):
        sources.resolve("celeba")
    with refuse("celeba has no classes"):
        sources.resolve("celeba:1")
    write_pictures(data_dir / "celeba" / "img_align_celeba")
    assert sources.count(sources.resolve("celeba")) == 4
    assert sources.remark(sources.resolve("celeba"), 4) == "CelebA has 202,599 pictures, but 4 are here."
    assert sources.remark(sources.resolve("celeba"), 202_599) == ""
    archive = data_dir / "celeba" / "img_align_celeba.zip"
    whole = write_zip(archive, {f"img_align_celeba/{i:06d}.jpg": b"" for i in range(9)}).read_bytes()
    assert sources.resolve("celeba").path == archive
    archive.write_bytes(whole[: len(whole) // 2])  # half a download does not hide the whole folder
    assert sources.resolve("celeba").path.name == "img_align_celeba"


def test_half_a_celeba_archive_is_said_to_be_one(data_dir):
    (data_dir / "celeba").mkdir(parents=True)
    (data_dir / "celeba" / "img_align_celeba.zip").write_bytes(b"PK\3\4 half")
    with refuse("CelebA is not here (the file there is not a whole zip): put img_align_celeba.zip"):
        sources.resolve("celeba")


@pytest.mark.parametrize("spec", ["nothing-here", "/no/where", "x" * 5000, "a\0b", "~nobody-at-all/x"])
def test_unknown_spec_is_refused(spec):
    with refuse("There is no data set or path", "write fashion-mnist, mnist, celeba"):
        sources.resolve(spec)


def test_path_becomes_absolute_and_a_text_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = write_pictures(tmp_path / "cats")
    assert sources.resolve("cats").spec == str(folder)
    (tmp_path / "notes.txt").write_text("x")
    with refuse("notes.txt is neither a folder nor a zip"):
        sources.resolve("notes.txt")


# ---- questions about a source


def test_few_pictures_are_said_to_be_few(tmp_path):
    source = sources.resolve(str(write_pictures(tmp_path / "d")))
    assert "few" in sources.remark(source, 210) and "a good start" in sources.remark(source, 210)
    assert sources.remark(source, 20_000) == ""


def test_class_folders_can_be_counted_without_the_unreadable(tmp_path):
    zoo = write_zoo(tmp_path / "zoo")
    assert source_pictures.folder_classes(zoo, ["cats/000.png", "stray.png"]) == {"cats": 2, "dogs": 4}


def test_mnist_fingerprint_is_of_the_decompressed_content(data_dir):
    write_mnist(data_dir / "mnist")
    packed = sources.fingerprint(sources.resolve("mnist"))
    for name in idx.FILES:
        (data_dir / "mnist" / f"{name}.gz").unlink()
    write_mnist(data_dir / "mnist", packed=False)
    assert sources.fingerprint(sources.resolve("mnist")) == packed


def test_class_without_pictures_is_refused(data_dir):
    write_mnist(data_dir / "mnist", num_images=5)
    with refuse("mnist:8 holds fewer than 2 pictures"):
        sources.check(sources.resolve("mnist:8"))


def test_fingerprint_follows_content_and_names_only(tmp_path):
    folder = write_pictures(tmp_path / "d")
    source = sources.resolve(str(folder))
    before = sources.fingerprint(source)
    os.utime(folder / "000.png", (1, 1))
    (folder / "notes.txt").write_text("x")
    assert sources.fingerprint(source) == before and re.fullmatch("[0-9a-f]{32}", before)
    copy = write_zip(tmp_path / "d.zip", {path.name: path.read_bytes() for path in folder.glob("*.png")})
    assert sources.fingerprint(sources.resolve(str(copy))) == before
    (folder / "000.png").rename(folder / "999.png")
    renamed = sources.fingerprint(source)
    (folder / "999.png").write_bytes(encode(colour(seed=77)))
    assert len({before, renamed, sources.fingerprint(source)}) == 3


def test_default_channels(tmp_path):
    grey = write_pictures(tmp_path / "grey", 0)
    for i in range(3):
        (grey / f"{i}.jpg").write_bytes(encode(colour(seed=i).convert("L").convert("RGB"), "JPEG"))
    (grey / "broken.jpg").write_bytes(b"")
    assert sources.default_channels(sources.resolve(str(grey))) == 1
    assert sources.default_channels(sources.resolve(str(write_pictures(tmp_path / "colour")))) == 3


def test_check_names_what_is_wrong(tmp_path):
    def check(path: Path) -> None:
        sources.check(sources.resolve(str(path)))

    check(write_pictures(tmp_path / "good"))
    empty = write_pictures(tmp_path / "empty", 0)
    with refuse(f"The folder {empty} holds no pictures"):
        check(empty)
    broken = write_pictures(tmp_path / "broken", 0)
    for name in ("a.jpg", "b.png"):
        (broken / name).write_bytes(b"<html>")
    with refuse("None of the 2 picture files in the folder", str(broken), "a.jpg: not a picture in a known format"):
        check(broken)
    (broken / "c.png").write_bytes(encode(colour()))
    with refuse("only one picture that can be read", "at least 2; 2 failed, the first is a.jpg"):
        check(broken)
    archive = tmp_path / "x.zip"
    archive.write_bytes(b"not a zip")
    with refuse(f"The archive {archive} can't be read as a zip"):
        check(archive)
    whole = write_zip(archive, {"a.png": encode(colour()), "b.png": encode(colour())}).read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    with refuse(f"The archive {archive} can't be read as a zip"):
        check(archive)
    with refuse(f"The archive {archive} holds no pictures but the archive 'b/inner.zip': unpack it once"):
        check(write_zip(archive, {"a.txt": b"", "b/inner.zip": whole}))


def test_a_folder_of_nothing_but_broken_files_is_given_up_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_FAILED", 5)
    folder = write_pictures(tmp_path / "d", 0)
    for i in range(7):
        (folder / f"{i}.jpg").write_bytes(b"<html>")
    with refuse("None of the first 5 picture files in the folder"):
        sources.check(sources.resolve(str(folder)))


def test_preview(tmp_path, data_dir):
    write_mnist(data_dir / "mnist")
    shown = sources.preview(sources.resolve("mnist"), n=3, seed=1)
    assert [(p.mode, p.size) for p in shown] == [("L", (28, 28))] * 3
    folder = write_pictures(tmp_path / "d", 5)
    (folder / "broken.png").write_bytes(b"")
    source = sources.resolve(str(folder))
    shown = sources.preview(source, n=9, seed=1, size=32)
    assert [(p.mode, p.size) for p in shown] == [("RGB", (32, 32))] * 5
    again = sources.preview(source, n=2, seed=1, size=32)
    assert [p.tobytes() for p in again] == [p.tobytes() for p in shown[:2]]
