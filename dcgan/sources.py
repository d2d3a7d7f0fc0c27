"""What a data SPEC names, and how one picture of it is read; light enough for a page (no torch)."""

import contextlib
import dataclasses
import functools
import gzip
import hashlib
import io
import math
import os
import random
import re
import shutil
import socket
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Literal

import numpy as np

from dcgan.config import BadInput

if TYPE_CHECKING:
    from PIL import Image

BUNDLED_DIR = Path(__file__).resolve().parents[1] / "data"
DATA_DIR = Path(os.environ.get("DCGAN_DATA") or BUNDLED_DIR)  # what the user adds, uploads and the cache live here

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")  # not EPS and others that start programs
MAX_FILE_BYTES = 256 * 2**20  # of one picture file
MAX_ZIP_MEMBERS = 500_000
MAX_ZIP_INDEX_BYTES = 64 * 2**20  # the list of members, which Python's reader holds in memory
MAX_ZIP_BYTES = 20 * 2**30  # all pictures of an archive, decompressed
MAX_ZIP_RATIO = 200  # decompressed to compressed, looked at above 1 GiB

IDX_TITLES = {"fashion-mnist": "Fashion-MNIST", "mnist": "MNIST"}
IDX_FILES = tuple(f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))
IDX_CLASS_NAMES = {
    "Fashion-MNIST": (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    "MNIST": tuple("0123456789"),
}


@dataclasses.dataclass(frozen=True)
class Source:
    """One data set on disk."""

    spec: str  # normalised: paths are absolute, class filters sorted; `resolve` reads it again
    kind: Literal["idx", "images"]
    title: str  # for people
    path: Path  # the folder of the IDX files, or the folder or zip of pictures
    classes: tuple[int, ...] = ()  # only these labels; empty means all


# ---- from a SPEC to a Source


def resolve(spec: str, download: bool = False) -> Source:
    """Find the data that a SPEC names; raises BadInput saying what to put where. Only MNIST can be downloaded."""
    spec = str(spec).strip()
    name, colon, rest = spec.partition(":")
    name = name.lower()
    if name == "celeba":
        if colon:
            raise BadInput(f"celeba has no classes, so {spec!r} can't be used: write celeba.")
        return _celeba()
    if name in IDX_TITLES:
        classes = _parse_classes(name, spec, rest) if colon else ()
        folder = _find_idx(DATA_DIR / name, DATA_DIR / "MNIST" / "raw" if name == "mnist" else BUNDLED_DIR / name)
        if folder is None and name == "mnist" and download:
            folder = _download_mnist()
        if folder is None:
            raise BadInput(f"{IDX_TITLES[name]} is not here: {_way_out(name)}.")
        normalised = f"{name}:{','.join(map(str, classes))}" if classes else name
        return Source(normalised, "idx", IDX_TITLES[name], folder, classes)
    return _resolve_path(spec)


def _parse_classes(name: str, spec: str, text: str) -> tuple[int, ...]:
    try:
        classes = {int(part) for part in text.split(",")}
    except ValueError:
        classes = {-1}
    if not classes <= set(range(10)):
        raise BadInput(f"{name} has the classes 0 to 9, so {spec!r} can't be used: write {name}:0 or {name}:7,9.")
    return tuple(sorted(classes))


def _find_idx(*folders: Path) -> Path | None:
    return next((folder for folder in folders if all(_idx_file(folder, name) for name in IDX_FILES)), None)


def _idx_file(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _way_out(name: str) -> str:
    return f"put {', '.join(f'{file}.gz' for file in IDX_FILES)} in {DATA_DIR / name}"


def _download_mnist() -> Path:
    """Fetch MNIST beside its place and move it there whole, so that a broken download leaves nothing behind."""
    timeout = socket.getdefaulttimeout()
    try:
        from torchvision.datasets import MNIST  # type: ignore[import-untyped]

        socket.setdefaulttimeout(30)  # seconds; torchvision sets none and a silent network would hang for ever
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".mnist-", dir=DATA_DIR) as work:
            MNIST(work, download=True)  # checks each archive's hash
            target = DATA_DIR / "mnist"
            target.mkdir(exist_ok=True)
            for name in IDX_FILES:
                os.replace(Path(work) / "MNIST" / "raw" / f"{name}.gz", target / f"{name}.gz")
        return target
    except (ImportError, OSError, RuntimeError, ValueError, EOFError, zlib.error) as error:
        raise BadInput(f"MNIST could not be downloaded ({_first_line(error)}): {_way_out('mnist')}.") from error
    finally:
        socket.setdefaulttimeout(timeout)


def _celeba() -> Source:
    for place in (DATA_DIR / "celeba" / "img_align_celeba.zip", DATA_DIR / "celeba" / "img_align_celeba"):
        if place.exists():
            return Source("celeba", "images", "CelebA", place)
    raise BadInput(
        f"CelebA is not here: put img_align_celeba.zip, or the folder img_align_celeba, in {DATA_DIR / 'celeba'}."
    )


def _resolve_path(spec: str) -> Source:
    path = None
    if spec:
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # too long, a NUL inside, ~nobody
            place = Path(spec).expanduser().resolve()
            path = place if place.exists() else None
    if path is None:
        raise BadInput(
            f"There is no data set or path {spec[:200]!r}: write fashion-mnist, mnist, celeba, "
            "or the path of a folder or zip of pictures."
        )
    if not path.is_dir() and path.suffix.lower() != ".zip" and not zipfile.is_zipfile(path):
        raise BadInput(f"{path} is neither a folder nor a zip of pictures.")
    return Source(str(path), "images", path.name, path)


# ---- questions about a Source


def count(source: Source) -> int:
    """Number of training pictures of an IDX set, or of picture files (readable or not) in a folder or zip."""
    if source.kind == "idx":
        labels = _read_idx(source, "train-labels-idx1-ubyte")
        return int(np.isin(labels, source.classes).sum()) if source.classes else len(labels)
    with pictures(source) as (names, _):
        return len(names)


def fingerprint(source: Source) -> str:
    """Hash of the content, 32 hex digits: the decompressed training files and the filter, or all names and bytes."""
    digest = hashlib.sha256()
    if source.kind == "idx":
        for name in IDX_FILES[:2]:
            array = _read_idx(source, name)
            digest.update(f"{array.shape}".encode() + array.data)
        digest.update(f"{source.classes}".encode())
        return digest.hexdigest()[:32]
    with pictures(source) as (names, read):
        for name in names:
            digest.update(hashlib.sha256(name.encode(errors="surrogateescape")).digest())
            try:
                digest.update(hashlib.sha256(read(name)).digest())
            except Exception as error:  # a damaged member of a zip, a file that vanished: part of what the data is
                digest.update(type(error).__name__.encode())
    return digest.hexdigest()[:32]


def class_names(source: Source) -> tuple[str, ...]:
    """Name of each label, also of those that the filter leaves out; empty for pictures, which have no labels."""
    return IDX_CLASS_NAMES[source.title] if source.kind == "idx" else ()


def default_channels(source: Source) -> int:
    """1 for IDX sets and for pictures of which the first eight that can be read are grey, else 3."""
    if source.kind == "idx":
        return 1
    with pictures(source) as (names, read):
        shown = [np.asarray(fit(picture, 64, 3), np.int16) for picture in _readable(names, read, 8)]
    return 1 if shown and all(np.ptp(array, axis=2).max() <= 8 for array in shown) else 3


def check(source: Source) -> None:
    """Raise BadInput unless there are at least two pictures that can be read."""
    if source.kind == "idx":
        if len(read_split(source, "train")[0]) < 2:
            raise BadInput(f"{source.spec} holds fewer than 2 pictures: choose more classes.")
    else:
        _need_two_readable(source, f"The {'folder' if source.path.is_dir() else 'archive'} {source.path}")


def _need_two_readable(source: Source, place: str) -> None:
    failed: list[str] = []
    with pictures(source, place) as (names, read):
        if not names:
            raise BadInput(f"{place} holds no pictures: put files such as .png or .jpg into it.")
        readable = sum(1 for _ in _readable(names, read, 2, failed))
    if readable == 0:
        where = place[0].lower() + place[1:]
        raise BadInput(f"None of the {len(names)} picture files in {where} can be read; the first is {failed[0]}.")
    if readable < 2:
        raise BadInput(
            f"{place} holds only one picture that can be read, but training needs at least 2"
            + (f"; {len(failed)} failed, the first is {failed[0]}." if failed else ".")
        )


def preview(source: Source, n: int = 9, seed: int = 0, size: int = 128) -> list["Image.Image"]:
    """Up to n real pictures chosen by the seed: IDX sets at 28 px, others cropped and resized to `size` px."""
    from PIL import Image

    chance = random.Random(seed)
    if source.kind == "idx":
        images, _ = read_split(source, "train")
        return [Image.fromarray(images[i]) for i in chance.sample(range(len(images)), min(n, len(images)))]
    with pictures(source) as (names, read):
        order = chance.sample(names, len(names))
        return [fit(picture, size, 3) for picture in _readable(order, read, n)]


# ---- reading IDX files


def read_split(source: Source, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N, 28, 28) and labels (N,), both uint8 and not to be changed, of the split train or test."""
    part = {"train": "train", "test": "t10k"}[split]
    images, labels = _read_idx(source, f"{part}-images-idx3-ubyte"), _read_idx(source, f"{part}-labels-idx1-ubyte")
    if images.shape != (len(labels), 28, 28):
        raise BadInput(f"The IDX files in {source.path} don't belong together: put the original files there again.")
    if source.classes:
        keep = np.isin(labels, source.classes)
        images, labels = images[keep], labels[keep]
    return images, labels


def _read_idx(source: Source, name: str) -> np.ndarray:
    path = _idx_file(source.path, name)
    if path is None:
        raise BadInput(f"{name}.gz is missing from {source.path}: put the original file there again.")
    stat = path.stat()
    return _read_idx_file(path, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=4)  # one whole data set, 55 MB; time and size notice a changed file
def _read_idx_file(path: Path, mtime_ns: int, size: int) -> np.ndarray:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            zero, kind, rank = struct.unpack(">HBB", file.read(4))
            shape = struct.unpack(f">{rank}I", file.read(4 * rank))
            if zero or kind != 8 or not 1 <= rank <= 3 or math.prod(shape) > 2**32:
                raise ValueError("not an IDX file of bytes")
            content = file.read(math.prod(shape) + 1)  # one more, to notice a tail
        return np.frombuffer(content, np.uint8).reshape(shape)
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise BadInput(f"{path} is damaged ({_first_line(error)}): put the original file there again.") from error


# ---- reading pictures


@contextlib.contextmanager
def pictures(source: Source, place: str = "") -> Iterator[tuple[list[str], Callable[[str], bytes]]]:
    """Give the sorted names of all picture files and a function that reads one, safe to call from many threads."""
    if source.path.is_dir():
        yield _names_in_folder(source.path), lambda name: _read_file(source.path / name)
        return
    place = place or f"The archive {source.path}"
    try:
        archive = zipfile.ZipFile(_check_index(source.path, place))
    except (OSError, zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{place} can't be read as a zip ({_first_line(error)}): make it again.") from error
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


def _readable(
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
    return "the file is missing" if isinstance(error, FileNotFoundError) else _first_line(error)


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:200].rstrip(".")


# ---- keeping an upload


def store_upload(files: list[tuple[str, bytes | IO[bytes]]], name: str, data_dir: Path | None = None) -> Path:
    """Keep uploaded pictures, or one zip, under uploads/; the path returned is a SPEC. Raises BadInput.

    A zip is kept as it is and read in place: nothing is unpacked, so nothing can land outside its folder.
    """
    zips = [file for file in files if file[0].lower().endswith(".zip")]
    if zips and len(files) > 1:
        raise BadInput("Upload either pictures or one zip, not both.")
    kept = zips or [file for file in files if file[0].lower().endswith(SUFFIXES)]
    if not kept:
        raise BadInput("The upload holds no pictures: choose files such as .png or .jpg, or one zip of them.")
    root = (data_dir or DATA_DIR) / "uploads"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".upload-", dir=root, ignore_cleanup_errors=True) as work:
            folder = Path(work) / "pictures"
            folder.mkdir()
            for index, (file_name, content) in enumerate(kept):
                plain = f"{safe_name(name)}.zip" if zips else f"{index:05d}-{safe_name(file_name)}"
                with open(folder / plain, "wb") as out:
                    shutil.copyfileobj(io.BytesIO(content) if isinstance(content, bytes) else content, out)
            saved = next(folder.iterdir()) if zips else folder
            _need_two_readable(Source(str(saved), "images", name, saved), "The upload")
            target = _publish(folder, root, safe_name(name))
    except OSError as error:
        raise BadInput(f"The upload could not be saved in {root} ({error.strerror or error}).") from error
    return target / saved.name if zips else target


def _publish(folder: Path, root: Path, name: str) -> Path:
    """Rename a finished folder to the first free name; a rename never replaces a folder that has files."""
    for number in range(1, 10_000):
        target = root / (name if number == 1 else f"{name}-{number}")
        if target.exists():
            continue
        try:
            os.rename(folder, target)
            return target
        except OSError:
            if not target.exists():  # else another upload took the name at the same moment
                raise
    raise BadInput(f"There are too many uploads named {name!r}: choose another name.")


def safe_name(name: str) -> str:
    """A file name of at most 54 characters that is one plain component on every system."""
    base = unicodedata.normalize("NFKC", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem, suffix = os.path.splitext(re.sub(r"[^\w.-]+", "_", base).strip("._"))
    return (stem[:48].strip("._") or "upload") + (suffix.lower() if suffix.lower() in SUFFIXES else "")
