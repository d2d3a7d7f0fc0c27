"""What a folder or zip holds that is not trained on: by kind and number, with an example of each."""

from collections.abc import Sequence
from typing import NamedTuple

from dcgan.images.decode import shown
from dcgan.images.formats import plural

LITTER = {"thumbs.db", "ehthumbs.db", "desktop.ini", ".ds_store", ".localized", ".directory", "__macosx", "@eadir"}
LITTER |= {"icon\r", ".gitkeep", ".gitignore", ".gitattributes", ".keep", ".trashes", ".spotlight-v100", ".fseventsd"}

WAYS_OUT = {
    "archive": "unpack it for what it holds",
    "SVG drawing": "save it as PNG",
    "camera raw photograph": "save it as JPEG",
    "JPEG XL picture": "save it as PNG",
    "HDR picture": "save it as TIFF",
    "DICOM image": "save it as TIFF or 16-bit PNG",
    "video": "save its frames as pictures",
    "document": "save its pages as pictures",
    "Python pickle": "it could run code as it is opened, so it isn't; save its pictures as .npy or .npz",
}


class Unused(NamedTuple):
    """Files or folders of one kind."""

    kind: str  # of one of them
    number: int
    example: str  # the first name


class Tally:
    """Counts what is found on the way."""

    def __init__(self) -> None:
        self._found: dict[str, Unused] = {}

    def add(self, kind: str, name: str) -> None:
        old = self._found.get(kind)
        self._found[kind] = (
            Unused(kind, 1, name) if old is None else Unused(kind, old.number + 1, min(old.example, name))
        )

    def found(self) -> tuple[Unused, ...]:
        return tuple(self._found[kind] for kind in sorted(self._found))


def is_litter(name: str) -> bool:
    """Whether a file's or folder's own name is one that systems leave behind without being asked."""
    return name.lower() in LITTER or name.startswith("._")


def in_words(unused: Sequence[Unused]) -> str:
    """`1 SVG drawing (h.svg), 20 archives (such as a.zip: unpack them)`; empty without any."""
    return ", ".join(
        f"{plural(each.kind, each.number)} ({'such as ' * (each.number > 1)}{shown(each.example)}"
        + (f": {WAYS_OUT[each.kind]})" if each.kind in WAYS_OUT else ")")
        for each in sorted(unused, key=lambda each: (each.kind not in WAYS_OUT, -each.number))
    )
