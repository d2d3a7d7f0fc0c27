"""What an array of pictures holds: how its axes lie, which values are black and white, and its labels; no torch."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from dcgan.data.depth import range_around
from dcgan.data.row_set import class_words
from dcgan.errors import BadInput

PIECE = 64 * 2**20  # bytes looked at at a time
LOOKED_AT = 200  # pictures of a uint8 array, to see whether they have more than two values
MIN_SIDE, MAX_SIDE = 4, 8192  # pixels
MIN_FLAT, MIN_FLAT_COLOUR = 8, 24  # pixels a side of what lies flat: 768 numbers are rather no picture of 16 x 16
FLAT_GREY, FLAT_COLOUR, FLAT_MIXED = "(N, H*W)", "(N, C*H*W)", "(N, H*W*C)"
ORDERS = {  # how the numbers of a row lie
    FLAT_GREY: "",
    FLAT_COLOUR: " in colour, all of red, then green, then blue",
    FLAT_MIXED: " in colour, the red, green and blue of each together",
}
FEW = 20  # rows that tell which of the two ways of colour it is


class Axes(NamedTuple):
    """How pictures lie in an array."""

    words: str  # such as (N, H, W, C)
    height: int
    width: int
    channels: int  # 1 grey, 2 grey with opacity, 3 colour, 4 colour with opacity


def axes_of(shape: tuple[int, ...], dtype: np.dtype, what: str) -> Axes:
    """Tell the axes of an array; raises BadInput, which calls the array `what`, for one that holds something else."""
    if dtype.kind not in "buif":
        raise BadInput(f"{what} holds {_kind(dtype)}, not pictures: save an array of uint8 or floats.")
    ways = "(N, H, W), (N, H, W, C) or (N, C, H, W)"
    axes = None
    if len(shape) == 2:
        axes = flat_axes(shape[1])
    elif len(shape) == 3 and shape[2] in (3, 4) and shape[0] > 4:
        raise BadInput(f"{what} has the shape {shape}, which is one picture: stack many as (N, H, W, C).")
    elif len(shape) == 3:
        axes = Axes("(N, H, W)", shape[1], shape[2], 1)
    elif len(shape) == 4 and shape[3] <= 4:
        axes = Axes("(N, H, W, C)", *shape[1:4])
    elif len(shape) == 4 and shape[1] <= 4:
        axes = Axes("(N, C, H, W)", shape[2], shape[3], shape[1])
    if axes is None or not 1 <= axes.channels <= 4:
        raise BadInput(f"{what} has the shape {shape}, but pictures are {ways}, with C from 1 to 4: save it so.")
    if not (MIN_SIDE <= axes.height <= MAX_SIDE and MIN_SIDE <= axes.width <= MAX_SIDE):
        raise BadInput(
            f"{what} has the shape {shape}, which makes pictures of {axes.width} x {axes.height} pixels: save it as "
            f"{ways}, each side from {MIN_SIDE} to {MAX_SIDE:,}."
        )
    return axes


def flat_axes(number: int) -> Axes | None:
    """How so many numbers are a square picture, grey or in colour; None where they are none."""
    number = max(number, 0)
    if (side := math.isqrt(number)) >= MIN_FLAT and side**2 == number:
        return Axes(FLAT_GREY, side, side, 1)
    if (side := math.isqrt(number // 3)) >= MIN_FLAT_COLOUR and 3 * side**2 == number:
        return Axes(FLAT_COLOUR, side, side, 3)
    return None


def settled(axes: Axes, array: np.ndarray) -> Axes:
    """The axes, where flat colours may lie in two ways: channel after channel as CIFAR's, or pixel after pixel.

    Values one above the other differ less than others; they are as far apart as a row of pixels is long.
    """
    if axes.words != FLAT_COLOUR or not len(array):
        return axes
    some = np.asarray(array[:: max(1, len(array) // FEW)], np.float64)
    by_channel, by_pixel = (np.abs(some[:, row:] - some[:, :-row]).mean() for row in (axes.width, 3 * axes.width))
    return axes._replace(words=FLAT_MIXED) if by_pixel < by_channel else axes


def flat_words(axes: Axes) -> str:
    """How a row of numbers is read as a picture, a sentence; nothing where the array's shape says it."""
    if axes.words not in ORDERS:
        return ""
    number = axes.height * axes.width * axes.channels
    return f"Each row of {number:,} numbers is read as {axes.width} x {axes.height} pixels{ORDERS[axes.words]}."


def range_of(array: np.ndarray, what: str) -> tuple[float, float]:
    """The values that are black and white in all of an array; raises BadInput if some are no numbers.

    Those of uint8 are 0 and 255, or 0 and 1 where there are no others; the rest is as `depth.range_around` has it.
    """
    if array.dtype == bool:
        return 0.0, 1.0
    if not array.size:
        return 0.0, 255.0
    if array.dtype == np.uint8:
        some = array[:: max(1, len(array) // LOOKED_AT)]
        of_two_values = some.max() <= 1 and max(piece.max() for piece in _pieces(array)) == 1
        return 0.0, 1.0 if of_two_values else 255.0
    low, high = np.inf, -np.inf
    for piece in _pieces(array):
        ends = float(piece.min()), float(piece.max())
        if not np.isfinite(ends).all():
            raise BadInput(f"{what} holds values that are not a number or infinite: replace them and save it again.")
        low, high = min(low, ends[0]), max(high, ends[1])
    if array.dtype.kind in "ui" and low >= 0 and high <= 255:
        return 0.0, 1.0 if high <= 1 else 255.0
    return range_around(low, high, array.dtype.kind == "f")


def _pieces(array: np.ndarray) -> Iterator[np.ndarray]:
    step = max(1, PIECE // max(1, array[:1].nbytes))
    return (array[start : start + step] for start in range(0, len(array), step))


def picture_file(row: np.ndarray, axes: Axes, black: float, white: float) -> bytes:
    """One picture of an array as a PGM or PPM file, whose bytes depend on its pixels alone; clear parts are white."""
    if axes.words == FLAT_COLOUR:
        row = np.asarray(row).reshape(axes.channels, axes.height, axes.width)
    if axes.words in ("(N, C, H, W)", FLAT_COLOUR):
        row = row.transpose(1, 2, 0)
    pixels = np.asarray(row).reshape(axes.height, axes.width, axes.channels)
    if pixels.dtype != np.uint8 or (black, white) != (0, 255):
        scaled = (pixels.astype(np.float64) - black) * (255 / (white - black))
        pixels = np.clip(scaled + 0.5, 0, 255).astype(np.uint8)
    if axes.channels in (2, 4):
        colour, opacity = pixels[..., :-1].astype(np.uint32), pixels[..., -1:].astype(np.uint32)
        pixels = ((colour * opacity + 255 * (255 - opacity) + 127) // 255).astype(np.uint8)
    head = f"P{5 if pixels.shape[2] == 1 else 6}\n{axes.width} {axes.height}\n255\n"
    return head.encode() + np.ascontiguousarray(pixels).tobytes()


def classes_of(labels: np.ndarray, num_rows: int) -> list[str] | None:
    """The class of each row: by a number or text for each, or one of K columns that is 1; None for anything else."""
    if labels.dtype.kind not in "buifUS" or labels.ndim == 0 or len(labels) != num_rows:
        return None
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.dtype.kind in "buif" and 2 <= labels.shape[1] <= 10_000:
        labels = np.asarray(labels)
        if not (np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all()):
            return None
        labels = labels.argmax(axis=1)
    return class_words(labels.tolist()) if labels.ndim == 1 else None


def range_words(dtype: np.dtype, black: float, white: float) -> str:
    """What becomes of the values, in a sentence; nothing where they are pixels already."""
    if (black, white) == (0, 255):
        return ""
    return f"Of its values ({dtype.name}) {black:,.6g} is shown black and {white:,.6g} white."


def _kind(dtype: np.dtype) -> str:
    kinds: Sequence[tuple[str, str]] = (
        ("O", "Python objects, which are not opened since they could run code"),
        ("c", "complex numbers"),
        ("US", "texts"),
        ("mM", "times"),
        ("V", "records of several fields"),
    )
    return next((words for letters, words in kinds if dtype.kind in letters), f"values of the type {dtype.name}")
