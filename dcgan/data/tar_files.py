"""The picture files of a tar, packed or not, read in place: none is ever unpacked, so no name can reach outside."""

import contextlib
import functools
import lzma
import os
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from dcgan.data import archive_members, shard_labels
from dcgan.data.archive_members import Opened, check_not_nested, pictures_among
from dcgan.data.unpacked_tar import OPENERS, opener_of, unpacked
from dcgan.data.unused import Tally, Unused
from dcgan.data.zip_names import code_page
from dcgan.errors import BadInput, first_line
from dcgan.images.formats import SNIFFED

NAMED = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
MAX_HEADER_BYTES = 2**18  # of what a member says of itself, which Python's reader holds in memory
ERRORS = (OSError, EOFError, ValueError, OverflowError, zlib.error, lzma.LZMAError, tarfile.TarError)


class Member(NamedTuple):
    """Where the content of a file lies in the plain tar, in bytes."""

    offset: int
    size: int


class _Index(NamedTuple):
    members: dict[str, Member]  # picture files by name
    unused: tuple[Unused, ...]
    remark: str


def is_named_so(path: Path) -> bool:
    """Whether a file's name is that of a tar."""
    return path.name.lower().endswith(NAMED)


def is_one(path: Path) -> bool:
    """Whether a file is a tar: by its content, or by its name unless it is a zip."""
    try:
        stat = path.stat()
        return path.is_file() and _is_one(path, stat.st_size, stat.st_mtime_ns)
    except OSError:
        return False


@functools.lru_cache(maxsize=64)  # a page asks many times
def _is_one(path: Path, size: int, mtime_ns: int) -> bool:
    try:
        _check_start(path)
    except ERRORS:
        return is_named_so(path) and not zipfile.is_zipfile(path)
    return True


@contextlib.contextmanager
def opened_tar(path: Path, place: str) -> Iterator[Opened]:
    """Open an archive, which messages call `place`; raises BadInput."""
    with contextlib.ExitStack() as stack:
        try:
            given = stack.enter_context(open(path, "rb"))
            stat = os.fstat(given.fileno())
            _check_start(path)
            plain = unpacked(path, stat, place)
            file = stack.enter_context(open(plain, "rb"))
            index = _index(plain, place, (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
        except BadInput:
            raise
        except ERRORS as error:
            raise archive_members.unreadable(path, place, "tar", tuple(OPENERS), _plainly(error)) from error
        check_not_nested(place, index.members, index.unused)
        read = _reader(file)
        yield Opened(tuple(index.members), lambda name: read(index.members[name]), index.unused, stat, index.remark)


def _check_start(path: Path) -> None:
    """Raise one of ERRORS unless a file, packed or not, begins as a tar does."""
    with open(path, "rb") as file:
        start = file.read(tarfile.BLOCKSIZE)
    if opener := opener_of(start):
        with opener(path, "rb") as packed:
            start = packed.read(tarfile.BLOCKSIZE)
    tarfile.TarInfo.frombuf(start, "utf-8", "surrogateescape")


def _plainly(error: Exception) -> str:
    """What is wrong, in words for people."""
    if isinstance(error, EOFError) or str(error) in ("truncated header", "unexpected end of data"):
        return "its end is missing"
    if str(error) in ("empty header", "end of file header"):
        return "it is empty"
    if isinstance(error, tarfile.HeaderError):
        return "it holds something else"
    by_system = isinstance(error, OSError) and error.errno
    return first_line(error) if by_system or isinstance(error, tarfile.ReadError) else "it is damaged"


def _reader(file: IO[bytes]) -> Callable[[Member], bytes]:
    lock = threading.Lock()

    def read(member: Member) -> bytes:
        if member.size > archive_members.MAX_FILE_BYTES:
            raise ValueError("the file is too large")
        with lock:
            file.seek(member.offset)
            return file.read(member.size)

    return read


# ---- the list of members


@functools.lru_cache(maxsize=2)  # it can be had only by going through the whole file
def _index(plain: Path, place: str, state: tuple[int, ...]) -> _Index:
    """What a plain tar holds; raises BadInput or one of ERRORS."""
    tally = Tally()
    with open(plain, "rb") as file:
        read = _reader(file)

        def head(member: Member) -> bytes:
            return read(member._replace(size=min(member.size, SNIFFED)))

        files = _regular_files(file, place, tally)
        labels = {
            name: member
            for name, member in files.items()
            if name.endswith(shard_labels.SUFFIX) and member.size <= shard_labels.MAX_BYTES
        }
        pictures = pictures_among(((name, member) for name, member in files.items() if name not in labels), head, tally)
        classes = shard_labels.class_of_each(pictures, {name: read(member) for name, member in labels.items()})
        if not classes:
            pictures |= pictures_among(labels.items(), head, tally)
            return _Index(pictures, tally.found(), "")
    members = {f"{classes[name]}/{name}" if classes[name] else name: member for name, member in pictures.items()}
    return _Index(members, tally.found(), shard_labels.REMARK)


def _regular_files(file: IO[bytes], place: str, tally: Tally) -> dict[str, Member]:
    """The files by name, of two with one name the last, as when a tar is unpacked; links and the like are counted."""
    stored: dict[str, Member] = {}
    said = set()  # names of which the tar says that they are Unicode
    for info in _headers(file):
        if info.isreg() and not info.issparse():
            stored[info.name] = Member(info.offset_data, info.size)
            if "path" in info.pax_headers and "hdrcharset" not in info.pax_headers:
                said.add(info.name)
            if len(stored) > archive_members.MAX_MEMBERS:
                raise archive_members.too_many(place)
        elif not info.isdir():
            kind = "link" if info.issym() or info.islnk() else "sparse file" if info.issparse() else ""
            tally.add(kind or "pipe, socket or device", info.name.encode(errors="replace").decode())
    return dict(zip(_names(stored, said), stored.values(), strict=True))


class _Headers:
    """A file of which Python's reader takes no more than a header at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        if not 0 <= size <= MAX_HEADER_BYTES:
            raise tarfile.ReadError("one of its names is too long")
        return self._file.read(size)


def _headers(file: IO[bytes]) -> Iterator[tarfile.TarInfo]:
    """What each member says of itself; raises one of ERRORS where the tar is damaged, also in its middle."""
    headers: IO[bytes] = _Headers(file)  # type: ignore[assignment]
    archive = tarfile.open(fileobj=headers, mode="r:", encoding="utf-8", errors="surrogateescape")  # noqa: SIM115
    name = ""
    while (info := archive.next()) is not None:
        if info.size < 0 or archive.offset <= info.offset:  # it would be read for ever
            raise tarfile.ReadError(f"it is damaged at {info.name[:80]!r}")
        archive.members.clear()  # type: ignore[attr-defined] # of which it would keep a kilobyte each
        name = info.name
        yield info
    file.seek(archive.offset)
    if file.read(tarfile.BLOCKSIZE).strip(b"\0"):  # the reader takes this for the end
        raise tarfile.ReadError(f"it is damaged after {name[:80]!r}")


def _names(stored: Iterable[str], said: Collection[str]) -> list[str]:
    """Names without ./ as their writer meant them: Unicode where it is said, else in the code page that reads best."""
    unsaid = {name: name.encode("utf-8", "surrogateescape") for name in stored if name not in said}
    foreign = sorted(raw for raw in unsaid.values() if not raw.isascii())
    page = code_page(foreign) if foreign else "ascii"
    return [str(PurePosixPath(unsaid[name].decode(page) if name in unsaid else name)) for name in stored]
