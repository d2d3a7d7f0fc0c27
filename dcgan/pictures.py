"""Strangers' picture files, read from a folder or zip within limits; light enough for a page (no torch)."""

import contextlib
import io
import math
import os
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from dcgan.config import BadInput, first_line

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")  # not EPS and others that start programs
MAX_FILE_BYTES = 256 * 2**20  # of one picture file
MAX_ZIP_MEMBERS = 500_000
MAX_ZIP_INDEX_BYTES = 64 * 2**20  # the list of members, which Python's reader holds in memory
MAX_ZIP_BYTES = 20 * 2**30  # all pictures of an archive, decompressed
MAX_ZIP_RATIO = 200  # decompressed to compressed, looked at above 1 GiB


# ---- from a folder or zip to names and bytes


@contextlib.contextmanager
def pictures(path: Path, place: str = "") -> Iterator[tuple[list[str], Callable[[str], bytes]]]:
    """Give the sorted names of a folder's or zip's picture files and a function that reads one from any thread."""
    if path.is_dir():
        yield _names_in_folder(path), lambda name: _read_file(path / name)
        return
    place = place or f"The archive {path}"
    try:
        archive = zipfile.ZipFile(_check_index(path, place))
    except (OSError, zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{place} can't be read as a zip ({first_line(error)}): make it again.") from error
    with archive:
        members = {info.filename: info for info in archive.infolist() if _is_picture(info.filename)}
        _check_limits(archive, list(members.values()), place)

        def read(name: str) -> bytes:
            if members[name].file_size > MAX_FILE_BYTES:
                raise ValueError("the file is too large")
            return archive.read(members[name])  # never more than the file_size it declares

        yield sorted(members), read


def _is_picture(name: str) -> bool:
    """Whether a relative path looks like a picture; hidden files and what macOS adds to archives don't."""
    parts = PurePosixPath(name).parts
    hidden = any((part.startswith(".") and part != "..") or part == "__MACOSX" for part in parts)
    return name.lower().endswith(SUFFIXES) and not hidden


def _names_in_folder(folder: Path) -> list[str]:
    names = []
    for parent, children, files in os.walk(folder):
        children[:] = [child for child in children if not child.startswith(".")]
        relative = Path(parent).relative_to(folder)
        names += [(relative / file).as_posix() for file in files if os.path.isfile(os.path.join(parent, file))]
    return sorted(name for name in names if _is_picture(name))


def _read_file(path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError("the file is too large")
    return path.read_bytes()


def _check_index(path: Path, place: str) -> Path:
    """Refuse an archive whose list of members alone would fill the memory, before Python's reader loads it."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 65_557 - 76))  # longest comment, end record, and the two records of zip64
        tail = file.read()
    at = tail.rfind(b"PK\5\6")
    sizes = [struct.unpack_from("<I", tail, at + 12)[0]] if 0 <= at <= len(tail) - 22 else []
    wide = tail.rfind(b"PK\6\6", 0, max(at, 0))
    if 0 <= wide <= len(tail) - 56:
        sizes.append(struct.unpack_from("<Q", tail, wide + 40)[0])
    if any(n > MAX_ZIP_INDEX_BYTES and n <= size for n in sizes):
        raise BadInput(f"{place} lists too many files; the limit is {MAX_ZIP_MEMBERS:,}.")
    return path


def _check_limits(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], place: str) -> None:
    if len(archive.infolist()) > MAX_ZIP_MEMBERS:
        raise BadInput(f"{place} lists too many files; the limit is {MAX_ZIP_MEMBERS:,}.")
    expanded, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if expanded > MAX_ZIP_BYTES or expanded > max(2**30, MAX_ZIP_RATIO * packed):
        raise BadInput(f"{place} would unpack to {expanded / 2**30:,.1f} GiB, which is more than is reasonable for it.")


# ---- from bytes to a picture


def decode(read: Callable[[str], bytes], name: str, size: int = 128) -> "Image.Image":
    """Read one picture upright as L or RGB, large enough for `size` px; raises ValueError("name: reason")."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(read(name)), formats=FORMATS) as opened:
            if opened.width * opened.height > (Image.MAX_IMAGE_PIXELS or math.inf):
                raise Image.DecompressionBombError
            opened.draft(None, (2 * size, 2 * size))  # a JPEG of 12 megapixels decodes at an eighth of its size
            opened.load()
            return _flatten(ImageOps.exif_transpose(opened))
    except Exception as error:  # decoders of strangers' files raise nearly anything
        raise ValueError(f"{name}: {_reason(error)}") from error


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


def fit(picture: "Image.Image", size: int, channels: int) -> "Image.Image":
    """Centre crop to a square, resize with antialiasing to `size` px, in mode L (1 channel) or RGB (3)."""
    from PIL import Image

    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    picture = picture.convert("L" if channels == 1 else "RGB").crop((left, top, left + side, top + side))
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def _reason(error: Exception) -> str:
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return "not a picture in a known format"
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return "too many pixels"
    return "the file is missing" if isinstance(error, FileNotFoundError) else first_line(error)


# ---- the first that can be read


def readable(
    names: list[str], read: Callable[[str], bytes], most: int, failed: list[str] | None = None
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


def need_two_readable(path: Path, place: str) -> None:
    """Raise BadInput, which calls the folder or zip `place`, unless at least two pictures in it can be read."""
    failed: list[str] = []
    with pictures(path, place) as (names, read):
        if not names:
            raise BadInput(f"{place} holds no pictures: put files such as .png or .jpg into it.")
        good = sum(1 for _ in readable(names, read, 2, failed))
    if good == 0:
        where = place[0].lower() + place[1:]
        raise BadInput(f"None of the {len(names)} picture files in {where} can be read; the first is {failed[0]}.")
    if good < 2:
        raise BadInput(
            f"{place} holds only one picture that can be read, but training needs at least 2"
            + (f"; {len(failed)} failed, the first is {failed[0]}." if failed else ".")
        )
