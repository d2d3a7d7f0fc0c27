"""Uploaded pictures, kept where a SPEC can name them; light enough for a page (no torch)."""

import os
import re
import shutil
import tempfile
import unicodedata
from pathlib import Path
from typing import IO

from dcgan.data import number_rows, number_table, source_pictures, sources, tar_files
from dcgan.errors import BadInput, Unwritable
from dcgan.images.formats import SUFFIXES
from dcgan.system.files import PRIVATE, private

PACKED = (*tar_files.NAMED, ".gz", ".bz2", ".xz")  # the last three may be tars, or IDX files
WHOLE = (".zip", *PACKED, ".npy", ".npz", ".parquet")  # files that hold all pictures, as tables of pixels do
LOOSE = "My pictures"  # what pictures are called that came without an archive around them


def store_upload(files: list[tuple[str, IO[bytes]]], data_dir: Path | None = None) -> Path:
    """Keep uploaded pictures, or one file of many, in uploads/; the path returned is a SPEC. Raises BadInput.

    An archive, an array or a table keeps its name and is read in place: nothing is unpacked, so nothing can land
    outside its folder.
    """
    tables = [file for file in files if number_rows.is_table(file[0])]
    pixels = [file for file in tables if number_table.is_one(file[1].read(number_table.HEAD))]
    whole = [file for file in files if file[0].lower().endswith(WHOLE)] + pixels
    if whole and len(files) > 1:
        raise BadInput("Upload either pictures or one zip, .tar, .npy, .npz, .parquet or .csv file, not several.")
    if len(tables) > len(pixels):
        raise BadInput(
            "A list of files can't be uploaded without the files: name its path on this computer, or upload the "
            "pictures."
        )
    kept = whole or [file for file in files if file[0].lower().endswith(SUFFIXES)]
    if not kept:
        raise BadInput(
            "The upload holds no pictures: choose files such as .png or .jpg, or one zip, tar or array of them."
        )
    stem, suffix = _split(whole[0][0]) if whole else (LOOSE, "")
    name = safe_name(stem) if whole else LOOSE
    root = (data_dir or sources.DATA_DIR) / "uploads"
    try:
        root.mkdir(PRIVATE, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".upload-", dir=root, ignore_cleanup_errors=True) as work:
            folder = Path(work) / "pictures"
            folder.mkdir(PRIVATE)
            for index, (file_name, content) in enumerate(kept):
                plain = f"{name}{suffix.lower()}" if whole else f"{index:05d}-{safe_name(file_name)}"
                content.seek(0)  # a page offers the same file again
                with open(folder / plain, "wb", opener=private) as out:
                    shutil.copyfileobj(content, out)
            saved = next(folder.iterdir()) if whole else folder
            sources.check(source_pictures.Source(str(saved), "images", name, saved), "The upload")
            target = _publish(folder, root, name)
    except OSError as error:
        raise Unwritable(f"The upload could not be saved in {root} ({error.strerror or error})") from error
    return target / saved.name if whole else target


def _split(name: str) -> tuple[str, str]:
    """A file's name without its ending, and that: `.tar.gz` is one."""
    suffix = next((each for each in PACKED if name.lower().endswith(each)), os.path.splitext(name)[1])
    return name[: len(name) - len(suffix)], suffix


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
    """A person's own name for a file as one plain component on every system: 48 characters and its picture suffix.

    What no system takes, or hides, becomes an underscore; any script and spaces stay.
    """
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rpartition("/")[2]
    stem, suffix = os.path.splitext(base)
    if suffix.lower() not in SUFFIXES:
        stem, suffix = base, ""
    plain = "".join(char if char.isprintable() and char not in '<>:"|?*' else "_" for char in stem)
    plain = plain.strip(" .")[:48].rstrip(" .") or "upload"
    if re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", plain, flags=re.IGNORECASE):  # devices, on Windows
        plain = f"_{plain}"
    return plain + suffix.lower()
