"""Which pictures a Source has: their names, classes, splits and depth; light enough for a page (no torch)."""

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Literal

from dcgan.data import rows
from dcgan.data.depth import FIRST_LOOK, Depth, depth_of
from dcgan.data.holdout import held_out
from dcgan.data.layout import Layout, class_of, layout_of
from dcgan.data.picture_files import Listing, listing, once, reader
from dcgan.data.several_frames import Frames, frames_among
from dcgan.images.tones import READING, Reading


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


def split_folders(source: Source) -> tuple[str, ...]:
    found = layout(source)
    return (*found.train_folders, *found.held_folders)


def depth(source: Source) -> Depth:
    """What there is to know about its pictures of more than 8 bits."""

    of_rows = rows.kind_of(source.path)

    def look() -> Depth:
        with pictures(source) as (names, read):
            return depth_of(names[:FIRST_LOOK] if of_rows == "parquet" else names, read)  # which is read in passes

    knows = source.version > 1 and of_rows not in rows.ARRAYS  # whose scale is that of all its values
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
