"""What zips and tars have in common: which members are pictures, how large they may be, and how they are refused."""

import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeVar

from dcgan.data.unused import Tally, Unused, is_litter
from dcgan.errors import BadInput
from dcgan.images.formats import SETTLED, SNIFFED, SUFFIXES, kind_of, other_kind, suffix_of

MAX_FILE_BYTES = 256 * 2**20  # of one picture file
MAX_MEMBERS = 500_000
MAX_BYTES = 20 * 2**30  # all pictures of an archive, decompressed
MAX_RATIO = 200  # decompressed to compressed, looked at above 1 GiB
_PICTURES = frozenset(SUFFIXES)
_Member = TypeVar("_Member")


class Opened(NamedTuple):
    """An archive within the limits."""

    names: tuple[str, ...]  # of its picture files
    read: Callable[[str], bytes]  # one of them, from any thread; ValueError for what can't be taken, any if damaged
    unused: tuple[Unused, ...]
    stat: os.stat_result  # of the file that was opened
    remark: str = ""  # how it is used, a sentence


def pictures_among(
    files: Iterable[tuple[str, _Member]], head: Callable[[_Member], bytes | None], tally: Tally
) -> dict[str, _Member]:
    """The picture files by name, the last where there are two of one; the others are counted.

    `head` gives the first bytes of a member, None for one that can't be read.
    """
    members: dict[str, _Member] = {}
    for name, member in files:
        hidden = hidden_part(name)
        if hidden:
            if not is_litter(hidden):
                tally.add("hidden file or folder", name)
        elif (suffix := suffix_of(name)) in _PICTURES:
            members[name] = member
        elif kind := other_kind(name, None if suffix in SETTLED else head(member)):
            tally.add(kind, name)
        else:
            members[name] = member
    return members


def hidden_part(name: str) -> str:
    """The first part of a path that is hidden, or that a system left behind; empty without any."""
    parts = PurePosixPath(name).parts
    return next((part for part in parts if (part.startswith(".") and part != "..") or is_litter(part)), "")


def check_not_nested(place: str, names: Iterable[str], unused: Iterable[Unused]) -> None:
    """Refuse an archive, which messages call `place`, that holds archives and no pictures."""
    inner = next((each for each in unused if each.kind == "archive"), None)
    if inner and not any(True for _ in names):
        holds = f"the archive {inner.example[:200]!r}" if inner.number == 1 else f"{inner.number:,} archives"
        raise BadInput(f"{place} holds no pictures but {holds}: unpack it once and use that.")


def check_sizes(expanded: int, packed: int, place: str) -> None:
    """Refuse an archive that would unpack to more bytes than is reasonable for those that it has."""
    if expanded > MAX_BYTES or expanded > max(2**30, MAX_RATIO * packed):
        raise BadInput(f"{place} would unpack to {expanded / 2**30:,.1f} GiB, which is more than is reasonable for it.")


def too_many(place: str) -> BadInput:
    return BadInput(f"{place} lists too many files; the limit is {MAX_MEMBERS:,}.")


def unreadable(path: Path, place: str, kind: str, begins_as: tuple[bytes, ...], why: str) -> BadInput:
    """What to say of an archive that can't be read as one of a kind, and what to do."""
    begins = f"{place} can't be read as a {kind}"
    with contextlib.suppress(OSError), open(path, "rb") as file:
        head = file.read(SNIFFED)
        if kind_of(head) == "archive" and not (head.startswith(begins_as) or head[257:262] == b"ustar"):
            return BadInput(f"{begins} (it is an archive of another kind): unpack it once and name the folder.")
    return BadInput(f"{begins} ({why}): get or make it again.")
