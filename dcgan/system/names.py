"""What people call things, as safe names of directories and on pages."""

import difflib
import re
import unicodedata
from collections.abc import Iterable

MAX_TYPED = 100  # letters of a name that are compared with others
ENDINGS = r"zip|tar(\.(gz|bz2|xz))?|t(gz|bz2?|xz)|npy|npz|parquet|csv|tsv"  # of files that hold many pictures


def slug(name: str) -> str:
    """A safe directory name: letters without their accents, digits and dashes, at most 60 characters."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", "-", bare.lower())[:60].strip("-")


def clean_name(name: str) -> str:
    """A person's name for a run, on one line, without invisible characters, at most 80 long."""
    visible = "".join(char for char in name if char.isprintable() or char.isspace())
    return " ".join(visible.split())[:80].rstrip()


def data_title(spec: str) -> str:
    """What a data SPEC is called: `fashion-mnist:7,9` as it is, a path by its last part; there may be none."""
    return spec.replace("\\", "/").rstrip("/").rpartition("/")[2] or spec or "unknown pictures"


def run_name(spec: str) -> str:
    """What a run on a person's own pictures is called: as their folder or archive. Empty for the sets with names."""
    if not any(slash in spec for slash in "/\\"):  # the SPEC of a folder or archive is an absolute path
        return ""
    name = clean_name(re.sub(rf"\.({ENDINGS})(?=:|$)", "", data_title(spec), flags=re.IGNORECASE))
    return name if any(char.isalnum() for char in name) else ""


def free_name(name: str, taken: set[str]) -> str:
    """The name, or the first of "name (2)", "name (3)", ... that is not taken."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free


def nearest(wanted: str, known: Iterable[str]) -> str:
    """The known name that is most like what was typed, small letters and kinds of dashes aside; empty if none is."""
    plain = {_plain(name): name for name in known}
    found = difflib.get_close_matches(_plain(wanted[:MAX_TYPED]), plain, n=1)
    return plain[found[0]] if found else ""


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "-", name.strip().lower())


def is_text(value: str, most: int = 10_000) -> bool:
    """Whether a text can be shown and written: not endless, without NUL and halves of characters."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return len(value) <= most and "\0" not in value
