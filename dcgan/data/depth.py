"""Which values of a set's deep pictures are black and white: one scale for all of them; no torch."""

import random
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dcgan.images.decode import opened
from dcgan.images.formats import suffix_of
from dcgan.images.tones import has_wide_colours, is_deep, lower_bytes, stated_range, values_of, wide_values

if TYPE_CHECKING:
    from PIL import Image

FIRST_LOOK, LOOKED_AT = 64, 400  # pictures that are opened to see whether any is deep, and then read for the range
MOST_PIXELS, MOST_BYTES, LEAST = 10**8, 2**28, 8  # looked at in all, but that many pictures at least
SHALLOW = {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".gif", ".bmp", ".webp", ".avif", ".ico", ".heic"}  # 8 bits always
USUAL = (1.0, 255.0, 4095.0, 65535.0)  # what floats go up to by convention; a little more is an overshoot
OVERSHOOT = 0.01
DIM = 0.02  # of the range: a picture that stays below is nearly black


class Depth(NamedTuple):
    """What was found in a sample of a set; no deep picture has looked 0."""

    looked: int = 0  # deep pictures without a word of their own that were read
    black: float = 0.0
    white: float = 0.0  # 0 where there are none
    dim: int = 0  # of those looked at: how many stay nearly black


def depth_of(names: Sequence[str], read: Callable[[str], bytes]) -> Depth:
    """The range of a set's deep pictures, of a sample that is always the same; the others don't count."""
    candidates = [name for name in names if suffix_of(name) not in SHALLOW]
    order = random.Random(0).sample(candidates, min(len(candidates), LOOKED_AT))
    ranges: list[tuple[float, float, bool]] = []  # darkest, brightest, whether floats
    pixels = size = 0
    for number, name in enumerate(order):
        if number >= LEAST and (pixels > MOST_PIXELS or size > MOST_BYTES):
            break
        if number >= FIRST_LOOK and not ranges:
            break
        try:
            content = read(name)
            size += len(content)
            with opened(content, name) as picture:
                values = _values(picture, lambda: opened(content, name))  # noqa: B023 used at once
                if values is not None:
                    pixels += picture.width * picture.height
                    ranges.append((float(values.min()), float(values.max()), picture.mode.startswith("F")))
        except Exception:  # it is told of where pictures are read
            continue
    if not ranges:
        return Depth()
    low, high = min(each[0] for each in ranges), max(each[1] for each in ranges)
    black, white = range_around(low, high, any(floats for *_, floats in ranges))
    dim = sum(brightest - black < DIM * (white - black) for _, brightest, _ in ranges)
    return Depth(len(ranges), black, white, dim)


def range_around(low: float, high: float, floats: bool) -> tuple[float, float]:
    """The values for black and white of a set that holds values from `low` to `high`.

    Whole numbers from 0 go up to the end of the bits they need, 4,095 for 3,000. Floats have what is usual, 0 to 1, -1
    to 1, 0 to 255, where they fill half of it; else white is the highest value, and black 0 or the lowest.
    """
    if high <= low:  # all the same
        return (0.0, high) if high > 0 else (low, low + 1.0)
    if not floats and low >= 0:
        return 0.0, 2.0 ** int(high).bit_length() - 1
    usual = next((top for top in USUAL if top / 2 < max(high, -low) <= top * (1 + OVERSHOOT)), None)
    if usual is None:
        return (low if low < 0 else 0.0), high
    if low >= -OVERSHOOT * usual:
        return 0.0, usual
    return (-usual, usual) if usual == 1.0 and floats else (low, high)


def _values(picture: "Image.Image", again: Callable[[], "Image.Image"]) -> np.ndarray | None:
    """The values of a deep picture that doesn't say its range; None for any other. `again` opens it once more."""
    if not is_deep(picture) and not has_wide_colours(picture) or stated_range(picture):
        return None
    return values_of(picture) if is_deep(picture) else wide_values(picture, lower_bytes(again()))
