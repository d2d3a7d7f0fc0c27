"""The picture files of a folder: its sub-folders searched, links followed once, no door gone through twice."""

import os
from collections.abc import Hashable
from pathlib import Path
from typing import NamedTuple

from dcgan.data.unused import Tally, Unused, is_litter
from dcgan.errors import BadInput
from dcgan.images.formats import FIRST_SUFFIXES, SETTLED, SNIFFED, SUFFIXES, other_kind, suffix_of

MAX_FOLDER_ENTRIES = 1_000_000  # files and folders looked at: somebody may name the root of a disk


class Found(NamedTuple):
    """What a walk through a folder found."""

    names: list[str]  # of picture files: relative paths with forward slashes
    times: tuple[Hashable, ...]  # (relative path, time of the last change in ns) of each folder
    newest_ns: int  # the newest time of a folder, or of a file that was looked into
    unused: tuple[Unused, ...]


def list_folder(folder: Path, version: int) -> Found:
    """Walk through a folder; raises BadInput for one that can't be read or holds too many files.

    Folders come before links to folders, so that what lies inside keeps its own name. By version 1 of reading, links
    to folders are not followed, and files are known by their endings.
    """
    walk = _Walk(folder, version)
    todo: list[str] = [""]
    links: list[str] = []
    while todo or links:
        if todo:
            inner, linked = walk.enter(todo.pop())
            todo += inner
            links += linked
        else:
            links.sort()
            todo += walk.follow(links.pop(0))
    return Found(walk.names, tuple(walk.times), walk.newest_ns, walk.tally.found())


class _Walk:
    """Where a walk has been and what it has found."""

    def __init__(self, folder: Path, version: int) -> None:
        self.folder, self.version = folder, version
        self._suffixes = frozenset(FIRST_SUFFIXES if version == 1 else SUFFIXES)
        self.names: list[str] = []
        self.times: list[tuple[str, int]] = []
        self.newest_ns = 0
        self.tally = Tally()
        self._entries = 0
        self._entered: set[tuple[int, int]] = set()  # (device, inode)

    def enter(self, relative: str) -> tuple[list[str], list[str]]:
        """Take down the picture files of one folder; its sub-folders, and its links to folders."""
        inner: list[str] = []
        linked: list[str] = []
        place = self.folder / relative
        try:
            stat = os.stat(place)
            if (stat.st_dev, stat.st_ino) in self._entered:
                self.tally.add("folder that is there twice", relative)
                return [], []
            self._entered.add((stat.st_dev, stat.st_ino))
            self.times.append((relative, stat.st_mtime_ns))
            self.newest_ns = max(self.newest_ns, stat.st_mtime_ns)
            with os.scandir(place) as found:
                for entry in found:
                    self._entries += 1
                    if self._entries > MAX_FOLDER_ENTRIES:
                        raise self._too_many()
                    own = entry.name
                    name = f"{relative}/{own}" if relative else own
                    plain = own[own.rfind(".") :].lower() in self._suffixes and own[0] != "."
                    if plain and entry.is_file(follow_symlinks=False):  # nearly all: the quick way
                        self.names.append(name)
                    elif own[0] == "." or is_litter(own):
                        if not is_litter(own):
                            self.tally.add("hidden file or folder", name)
                    elif entry.is_dir(follow_symlinks=False):
                        inner.append(name)
                    else:
                        self._take(entry, name, linked)
        except OSError as error:
            if not relative:
                raise BadInput(f"The folder {self.folder} can't be read ({error.strerror}).") from error
            self.tally.add(f"folder that can't be read ({error.strerror})", relative)
        return inner, linked

    def follow(self, link: str) -> list[str]:
        """The folder that a link leads to, by the link's name; none if it holds the folder that is walked through."""
        target = os.path.realpath(self.folder / link)
        if os.path.commonpath([target, os.path.realpath(self.folder)]) == target:
            self.tally.add("link that leads back", link)
            return []
        return [link]

    def _take(self, entry: "os.DirEntry[str]", name: str, linked: list[str]) -> None:
        suffix = suffix_of(entry.name)
        try:
            if self.version == 1:
                if entry.name.lower().endswith(FIRST_SUFFIXES) and entry.is_file():
                    self.names.append(name)
                return
            if entry.is_file():
                if suffix in self._suffixes or not (kind := self._kind(name, suffix)):
                    self.names.append(name)
                else:
                    self.tally.add(kind, name)
            elif entry.is_dir():
                linked.append(name)
            else:
                self.tally.add("broken link" if entry.is_symlink() else "pipe, socket or device", name)
        except OSError:  # a link to itself
            self.tally.add("broken link", name)

    def _kind(self, name: str, suffix: str) -> str:
        """What a file is whose name is not that of a picture; "" if it is one all the same."""
        head = None
        if suffix not in SETTLED:
            try:
                with open(self.folder / name, "rb") as file:
                    head = file.read(SNIFFED)
                    self.newest_ns = max(self.newest_ns, os.fstat(file.fileno()).st_mtime_ns)
            except OSError:
                pass
        return other_kind(name, head)

    def _too_many(self) -> BadInput:
        return BadInput(
            f"The folder {self.folder} holds more than {MAX_FOLDER_ENTRIES:,} files: "
            "name the folder that holds the pictures only."
        )


def times_again(folder: Path, times: tuple[tuple[str, int], ...]) -> tuple[Hashable, ...]:
    """What the times of an unchanged folder would be now; raises OSError where a part of it is gone."""
    return tuple((relative, os.stat(folder / relative).st_mtime_ns) for relative, _ in times)
