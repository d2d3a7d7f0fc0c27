"""Tars, packed or not: read in place as zips are, known by their content, and what is refused."""

import gzip
import io
import tarfile

import pytest

from dcgan.data import account, archive_members, dataset, picture_files, source_pictures, sources, tar_files
from dcgan.data.tar_files import Member
from tests.data.test_zip_names import WRITINGS
from tests.files import colour, encode, refuse, write_tar, write_zip

ZOO = {f"zoo/{kind}/{i}.png": encode(colour(seed=i)) for kind in ("cats", "dogs") for i in range(2)}
MODES = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    monkeypatch.setenv("DCGAN_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.mark.parametrize("ending", MODES)
def test_a_tar_is_read_as_the_same_zip_is(tmp_path, ending):
    others = {
        "zoo/._x.png": b"",
        "zoo/.git/y.png": b"",
        "zoo/h.svg": b"<svg>",
        "zoo/notes.txt": b"",
        "zoo/half.png": b"",
    }
    tar = write_tar(tmp_path / f"zoo{ending}", ZOO | others, mode=MODES[ending])
    found = {}
    for path in (tar, write_zip(tmp_path / "zoo.zip", ZOO | others)):
        source = sources.resolve(str(path))
        loaded = dataset.load(str(path), 16, 3)
        found[path] = (
            sources.fingerprint(source),
            source_pictures.folder_classes(path),
            account.sentences(source),
            loaded.images.tobytes(),
            loaded.told,
        )
    assert found[tar] == found.pop(tmp_path / "zoo.zip") and found[tar][1]["cats"] == 2
    assert "1 hidden file or folder (zoo/.git/y.png)" in found[tar][2][0]
    assert sources.resolve(f"{tar}:dogs").folders == ("dogs",)


def test_splits_are_found_below_a_dot(tmp_path):
    names = [f"./{split}/{kind}/{i}.png" for split in ("train", "test") for kind in "ab" for i in range(2)]
    source = sources.resolve(
        str(write_tar(tmp_path / "x.tgz", dict.fromkeys(names, ZOO["zoo/cats/0.png"]), mode="w:gz"))
    )
    assert source_pictures.held_names(source) == {name.removeprefix("./") for name in names if "test" in name}


def test_what_is_unpacked_is_one_plain_tar_that_is_made_once(tmp_path, data_dir, monkeypatch):
    hostile = {"../../evil.png": ZOO["zoo/cats/0.png"], "/etc/evil.png": ZOO["zoo/cats/1.png"]}
    path = write_tar(tmp_path / "deep" / "er" / "x.tar.gz", hostile, {"link.png": "/etc/passwd"}, "w:gz")
    with picture_files.reader(path) as read:
        assert {name: read(name) for name in picture_files.listing(path).names} == hostile
    assert [each.name.endswith(".tar") for each in (data_dir / "cache").iterdir()] == [True]
    assert not list(tmp_path.rglob("*evil*")) + list(tmp_path.rglob("link.png"))
    assert "1 link (link.png)" in account.sentences(sources.resolve(str(path)))[0]
    monkeypatch.setattr("dcgan.data.unpacked_tar._unpack", None)  # the second time must not need it
    with picture_files.reader(path.parent.rename(tmp_path / "moved") / path.name) as read:
        assert read("/etc/evil.png") == hostile["/etc/evil.png"]


@pytest.mark.parametrize("name", ["x.tar.gz", "x.zip", "pictures"])
def test_the_content_decides_not_the_ending(tmp_path, name):
    for write in (write_tar, write_zip):
        assert sources.count(sources.resolve(str(write(tmp_path / name, ZOO)))) == 4


@pytest.mark.parametrize("page", ["utf-8", "gb18030", "cp932", "cp866"])
def test_names_of_other_writings_are_read(tmp_path, page):
    names = [f"{name}/{i}.png" for name in WRITINGS[page] for i in range(2)]
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.GNU_FORMAT, encoding=page) as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
        archive.encoding, archive.format = "utf-8", tarfile.PAX_FORMAT  # which says so
        archive.addfile(tarfile.TarInfo("\u00e9/0.png"))
    assert sorted([*names, "\u00e9/0.png"]) == list(picture_files.listing(tmp_path / "x.tar").names)


def test_of_two_files_with_one_name_the_last_counts(tmp_path):
    path = write_tar(tmp_path / "x.tar", {"a.png": b"old", "./a.png": b"new"})
    with picture_files.reader(path) as read:
        assert read("a.png") == b"new"


def test_labels_beside_the_pictures_of_a_shard_are_classes(tmp_path):
    shard = {
        f"{i:03d}.{end}": each
        for i in range(6)
        for end, each in (("png", encode(colour(seed=i))), ("cls", b"%d" % (i % 2)))
    }
    path = write_tar(tmp_path / "000.tar", shard)
    assert source_pictures.folder_classes(path) == {"0": 3, "1": 3}
    assert account.sentences(sources.resolve(str(path))) == [
        "The classes are those of the .cls files beside the pictures."
    ]
    del shard["003.cls"]
    path = write_tar(tmp_path / "001.tar", shard)
    assert source_pictures.folder_classes(path) == {}
    assert "5 text or annotation files (such as 000.cls)" in account.sentences(sources.resolve(str(path)))[0]


# ---- what is refused


def _damaged(kind: str, plain: bytes) -> bytes:
    packed = gzip.compress(plain)
    flipped = plain.replace(b"zoo/dogs/0.png", b"zoo/dogs/X.png")
    return {
        "cut": plain[:3000],
        "cut within a header": plain[: 512 + 100],
        "flipped": flipped,
        "cut and packed": packed[: len(packed) // 2],
        "flipped and packed": packed[:-8] + bytes(8),
        "a page": b"<html>" * 200,
        "nothing": b"",
        "no files": bytes(1024),
        "another kind": b"Rar!\x1a\7\0",
    }[kind]


@pytest.mark.parametrize(
    "kind,words",
    [
        ("cut", "(its end is missing): get or make it again."),
        ("cut within a header", "(its end is missing)"),
        ("flipped", "(it is damaged after 'zoo/cats/1.png')"),
        ("cut and packed", "(its end is missing)"),
        ("flipped and packed", "(it is damaged)"),
        ("a page", "(it holds something else)"),
        ("nothing", "(it is empty)"),
        ("no files", "(it is empty)"),
        ("another kind", "(it is an archive of another kind): unpack it once and name the folder."),
    ],
)
def test_a_damaged_tar_is_one_sentence(tmp_path, data_dir, kind, words):
    path = write_tar(tmp_path / "x.tar", ZOO)
    path.write_bytes(_damaged(kind, path.read_bytes()))
    for _ in range(2):  # what is remembered is as clear
        with refuse(f"The archive {path} can't be read as a tar", words):
            sources.check(sources.resolve(str(path)))
    assert not list(data_dir.rglob("*.*"))


def test_a_tar_beyond_the_limits_is_refused(tmp_path, data_dir, monkeypatch):
    path = write_tar(tmp_path / "x.tgz", ZOO, mode="w:gz")
    with monkeypatch.context() as patch:
        patch.setattr(archive_members, "MAX_MEMBERS", 3)
        with refuse("lists too many files; the limit is 3"):
            picture_files.listing(path)
    path = write_tar(tmp_path / "y.tgz", ZOO, mode="w:gz")
    monkeypatch.setattr(archive_members, "MAX_BYTES", 1000)
    with refuse("would unpack to"):
        picture_files.listing(path)
    assert len(list((data_dir / "cache").iterdir())) == 1  # of x.tgz alone
    with pytest.raises(ValueError, match="too large"):
        tar_files._reader(io.BytesIO())(Member(0, archive_members.MAX_FILE_BYTES + 1))


def test_headers_that_would_fill_the_memory_or_never_end_are_refused(tmp_path):
    long, back = tarfile.TarInfo("long"), tarfile.TarInfo("a.png")
    long.type, long.size = tarfile.XHDTYPE, 2**40
    back.size = -1024
    for info, words in ((long, "too long"), (back, "damaged")):
        path = tmp_path / f"{info.name}.tar"
        path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
        with refuse("can't be read as a tar", words):
            picture_files.listing(path)


@pytest.mark.parametrize(
    "members,words",
    [
        ({"cifar-10-batches-bin/data_batch_1.bin": bytes(3073)}, "but 1 .bin file"),
        ({"x.npz": b"PK"}, "but 1 array or table (x.npz): put files"),
        ({"a.tar": b"", "b.tar": b""}, "but 2 archives: unpack it once and use that"),
    ],
)
def test_a_tar_of_other_things_says_the_way_out(tmp_path, members, words):
    with refuse("x.tar.gz holds no pictures", words):
        sources.check(sources.resolve(str(write_tar(tmp_path / "x.tar.gz", members, mode="w:gz"))))


def test_a_full_disk_is_told_and_left_as_it_was(tmp_path, data_dir, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dcgan.data.unpacked_tar.os.fsync", full)
    with refuse("could not be unpacked to", "No space left on device", "make room there"):
        picture_files.listing(write_tar(tmp_path / "x.tgz", ZOO, mode="w:gz"))
    assert not [each for each in (data_dir / "cache").iterdir() if each.stat().st_size]
