"""Whether shapes, classes or details came first in a run, from its kept sample grids and its quality log; no torch.

Shapes and details are told by power spectra, means over the pictures of a grid beside those of real pictures: how much
light and dark there is in areas of a third of the picture and more, and how much from one pixel to the next. That says
how much of either is there, not whether it is right. Classes are told by the measurements of the training.
"""

import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from dcgan.runs.run import Run
from dcgan.runs.sample_grids import grid_of

SHAPE, CLASS, DETAIL = "shape", "class", "detail"
COARSE = 3  # cycles per picture and fewer
FINE = 0.25  # cycles per pixel and more
NEAR = 1.25  # by what factor an amount may differ from that of real pictures
SETTLED = 2.0  # times the step at which something came: so long it must have stayed
GAP = 2  # pixels between the pictures of a grid


class Powers(NamedTuple):
    """Variance of grey levels, in levels of 255 squared."""

    coarse: float
    fine: float


class Came(NamedTuple):
    """Between which steps something came to stay; `by` is None while it hasn't."""

    after: int  # the last look at which it was not there
    by: int | None  # the first look from which on it was


def powers(pictures: np.ndarray) -> Powers:
    """The mean power of pictures, uint8 (N, S, S) or (N, S, S, 3), in large areas and between neighbouring pixels."""
    grey = pictures.astype(np.float64)
    grey = grey.mean(-1) if grey.ndim == 4 else grey
    side = grey.shape[1]
    waves = np.abs(np.fft.fft2(grey - grey.mean((1, 2), keepdims=True))) ** 2 / side**4  # sums to the variance
    cycles = np.fft.fftfreq(side)  # per pixel
    rate = np.hypot(cycles[:, None], cycles[None, :])
    mean = waves.mean(0)
    return Powers(float(mean[(rate > 0) & (rate * side <= COARSE)].sum()), float(mean[rate >= FINE].sum()))


def grid_powers(run: Run, step: int, side: int) -> Powers:
    """Those of the pictures of a kept grid, `side` pixels each; raises OSError if it can't be read."""
    from PIL import Image

    with Image.open(io.BytesIO(grid_of(run, step))) as opened:
        sheet = np.asarray(opened.convert("RGB"))
    pitch = side + GAP
    tops, lefts = (range(0, length - side + 1, pitch) for length in sheet.shape[:2])
    if not tops or not lefts:
        raise OSError(f"the grid of step {step} has no picture of {side} pixels")
    return powers(np.stack([sheet[top : top + side, left : left + side] for top in tops for left in lefts]))


def came(steps: Sequence[int], there: Sequence[bool]) -> Came:
    """When something came to stay, by whether it was there at rising steps."""
    gone = [at for at, seen in enumerate(there) if not seen]
    first = gone[-1] + 1 if gone else 0
    return Came(steps[gone[-1]] if gone else 0, steps[first] if first < len(steps) else None)


def of_powers(steps: Sequence[int], found: Sequence[Powers], real: Powers) -> dict[str, Came]:
    """When shapes and details came, by the looks at rising steps: as much of them as in real pictures, within NEAR.

    More shape than that is shape as well; more detail is noise.
    """
    shapes = [each.coarse >= real.coarse / NEAR for each in found]
    details = [real.fine / NEAR <= each.fine <= real.fine * NEAR for each in found]
    return {SHAPE: came(steps, shapes), DETAIL: came(steps, details)}


def of_classes(rows: Sequence[dict[str, Any]]) -> dict[str, Came]:
    """When every class occurred, by the rows of quality.jsonl; empty where they know no classes."""
    told = [row for row in rows if row["classes"]]
    if not told:
        return {}
    return {CLASS: came([row["step"] for row in told], [row["covered"] == row["classes"] for row in told])}


def before(found: dict[str, Came], name: str, step: int) -> list[str]:
    """What surely came before something else, and has stayed, at a step of training."""
    return [
        other
        for other, each in found.items()
        if other != name and each.by is not None and step >= SETTLED * each.by and found[name].after >= each.by
    ]


def winner(found: dict[str, Came], step: int) -> str | None:
    """What surely came first; None until that is known, and where two came between the same looks."""
    return next(
        (own for own in found if all(own in before(found, other, step) for other in found if other != own)), None
    )
