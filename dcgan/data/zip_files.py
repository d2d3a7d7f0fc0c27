"""The picture files of a zip, read in place: nothing is ever unpacked, so no name in it can reach outside."""

import contextlib
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from dcgan.data.unused import Tally, Unused, is_litter
from dcgan.data.zip_names import member_names
from dcgan.errors import BadInput, first_line
from dcgan.images.formats import FIRST_SUFFIXES, SETTLED, SNIFFED, SUFFIXES, kind_of, other_kind, suffix_of

MAX_FILE_BYTES = 256 * 2**20  # of one picture file
MAX_ZIP_MEMBERS = 500_000
MAX_ZIP_INDEX_BYTES = 64 * 2**20  # the list of members, which Python's reader holds in memory
MAX_ZIP_BYTES = 20 * 2**30  # all pictures of an archive, decompressed
MAX_ZIP_RATIO = 200  # decompressed to compressed, looked at above 1 GiB
LINK = 0o12  # the kind of file in a member's external attributes, as Unix has them
METHODS = {
    9: "Deflate64, as Windows does above 2 GB",
    93: "Zstandard",
    95: "XZ",
    98: "PPMd",
    99: "AES, with a password",
}
_PICTURES = frozenset(SUFFIXES)


class Opened(NamedTuple):
    """A zip within the limits."""

    archive: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]  # picture files by name
    unused: tuple[Unused, ...]


@contextlib.contextmanager
def opened_zip(path: Path, place: str, version: int) -> Iterator[Opened]:
    """Open an archive, which messages call `place`; raises BadInput. By version 1 of reading, names are as stored."""
    try:
        archive = zipfile.ZipFile(check_index(path, place))
    except (OSError, zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{place} can't be read as a zip ({_why(path, error)}") from error
    with archive:
        members, unused = _by_suffix(archive) if version == 1 else _by_content(archive)
        _check_limits(list(members.values()), place)
        inner = next((each for each in unused if each.kind == "archive"), None)
        if inner and not members:
            holds = f"the archive {inner.example[:200]!r}" if inner.number == 1 else f"{inner.number:,} archives"
            raise BadInput(f"{place} holds no pictures but {holds}: unpack it once and use that.")
        yield Opened(archive, members, unused)


def read_member(opened: Opened, name: str) -> bytes:
    """The content of one picture file; raises ValueError for what can't be taken, and nearly anything if damaged."""
    member = opened.members[name]
    if member.file_size > MAX_FILE_BYTES:
        raise ValueError("the file is too large")
    if member.external_attr >> 28 == LINK:  # its content is the path of something else
        raise ValueError("a link, not a picture")
    if member.flag_bits & 1:
        raise ValueError("locked with a password")
    if member.compress_type in METHODS:
        packed = METHODS[member.compress_type]
        raise ValueError(f"packed by {packed}, which can't be read here: unpack the archive once and name the folder")
    return opened.archive.read(member)  # never more than the file_size it declares


# ---- which members are pictures


def _by_suffix(archive: zipfile.ZipFile) -> tuple[dict[str, zipfile.ZipInfo], tuple[Unused, ...]]:
    """As they were found by version 1 of reading."""
    members = {
        info.filename: info
        for info in archive.infolist()
        if info.filename.lower().endswith(FIRST_SUFFIXES) and not _hidden_part(info.filename)
    }
    inner = [name for name in archive.namelist() if name.lower().endswith(".zip")]
    return members, (Unused("archive", len(inner), inner[0]),) if inner else ()


def _by_content(archive: zipfile.ZipFile) -> tuple[dict[str, zipfile.ZipInfo], tuple[Unused, ...]]:
    members: dict[str, zipfile.ZipInfo] = {}
    tally = Tally()
    every = [info for info in archive.infolist() if not info.orig_filename.endswith(("/", "\\"))]
    for info, name in zip(every, member_names(every), strict=True):
        hidden = _hidden_part(name)
        if hidden:
            if not is_litter(hidden):
                tally.add("hidden file or folder", name)
        elif (suffix := suffix_of(name)) in _PICTURES:
            members[name] = info
        elif kind := other_kind(name, None if suffix in SETTLED else _head(archive, info)):
            tally.add(kind, name)
        else:
            members[name] = info
    return members, tally.found()


def _hidden_part(name: str) -> str:
    """The first part of a path that is hidden, or that a system left behind; empty without any."""
    parts = PurePosixPath(name).parts
    return next((part for part in parts if (part.startswith(".") and part != "..") or is_litter(part)), "")


def _head(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
    try:
        with archive.open(info) as member:
            return member.read(SNIFFED)
    except Exception:  # locked, packed in another way, damaged
        return None


# ---- limits


def _why(path: Path, error: Exception) -> str:
    """Why an archive can't be read and what to do, the end of a sentence."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        head = file.read(SNIFFED)
        if kind_of(head) == "archive" and not head.startswith(b"PK"):
            return "it is an archive of another kind): unpack it once and name the folder."
    return f"{first_line(error)}): make it again."


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
        too_many = any(n > MAX_ZIP_INDEX_BYTES for n in sizes)
        if sizes and not too_many:  # the counts that an archive states may lie, so its entries are counted
            end = size - len(tail) + (wide if wide >= 0 else at)
            file.seek(max(0, end - max(sizes)))
            too_many = file.read(max(sizes)).count(b"PK\1\2") > MAX_ZIP_MEMBERS
    if too_many:
        raise BadInput(f"{place} lists too many files; the limit is {MAX_ZIP_MEMBERS:,}.")
    return path


def _check_limits(members: list[zipfile.ZipInfo], place: str) -> None:
    expanded, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if expanded > MAX_ZIP_BYTES or expanded > max(2**30, MAX_ZIP_RATIO * packed):
        raise BadInput(f"{place} would unpack to {expanded / 2**30:,.1f} GiB, which is more than is reasonable for it.")
