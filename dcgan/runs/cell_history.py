"""The history of one sample: the same cell of the grids a run kept, cut out when somebody asks; light (no torch)."""

import functools
import io
import threading
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dcgan.errors import BadInput
from dcgan.images.encode import png_bytes
from dcgan.runs.grid_cells import grid_cells
from dcgan.runs.kept_steps import thin
from dcgan.runs.run import Run
from dcgan.runs.sample_grids import grid_of

MOST_STEPS = 40  # of a history
MOST_BYTES = 64_000_000  # of decoded grids that are kept for the next cell
GAP = 2  # pixels between the pictures of a grid, as `images.grids.grid` leaves them


class History(NamedTuple):
    steps: list[int]  # rising
    opens: list[int]  # for each, the nearest step whose generator is kept; empty where none is
    size: int  # pixels: height and width of each picture
    png: bytes  # the pictures side by side, the first at the left


def history_of(run: Run, cell: int, most: int = MOST_STEPS) -> History:
    """The pictures of one cell, counted row by row from 0, at most so many steps, the first and the newest among them.

    Raises BadInput where the run has no such cell, or no grid that can be read.
    """
    config, last = run.config, len(grid_cells(run.config)) - 1
    if not 0 <= cell <= last:
        raise BadInput(f"cell must be a whole number from 0 to {last}, not {cell}.")
    size, found = config.image_size, {}
    steps = kept_of(tuple(run.samples()), most)
    with _lock:  # two who ask at once decode each grid once
        for step in steps:
            try:
                found[step] = _cell(_grid(run.sample_path(step), run, step, MOST_BYTES // len(steps)), cell, size)
            except (OSError, ValueError):
                continue  # thinned away a moment ago, damaged, or of other pictures
    if not found:
        raise BadInput(f"Run {run.id} has no sample grid with a cell {cell}.")
    shape = found[max(found)].shape
    found = {step: picture for step, picture in found.items() if picture.shape == shape}
    kept = list(run.generators())
    opens = [min(kept, key=lambda each, step=step: abs(each - step)) for step in found] if kept else []  # type: ignore[misc]
    return History(list(found), opens, size, png_bytes(np.concatenate(list(found.values()), axis=1)))


@functools.lru_cache(maxsize=8)
def kept_of(steps: tuple[int, ...], most: int) -> list[int]:
    """At most so many of the rising steps, as `kept_steps.thin` leaves them; at least two."""
    dropped = set(thin(list(steps), most))
    return [step for step in steps if step not in dropped]


_lock = threading.Lock()
_grids: "OrderedDict[Path, tuple[int, np.ndarray]]" = OrderedDict()  # path -> time of its file, grid


def _grid(path: Path, run: Run, step: int, most_bytes: int) -> np.ndarray:
    """A grid, uint8 (H, W) or (H, W, 3), kept until others need the room; raises OSError and ValueError."""
    from PIL import Image

    modified = path.stat().st_mtime_ns
    if path in _grids and _grids[path][0] == modified:
        _grids.move_to_end(path)
        return _grids[path][1]
    with Image.open(io.BytesIO(grid_of(run, step))) as image:
        if image.width * image.height * len(image.getbands()) > most_bytes:
            raise ValueError("forty of its kind would fill the memory")
        grid = np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    _grids[path] = modified, grid
    while sum(each.nbytes for _, each in _grids.values()) > MOST_BYTES:
        _grids.popitem(last=False)
    return grid


def _cell(grid: np.ndarray, cell: int, size: int) -> np.ndarray:
    """One picture of a grid, (size, size[, 3]); raises ValueError for a grid that is laid out otherwise."""
    columns, rest = divmod(grid.shape[1] + GAP, size + GAP)
    rows, more = divmod(grid.shape[0] + GAP, size + GAP)
    row, column = divmod(cell, max(columns, 1))
    if rest or more or row >= rows:
        raise ValueError("not a grid of this run's pictures")
    top, left = row * (size + GAP), column * (size + GAP)
    return grid[top : top + size, left : left + size]
