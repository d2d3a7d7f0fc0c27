"""Pictures whose pixels are the numbers of a CSV: a column for each pixel, or one column with all of them; no torch.

So are MNIST, Fashion-MNIST and sign languages on Kaggle (`label,pixel1,...,pixel784`), and FER-2013 (`emotion,pixels`).
"""

import csv
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from dcgan.data.array_values import flat_axes
from dcgan.data.row_set import LABELS, SPLITS, split_of
from dcgan.errors import BadInput, first_line
from dcgan.images.formats import SUFFIXES

FEWEST = 64  # numbers in a row that make a picture
MOST_LABELS = 100  # that a table without names of columns is thought to have
HEAD = 2**20  # bytes that tell what a table is
PIXEL = re.compile(r"[a-z_ -]*\d+([x_]\d+)?", re.IGNORECASE)  # how a column of one pixel is called
_Read = tuple[np.ndarray, list[str | None] | None, list[str | None]]  # pictures, labels, splits if there are some


class Layout(NamedTuple):
    """Where the pixels of a row are, and its label."""

    delimiter: str
    header: list[str]  # empty where the first row has values
    pixels: list[int]  # columns; one only where it holds all of them, with spaces between
    label: int | None
    split: int | None  # the column that says which rows are for training


def is_one(head: bytes) -> bool:
    """Whether a CSV that begins so, with at most HEAD bytes, holds numbers enough in a row for a picture."""
    rows = _first_rows(head.decode("utf-8-sig", errors="replace"))[1]
    cells = rows[-1] if rows else []
    if any(cell.strip().lower().endswith(SUFFIXES) for cell in cells):  # a list of picture files with facts about each
        return False
    if rows and _has_names(rows[0]):  # other tables of many numbers tell their columns apart by words
        cells = [cell for name, cell in zip(rows[0], cells, strict=False) if PIXEL.fullmatch(name.strip())] or cells[:9]
    return sum(map(_is_number, cells)) >= FEWEST or any(_are_pixels(cell) for cell in cells)


def read(path: Path, place: str) -> tuple[np.ndarray, list[str | None] | None, str]:
    """The pictures (N, H*W), uint8 or float32, the label of each or None, and how the table is used, in sentences.

    Raises BadInput, which calls the file `place`.
    """
    try:
        with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
            layout = _layout(file, place)
            table, labels, splits = (_cells if len(layout.pixels) == 1 else _columns)(path, file, layout, place)
    except OSError as error:
        raise BadInput(f"{place} can't be read ({error.strerror or first_line(error)}).") from error
    if not len(table):
        raise BadInput(f"{place} is empty: a row for each picture is needed, with its pixels and its label.")
    used = np.array([split_of(split or "") == "train" for split in splits])
    left = len(used) - used.sum() if used.any() else 0
    if left:
        table, labels = table[used], labels and [label for label, use in zip(labels, used, strict=True) if use]
    table = _small(table)
    remark = ""
    if left:
        remark = f"Trained on are its rows of the split for training; {left:,} others are left aside."
    return table, None if labels is None else list(map(_plain, labels)), remark


def _layout(file: IO[str], place: str) -> Layout:
    """Tell the columns apart; the file stands at its first row afterwards."""
    delimiter, rows = _first_rows(file.read(HEAD))
    file.seek(0)
    some = rows[1:] or rows
    header = [cell.strip() for cell in rows[0]] if _has_names(rows[0]) else []
    names = [name.lower() for name in header]
    label = next((names.index(name) for name in (*LABELS, "emotion") if name in names), None)
    split = next((names.index(name) for name in SPLITS if name in names), None)
    whole = [i for i, cell in enumerate(some[-1]) if _are_pixels(cell)]
    if whole:
        others = [i for i in range(len(some[-1])) if i != whole[0]]
        return Layout(delimiter, header, whole[:1], others[0] if label is None and len(others) == 1 else label, split)
    width = len(some[-1])
    pixels = [i for i in range(width) if i != label and (not names or (i < len(names) and PIXEL.fullmatch(names[i])))]
    others = [i for i in range(len(names)) if i not in pixels and i != split and names[i]]
    if label is None and len(others) == 1:
        label = others[0]
    elif label is None and not flat_axes(len(pixels)) and flat_axes(len(pixels) - 1):
        label = _likely_label(some, pixels)
        pixels = [i for i in pixels if i != label]
    if not flat_axes(len(pixels)):
        raise BadInput(
            f"{place} has {len(pixels):,} numbers in a row beside its label, which make no square picture: save "
            "its pixels as .npy of the shape (N, H, W) or (N, H, W, C)."
        )
    return Layout(delimiter, header, pixels, label, split)


def _has_names(row: Sequence[str]) -> bool:
    """Whether a first row names the columns: by words, or by counting them."""
    return not all(map(_is_number, row)) or list(row) in ([str(i + n) for i in range(len(row))] for n in (0, 1))


def _likely_label(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> int:
    """The first column, unless only the last holds small whole numbers that differ."""

    def differ(column: int) -> bool | None:
        """Whether small whole numbers differ; None for what can hardly be labels."""
        cells = {row[column] for row in rows if column < len(row)}
        if not all(_is_number(cell) and float(cell) in range(MOST_LABELS) for cell in cells):
            return None
        return len(cells) > 1

    first, last = differ(columns[0]), differ(columns[-1])
    return columns[-1] if not first and (last or (first is None and last is not None)) else columns[0]


def _columns(path: Path, file: IO[str], layout: Layout, place: str) -> _Read:
    """A column for each pixel, by Arrow's reader, a block at a time."""
    from pyarrow import ArrowException, float32, string
    from pyarrow import csv as tables

    first = layout.header or next(csv.reader(file, delimiter=layout.delimiter))
    names = [str(i) for i in range(len(first))]
    pixels = [names[i] for i in layout.pixels]
    words = {column: names[column] for column in (layout.label, layout.split) if column is not None}
    types = {name: float32() for name in pixels} | {name: string() for name in words.values()}
    blocks: list[np.ndarray] = []
    said: dict[int | None, list[str | None]] = {column: [] for column in words}
    try:
        reader = tables.open_csv(
            path,
            tables.ReadOptions(
                use_threads=False, block_size=8 * HEAD, column_names=names, skip_rows=bool(layout.header)
            ),
            tables.ParseOptions(delimiter=layout.delimiter),
            tables.ConvertOptions(column_types=types, include_columns=list(types)),
        )
        for batch in reader:
            block = np.stack([batch.column(i).to_numpy(zero_copy_only=False) for i in range(len(pixels))], axis=1)
            blocks.append(_small(block))
            for column, name in words.items():
                said[column] += batch.column(name).to_pylist()
    except ArrowException as error:
        reason = re.sub(r"(got \d+):.*", r"\1", first_line(error))
        raise BadInput(f"{place} can't be read as a table of pixels ({reason}): save it again.") from error
    return np.concatenate(blocks) if blocks else np.empty((0, 0)), said.get(layout.label), said.get(layout.split, [])


def _cells(path: Path, file: IO[str], layout: Layout, place: str) -> _Read:
    """One cell holds all pixels of a picture."""
    csv.field_size_limit(64 * HEAD)
    pictures: list[np.ndarray] = []
    labels: list[str | None] = []
    splits: list[str | None] = []
    (column,) = layout.pixels
    try:
        for row in list(csv.reader(file, delimiter=layout.delimiter))[bool(layout.header) :]:
            if column >= len(row):
                continue
            values = np.array(row[column].split(), np.float32)
            if pictures and len(values) != len(pictures[0]):
                raise BadInput(
                    f"{place} holds pictures of {len(pictures[0]):,} and of {len(values):,} pixels: make all of one "
                    "size."
                )
            pictures.append(_small(values))
            labels.append(row[layout.label] if layout.label is not None and layout.label < len(row) else "")
            splits.append(row[layout.split] if layout.split is not None and layout.split < len(row) else "")
    except (csv.Error, ValueError) as error:
        raise BadInput(f"{place} can't be read as a table of pixels ({first_line(error)}): save it again.") from error
    return np.stack(pictures) if pictures else np.empty((0, 0)), None if layout.label is None else labels, splits


def _small(values: np.ndarray) -> np.ndarray:
    """The values as uint8 if nothing is lost."""
    with np.errstate(invalid="ignore"):  # what is no number is refused later
        small = values.clip(0, 255).astype(np.uint8)
    return small if np.array_equal(small, values) else values


def _plain(label: str | None) -> str | None:
    """7.0 as 7."""
    return str(int(float(label))) if label and _is_number(label) and float(label).is_integer() else label


def _first_rows(head: str) -> tuple[str, list[list[str]]]:
    """What divides the columns, and the first rows; the last only if it is whole or the only one."""
    lines = [line for line in head.splitlines()[:30] if line.strip()]
    if len(lines) > 1 and len(head) >= HEAD // 4:
        lines = lines[:-1]
    if not lines:
        return ",", []
    delimiter = max(",;\t|", key=lines[0].count)
    csv.field_size_limit(64 * HEAD)
    return delimiter, list(csv.reader(lines, delimiter=delimiter))


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _are_pixels(cell: str) -> bool:
    """Whether one cell holds the pixels of a whole picture."""
    parts = cell.split()
    return len(parts) >= FEWEST and all(map(_is_number, parts[:FEWEST]))
