"""Strangers' picture files, decoded within limits; light enough for a page (no torch)."""

import functools
import io
import math
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from dcgan.errors import first_line
from dcgan.images import tones
from dcgan.images.formats import BY_NAME, FORMATS, HEIF, SNIFFED, has_heif, kind_of, suffix_of
from dcgan.images.srgb import in_srgb
from dcgan.images.tones import NEWEST, Reading

if TYPE_CHECKING:
    from PIL import Image

LARGE = 2**20  # pixels; smaller pictures are decoded as quickly as looked at
JPEG_END, JPEG_TAIL = b"\xff\xd9", 2**16  # bytes; no pixels are ever packed as these two
FIRST_FORMATS: tuple[str, ...] = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")  # all of reading 1
LFS = b"version https://git-lfs."  # how a text begins that stands for a large file in Git
NO_HEIF = "a HEIC photograph: install the package pillow-heif to read it"


def decode(read: Callable[[str], bytes], name: str, size: int = 128, reading: Reading = NEWEST) -> "Image.Image":
    """Read one picture upright as L or RGB in sRGB, large enough for `size` px; raises ValueError("name: reason")."""
    try:
        return _decoded(read(name), name, reading, size)
    except Exception as error:  # decoders of strangers' files raise nearly anything
        raise ValueError(f"{shown(name)}: {reason_of(error)}") from error


def verify(read: Callable[[str], bytes], name: str, reading: Reading = NEWEST) -> None:
    """Raise ValueError("name: reason") unless a picture can be read, a large one without decoding it if possible.

    A large PNG has checksums; of a large JPEG that has its header and the mark of its end, all between can be decoded,
    if not always to what it was.
    """
    try:
        content = read(name)
        with opened(content, name, reading) as picture:
            large = picture.width * picture.height > LARGE
            if large and picture.format == "PNG":
                picture.verify()
                return
            if large and picture.format in ("JPEG", "MPO") and JPEG_END in content[-JPEG_TAIL:]:
                return
        _decoded(content, name, reading)
    except Exception as error:
        raise ValueError(f"{shown(name)}: {reason_of(error)}") from error


def opened(content: bytes, name: str, reading: Reading = NEWEST) -> "Image.Image":
    """A picture whose header has been read and is within the limits; the name matters where the content says little.

    Raises nearly anything for what is none.
    """
    from PIL import Image

    if not content:
        raise ValueError("the file is empty")
    if content.startswith(LFS):
        raise ValueError("a pointer of Git LFS, not the picture itself: fetch the pictures by it first")
    formats = FIRST_FORMATS if reading.version == 1 else _formats_of(content, name)
    found = Image.open(io.BytesIO(content), formats=formats)
    if found.width * found.height > (Image.MAX_IMAGE_PIXELS or math.inf):
        raise Image.DecompressionBombError
    return found


def _formats_of(content: bytes, name: str) -> tuple[str, ...]:
    """The formats in which Pillow is to try a file; raises ValueError for one that it can't read here."""
    from PIL import Image

    kind = kind_of(content[:SNIFFED])
    if kind in HEIF:
        if not has_heif():
            raise ValueError(NO_HEIF)
        _register_heif()
        return (kind,)
    Image.preinit()  # the usual formats; all of them take a quarter of a second to load
    if kind not in Image.OPEN:
        Image.init()
    if kind in FORMATS:
        if kind not in Image.OPEN:
            raise ValueError(f"a picture in the format {kind}, which this build of Pillow can't read")
        return (kind,)
    own = (each for each, suffixes in BY_NAME.items() if suffix_of(name) in suffixes)
    return tuple(each for each in (*own, *FORMATS) if each in Image.OPEN)


@functools.cache
def _register_heif() -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()


def _decoded(content: bytes, name: str, reading: Reading, size: int = 128) -> "Image.Image":
    from PIL import Image, ImageOps

    with opened(content, name, reading) as picture:
        picture.draft(None, (2 * size, 2 * size))  # a JPEG of 12 megapixels decodes at an eighth of its size
        if reading.version > 1:
            _scale_transparent(picture)
        profile = picture.info.get("icc_profile") if reading.version > 1 else None
        stated = tones.stated_range(picture) if tones.is_deep(picture) or tones.has_wide_colours(picture) else None
        wide = tones.has_wide_colours(picture) and tones.range_of(reading, stated)
        picture.load()
        whole: Image.Image = picture
        if wide and wide != (0.0, 65535.0):
            whole = tones.narrowed(picture, tones.lower_bytes(opened(content, name, reading)), *wide)
        upright = ImageOps.exif_transpose(whole)
        if tones.is_deep(upright):
            return Image.fromarray(tones.to_8_bits(upright, reading, stated))
        return _flatten(upright, profile)


def _scale_transparent(picture: "Image.Image") -> None:
    """Bring a PNG's transparent value from the depth of its file to the 8 bits of its pixels, where Pillow doesn't."""
    clear, tile = picture.info.get("transparency"), getattr(picture, "tile", ())
    stored = str(tile[0].args) if tile else ""
    if isinstance(clear, int) and picture.mode == "L" and stored in ("L;2", "L;4"):
        picture.info["transparency"] = clear * {"L;2": 85, "L;4": 17}[stored]
    elif isinstance(clear, tuple) and stored.startswith("RGB;16"):
        picture.info["transparency"] = tuple(value >> 8 for value in clear)


def _flatten(picture: "Image.Image", profile: bytes | None) -> "Image.Image":
    """Any mode of 8 bits to L or RGB: as its profile shows it, with transparency laid on white."""
    from PIL import Image

    grey = picture.mode in ("1", "L", "LA", "La")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        if profile:
            colour = in_srgb(picture.convert("L" if grey else "RGB"), profile).convert("RGB")
            colour.putalpha(picture.getchannel("A"))
            picture = colour
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        return picture.convert("L" if grey else "RGB")
    if profile:
        picture = in_srgb(picture if picture.mode == "CMYK" else picture.convert("L" if grey else "RGB"), profile)
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
    names: Iterable[str],
    read: Callable[[str], bytes],
    most: int,
    failed: list[str] | None = None,
    reading: Reading = NEWEST,
) -> Iterator["Image.Image"]:
    """Decode in order until `most` pictures came through; the others go to `failed` as "name: reason"."""
    for name in names:
        if most == 0:
            return
        try:
            picture = decode(read, name, reading=reading)
        except ValueError as error:
            if failed is not None:
                failed.append(str(error))
        else:
            most -= 1
            yield picture
