"""Pictures that are rows of something: of an array, of tables, of a list of files; what all of these say; no torch."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dcgan.data.layout import HELD, TRAIN
from dcgan.images.decode import shown

MAX_ROWS = 2_000_000
MAX_CLASSES = 10_000
MAX_PICTURE_BYTES = 256 * 2**20
LABELS = ("label", "labels", "y", "class", "classes", "target", "targets", "category", "fine_label", "cls")
SPLITS = ("split", "set", "subset", "partition", "fold", "usage")  # what a column of splits is called


class RowSet(NamedTuple):
    """What was found out about the rows."""

    names: tuple[str, ...]  # of the pictures in the order of the rows: class/row or row, or class/file of a list
    watched: tuple[str, ...]  # absolute paths: while these don't change, the rows are the same
    files: tuple[str, ...]  # absolute paths of all files that the pictures are read from
    remark: str  # how it is used, in sentences
    details: Any  # what the module that found it needs to read it


def row_names(num_rows: int, classes: Sequence[str] | None) -> tuple[str, ...]:
    """A name for each row, below a folder named as its class, if it has one."""
    if classes is None:
        return tuple(f"{row:07d}" for row in range(num_rows))
    assert len(classes) == num_rows
    return tuple(f"{name}/{row:07d}" if name else f"{row:07d}" for row, name in enumerate(classes))


def row_of(name: str) -> int:
    return int(name.rpartition("/")[2])


def class_words(labels: Sequence[object], names: Sequence[str] = ()) -> list[str] | None:
    """Labels as names of classes, "" for a row without; None where they are too many or too fine to be classes.

    Whole numbers that `names` has are called by it.
    """
    known: dict[object, str] = {}
    try:
        words = [known[label] if label in known else known.setdefault(label, _word(label, names)) for label in labels]
    except TypeError:  # lists and the like
        return None
    distinct = set(words) - {""}
    if not distinct or len(distinct) > min(MAX_CLASSES, max(2, len(words) // 2)):
        return None
    return words


def _word(label: object, names: Sequence[str]) -> str:
    if isinstance(label, np.generic):
        label = label.item()
    if isinstance(label, bytes):
        label = label.decode(errors="replace")
    if isinstance(label, float):
        if not np.isfinite(label):
            return ""
        label = int(label) if label.is_integer() else label
    if label is None or label == -1 and not isinstance(label, str):  # as the Hugging Face hub says that there is none
        return ""
    if isinstance(label, int) and not isinstance(label, bool) and 0 <= label < len(names):
        label = names[label]
    text = "".join(char if char.isprintable() and char not in "/\\,:" else "_" for char in str(label)).strip()[:80]
    return f"_{text}" if text.startswith(".") else text


def listed(names: Iterable[str], most: int = 200) -> str:
    """Strangers' names as part of a sentence: on one line, without invisible characters, not endless."""
    return ", ".join(map(shown, names))[:most]


def split_of(name: str) -> str:
    """train or test if a name such as `x_train` or `test-00000-of-00001.parquet` says so, else ""."""
    words = "".join(char if char.isalpha() else " " for char in os.path.splitext(name)[0].lower()).split()
    return next((split for split, known in (("train", TRAIN), ("test", HELD)) if known & set(words)), "")
