"""What a data SPEC names, and what there is to know about it; light enough for a page (no torch)."""

import contextlib
import dataclasses
import os
import random
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from dcgan.config import Config
from dcgan.data import idx, rows
from dcgan.data.depth import FIRST_LOOK, Depth, depth_of
from dcgan.data.fingerprint import of_arrays, of_files
from dcgan.data.holdout import held_out
from dcgan.data.layout import Layout, class_of, layout_of
from dcgan.data.pasted_path import existing, readings
from dcgan.data.picture_files import Listing, listing, once, reader
from dcgan.data.several_frames import Frames, frames_among
from dcgan.data.unused import in_words
from dcgan.errors import BadInput
from dcgan.images.decode import fit, readable, shown
from dcgan.images.formats import SNIFFED, kind_of
from dcgan.images.tones import READING, Reading
from dcgan.system.download import celeba_way_out, download_celeba
from dcgan.system.paths import PROJECT

if TYPE_CHECKING:
    from PIL import Image

BUNDLED_DIR = PROJECT / "data"
DATA_DIR = Path(os.environ.get("DCGAN_DATA") or BUNDLED_DIR)  # what the user adds, uploads and the cache live here

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


@dataclasses.dataclass(frozen=True)
class Source:
    """One data set on disk."""

    spec: str  # normalised: paths are absolute, class filters sorted; `resolve` reads it again
    kind: Literal["idx", "images"]
    title: str  # for people
    path: Path  # the folder of the IDX files, or what holds pictures: a folder, a zip, or rows
    classes: tuple[int, ...] = ()  # of an IDX set: only these labels; empty means all
    folders: tuple[str, ...] = ()  # of pictures: only those in these class folders; empty means all
    version: int = READING  # of reading them, see `dcgan.images.tones.Reading`


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
            f"or the path of a folder or zip of pictures, or of {rows.KINDS}."
        )
    if path.is_dir() and not rows.kind_of(path) and not listing(path, version=version).names:
        path = rows.within(path)
    if not path.is_dir() and path.suffix.lower() != ".zip" and not rows.kind_of(path) and not zipfile.is_zipfile(path):
        raise BadInput(f"{path} is neither a folder nor a zip of pictures, nor {rows.KINDS}{_way_out(path)}")
    source = Source(str(path), "images", path.name, path, version=version)
    if not folders:
        return source
    known = folder_classes(path, version=version)
    if not set(folders) <= set(known) and not set(folders) <= set(_split_folders(source)):
        has = f"it has {', '.join(map(shown, known))[:300]}" if known else "its pictures are not sorted into folders"
        missing = next(name for name in folders if name not in known)
        raise BadInput(f"There is no class folder {missing[:80]!r} in {path}: {has}.")
    return dataclasses.replace(source, spec=f"{path}:{','.join(folders)}", folders=folders)


def _way_out(path: Path) -> str:
    """What to do with a file that is no zip and has no rows: the end of a sentence, and perhaps another."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        kind = kind_of(file.read(SNIFFED))
        if kind == "archive":
            return ", but an archive of another kind: unpack it once and name the folder."
        if kind:
            return ": name the folder that it lies in."
    return f".{rows.way_out(path)}"


# ---- the picture files of a Source


def listed(source: Source, place: str = "") -> Listing:
    """All that a folder or zip holds, whatever the chosen class folders; messages call it `place`."""
    return listing(source.path, place, source.version)


@contextlib.contextmanager
def pictures(source: Source, place: str = "") -> Iterator[tuple[tuple[str, ...], Callable[[str], bytes]]]:
    """Give the sorted names of its picture files and a function that reads one from any thread."""
    with reader(source.path, place, source.version) as read:
        yield picture_names(source, place), read


def picture_names(source: Source, place: str = "") -> tuple[str, ...]:
    """The names of a folder's or zip's picture files, sorted, or of rows, in the chosen classes; readable or not.

    Among them are those of folders such as test and val, see `held_names`.
    """
    found = listed(source, place)

    def chosen() -> tuple[str, ...]:
        classes = layout(source).classes
        if not set(source.folders) <= set(classes.values()):  # folders of splits
            classes = class_of(found.names)
        folders = set(source.folders) or set(classes.values())
        return tuple(name for name in found.names if classes.get(name) in folders)

    return (
        once(found, ("names", source), chosen)
        if source.folders or len(layout(source).classes) < len(found.names)
        else found.names
    )


def layout(source: Source) -> Layout:
    """How the pictures of a folder or zip are sorted; version 1 of reading knew classes only."""
    found = listed(source)
    sorts = source.version > 1 and not rows.kind_of(source.path)
    of = layout_of if sorts else lambda names: Layout(class_of(names))
    return once(found, ("layout",), lambda: of(found.names))


def held_names(source: Source, num_test: int = 0) -> set[str]:
    """The pictures that are never trained on: those in folders such as test and val, else `num_test` by chance."""
    names = picture_names(source)
    apart = layout(source).held
    return (apart and {name for name in names if name in apart}) or held_out(names, num_test)


def num_apart(source: Source) -> int:
    """How many pictures lie in folders such as test and val."""
    return len(apart.intersection(picture_names(source))) if (apart := layout(source).held) else 0


def folder_classes(path: Path, without: Collection[str] = (), version: int = READING) -> dict[str, int]:
    """The class folders in a folder or zip of pictures and how many picture files each holds; empty without any.

    Those named in `without`, such as the unreadable, are not counted.
    """
    source, skipped = Source(str(path), "images", path.name, path, version=version), frozenset(without)

    def counted() -> Counter[str]:
        return Counter(folder for name, folder in layout(source).classes.items() if name not in skipped)

    counts = once(listed(source), ("classes", skipped), counted)
    return {name: counts[name] for name in sorted(counts) if name}


def _split_folders(source: Source) -> tuple[str, ...]:
    found = layout(source)
    return (*found.train_folders, *found.held_folders)


def depth(source: Source) -> Depth:
    """What there is to know about its pictures of more than 8 bits."""

    of_rows = rows.kind_of(source.path)

    def look() -> Depth:
        with pictures(source) as (names, read):
            return depth_of(names[:FIRST_LOOK] if of_rows == "parquet" else names, read)  # which is read in passes

    knows = source.version > 1 and of_rows != "array"  # whose scale is that of all its values
    return once(listed(source), ("depth", source), look) if knows else Depth()


def frames(source: Source) -> Frames:
    """Which of its files hold several pictures."""

    def look() -> Frames:
        with pictures(source) as (names, read):
            return frames_among(names, read)

    return once(listed(source), ("frames", source), look)


def reading(source: Source) -> Reading:
    """How its pictures are read unless a run says otherwise."""
    found = depth(source)
    return Reading(source.version, found.black, found.white)


# ---- questions about a Source


def count(source: Source) -> int:
    """Number of training pictures of an IDX set, or of picture files (readable or not) in a folder or zip."""
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
    """Raise BadInput, which calls a folder or zip `place`, unless there are at least two pictures that can be read."""
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
            raise BadInput(f"{place} holds no pictures{but}: put files such as .png or .jpg into it.")
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
