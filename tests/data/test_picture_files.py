"""Listing the pictures of folders and zips: what is one, what is remembered, and what is refused."""

import io
import os
import struct
import time
import zipfile
from pathlib import Path

import pytest

from dcgan.data import archive_members, folder_files, picture_files, sources, zip_files
from dcgan.data.picture_files import Listing
from dcgan.images import decode
from tests.files import colour, encode, refuse, write_pictures, write_zip


def age(folder: Path) -> None:
    """Let every change in a folder have happened a minute ago."""
    for parent, _, files in os.walk(folder):
        for place in (parent, *(os.path.join(parent, file) for file in files)):
            os.utime(place, (time.time() - 60,) * 2)


def test_hidden_and_foreign_files_are_ignored(tmp_path):
    picture = encode(colour())
    names = ["b/2.png", "a.PNG", "__MACOSX/a.png", ".hidden.png", ".git/c.png", "notes.txt", "inner.zip", "b/Thumbs.db"]
    for name in names:
        (tmp_path / "d" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "d" / name).write_bytes(picture)
    archive = write_zip(tmp_path / "d.zip", dict.fromkeys(names, picture))
    for path in (tmp_path / "d", archive):
        assert picture_files.listing(path).names == ("a.PNG", "b/2.png")


def test_links_to_pictures_are_followed_and_loops_are_not(tmp_path):
    folder = write_pictures(tmp_path / "d", 1)
    (folder / "link.png").symlink_to(write_pictures(tmp_path / "elsewhere", 1) / "000.png")
    (folder / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.png")  # reading it would wait for ever
    assert picture_files.listing(folder).names == ("000.png", "link.png")


def test_a_folder_is_walked_once_until_something_comes_or_goes(tmp_path, monkeypatch):
    folder = write_pictures(tmp_path / "d")
    write_pictures(folder / "sub", 1)
    age(folder)
    first = picture_files.listing(folder)
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", None)  # the second time must not need it
        assert picture_files.listing(folder) is first
    (folder / "sub" / "new.png").write_bytes(b"")
    assert "sub/new.png" in picture_files.listing(folder).names
    (folder / "001.png").unlink()
    assert "001.png" not in picture_files.listing(folder).names


def test_what_changed_a_moment_ago_is_looked_at_again(tmp_path):
    """Two files may come within one tick of the file system's clock."""
    folder = write_pictures(tmp_path / "d", 1)
    found = picture_files.listing(folder)
    stat = folder.stat()
    (folder / "second.png").write_bytes(b"")
    os.utime(folder, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not found.settled and len(picture_files.listing(folder).names) == 2


def test_a_zip_is_opened_once_until_it_changes(tmp_path, monkeypatch):
    archive = write_zip(tmp_path / "d.zip", {"a.png": b"", "b.png": b""})
    age(tmp_path)
    first = picture_files.listing(archive)
    with monkeypatch.context() as patch:
        patch.setattr(zipfile, "ZipFile", None)
        assert picture_files.listing(archive) is first
    write_zip(archive, {"c.png": b""})
    assert picture_files.listing(archive).names == ("c.png",)


def test_an_answer_is_kept_only_for_a_settled_listing():
    asked = []
    for stamp, settled in ((1, True), (1, True), (2, True), (1, False), (1, False)):
        answer = picture_files.once(
            Listing((), ("test", stamp), settled), ("q",), lambda: asked.append(0) or len(asked)
        )
        assert answer == {True: stamp, False: len(asked)}[settled]
    assert len(asked) == 4


def test_too_large_a_folder_is_refused_and_an_unreadable_one_named(tmp_path, monkeypatch):
    folder = write_pictures(tmp_path / "d", 5)
    with refuse(f"The folder {folder / 'gone'} can't be read"):
        folder_files.list_folder(folder / "gone", 2)
    monkeypatch.setattr(folder_files, "MAX_FOLDER_ENTRIES", 4)
    with refuse(f"The folder {folder} holds more than 4 files: name the folder that holds the pictures only"):
        sources.check(sources.resolve(str(folder)))


# ---- zips


def test_names_of_a_zip_that_point_outside_reach_nothing(tmp_path):
    names = ["../../evil.png", "/etc/evil.png", "C:\\evil.png", "ok.png"]
    archive = write_zip(tmp_path / "deep" / "er" / "x.zip", {name: encode(colour()) for name in names})
    before = sorted(tmp_path.rglob("*"))
    with picture_files.reader(archive) as read:
        assert all(read(name)[:4] == b"\x89PNG" for name in picture_files.listing(archive).names)
    assert sorted(tmp_path.rglob("*")) == before


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
    with picture_files.reader(archive) as read, pytest.raises(ValueError, match="a.png: Bad CRC"):
        decode.decode(read, "a.png")


@pytest.mark.parametrize(
    "room,limit,value,words",
    [
        (archive_members, "MAX_MEMBERS", 8, "lists too many files; the limit is 8"),
        (zip_files, "MAX_INDEX_BYTES", 100, "lists too many files"),
        (archive_members, "MAX_BYTES", 1000, "would unpack to"),
    ],
)
def test_zip_beyond_the_limits_is_refused(tmp_path, monkeypatch, room, limit, value, words):
    archive = write_zip(tmp_path / "x.zip", {f"{i}.png": encode(colour()) for i in range(9)})
    monkeypatch.setattr(room, limit, value)
    with refuse(words):
        sources.check(sources.resolve(str(archive)))


def test_a_million_members_are_refused_before_they_are_loaded(tmp_path, monkeypatch):
    """And whatever number of members the archive states."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", *[0] * 9, 5, *[0] * 6) + b"a.png"
    index = entry * 1_000_000
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 3, 3, len(index), 0, 0)
    (tmp_path / "x.zip").write_bytes(index + end)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with refuse("lists too many files; the limit is 500,000"):
        picture_files.listing(tmp_path / "x.zip")


def test_overlapping_zip_bomb_is_refused():
    with refuse("would unpack to 1.0 GiB"):
        archive_members.check_sizes(2**30 + 1, 1000, "The archive x")


def test_a_member_larger_than_it_declares_is_not_read_further(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", b"\0" * 2**24)
    content = buffer.getvalue()
    size = struct.pack("<I", 2**24)
    (tmp_path / "x.zip").write_bytes(content.replace(size, struct.pack("<I", 100)))  # in both of its records
    with picture_files.reader(tmp_path / "x.zip") as read, pytest.raises(zipfile.BadZipFile):
        read("a.png")


def test_encrypted_members_are_named(tmp_path):
    archive = write_zip(tmp_path / "x.zip", {"a.png": encode(colour())})
    content = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(signature) + offset] |= 1
    archive.write_bytes(content)
    with refuse("None of the 1 picture files in the archive", "a.png: locked with a password"):
        sources.check(sources.resolve(str(archive)))
