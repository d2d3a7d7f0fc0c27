"""What a data SPEC names, and what there is to know about it; light enough for a page (no torch)."""

import contextlib
import dataclasses
import random
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dcgan.config import Config
from dcgan.data import idx, rows, tar_files
from dcgan.data.fingerprint import of_arrays, of_files
from dcgan.data.pasted_path import existing, readings
from dcgan.data.picture_files import listing, once
from dcgan.data.source_pictures import (
    Source,
    folder_classes,
    listed,
    picture_names,
    pictures,
    reading,
    split_folders,
)
from dcgan.data.unused import WAYS_OUT, in_words
from dcgan.errors import BadInput
from dcgan.images.decode import fit, readable, shown
from dcgan.images.formats import FORMATS, SNIFFED, kind_of
from dcgan.images.tones import READING, Reading
from dcgan.system.download import celeba_way_out, download_celeba
from dcgan.system.paths import PROJECT, data_dir

if TYPE_CHECKING:
    from PIL import Image

BUNDLED_DIR = PROJECT / "data"
DATA_DIR = data_dir()  # what the user adds, uploads and the cache live here

IDX_TITLES = {"fashion-mnist": "Fashion-MNIST", "mnist": "MNIST"}
IDX_CLASS_NAMES = {
    "Fashion-MNIST": (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    "MNIST": tuple("0123456789"),
}
CELEBA_PICTURES = 202_599  # of the published set
FEW = 2_000  # pictures: good GANs were shown to need a few thousand (Karras et al. 2020, arXiv:2006.06676)
MAX_FAILED = 1_000  # picture files in a row that can't be read, after which none will be taken to be readable


# ---- from a SPEC to a Source


def resolve(spec: str, download: bool = False, version: int = READING) -> Source:
    """Find the data that a SPEC names; raises BadInput saying what to put where. MNIST and CelebA can be downloaded.

    `version` is that of reading pictures: a run's own, or the newest for a new run.
    """
    given, spec = str(spec), str(spec).strip()
    if not spec:
        raise BadInput(
            "Which pictures this generator was trained on is not known, and this needs them: ",
            terminal="name them by --data, where it is imported or evaluated.",
            page="bring its file again on Runs, and name them there.",
        )
    name, colon, rest = spec.partition(":")
    name = name.lower()
    if name == "celeba":
        if colon:
            raise BadInput(f"celeba has no classes, so {spec!r} can't be used: write celeba.")
        return dataclasses.replace(_celeba(download), version=version)
    if name in IDX_TITLES:
        classes = _parse_classes(name, spec, rest) if colon else ()
        folder = idx.find(DATA_DIR / name, DATA_DIR / "MNIST" / "raw" if name == "mnist" else BUNDLED_DIR / name)
        if folder is None and name == "mnist" and download:
            folder = idx.download_mnist(DATA_DIR / name)
        if folder is None:
            raise BadInput(f"{IDX_TITLES[name]} is not here: {idx.way_out(DATA_DIR / name)}.")
        normalised = f"{name}:{','.join(map(str, classes))}" if classes else name
        return Source(normalised, "idx", IDX_TITLES[name], folder, classes)
    return _resolve_path(given, version)


def of_run(config: Config) -> Source:
    """The data of a run, as it reads them; raises BadInput when they are gone."""
    return resolve(config.data, version=config.reading)


def _parse_classes(name: str, spec: str, text: str) -> tuple[int, ...]:
    """Labels or names of classes, separated by commas."""
    labels = {title.lower(): label for label, title in enumerate(IDX_CLASS_NAMES[IDX_TITLES[name]])}
    words = [word.strip().lower() for word in text.split(",")]
    classes = {labels[word] if word in labels else int(word) if word in tuple("0123456789") else -1 for word in words}
    if -1 in classes:
        names = "" if name == "mnist" else f" ({', '.join(IDX_CLASS_NAMES[IDX_TITLES[name]])})"
        raise BadInput(
            f"{name} has the classes 0 to 9{names}, so {spec!r} can't be used: write {name}:0 or {name}:7,9."
        )
    return tuple(sorted(classes))


def _celeba(may_download: bool) -> Source:
    folder = DATA_DIR / "celeba"
    archive = folder / "img_align_celeba.zip"
    for place in (archive, folder / "img_align_celeba"):
        if place.is_dir() or zipfile.is_zipfile(place):  # half an archive must not hide a whole folder
            return Source("celeba", "images", "CelebA", place)
    if may_download:
        return Source("celeba", "images", "CelebA", download_celeba(archive))
    half = " (the file there is not a whole zip)" if archive.exists() else ""
    raise BadInput(f"CelebA is not here{half}: {celeba_way_out(archive)}.")


def _resolve_path(spec: str, version: int) -> Source:
    path = existing(spec)
    folders: tuple[str, ...] = ()
    for meant in readings(spec) if path is None else ():
        place, _, rest = meant.strip().rpartition(":")
        if (path := existing(place)) is not None:
            folders = tuple(sorted({name.strip() for name in rest.split(",")}))
            break
    if path is None:
        raise BadInput(
            f"There is no data set or path {spec.strip()[:200]!r}: write fashion-mnist, mnist, celeba, "
            f"or the path of a folder, zip or tar of pictures, or of {rows.KINDS}."
        )
    if path.is_dir() and not rows.kind_of(path) and not listing(path, version=version).names:
        path = rows.within(path)
    if not path.is_dir() and not rows.kind_of(path) and not _is_archive(path):
        raise BadInput(f"{path} is neither a folder nor a zip or tar of pictures, nor {rows.KINDS}{_way_out(path)}")
    source = Source(str(path), "images", rows.title(path), path, version=version)
    if not folders:
        return source
    known = folder_classes(path, version=version)
    if not set(folders) <= set(known) and not set(folders) <= set(split_folders(source)):
        has = f"it has {', '.join(map(shown, known))[:300]}" if known else "its pictures are not sorted into folders"
        missing = next(name for name in folders if name not in known)
        raise BadInput(f"There is no class folder {missing[:80]!r} in {path}: {has}.")
    return dataclasses.replace(source, spec=f"{path}:{','.join(folders)}", folders=folders)


def _is_archive(path: Path) -> bool:
    """Whether a file is a zip or a tar, or is named so; other formats, such as .pt, are zips inside."""
    if path.suffix.lower() == ".zip" or tar_files.is_one(path):
        return True
    return zipfile.is_zipfile(path) and (tar_files.is_named_so(path) or not rows.way_out(path))


def _way_out(path: Path) -> str:
    """What to do with a file that is no such archive and has no rows: the end of a sentence, and perhaps another."""
    if path.suffix.lower() in rows.COULD_RUN:
        return f".{rows.way_out(path)}"
    with contextlib.suppress(OSError), open(path, "rb") as file:
        kind = kind_of(file.read(SNIFFED))
        if kind == "archive":
            return ", but an archive of another kind: unpack it once and name the folder."
        if kind in FORMATS:
            return ", but one picture: name the folder that it lies in."
        if kind in WAYS_OUT:
            return f", but a {kind}: {WAYS_OUT[kind]}."
    return f".{rows.way_out(path)}"


# ---- questions about a Source


def count(source: Source) -> int:
    """Number of training pictures of an IDX set, or of picture files (readable or not) in a folder, zip or tar."""
    if source.kind == "idx":
        labels = idx.read(source.path, "train-labels-idx1-ubyte")
        return int(np.isin(labels, source.classes).sum()) if source.classes else len(labels)
    return len(picture_names(source))


def remark(source: Source, number: int) -> str:
    """What a person should know about that number of pictures before training on them; often nothing."""
    if source.spec == "celeba" and number != CELEBA_PICTURES:
        return f"CelebA has {CELEBA_PICTURES:,} pictures, but {number:,} are here."
    used = row_remark(source)
    if number >= FEW:
        return used
    few = (
        f"{number:,} is few: D can learn them all by heart, and then G copies them or stays blurred, and figures say "
        "little. A few thousand similar pictures are a good start."
    )
    return f"{used} {few}".strip()


def row_remark(source: Source) -> str:
    """How an array or a table of pictures is used, in sentences; nothing for files of pictures."""
    return rows.found(source.path).rows.remark if source.kind == "images" and rows.kind_of(source.path) else ""


def fingerprint(source: Source) -> str:
    """Hash of the content, 32 hex digits: the decompressed training files and the filter, or all names and bytes."""
    if source.kind == "idx":
        arrays = [idx.read(source.path, name) for name in idx.FILES[:2]]
        return of_arrays(arrays, source.classes)
    known_as = source.spec if source.version == 1 else f"{source.spec} {source.version}"
    with pictures(source) as (names, read):
        return of_files(known_as, source.path, names, read, DATA_DIR / "cache")


def class_names(source: Source) -> tuple[str, ...]:
    """Name of each label, also of those that the filter leaves out; empty for pictures, which have no labels."""
    return IDX_CLASS_NAMES[source.title] if source.kind == "idx" else ()


def default_channels(source: Source) -> int:
    """1 for IDX sets and for pictures of which the first eight that can be read are grey, else 3."""
    if source.kind == "idx":
        return 1

    def look() -> int:
        with pictures(source) as (names, read):
            found = readable(names[:MAX_FAILED], read, 8, reading=Reading(source.version))
            seen = [np.asarray(fit(picture, 64, 3), np.int16) for picture in found]
        return 1 if seen and all(np.ptp(array, axis=2).max() <= 8 for array in seen) else 3

    return once(listed(source), ("channels", source), look)


def check(source: Source, place: str = "") -> None:
    """Raise BadInput, which calls a folder or archive `place`, unless at least two of its pictures can be read."""
    if source.kind == "idx":
        idx.read_split(source.path, "train")
        if count(source) < 2:  # without a copy of the chosen pictures: a page asks at every rerun
            raise BadInput(f"{source.spec} holds fewer than 2 pictures: choose more classes.")
        return
    of_rows = rows.kind_of(source.path)
    place = place or f"The {'folder' if source.path.is_dir() else 'file' if of_rows else 'archive'} {source.path}"
    once(listed(source, place), ("check", source), lambda: _need_two_readable(source, place))


def _need_two_readable(source: Source, place: str) -> None:
    failed: list[str] = []
    with pictures(source, place) as (names, read):
        if not names:
            but = f" but {in_words(unused)}" if (unused := listed(source, place).unused) else ""
            way = "put files such as .png or .jpg into it"
            if unused and source.path.is_file():
                way += ", or unpack it and name the folder, array or table that it holds"
            raise BadInput(f"{place} holds no pictures{but}: {way}.")
        good = sum(1 for _ in readable(names[:MAX_FAILED], read, 2, failed, Reading(source.version)))
    if good == 0:
        where = place[0].lower() + place[1:]
        which = f"first {MAX_FAILED:,}" if len(names) > MAX_FAILED else f"{len(names)}"
        raise BadInput(f"None of the {which} picture files in {where} can be read; the first is {failed[0]}.")
    if good < 2:
        raise BadInput(
            f"{place} holds only one picture that can be read, but training needs at least 2"
            + (f"; {len(failed)} failed, the first is {failed[0]}." if failed else ".")
        )


def preview(source: Source, n: int = 9, seed: int = 0, size: int = 128, crop: str = "square") -> list["Image.Image"]:
    """Up to n real pictures chosen by the seed: IDX sets at 28 px, others made square, of `size` px."""
    from PIL import Image

    chance = random.Random(seed)
    if source.kind == "idx":
        images, _ = idx.read_split(source.path, "train", source.classes)
        return [Image.fromarray(images[i]) for i in chance.sample(range(len(images)), min(n, len(images)))]
    with pictures(source) as (names, read):
        order = chance.sample(names, min(len(names), MAX_FAILED))
        order[:n] = rows.forward(source.path, order[:n])
        return [fit(picture, size, 3, crop) for picture in readable(order, read, n, reading=reading(source))]
