"""Walking through a folder: links, doors, what can't be read, what is no picture."""

import os

from dcgan.data import folder_files, picture_files, source_pictures
from dcgan.data.unused import Unused
from tests.files import colour, encode, write_pictures


def kinds(found: folder_files.Found) -> dict[str, int]:
    return {each.kind: each.number for each in found.unused}


def test_contents_decide_where_the_name_says_nothing(tmp_path):
    folder = write_pictures(tmp_path, 1)
    for name in ("none", "a.JPG_large", "b.dat", "c.avif"):
        (folder / name).write_bytes(encode(colour(), "AVIF" if name.endswith("avif") else "PNG"))
    for name, content in (
        ("h.svg", b"<svg>"),
        ("x.xml", b"<a>"),
        ("y.xml", b"<a>"),
        ("z.zip", b"PK\3\4"),
        ("q", b"\0"),
    ):
        (folder / name).write_bytes(content)
    found = folder_files.list_folder(folder, 2)
    assert sorted(found.names) == ["000.png", "a.JPG_large", "b.dat", "c.avif", "none"]
    told = {"SVG drawing": 1, "text or annotation file": 2, "archive": 1, "unknown file": 1}
    assert kinds(found) == told and Unused("SVG drawing", 1, "h.svg") in found.unused


def test_links_to_folders_are_followed_once(tmp_path):
    outside = write_pictures(tmp_path / "elsewhere", 2)
    folder = write_pictures(tmp_path / "d", 1)
    write_pictures(folder / "cats", 2)
    for link, target in (("dogs", outside), ("hounds", outside), ("best", folder / "cats"), ("loop", folder)):
        (folder / link).symlink_to(target)
    (folder / "up").symlink_to(tmp_path)
    (outside / "back").symlink_to(folder)
    found = folder_files.list_folder(folder, 2)
    assert sorted(found.names) == ["000.png", "cats/000.png", "cats/001.png", "dogs/000.png", "dogs/001.png"]
    assert kinds(found) == {"folder that is there twice": 2, "link that leads back": 3}
    assert source_pictures.folder_classes(folder) == {"cats": 2, "dogs": 2}


def test_links_that_lead_nowhere_are_told_and_hide_nothing(tmp_path):
    folder = write_pictures(tmp_path, 2)
    (folder / "broken.png").symlink_to(tmp_path / "nothing")
    (folder / "itself.png").symlink_to(folder / "itself.png")
    os.mkfifo(folder / "pipe.png")
    found = folder_files.list_folder(folder, 2)
    assert len(found.names) == 2 and kinds(found) == {"broken link": 2, "pipe, socket or device": 1}


def test_a_folder_that_can_not_be_read_is_told(tmp_path, monkeypatch):
    for kind in ("ok", "no"):
        write_pictures(tmp_path / kind, 2)
    scandir = os.scandir

    def locked(path):
        if str(path).endswith("no"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    found = folder_files.list_folder(tmp_path, 2)
    assert sorted(found.names) == ["ok/000.png", "ok/001.png"]
    assert found.unused == (Unused("folder that can't be read (Permission denied)", 1, "no"),)


def test_what_systems_leave_behind_is_no_news_and_hidden_files_are(tmp_path):
    write_pictures(tmp_path, 1)
    for name in (".DS_Store", "Thumbs.db", "._000.png", "desktop.ini", ".secret.png"):
        (tmp_path / name).write_bytes(b"x")
    write_pictures(tmp_path / "__MACOSX", 1)
    found = folder_files.list_folder(tmp_path, 2)
    assert found.names == ["000.png"] and kinds(found) == {"hidden file or folder": 1}


def test_a_run_from_before_finds_the_files_it_began_with(tmp_path):
    folder = write_pictures(tmp_path / "d", 2)
    (folder / "linked").symlink_to(write_pictures(tmp_path / "elsewhere", 1))
    (folder / "none").write_bytes(encode(colour()))
    (folder / "a.avif").write_bytes(encode(colour(), "AVIF"))
    assert picture_files.listing(folder, version=1).names == ("000.png", "001.png")
    assert len(picture_files.listing(folder).names) == 5
