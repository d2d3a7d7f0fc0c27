"""Files that hold several pictures, such as stacks of a microscope and animations: only the first of each is used."""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from dcgan.images.decode import opened
from dcgan.images.formats import suffix_of

MAY_HOLD = {".tif", ".tiff", ".gif", ".webp", ".apng", ".avif", ".avifs", ".fli", ".flc", ".dcx"}
LOOKED_AT, MOST_BYTES = 64, 2**27  # files, and bytes of them


class Frames(NamedTuple):
    """What was found in a sample of a set."""

    looked: int = 0  # files that may hold several
    several: int = 0  # that do
    example: str = ""


def frames_among(names: Sequence[str], read: Callable[[str], bytes]) -> Frames:
    """How many of a sample, which is always the same, hold more than one picture."""
    candidates = [name for name in names if suffix_of(name) in MAY_HOLD]
    looked = size = 0
    found: list[str] = []
    for name in random.Random(0).sample(candidates, min(len(candidates), LOOKED_AT)):
        try:
            content = read(name)
            looked, size = looked + 1, size + len(content)
            with opened(content, name) as picture:
                if getattr(picture, "n_frames", 1) > 1:
                    found.append(name)
        except Exception:  # it is told of where pictures are read
            continue
        if size > MOST_BYTES:
            break
    return Frames(looked, len(found), min(found, default=""))
