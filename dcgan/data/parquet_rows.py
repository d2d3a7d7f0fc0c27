"""Pictures in parquet files, one or a folder of them as the Hugging Face hub lays them out; read in passes; no torch.

A picture is a struct of its file's bytes and its name, or the bytes alone; the labels' names stand in the schema's
metadata under "huggingface" (datasets, Features).
"""

import bisect
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dcgan.data.parquet_files import Inside, look_into, split
from dcgan.data.row_set import LABELS, MAX_PICTURE_BYTES, MAX_ROWS, RowSet, class_words, listed, row_names, row_of
from dcgan.errors import BadInput, first_line
from dcgan.images.decode import shown

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

PICTURES = ("image", "img", "picture", "photo", "pixels", "jpg", "png", "jpeg", "webp")  # what their column is called
BATCH_BYTES = 16 * 2**20  # of pictures read at a time, by their mean size
MAX_BATCH = 64  # rows read at a time, for a small file can name one large picture in each of them


class Table(NamedTuple):
    """Where the pictures are."""

    leaf: str  # the column of bytes, such as image.bytes
    groups: tuple[tuple[str, int, int], ...]  # of each row group: file, its number in the file, and its rows
    starts: tuple[int, ...]  # the first row of each group, over all files
    batch: int  # rows to read at a time


def num_pictures(path: Path) -> int:
    """How many rows a parquet file with a column of pictures has; 0 for another, and for one that can't be read."""
    try:
        with _opened(path) as file:
            return file.metadata.num_rows if _picture_columns(file.schema_arrow) else 0
    except _errors():
        return 0


def look(path: Path, place: str) -> RowSet:
    """Find the pictures and their classes in a file or folder, which messages call `place`; raises BadInput."""
    inside = Inside((path,)) if path.is_file() else look_into(path)
    files = inside.files
    used, remark = split(path, files)
    groups: list[tuple[str, int, int]] = []
    labels: list[object] = []
    names: list[str] = []
    leaf, label, num_bytes = "", "", 0
    try:
        for each in used:
            with _opened(each) as file:
                if not leaf:
                    leaf, column = _leaf(file.schema_arrow, place)
                    label, names = _label(file.schema_arrow)
                    others = [name for name, _ in _picture_columns(file.schema_arrow) if name != column]
                    remark += f" Of its columns {shown(column)} is used, not {listed(others)}." if others else ""
                for group in range(file.num_row_groups):
                    about = file.metadata.row_group(group)
                    groups.append((str(each), group, about.num_rows))
                    num_bytes += next(
                        about.column(i).total_uncompressed_size
                        for i in range(about.num_columns)
                        if about.column(i).path_in_schema == leaf
                    )
                if sum(rows for *_, rows in groups) > MAX_ROWS:
                    raise BadInput(f"{place} holds more than {MAX_ROWS:,} pictures: name some of its files.")
            if label:
                labels += _labels(each, label)
    except _errors() as error:
        if isinstance(error, BadInput):
            raise
        raise _damaged(place, error) from error
    starts, total = [], 0
    for *_, rows in groups:
        starts.append(total)
        total += rows
    if inside.pictures:
        remark += f" {inside.pictures:,} picture files that lie beside its parquet files are not used."
    classes = class_words(labels, names) if label else None
    mean = max(1, num_bytes // max(1, total))
    batch = min(MAX_BATCH, max(1, BATCH_BYTES // mean))
    table = Table(leaf, tuple(groups), tuple(starts), batch)
    watched = tuple(map(str, (*inside.folders, *files)))
    return RowSet(row_names(total, classes), watched, tuple(map(str, used)), remark.strip(), table)


@contextlib.contextmanager
def reader(path: Path, found: RowSet, place: str) -> Iterator[Callable[[str], bytes]]:
    """Give a function that reads the picture of a row, from any thread; it goes forward much faster than back."""
    place_in = _Place(found.details)
    lock = threading.Lock()

    def read(name: str) -> bytes:
        with lock:
            return place_in.picture(row_of(name))

    try:
        yield read
    finally:
        place_in.close()


class _Place:
    """Where a pass through the row groups is: one batch of rows is in memory."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._group = -1
        self._file: pq.ParquetFile | None = None
        self._batches: Iterator[pa.RecordBatch] = iter(())
        self._first, self._pictures = 0, None  # the row of the group that the batch begins with, and its column

    def picture(self, row: int) -> bytes:
        """The bytes of a picture file; raises ValueError for a row without, or one that can't be read."""
        group = bisect.bisect_right(self.table.starts, row) - 1
        within = row - self.table.starts[group]
        try:
            if group != self._group or within < self._first:
                self._enter(group)
            while self._pictures is None or within >= self._first + len(self._pictures):
                self._first += len(self._pictures) if self._pictures is not None else 0
                self._pictures = _bytes_of(next(self._batches))
            value = _plain(self._pictures[within - self._first])
            if not value.is_valid:
                raise ValueError("a row without the bytes of a picture")
            if value.as_buffer().size > MAX_PICTURE_BYTES:
                raise ValueError("the file is too large")
            return bytes(value.as_buffer())
        except StopIteration:
            self._group = -1
            raise ValueError("the parquet file ends before this row") from None
        except _errors() as error:
            if type(error) is ValueError:
                raise
            self._group = -1
            raise ValueError(f"the parquet file can't be read here ({first_line(error)})") from error

    def _enter(self, group: int) -> None:
        self.close()
        name, number, _ = self.table.groups[group]
        self._file = _open(Path(name))
        self._batches = self._file.iter_batches(
            self.table.batch, row_groups=[number], columns=[self.table.leaf], use_threads=False
        )
        self._group, self._first, self._pictures = group, 0, None

    def close(self) -> None:
        self._pictures, self._batches = None, iter(())
        if self._file is not None:
            self._file.close()
            self._file = None


def _bytes_of(batch: "pa.RecordBatch") -> Any:
    """The column of bytes in a batch, which may be a field of a struct."""
    import pyarrow as pa

    column = batch.column(0)
    while pa.types.is_struct(column.type):
        column = column.flatten()[0]  # null where the struct is
    return column


def _plain(value: "pa.Scalar") -> "pa.Scalar":
    """What a value in a column of categories stands for."""
    import pyarrow as pa

    return value.value if isinstance(value, pa.DictionaryScalar) else value


# ---- which column


def _picture_columns(schema: "pa.Schema") -> list[tuple[str, str]]:
    """Columns that can hold pictures with the path of their bytes, the likeliest first."""
    import pyarrow as pa

    binary = (pa.types.is_binary, pa.types.is_large_binary)
    found = []
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if any(test(kind) for test in binary):
            found.append((field.name, field.name))
        elif pa.types.is_struct(field.type):
            inner = [each.name for each in field.type if any(test(each.type) for test in binary)]
            if "bytes" in inner:
                found.append((field.name, f"{field.name}.bytes"))
    return sorted(found, key=lambda each: PICTURES.index(each[0].lower()) if each[0].lower() in PICTURES else 99)


def _leaf(schema: "pa.Schema", place: str) -> tuple[str, str]:
    """The path of the pictures' bytes, and their column."""
    found = _picture_columns(schema)
    if not found:
        columns = listed((f"{field.name} ({field.type})"[:80] for field in schema), 400)
        raise BadInput(
            f"{place} holds no column of pictures, which are the bytes of picture files, but {columns or 'none'}: save "
            "arrays of pixels as .npy."
        )
    return found[0][1], found[0][0]


def _label(schema: "pa.Schema") -> tuple[str, list[str]]:
    """The column of labels, "" without one, and the names of the classes where the schema tells them."""
    named: dict[str, list[str]] = {}
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        for name, about in features.items():
            if about.get("_type") == "ClassLabel" and all(isinstance(each, str) for each in about.get("names", [])):
                named[name] = about.get("names", [])
    columns = [field.name for field in schema if _is_plain(field.type)]
    likely = [name for name in LABELS for column in columns if column.lower() == name for name in [column]]
    chosen = next((name for name in [*likely, *named] if name in columns), "")
    return chosen, named.get(chosen, [])


def _is_plain(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    tests = (pa.types.is_integer, pa.types.is_string, pa.types.is_large_string, pa.types.is_boolean)
    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(test(inner) for test in tests)


def _labels(path: Path, column: str) -> list[object]:
    """The label of each row; a long text that many rows have is in memory once."""
    import pyarrow as pa

    found: list[object] = []
    with _opened(path, read_dictionary=[column]) as file:
        for batch in file.iter_batches(65_536, columns=[column], use_threads=False):
            values = batch.column(0)
            if pa.types.is_dictionary(values.type):
                texts = values.dictionary.to_pylist()
                found += [None if index is None else texts[index] for index in values.indices.to_pylist()]
            else:
                found += values.to_pylist()
    return found


# ---- opening


@contextlib.contextmanager
def _opened(path: Path, **options: Any) -> Iterator["pq.ParquetFile"]:
    file = _open(path, **options)
    try:
        yield file
    finally:
        file.close()


def _open(path: Path, **options: Any) -> "pq.ParquetFile":
    """A parquet file of which only what is asked for comes into memory."""
    import pyarrow.parquet as pq

    return pq.ParquetFile(path, memory_map=True, pre_buffer=False, **options)


def _errors() -> tuple[type[Exception], ...]:
    """What pyarrow raises for damaged files."""
    import pyarrow as pa

    return (pa.ArrowException, OSError, ValueError, KeyError, TypeError, MemoryError, StopIteration)


def _damaged(place: str, error: Exception) -> BadInput:
    return BadInput(f"{place} can't be read as parquet ({first_line(error)}): get it again.")
