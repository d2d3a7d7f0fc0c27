"""The picture files of a zip, read in place: nothing is ever unpacked, so no name in it can reach outside."""

import contextlib
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from dcgan.data import archive_members
from dcgan.data.archive_members import Opened, check_not_nested, check_sizes, hidden_part, pictures_among
from dcgan.data.unused import Tally, Unused
from dcgan.data.zip_names import member_names
from dcgan.errors import BadInput, first_line
from dcgan.images.formats import FIRST_SUFFIXES, SNIFFED

MAX_INDEX_BYTES = 64 * 2**20  # the list of members, which Python's reader holds in memory
LINK = 0o12  # the kind of file in a member's external attributes, as Unix has them
METHODS = {
    9: "Deflate64, as Windows does above 2 GB",
    93: "Zstandard",
    95: "XZ",
    98: "PPMd",
    99: "AES, with a password",
}


@contextlib.contextmanager
def opened_zip(path: Path, place: str, version: int) -> Iterator[Opened]:
    """Open an archive, which messages call `place`; raises BadInput. By version 1 of reading, names are as stored."""
    try:
        archive = zipfile.ZipFile(check_index(path, place))
    except (OSError, zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
        if isinstance(error, BadInput):
            raise
        raise archive_members.unreadable(path, place, "zip", (b"PK",), first_line(error)) from error
    with archive:
        members, unused = _by_suffix(archive) if version == 1 else _by_content(archive)
        sizes = [(member.file_size, member.compress_size) for member in members.values()]
        check_sizes(sum(size for size, _ in sizes), sum(packed for _, packed in sizes), place)
        check_not_nested(place, members, unused)
        stat = os.fstat(archive.fp.fileno())  # type: ignore[union-attr]
        yield Opened(tuple(members), lambda name: _read(archive, members[name]), unused, stat)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > archive_members.MAX_FILE_BYTES:
        raise ValueError("the file is too large")
    if member.external_attr >> 28 == LINK:  # its content is the path of something else
        raise ValueError("a link, not a picture")
    if member.flag_bits & 1:
        raise ValueError("locked with a password")
    if member.compress_type in METHODS:
        packed = METHODS[member.compress_type]
        raise ValueError(f"packed by {packed}, which can't be read here: unpack the archive once and name the folder")
    return archive.read(member)  # never more than the file_size it declares


# ---- which members are pictures


def _by_suffix(archive: zipfile.ZipFile) -> tuple[dict[str, zipfile.ZipInfo], tuple[Unused, ...]]:
    """As they were found by version 1 of reading."""
    members = {
        info.filename: info
        for info in archive.infolist()
        if info.filename.lower().endswith(FIRST_SUFFIXES) and not hidden_part(info.filename)
    }
    inner = [name for name in archive.namelist() if name.lower().endswith(".zip")]
    return members, (Unused("archive", len(inner), inner[0]),) if inner else ()


def _by_content(archive: zipfile.ZipFile) -> tuple[dict[str, zipfile.ZipInfo], tuple[Unused, ...]]:
    every = [info for info in archive.infolist() if not info.orig_filename.endswith(("/", "\\"))]
    tally = Tally()
    files = zip(member_names(every), every, strict=True)
    return pictures_among(files, lambda info: _head(archive, info), tally), tally.found()


def _head(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
    try:
        with archive.open(info) as member:
            return member.read(SNIFFED)
    except Exception:  # locked, packed in another way, damaged
        return None


def check_index(path: Path, place: str) -> Path:
    """Refuse an archive whose list of members alone would fill the memory, before Python's reader loads it."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 65_557 - 76))  # longest comment, end record, and the two records of zip64
        tail = file.read()
        at = tail.rfind(b"PK\5\6")
        sizes = [struct.unpack_from("<I", tail, at + 12)[0]] if 0 <= at <= len(tail) - 22 else []
        wide = tail.rfind(b"PK\6\6", 0, max(at, 0))
        if 0 <= wide <= len(tail) - 56:
            sizes.append(struct.unpack_from("<Q", tail, wide + 40)[0])
        sizes = [n for n in sizes if n <= size]
        too_many = any(n > MAX_INDEX_BYTES for n in sizes)
        if sizes and not too_many:  # the counts that an archive states may lie, so its entries are counted
            end = size - len(tail) + (wide if wide >= 0 else at)
            file.seek(max(0, end - max(sizes)))
            too_many = file.read(max(sizes)).count(b"PK\1\2") > archive_members.MAX_MEMBERS
    if too_many:
        raise archive_members.too_many(place)
    return path
