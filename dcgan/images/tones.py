"""Pictures of more than 8 bits for each value: which of their values is black and which is white."""

import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dcgan.config import Config

if TYPE_CHECKING:
    from PIL import Image

READING = 2  # how new runs read pictures; runs from before have 1: files by their endings, colours and depth as stored
MIN_VALUE, MAX_VALUE = 280, 281  # TIFF 6.0, MinSampleValue and MaxSampleValue; signed and float ones stand 60 further
BITS = 258  # TIFF 6.0, BitsPerSample
ORIENTATION = 0x112  # Exif 2.3


class Reading(NamedTuple):
    """How the pictures of a data set are read."""

    version: int = READING
    black: float = 0.0  # the value that is shown black, in files that don't say it themselves
    white: float = 0.0  # and white; where it isn't more than black, each picture is taken by itself


NEWEST = Reading()


def reading_of(config: Config) -> Reading:
    return Reading(config.reading, config.black, config.white)


def is_deep(picture: "Image.Image") -> bool:
    """Whether it has one channel of more than 8 bits: whole numbers of 16 or 32 bits, or floats."""
    return picture.mode.startswith(("I", "F"))


def values_of(picture: "Image.Image") -> np.ndarray:
    """The values (H, W) of a deep picture, float32; what is no number, or infinite, is 0."""
    values = np.asarray(picture).astype(np.float32)
    return np.where(np.isfinite(values), values, np.float32(0))


def stated_range(picture: "Image.Image") -> tuple[float, float] | None:
    """The values that are black and white by the file's own word; None where it says nothing.

    PGM says its largest value, and Pillow scales by it to 16 bits. A TIFF may say its range, or that it has 12 bits.
    A PNG of 16 bits says nothing: instruments of 10, 12 and 14 bits write it, too.
    """
    if picture.format == "PPM" and not picture.mode.startswith("F"):
        return 0.0, 65535.0
    tags = getattr(picture, "tag_v2", {})
    for offset in (0, 60):
        low, high = (_number(tags.get(tag + offset)) for tag in (MIN_VALUE, MAX_VALUE))
        if high is not None and high > (low or 0.0):
            return low or 0.0, high
    bits = _number(tags.get(BITS))
    return (0.0, 2.0**bits - 1) if bits and 8 < bits < 16 else None


def range_of(reading: Reading, stated: tuple[float, float] | None) -> tuple[float, float] | None:
    """Black and white by what the file states, else as the run has them; None leaves it to the picture."""
    return stated or ((reading.black, reading.white) if reading.white > reading.black else None)


def to_8_bits(picture: "Image.Image", reading: Reading, stated: tuple[float, float] | None = None) -> np.ndarray:
    """A deep picture as uint8 (H, W): black 0, white 255, a value that is said to be transparent white.

    By what its file has stated, else by the range of the set, else by what its own values suggest.
    """
    if reading.version == 1:
        values = np.nan_to_num(np.asarray(picture).astype(np.float32))
        return _between(values, *_usual_range(picture, values))
    values = values_of(picture)
    grey = _between(values, *(range_of(reading, stated) or _usual_range(picture, values)))
    clear = picture.info.get("transparency")
    return np.where(values == clear, np.uint8(255), grey) if isinstance(clear, int) else grey


# ---- colours of 16 bits, of which Pillow gives the upper 8


def has_wide_colours(picture: "Image.Image") -> bool:
    """Whether a picture that isn't loaded yet has 16 bits for each colour."""
    return (
        picture.format in ("PNG", "TIFF")
        and picture.mode in ("RGB", "RGBA")
        and bool(re.fullmatch(r"RGB[AaX]?;16[BLN]", _stored(picture)))
    )


def lower_bytes(picture: "Image.Image") -> np.ndarray:
    """The lower 8 bits of wide colours, uint8 (H, W, 3): a second decoding that takes the bytes the other way round."""
    stored = _stored(picture)
    swapped = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}[stored[-1]]
    tiles: list[Any] = picture.tile  # type: ignore[attr-defined]
    for i, tile in enumerate(tiles):
        rest = tile.args[1:] if isinstance(tile.args, tuple) else ()
        args = stored[:-1] + swapped
        tiles[i] = tile._replace(args=(args, *rest) if isinstance(tile.args, tuple) else args)
    return np.asarray(picture)[..., :3]


def wide_values(upper: "Image.Image", lower: np.ndarray) -> np.ndarray:
    """Colours of 16 bits, float32 (H, W, 3)."""
    return np.asarray(upper)[..., :3].astype(np.float32) * 256 + lower


def narrowed(upper: "Image.Image", lower: np.ndarray, black: float, white: float) -> "Image.Image":
    """A picture of wide colours with 8 bits: black 0, white 255, as transparent and as upright as it was."""
    from PIL import Image

    shown = Image.fromarray(_between(wide_values(upper, lower), black, white))
    if upper.has_transparency_data:
        shown.putalpha(upper.convert("RGBA").getchannel("A"))
    shown.getexif()[ORIENTATION] = upper.getexif().get(ORIENTATION, 1)
    return shown


def _stored(picture: "Image.Image") -> str:
    """How Pillow calls the order of bits in the file, such as RGB;16B."""
    tiles = getattr(picture, "tile", ())
    args = tiles[0].args if tiles else ""
    return str(args[0] if isinstance(args, tuple) else args)


# ---- helpers


def _between(values: np.ndarray, black: float, white: float) -> np.ndarray:
    return np.clip((values - black) * (255.0 / (white - black)) + 0.5, 0, 255).astype(np.uint8)


def _usual_range(picture: "Image.Image", values: np.ndarray) -> tuple[float, float]:
    """What the values of a picture alone suggest."""
    if picture.mode.startswith("I;16") or values.max() > 255:
        return 0.0, 65535.0
    return 0.0, 1.0 if values.max() <= 1 else 255.0


def _number(value: object) -> float | None:
    """A TIFF tag's value, or the first of several."""
    if isinstance(value, tuple):
        value = value[0] if value else None
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
