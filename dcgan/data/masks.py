"""Pictures that are annotations of others: masks and label maps that lie beside them under names that say so."""

import re
from collections.abc import Sequence

WORDS = r"masks?|segs?|segmentations?|gts?|ground_?truths?|labels?|trimaps?|annotations?|annots?"
MASK_FOLDER = re.compile(
    rf"({WORDS}|segmentationclass|segmentationobject|mask_?images?|images?_?masks?)", re.IGNORECASE
)
MASK_STEM = re.compile(rf"(.+?)[_-]({WORDS})[_-]?\d*", re.IGNORECASE)
SIGN = re.compile(rf"[_-]({WORDS})[_-]?\d*(\.[^./\n]*)?$|(^|/){MASK_FOLDER.pattern}/", re.IGNORECASE | re.MULTILINE)
OF_PICTURES = {"images", "image", "imgs", "img", "jpegimages", "photos", "pictures", "input", "inputs", "original"}


def masks_among(names: Sequence[str]) -> frozenset[str]:
    """Those that belong to another picture: `cat_mask.png` beside `cat.jpg`, `masks/1.png` beside `images/1.jpg`.

    A folder of masks counts only where the folder beside it says that it holds the pictures, for a class may be called
    mask as well.
    """
    if not SIGN.search("\n".join(names)):  # as in nearly every set, told in a moment
        return frozenset()
    stems = {name: name.rpartition(".")[0] or name for name in names}
    known = set(stems.values())
    folders = {stem.rpartition("/")[0] for stem in known}
    within = {folder: _pictures_beside(folder, folders) for folder in folders}
    return frozenset(name for name, stem in stems.items() if _is_mask(stem, known, within))


def _is_mask(stem: str, known: set[str], within: dict[str, list[str]]) -> bool:
    folder, slash, own = stem.rpartition("/")
    named = MASK_STEM.fullmatch(own) if "_" in own or "-" in own else None
    bare = [own] + ([named[1]] if named else [])
    if named and f"{folder}{slash}{named[1]}" in known:
        return True
    return any(f"{other}/{each}" in known for other in within[folder] for each in bare)


def _pictures_beside(folder: str, folders: set[str]) -> list[str]:
    """The folders of pictures that a folder of masks belongs to; none for a folder of anything else."""
    parts = folder.split("/")
    found = []
    for at, part in enumerate(parts):
        if MASK_FOLDER.fullmatch(part):
            before, after = parts[:at], parts[at + 1 :]
            for other in folders:
                ways = other.split("/")
                same = ways[:at] == before and (ways[at + 1 :] == after or ways[at + 1 :] == after[1:])
                if same and len(ways) > at and ways[at].lower() in OF_PICTURES:
                    found.append(other)
    return found
