"""How oblong the pictures of a data set are, and what each way of making them square leaves; no torch."""

import random
from typing import TYPE_CHECKING

from dcgan.data import rows, source_pictures, sources
from dcgan.data.picture_files import once
from dcgan.images.decode import fit, readable

if TYPE_CHECKING:
    from PIL import Image

LOOKED_AT = 12  # pictures, chosen at random: enough to know the usual shape
LITTLE = 0.04  # share of a picture whose loss nobody notices


def share_cut_off(source: source_pictures.Source) -> float:
    """What the largest square about the centre leaves out of the pictures, on average: 0 to 1, 0 for IDX sets."""
    if source.kind == "idx":
        return 0.0

    def look() -> float:
        shares = [1 - min(picture.size) / max(picture.size) for picture in _some(source, LOOKED_AT)]
        return sum(shares) / max(1, len(shares))

    return once(source_pictures.listed(source), ("share cut off", source), look)


def examples(source: source_pictures.Source, crop: str, n: int = 3, size: int = 96) -> list["Image.Image"]:
    """The n most oblong of the pictures looked at, RGB and `size` px square as `crop` makes them."""
    found = sorted(_some(source, LOOKED_AT), key=lambda picture: min(picture.size) / max(picture.size))
    return [fit(picture, size, 3, crop) for picture in found[:n]]


def _some(source: source_pictures.Source, n: int) -> list["Image.Image"]:
    with source_pictures.pictures(source) as (names, read):
        chosen = random.Random(1).sample(names, min(len(names), sources.MAX_FAILED))
        chosen[:n] = rows.forward(source.path, chosen[:n])
        return list(readable(chosen, read, n, reading=source_pictures.reading(source)))
