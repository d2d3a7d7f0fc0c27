"""What each picture of a run's sample grid shows; light (no torch)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from dcgan.config import Config

MOST_ROWS = 20  # with a class in each
MOST_COLUMNS = 10  # beside few classes: in a longer strip nothing could be recognised


class Cell(NamedTuple):
    """What a picture of the grid shows."""

    seed: int
    label: int | None = None  # its class, where classes can be asked for


def grid_cells(config: Config) -> list[Cell]:
    """The pictures of a run's sample grid: with classes a row is a class, and a column a z."""
    if not config.num_classes:
        return [Cell(seed) for seed in _seeds(config.seed, config.num_samples)]
    rows = min(config.num_classes, MOST_ROWS)
    columns = _seeds(config.seed, max(1, min(MOST_COLUMNS, config.num_samples // rows)))
    return [Cell(seed, row) for row in range(rows) for seed in columns]


def class_rows(cells: Sequence[Cell]) -> list[int]:
    """The class of each row of such a grid; empty without classes."""
    return list(dict.fromkeys(cell.label for cell in cells if cell.label is not None))


def full_columns(cells: Sequence[Cell]) -> int | None:
    """Columns that lay a grid out in full rows, a class each where there are classes, and 32 as 4 rows of 8.

    None where that would be a long strip: then ceil(sqrt(n)) leave the last row short.
    """
    n, least = len(cells), math.ceil(math.sqrt(len(cells)))
    if rows := class_rows(cells):
        return n // len(rows)
    return next((columns for columns in range(least, 2 * least) if n % columns == 0), None)


def grid_shape(cells: Sequence[Cell]) -> tuple[int, int]:
    """Rows and columns of a sample grid."""
    columns = full_columns(cells) or math.ceil(math.sqrt(len(cells)))
    return math.ceil(len(cells) / columns), columns


def _seeds(first: int, n: int) -> list[int]:
    return [(first + i) % 2**32 for i in range(n)]
