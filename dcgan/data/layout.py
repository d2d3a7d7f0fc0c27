"""How the pictures of a folder or zip are sorted: into classes, and into some to train on and some to measure with."""

import os
import re
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from dcgan.data.masks import masks_among

TRAIN = {"train", "training", "trn", "tr"}
HELD = {"val", "valid", "validation", "dev", "test", "testing", "tst", "te", "eval", "evaluation", "holdout", "heldout"}
HELD |= {"pred", "predict", "prediction"}  # what a contest asks for
FILLERS = {"set", "data", "dataset", "split", "images", "image", "img", "imgs", "pictures", "photos", "seg", "x"}


class Layout(NamedTuple):
    """What the folders of a set mean."""

    classes: dict[str, str]  # the class of each picture, "" without one
    held: frozenset[str] = frozenset()  # the pictures in folders such as test and val, never trained on
    outside: tuple[str, ...] = ()  # pictures beside such folders: of no split, so not used
    train_folders: tuple[str, ...] = ()  # the names of the folders, for people
    held_folders: tuple[str, ...] = ()
    masks: frozenset[str] = frozenset()  # pictures that are annotations of others, see `dcgan.data.masks`


def layout_of(names: Sequence[str]) -> Layout:
    """Sort pictures by their folders, below those that all of them share.

    Where the first or the second folder on every way is that of a split, and training is among them, classes are the
    folders beside or below it; else the first folder on the way is the class. Masks of other pictures are left out.
    """
    masks = masks_among(names)
    names = [name for name in names if name not in masks]
    folder_of = {name: name.rpartition("/")[0] for name in names}
    ways = _ways(set(folder_of.values()))
    top = len(os.path.commonprefix([way for way in ways.values() if way]))
    for level in (top, top + 1):
        parts = {folder: way[level] if len(way) > level else "" for folder, way in ways.items()}
        found = sorted(set(parts.values()) - {""})
        train, held = ([part for part in found if is_of(part, words)] for words in (TRAIN, HELD))
        if not train or not held or len(train) + len(held) < len(found) or level > top and "" in parts.values():
            continue
        if level > top:
            class_in = {folder: way[top] for folder, way in ways.items()}
        else:
            below = {folder: way[level + 1 :] for folder, way in ways.items() if len(way) > level}
            depth = len(os.path.commonprefix([below[folder] for folder in below if parts[folder] in train]))
            class_in = {folder: way[depth] if len(way) > depth else "" for folder, way in below.items()}
        return Layout(
            {name: class_in[folder] for name, folder in folder_of.items() if folder in class_in},
            frozenset(name for name, folder in folder_of.items() if parts[folder] in held),
            tuple(name for name, folder in folder_of.items() if folder not in class_in),
            tuple(train),
            tuple(held),
            masks,
        )
    return Layout(class_of(names), masks=masks)


def class_of(names: Sequence[str]) -> dict[str, str]:
    """The class of each picture: the first folder on its way below the folders that all pictures share, or ""."""
    folder_of = {name: name.rpartition("/")[0] for name in names}
    ways = _ways(set(folder_of.values()))
    top = len(os.path.commonprefix(list(ways.values())))
    class_in = {folder: way[top] if len(way) > top else "" for folder, way in ways.items()}
    return {name: class_in[folder] for name, folder in folder_of.items()}


def _ways(folders: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The parts of each folder's path."""
    return {folder: PurePosixPath(folder).parts for folder in folders}


def is_of(folder: str, words: set[str]) -> bool:
    """Whether a folder's name says one of these words and nothing else: `train2017`, `Test_Images`, `valid-set`."""
    said = [word for word in re.split(r"[^a-z]+", folder.lower()) if word]
    told = [word for word in said if word not in FILLERS]
    return len(told) == 1 and told[0] in words
