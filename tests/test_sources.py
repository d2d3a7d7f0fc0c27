"""What a SPEC names, and how strangers' picture files are read."""

import gzip
import hashlib
import io
import os
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dcgan import sources
from dcgan.config import BadInput

MNIST_FILES = [f"{name}.gz" for name in sources.IDX_FILES]


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    return tmp_path / "data"


def write_mnist(folder: Path, packed: bool = True, num_images: int = 40) -> np.ndarray:
    """Four small IDX files with labels 0..9 in turn; returns the training pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, n in (("train", num_images), ("t10k", 20)):
        images = np.random.default_rng(n).integers(0, 256, (n, 28, 28), dtype=np.uint8)
        labels = (np.arange(n) % 10).astype(np.uint8)
        for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
            content = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
            path = folder / (f"{name}.gz" if packed else name)
            path.write_bytes(gzip.compress(content) if packed else content)
        if part == "train":
            train = images
    return train


def encode(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def colour(width: int = 12, height: int = 12, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def write_pictures(folder: Path, n: int = 4) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        (folder / f"{i:03d}.png").write_bytes(encode(colour(seed=i)))
    return folder


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refuse(*words: str):
    return pytest.raises(BadInput, match=".*".join(map(re.escape, words)))


# ---- specs


def test_import_loads_neither_torch_nor_pillow():
    code = "import sys, dcgan.sources; assert not {'torch', 'torchvision', 'PIL'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_bundled_fashion_mnist_is_the_published_one(data_dir):
    source = sources.resolve("Fashion-MNIST")
    readme = (source.path / "README.md").read_text()
    for name in sources.IDX_FILES:
        packed = (source.path / f"{name}.gz").read_bytes()
        assert hashlib.md5(packed).hexdigest() in readme
        assert hashlib.sha256(gzip.decompress(packed)).hexdigest() in readme
    images, labels = sources.read_split(source, "train")
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
    images, labels = sources.read_split(source, "train")
    assert set(labels) == {7, 9} and np.array_equal(images[0], train[7])
    assert sources.count(source) == len(images) == 8
    assert sources.class_names(source) == tuple("0123456789")
    assert sources.fingerprint(source) != sources.fingerprint(sources.resolve("mnist"))


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
    write_zip(data_dir / "celeba" / "img_align_celeba.zip", {"a.jpg": b""})
    assert sources.resolve("celeba").path.suffix == ".zip"


@pytest.mark.parametrize("spec", ["", "nothing-here", "/no/where", "x" * 5000, "a\0b", "~nobody-at-all/x"])
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


# ---- MNIST, with and without a connection


@pytest.mark.parametrize("place,packed", [("mnist", True), ("mnist", False), ("MNIST/raw", False)])
def test_mnist_in_every_layout(data_dir, place, packed):
    train = write_mnist(data_dir / place, packed)
    source = sources.resolve("mnist")
    assert np.array_equal(sources.read_split(source, "train")[0], train)
    assert len(sources.read_split(source, "test")[1]) == 20


def test_mnist_fingerprint_is_of_the_decompressed_content(data_dir):
    write_mnist(data_dir / "mnist")
    packed = sources.fingerprint(sources.resolve("mnist"))
    for name in MNIST_FILES:
        (data_dir / "mnist" / name).unlink()
    write_mnist(data_dir / "mnist", packed=False)
    assert sources.fingerprint(sources.resolve("mnist")) == packed


def test_absent_mnist_says_what_to_put_where(data_dir):
    with refuse("MNIST is not here: put", *MNIST_FILES, str(data_dir / "mnist")):
        sources.resolve("mnist")
    assert not data_dir.exists()


def test_failed_download_says_the_way_out_and_leaves_nothing(data_dir, monkeypatch):
    datasets = pytest.importorskip("torchvision.datasets")

    def fail(root, download):
        (Path(root) / "MNIST" / "raw").mkdir(parents=True)
        (Path(root) / "MNIST" / "raw" / MNIST_FILES[0]).write_bytes(b"half a file")
        raise RuntimeError("no connection\nand more")

    monkeypatch.setattr(datasets, "MNIST", fail)
    with refuse("MNIST could not be downloaded (no connection): put", *MNIST_FILES, str(data_dir / "mnist")):
        sources.resolve("mnist", download=True)
    assert list(data_dir.iterdir()) == []


def test_download_is_moved_to_its_place(data_dir, monkeypatch):
    datasets = pytest.importorskip("torchvision.datasets")
    monkeypatch.setattr(datasets, "MNIST", lambda root, download: write_mnist(Path(root) / "MNIST" / "raw"))
    source = sources.resolve("mnist", download=True)
    assert sorted(os.listdir(source.path)) == sorted(MNIST_FILES) and os.listdir(data_dir) == ["mnist"]
    monkeypatch.setattr(datasets, "MNIST", None)  # the second time needs no connection
    assert sources.resolve("mnist", download=True) == source


@pytest.mark.parametrize("damage", ["cut", "empty", "html", "tail", "huge"])
def test_damaged_idx_is_refused_by_name(data_dir, damage):
    write_mnist(data_dir / "mnist")
    path = data_dir / "mnist" / MNIST_FILES[0]
    content = path.read_bytes()
    path.write_bytes({
        "cut": content[:-500],
        "empty": b"",
        "html": b"<html>quota exceeded</html>",
        "tail": gzip.compress(gzip.decompress(content) + b"x"),
        "huge": gzip.compress(struct.pack(">HBB3I", 0, 8, 3, 2**31, 28, 28)),
    }[damage])  # fmt: skip
    with refuse("train-images-idx3-ubyte.gz is damaged", "put the original file there again"):
        sources.check(sources.resolve("mnist"))


def test_idx_files_that_vanish_or_disagree_are_refused(data_dir):
    write_mnist(data_dir / "mnist")
    source = sources.resolve("mnist")
    other = data_dir / "other"
    write_mnist(other, num_images=41)
    (other / MNIST_FILES[1]).replace(source.path / MNIST_FILES[1])
    with refuse("don't belong together"):
        sources.check(source)
    (source.path / MNIST_FILES[1]).unlink()
    with refuse("train-labels-idx1-ubyte.gz is missing"):
        sources.count(source)


def test_class_without_pictures_is_refused(data_dir):
    write_mnist(data_dir / "mnist", num_images=5)
    with refuse("mnist:8 holds fewer than 2 pictures"):
        sources.check(sources.resolve("mnist:8"))


# ---- reading picture files


def read_one(folder: Path, name: str, content: bytes, size: int = 8, channels: int = 3) -> np.ndarray:
    (folder / name).write_bytes(content)
    with sources.pictures(sources.resolve(str(folder))) as (_, read):
        return np.asarray(sources.fit(sources.decode(read, name), size, channels)).astype(int)


def flat(mode: str, value) -> Image.Image:
    return Image.new(mode, (8, 8), value)


@pytest.mark.parametrize(
    "name,content,expected",
    [
        ("rgb.png", encode(flat("RGB", (200, 10, 30))), (200, 10, 30)),
        ("cmyk.jpg", encode(flat("CMYK", (0, 255, 255, 0)), "JPEG"), (254, 0, 0)),
        ("cmyk.tif", encode(flat("CMYK", (0, 255, 255, 0)), "TIFF"), (255, 0, 0)),
        ("16-bit.png", encode(flat("I;16", 32_896)), (128, 128, 128)),
        ("dark-16-bit.png", encode(flat("I;16", 257)), (1, 1, 1)),
        ("float.tif", encode(flat("F", 0.5), "TIFF"), (128, 128, 128)),
        ("clear.png", encode(flat("RGBA", (255, 0, 0, 0))), (255, 255, 255)),
        ("half.png", encode(flat("RGBA", (0, 0, 0, 128))), (127, 127, 127)),
        ("grey-clear.png", encode(flat("LA", (0, 0))), (255, 255, 255)),
        ("one-bit.png", encode(flat("1", 1)), (255, 255, 255)),
        ("palette.gif", encode(flat("RGB", (0, 0, 255)).quantize(4), "GIF"), (0, 0, 255)),
        ("tiny.png", encode(Image.new("RGB", (1, 1), (9, 8, 7))), (9, 8, 7)),
        ("WIDE.PNG", encode(Image.new("RGB", (900, 3), (9, 8, 7))), (9, 8, 7)),
        ("lossless.webp", encode(flat("RGB", (5, 6, 7)), "WEBP", lossless=True), (5, 6, 7)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_of_picture_is_read(tmp_path, name, content, expected):
    array = read_one(tmp_path, name, content)
    assert array.shape == (8, 8, 3) and np.abs(array - expected).max() <= 1


def test_transparent_palette_is_white(tmp_path):
    picture = flat("P", 0)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    assert (read_one(tmp_path, "p.png", encode(picture, transparency=0)) == 255).all()


def test_first_frame_of_an_animation(tmp_path):
    frames = encode(flat("L", 10), "GIF", save_all=True, append_images=[flat("L", 200)])
    assert np.abs(read_one(tmp_path, "a.gif", frames) - 10).max() <= 1


def test_exif_rotation_is_undone(tmp_path):
    picture = Image.new("L", (8, 8), 0)
    picture.paste(255, (0, 0, 8, 4))  # white above black ...
    exif = Image.Exif()
    exif[0x0112] = 3  # ... in a camera held upside down
    array = read_one(tmp_path, "r.jpg", encode(picture, "JPEG", exif=exif, quality=95), channels=1)
    assert array[:3].max() < 60 and array[5:].min() > 200


def test_wide_picture_is_cropped_at_its_centre(tmp_path):
    picture = Image.new("RGB", (30, 10), "red")
    picture.paste((0, 0, 255), (10, 0, 20, 10))
    assert (read_one(tmp_path, "w.png", encode(picture)) == (0, 0, 255)).all()


def test_resize_is_antialiased(tmp_path):
    board = Image.fromarray((np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8))
    assert np.abs(read_one(tmp_path, "board.png", encode(board)) - 127).max() <= 4


def bomb() -> bytes:
    """A PNG whose header declares 60,000 x 60,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    crc = struct.pack(">I", __import__("zlib").crc32(header))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + crc + encode(flat("L", 0))[33:]


BROKEN = {
    "page.jpg": (b"<html>404</html>", "not a picture in a known format"),
    "empty.png": (b"", "not a picture in a known format"),
    "script.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture in a known format"),
    "cut.png": (encode(colour(64, 64))[:2000], ""),
    "cut.jpg": (encode(colour(64, 64), "JPEG")[:1500], "truncated"),
    "bomb.png": (bomb(), "too many pixels"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_picture_is_named_with_its_reason(tmp_path, name):
    content, reason = BROKEN[name]
    with pytest.raises(ValueError, match=f"^{name}: .*{reason}"):
        read_one(tmp_path, name, content)


def test_file_that_is_too_large_or_gone_is_named(tmp_path, monkeypatch):
    write_pictures(tmp_path)
    with sources.pictures(sources.resolve(str(tmp_path))) as (names, read):
        (tmp_path / names[0]).unlink()
        with pytest.raises(ValueError, match="000.png: the file is missing"):
            sources.decode(read, names[0])
        monkeypatch.setattr(sources, "MAX_FILE_BYTES", 10)
        with pytest.raises(ValueError, match="001.png: the file is too large"):
            sources.decode(read, names[1])


# ---- folders and zips


def test_hidden_and_foreign_files_are_ignored(tmp_path):
    picture = encode(colour())
    names = ["b/2.png", "a.PNG", "__MACOSX/a.png", ".hidden.png", ".git/c.png", "notes.txt", "inner.zip", "b/Thumbs.db"]
    for name in names:
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "d" / name).write_bytes(picture)
    archive = write_zip(tmp_path / "d.zip", dict.fromkeys(names, picture))
    for path in (tmp_path / "d", archive):
        with sources.pictures(sources.resolve(str(path))) as (found, _):
            assert found == ["a.PNG", "b/2.png"]


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


def test_damaged_member_of_a_zip_is_skipped_by_name(tmp_path):
    good = encode(colour())
    archive = write_zip(tmp_path / "x.zip", {"a.png": good, "b.png": encode(colour(seed=1)), "c.png": good})
    source = sources.resolve(str(archive))
    before = sources.fingerprint(source)
    content = bytearray(archive.read_bytes())
    content[content.index(b"IDAT") + 20] ^= 255
    archive.write_bytes(content)
    sources.check(source)
    assert sources.fingerprint(source) != before
    with sources.pictures(source) as (_, read), pytest.raises(ValueError, match="a.png: Bad CRC"):
        sources.decode(read, "a.png")


def test_zip_beyond_the_limits_is_refused(tmp_path, monkeypatch):
    archive = write_zip(tmp_path / "x.zip", {f"{i}.png": encode(colour()) for i in range(9)})
    source = sources.resolve(str(archive))
    with monkeypatch.context() as patch:
        patch.setattr(sources, "MAX_ZIP_MEMBERS", 8)
        with refuse("lists too many files; the limit is 8"):
            sources.check(source)
    with monkeypatch.context() as patch:
        patch.setattr(sources, "MAX_ZIP_INDEX_BYTES", 100)
        with refuse("lists too many files"):
            sources.check(source)
    with monkeypatch.context() as patch:
        patch.setattr(sources, "MAX_ZIP_BYTES", 1000)
        with refuse("would unpack to"):
            sources.check(source)


def test_overlapping_zip_bomb_is_refused(tmp_path, monkeypatch):
    info = zipfile.ZipInfo("a.bmp")
    info.file_size, info.compress_size = 2**30 + 1, 1000
    with zipfile.ZipFile(io.BytesIO(), "w") as archive, refuse("would unpack to 1.0 GiB"):
        sources._check_limits(archive, [info], "The archive x")


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


# ---- uploads


def everything(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_upload_of_pictures(tmp_path):
    files = [("../../evil.png", encode(colour())), ("b\\c.PNG", io.BytesIO(encode(colour(seed=1)))), ("x.txt", b"")]
    first = sources.store_upload(files, "../My cats <b>", tmp_path)
    assert first == tmp_path / "uploads" / "My_cats_b"
    assert everything(tmp_path) == ["uploads/My_cats_b/00000-evil.png", "uploads/My_cats_b/00001-c.png"]
    sources.check(sources.resolve(str(first)))
    files[1][1].seek(0)
    assert sources.store_upload(files, "../My cats <b>", tmp_path).name == "My_cats_b-2"
    assert sorted(os.listdir(tmp_path / "uploads")) == ["My_cats_b", "My_cats_b-2"]


def test_upload_of_a_zip_unpacks_nothing(tmp_path):
    names = ["../../evil.png", "/etc/evil.png", "a/b.png", "inner.zip"]
    archive = write_zip(tmp_path / "z.zip", {name: encode(colour()) for name in names})
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "a") as out:
        out.writestr(link, "/etc/passwd")
    inside = tmp_path / "deep" / "data"
    saved = sources.store_upload([("Z.ZIP", archive.read_bytes())], "zoo", inside)
    assert saved == inside / "uploads" / "zoo" / "zoo.zip"
    assert everything(tmp_path) == ["deep/data/uploads/zoo/zoo.zip", "z.zip"]
    source = sources.resolve(str(saved))
    assert sources.count(source) == 4
    with sources.pictures(source) as (_, read), pytest.raises(ValueError, match="link.png: not a picture"):
        sources.decode(read, "link.png")


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
        sources.store_upload(files, "x", tmp_path)
    assert everything(tmp_path) == [] and not list(tmp_path.glob("uploads/*"))


def test_upload_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "uploads").write_text("a file in the way")
    with refuse("The upload could not be saved in", str(tmp_path / "uploads")):
        sources.store_upload([("a.png", b"")], "x", tmp_path)


@pytest.mark.parametrize("name", ["", "..", "a/../..", "x" * 300, "猫" * 300, ".hidden", "<b>", "a\0b", "-", "\ud800"])
def test_safe_name_is_one_plain_component(tmp_path, name):
    safe = sources.safe_name(name)
    assert re.fullmatch(r"[\w-][\w.-]*", safe) and len(safe) <= 54
    (tmp_path / safe).mkdir()
    assert os.listdir(tmp_path) == [safe]
