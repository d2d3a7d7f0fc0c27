"""Strangers' picture files, decoded within limits; light enough for a page (no torch)."""

import io
import math
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from dcgan.errors import first_line

if TYPE_CHECKING:
    from PIL import Image

FORMATS = {  # Pillow's name -> how such files end; not EPS and others that start programs
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jfif"),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm"),
}
LARGE = 2**20  # pixels; smaller pictures are decoded as quickly as looked at
JPEG_END, JPEG_TAIL = b"\xff\xd9", 2**16  # bytes; no pixels are ever packed as these two
SUFFIXES = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)


def decode(read: Callable[[str], bytes], name: str, size: int = 128) -> "Image.Image":
    """Read one picture upright as L or RGB, large enough for `size` px; raises ValueError("name: reason")."""
    try:
        return _decoded(read(name), size)
    except Exception as error:  # decoders of strangers' files raise nearly anything
        raise ValueError(f"{shown(name)}: {reason_of(error)}") from error


def verify(read: Callable[[str], bytes], name: str) -> None:
    """Raise ValueError("name: reason") unless a picture can be read, a large one without decoding it if possible.

    A large PNG has checksums; of a large JPEG that has its header and the mark of its end, all between can be decoded,
    if not always to what it was.
    """
    try:
        content = read(name)
        with _opened(content) as opened:
            large = opened.width * opened.height > LARGE
            if large and opened.format == "PNG":
                opened.verify()
                return
            if large and opened.format in ("JPEG", "MPO") and JPEG_END in content[-JPEG_TAIL:]:
                return
        _decoded(content)
    except Exception as error:
        raise ValueError(f"{shown(name)}: {reason_of(error)}") from error


def _opened(content: bytes) -> "Image.Image":
    """A picture whose header has been read and is within the limits."""
    from PIL import Image

    if not content:
        raise ValueError("the file is empty")
    opened = Image.open(io.BytesIO(content), formats=tuple(FORMATS))
    if opened.width * opened.height > (Image.MAX_IMAGE_PIXELS or math.inf):
        raise Image.DecompressionBombError
    return opened


def _decoded(content: bytes, size: int = 128) -> "Image.Image":
    from PIL import ImageOps

    with _opened(content) as opened:
        opened.draft(None, (2 * size, 2 * size))  # a JPEG of 12 megapixels decodes at an eighth of its size
        opened.load()
        return _flatten(ImageOps.exif_transpose(opened))


def _flatten(picture: "Image.Image") -> "Image.Image":
    """Any mode to L or RGB: 16-bit greys scaled, transparency laid on white."""
    from PIL import Image

    if picture.mode.startswith(("I", "F")):
        values = np.nan_to_num(np.asarray(picture).astype(np.float32))
        full = 65535.0 if picture.mode.startswith("I;16") or values.max() > 255 else 1.0 if values.max() <= 1 else 255.0
        return Image.fromarray(np.clip(values * (255.0 / full) + 0.5, 0, 255).astype(np.uint8))
    if picture.has_transparency_data:
        grey = picture.mode in ("L", "LA", "La")
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        return picture.convert("L" if grey else "RGB")
    return picture.convert("L" if picture.mode in ("1", "L") else "RGB")


def fit(picture: "Image.Image", size: int, channels: int, crop: str = "square") -> "Image.Image":
    """Make a picture square with antialiasing, `size` px, in mode L (1 channel) or RGB (3).

    `crop` says how. square, or width x height such as 178x208: the part of that shape about the centre, as large as
    fits, squeezed into the square. whole: all of it, squeezed. pad: all of it in its own shape, between two borders.
    """
    from PIL import Image

    mode = "L" if channels == 1 else "RGB"
    if crop == "pad":
        return _padded(picture if picture.mode == mode else picture.convert(mode), size)
    if crop != "whole":
        across, down = (1, 1) if crop == "square" else map(int, crop.split("x"))
        width = min(picture.width, max(1, picture.height * across // down))
        height = min(picture.height, max(1, picture.width * down // across))
        left, top = (picture.width - width) // 2, (picture.height - height) // 2
        picture = picture.crop((left, top, left + width, top + height))
    return (picture if picture.mode == mode else picture.convert(mode)).resize((size, size), Image.Resampling.LANCZOS)


def _padded(picture: "Image.Image", size: int) -> "Image.Image":
    """All of a picture, L or RGB, in the middle of a square of `size` px; each border has its neighbours' median."""
    from PIL import Image

    longer = max(picture.size)
    width, height = (max(1, round(side * size / longer)) for side in picture.size)
    pixels = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS))
    axis = 0 if height < size else 1  # the borders lie above and below, or left and right
    missing = size - pixels.shape[axis]
    pixels = np.moveaxis(pixels, axis, 0)
    first, last = (np.broadcast_to(np.median(line, axis=0), line.shape) for line in (pixels[0], pixels[-1]))
    before, after = missing // 2, missing - missing // 2
    rows = [np.repeat(first[None], before, axis=0), pixels, np.repeat(last[None], after, axis=0)]
    return Image.fromarray(np.ascontiguousarray(np.moveaxis(np.concatenate(rows).astype(np.uint8), 0, axis)))


def reason_of(error: Exception) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "not a picture in a known format"
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return "too many pixels"
    return "the file is missing" if isinstance(error, FileNotFoundError) else first_line(error)


def shown(name: str) -> str:
    """A stranger's file name as part of a sentence: on one line, without invisible characters, at most 200 long."""
    return "".join(char if char.isprintable() else "\ufffd" for char in name)[:200]


def readable(
    names: Iterable[str], read: Callable[[str], bytes], most: int, failed: list[str] | None = None
) -> Iterator["Image.Image"]:
    """Decode in order until `most` pictures came through; the others go to `failed` as "name: reason"."""
    for name in names:
        if most == 0:
            return
        try:
            picture = decode(read, name)
        except ValueError as error:
            if failed is not None:
                failed.append(str(error))
        else:
            most -= 1
            yield picture
