"""Pictures that a CSV lists by their file names, with a label for each if it has them; no torch.

The files lie in the folder of the CSV or below it: a stranger's list reaches nothing else.
"""

import contextlib
import csv
import io
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dcgan.data.row_set import LABELS, MAX_PICTURE_BYTES, MAX_ROWS, SPLITS, RowSet, class_words, listed, split_of
from dcgan.errors import BadInput, first_line

MAX_CSV_BYTES = 256 * 2**20
LOOKED_AT = 30  # rows that tell which column names files
MAX_FOLDERS = 100  # beside the CSV, in which the files may lie
NOT_PLAIN = frozenset(("", ".", ".."))  # parts of a path that need to be resolved
MANY_COLUMNS = 65  # of which the first ones are looked at


class Where(NamedTuple):
    """Which column names the files, and where they lie."""

    column: int
    folder: str  # below that of the CSV, "" for itself
    stems: dict[str, str]  # file names without their ending -> file names, where the list leaves it out


def look(path: Path, place: str) -> RowSet:
    """Find the listed files and their classes; raises BadInput, which calls the CSV `place`."""
    header, rows = _rows(path, place)
    folder = path.parent
    where = _where(folder, rows)
    if where is None:
        raise BadInput(_no_files(place, header, rows))
    if not header and _find(folder, where, _cell(rows[0], where.column)) is None:
        header, rows = rows[0], rows[1:]  # names of columns that look like values
    rows, remark = _of_train(header, rows)
    outside, files = 0, []
    for row in rows:
        files.append(_inside(folder, where, _cell(row, where.column)))
        outside += files[-1] is None
    label = _label_column(header, rows, where.column)
    words = class_words([_cell(row, label) or None for row in rows]) if label is not None else None
    names: dict[str, str] = {}
    for i, file in enumerate(files):
        if file is not None:
            names.setdefault(f"{words[i]}/{file}" if words and words[i] else file, file)
    if outside:
        remark += f" {outside:,} of its rows name files outside of {folder}, which are not used."
    if again := len(files) - outside - len(names):
        remark += f" {again:,} of its rows repeat others."
    files_of_all = (str(path), *(os.path.join(folder, file) for file in dict.fromkeys(names.values())))
    return RowSet(tuple(names), (str(path),), files_of_all, remark.strip(), names)


@contextlib.contextmanager
def reader(path: Path, found: RowSet, place: str) -> Iterator[Callable[[str], bytes]]:
    """Give a function that reads a listed file, from any thread; raises FileNotFoundError or ValueError."""

    def read(name: str) -> bytes:
        try:
            with open(path.parent / found.details[name], "rb") as file:
                if os.fstat(file.fileno()).st_size > MAX_PICTURE_BYTES:
                    raise ValueError("the file is too large")
                return file.read()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ValueError(error.strerror or first_line(error)) from error

    yield read


# ---- the table


def _rows(path: Path, place: str) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, none where the first row has values, and the rows."""
    try:
        if path.stat().st_size > MAX_CSV_BYTES:
            raise BadInput(f"{place} is larger than {MAX_CSV_BYTES // 2**20} MB: list the files in a smaller one.")
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{place} can't be read ({error.strerror}).") from error
    text = _text(content)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in row):
                rows.append(row)
            if len(rows) > MAX_ROWS:
                raise BadInput(f"{place} lists more than {MAX_ROWS:,} files: divide it.")
    except csv.Error as error:
        raise BadInput(f"{place} can't be read as a table ({error}): save it as CSV again.") from error
    known = {*LABELS, *SPLITS, "file", "filename", "file_name", "image", "image_id", "id", "path", "name"}
    has_names = bool(rows) and any(cell.strip().lower() in known for cell in rows[0])
    header, rows = (rows[0], rows[1:]) if has_names else ([], rows)
    if not rows:
        raise BadInput(f"{place} is empty: a row for each picture is needed, with its file and its label.")
    return header, rows


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _cell(row: Sequence[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


# ---- the files


def _where(folder: Path, rows: list[list[str]]) -> Where | None:
    """The column that names the most files that are there, by their whole names if any; None where none does."""
    some = [*rows[: 2 * LOOKED_AT : 2], *rows[-LOOKED_AT:]]
    best: list[tuple[bool, int, Where]] = []
    for place in ("", *_folders(folder)):
        stems: dict[str, str] | None = None
        for column in range(min(MANY_COLUMNS, max(map(len, some), default=0))):
            cells = {_cell(row, column) for row in some} - {""}
            whole = Where(column, place, {})
            if there := sum(_find(folder, whole, cell) is not None for cell in cells):
                best.append((True, there, whole))
            elif any("." not in cell[-6:] for cell in cells):
                stems = _stems(folder / place) if stems is None else stems
                there = len(cells & stems.keys())
                if 4 * there > len(some):  # labels are fewer, and a picture may be called 3.png
                    best.append((False, there, Where(column, place, stems)))
    return max(best, key=lambda each: each[:2])[2] if best else None


def _folders(folder: Path) -> list[str]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        found = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
        return sorted(found)[:MAX_FOLDERS]
    return []


def _stems(folder: Path) -> dict[str, str]:
    """The files of a folder by their names without ending."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for _, entry in zip(range(MAX_ROWS), entries, strict=False)]
        return {os.path.splitext(name)[0]: name for name in sorted(names) if "." in name}
    return {}


def _inside(folder: Path, where: Where, cell: str) -> str | None:
    """The file that a cell names, relative to the CSV's folder with forward slashes; None for one outside it."""
    cell = where.stems.get(cell, cell)
    if not NOT_PLAIN.isdisjoint(cell.split("/")) or any(char in cell for char in "\\\0:"):
        return _resolved(folder, where, cell)
    return f"{where.folder}/{cell}" if where.folder else cell


def _resolved(folder: Path, where: Where, cell: str) -> str | None:
    """The same of a cell that needs more than to be put behind the folder's name."""
    if os.sep == "/" and "\\" in cell and not (folder / where.folder / cell).exists():
        cell = cell.replace("\\", "/")
    if not cell or "\0" in cell:
        return None
    root = os.path.abspath(folder)
    whole = os.path.normpath(os.path.join(root, where.folder, cell))
    return Path(whole).relative_to(root).as_posix() if whole.startswith(root.rstrip(os.sep) + os.sep) else None


def _find(folder: Path, where: Where, cell: str) -> str | None:
    """The same, None also where there is no such file."""
    with contextlib.suppress(OSError, ValueError):
        inside = _inside(folder, where, cell)
        return inside if inside is not None and (folder / inside).is_file() else None
    return None


def _no_files(place: str, header: list[str], rows: list[list[str]]) -> str:
    """Why a table can't be used, in a sentence."""
    columns = listed(header or (rows[min(1, len(rows) - 1)] if rows else []))
    return (
        f"{place} names no file that is there ({columns}): a column must hold the pictures' file names, and they must "
        "lie in the folder of the CSV or below it. A table of pixels calls its columns by numbers, such as pixel1."
    )


# ---- labels and splits


def _label_column(header: list[str], rows: list[list[str]], files: int) -> int | None:
    names = [name.strip().lower() for name in header]
    for label in LABELS:
        if label in names and names.index(label) != files:
            return names.index(label)
    others = [column for column in range(max(map(len, rows[:LOOKED_AT]), default=0)) if column != files]
    return others[0] if len(others) == 1 else None


def _of_train(header: list[str], rows: list[list[str]]) -> tuple[list[list[str]], str]:
    """The rows to train on, and what that leaves aside."""
    column = next((i for i, name in enumerate(header) if name.strip().lower() in SPLITS), None)
    if column is None:
        return rows, ""
    used = [row for row in rows if split_of(_cell(row, column)) == "train"]
    if not used or len(used) == len(rows):
        return rows, ""
    return used, f"Trained on are its rows of the split for training; {len(rows) - len(used):,} others are left aside."
