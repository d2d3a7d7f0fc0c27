"""What a data SPEC names, and what there is to know about it; light enough for a page (no torch)."""

import contextlib
import dataclasses
import hashlib
import os
import random
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from dcgan import idx
from dcgan.config import BadInput
from dcgan.pictures import fit, need_two_readable, pictures, readable

if TYPE_CHECKING:
    from PIL import Image

BUNDLED_DIR = Path(__file__).resolve().parents[1] / "data"
DATA_DIR = Path(os.environ.get("DCGAN_DATA") or BUNDLED_DIR)  # what the user adds, uploads and the cache live here

IDX_TITLES = {"fashion-mnist": "Fashion-MNIST", "mnist": "MNIST"}
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
        folder = idx.find(DATA_DIR / name, DATA_DIR / "MNIST" / "raw" if name == "mnist" else BUNDLED_DIR / name)
        if folder is None and name == "mnist" and download:
            folder = idx.download_mnist(DATA_DIR / name)
        if folder is None:
            raise BadInput(f"{IDX_TITLES[name]} is not here: {idx.way_out(DATA_DIR / name)}.")
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
        labels = idx.read(source.path, "train-labels-idx1-ubyte")
        return int(np.isin(labels, source.classes).sum()) if source.classes else len(labels)
    with pictures(source.path) as (names, _):
        return len(names)


def fingerprint(source: Source) -> str:
    """Hash of the content, 32 hex digits: the decompressed training files and the filter, or all names and bytes."""
    digest = hashlib.sha256()
    if source.kind == "idx":
        for name in idx.FILES[:2]:
            array = idx.read(source.path, name)
            digest.update(f"{array.shape}".encode() + array.data)
        digest.update(f"{source.classes}".encode())
        return digest.hexdigest()[:32]
    with pictures(source.path) as (names, read):
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
    with pictures(source.path) as (names, read):
        shown = [np.asarray(fit(picture, 64, 3), np.int16) for picture in readable(names, read, 8)]
    return 1 if shown and all(np.ptp(array, axis=2).max() <= 8 for array in shown) else 3


def check(source: Source) -> None:
    """Raise BadInput unless there are at least two pictures that can be read."""
    if source.kind == "idx":
        if len(idx.read_split(source.path, "train", source.classes)[0]) < 2:
            raise BadInput(f"{source.spec} holds fewer than 2 pictures: choose more classes.")
    else:
        need_two_readable(source.path, f"The {'folder' if source.path.is_dir() else 'archive'} {source.path}")


def preview(source: Source, n: int = 9, seed: int = 0, size: int = 128) -> list["Image.Image"]:
    """Up to n real pictures chosen by the seed: IDX sets at 28 px, others cropped and resized to `size` px."""
    from PIL import Image

    chance = random.Random(seed)
    if source.kind == "idx":
        images, _ = idx.read_split(source.path, "train", source.classes)
        return [Image.fromarray(images[i]) for i in chance.sample(range(len(images)), min(n, len(images)))]
    with pictures(source.path) as (names, read):
        order = chance.sample(names, len(names))
        return [fit(picture, size, 3) for picture in readable(order, read, n)]
