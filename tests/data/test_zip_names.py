"""Names in zips: from other systems, in other writing, twice."""

import io
import struct
import warnings
import zipfile
import zlib

import pytest

from dcgan.data import picture_files, source_pictures, sources
from dcgan.data.zip_names import code_page, member_names
from tests.files import colour, encode

WRITINGS = {
    "gb18030": ["\u732b", "\u6211\u7684\u56fe\u7247", "\u8bad\u7ec3\u96c6/\u82f9\u679c", "\u72d7"],
    "cp932": [
        "\u732b",
        "\u5199\u771f/\u306d\u3053",
        "\u30c6\u30b9\u30c8",
        "\u65b0\u3057\u3044\u30d5\u30a9\u30eb\u30c0",
    ],
    "cp949": ["\uace0\uc591\uc774", "\uc0ac\uc9c4/\uac15\uc544\uc9c0"],
    "big5": ["\u5716\u7247/\u8c93\u54aa", "\u65b0\u589e\u8cc7\u6599\u593e"],
    "cp866": ["\u041a\u043e\u0448\u043a\u0438", "\u0421\u043e\u0431\u0430\u043a\u0438"],
    "cp1251": ["\u041d\u043e\u0432\u0430\u044f \u043f\u0430\u043f\u043a\u0430", "\u0442\u0435\u0441\u0442"],
    "cp850": ["\u00dcberblick/B\u00e4ume", "S\u00e3o Paulo"],
    "cp437": ["M\u00e4dchen", "\u00e9l\u00e8ve", "\u00f1and\u00fa"],
    "utf-8": ["\u732b", "B\u00e4ume"],
}


def archive(tmp_path, names: list[bytes], flag: int = 0, extra: bytes = b""):
    """A zip whose members have these very bytes for names, which Python's writer can't write."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out, warnings.catch_warnings(action="ignore"):  # names that are there twice
        for number, name in enumerate(names):
            info = zipfile.ZipInfo("x" * len(name))
            info.extra = extra
            out.writestr(info, encode(colour(seed=number)))
    content = buffer.getvalue()
    for name in names:
        content = content.replace(b"x" * len(name), name, 1)
    end = content.index(b"PK\1\2")
    tail = content[end:]
    for name in names:
        tail = tail.replace(b"x" * len(name), name, 1)
    path = tmp_path / "x.zip"
    path.write_bytes(content[:end] + tail)
    return path


@pytest.mark.parametrize("page", WRITINGS)
def test_names_of_every_writing_are_read(tmp_path, page):
    names = [f"{name}/{i}.png" for name in WRITINGS[page] for i in range(2)]
    found = picture_files.listing(archive(tmp_path, [name.encode(page) for name in names]))
    assert sorted(names) == list(found.names)


def test_a_lone_name_is_read_in_the_page_where_it_reads_best():
    for page, names in WRITINGS.items():
        for name in names:
            if name.encode(page) != b"\xc3\xa8":  # alone it is UTF-8, too
                assert name.encode(page).decode(code_page([name.encode(page)])) == name


def test_any_bytes_are_read_in_some_page():
    for name in (b"\xff\xfe\x80\x81\x82", bytes(range(128, 256)), b"\xff"):
        assert name.decode(code_page([name]))


def test_the_unicode_path_field_goes_before_everything(tmp_path):
    raw = b"\xc3\xa8.png"
    field = b"\1" + struct.pack("<I", zlib.crc32(raw)) + "\u72d7.png".encode()
    path = archive(tmp_path, [raw], extra=struct.pack("<HH", 0x7075, len(field)) + field)
    assert picture_files.listing(path).names == ("\u72d7.png",)
    stale = b"\1" + bytes(4) + b"other.png"  # of a name that was changed since
    path = archive(tmp_path, [raw], extra=struct.pack("<HH", 0x7075, len(stale)) + stale)
    assert picture_files.listing(path).names == ("\u00e8.png",)


def test_backslashes_part_folders(tmp_path):
    names = [f"set\\{kind}\\{i}.png".encode() for kind in ("cats", "dogs") for i in range(3)]
    path = archive(tmp_path, [*names, b"set\\cats\\"])
    assert source_pictures.folder_classes(path) == {"cats": 3, "dogs": 3}
    assert sources.count(sources.resolve(f"{path}:cats")) == 3


def test_members_with_one_name_are_all_there(tmp_path):
    path = archive(tmp_path, [b"a/img.png"] * 3 + [b"a/img (2).png"])
    found = picture_files.listing(path).names
    assert len(found) == 4 and found[0] == "a/img (2).png"
    with picture_files.reader(path) as read:
        assert len({read(name) for name in found}) == 4


def test_a_run_from_before_has_the_names_it_began_with(tmp_path):
    path = archive(tmp_path, [b"set\\cats\\1.png", b"\xc3\xa8.png", b"2.avif"])
    assert picture_files.listing(path, version=1).names == ("set\\cats\\1.png", "\u251c\u00bf.png")
    assert member_names([]) == []
