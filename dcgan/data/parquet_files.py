"""Which parquet files of a folder are a data set, as the Hugging Face hub and others lay them out; no torch."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dcgan.data.row_set import listed, split_of
from dcgan.errors import BadInput

MAX_DEPTH, MAX_ENTRIES, MAX_FOLDERS, MAX_VISITED = 4, 5_000, 40, 200  # of a folder that is searched


class Inside(NamedTuple):
    """What was found in a folder and some levels below."""

    files: tuple[Path, ...]  # the parquet files
    pictures: int = 0  # picture files beside them
    folders: tuple[Path, ...] = ()  # that were looked into


def look_into(folder: Path) -> Inside:
    """Search a folder for parquet files, as far as it looks like one of them: many sub-folders are something else."""
    found: list[Path] = []
    pictures, todo, visited = 0, [(folder, 0)], []
    for place, depth in todo:
        visited.append(place)
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            folders = []
            for _, entry in zip(range(MAX_ENTRIES), entries, strict=False):
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    folders.append(place / entry.name)
                elif entry.name.lower().endswith(".parquet"):
                    found.append(place / entry.name)
                else:
                    pictures += entry.name.lower().endswith((".png", ".jpg", ".jpeg", ".webp"))
            if depth < MAX_DEPTH and len(folders) <= MAX_FOLDERS and len(todo) + len(folders) <= MAX_VISITED:
                todo += [(each, depth + 1) for each in folders]
    return Inside(tuple(sorted(found)), pictures, tuple(visited))


def split(path: Path, files: Sequence[Path]) -> tuple[list[Path], str]:
    """The files to train on, and what that leaves aside; raises BadInput where they are of several data sets."""
    if len(files) == 1:
        return list(files), ""
    splits: dict[str, list[Path]] = {}
    for file in files:
        inside = file.relative_to(path)
        told = split_of(inside.name) or next(filter(None, map(split_of, reversed(inside.parts[:-1]))), "")
        splits.setdefault(told, []).append(file)
    used = splits.get("train") or splits.get("") or splits["test"]
    sets = sorted({part for part in (_set_of(file.relative_to(path)) for file in used) if part})
    if len(sets) > 1:
        raise BadInput(f"{path} holds several data sets ({listed(sets)}): name the folder of one of them.")
    left = [file for file in files if file not in set(used)]
    if not left:
        return list(used), ""
    names = sorted({file.relative_to(path).as_posix() for file in left})
    return list(used), f"Trained on is its split for training; {listed(names)} is left aside."


def _set_of(inside: Path) -> str:
    """The folders on the way to a file that are not those of a split."""
    return "/".join(part for part in inside.parts[:-1] if not split_of(part) and part not in ("data", "default"))
