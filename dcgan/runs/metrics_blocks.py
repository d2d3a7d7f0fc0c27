"""A long metrics.jsonl in pieces of bounded size; points that hold nothing but numbers come as columns, which is quick.

A million lines as rows would take gigabytes. pyarrow, which comes with streamlit, turns plain lines into columns ten
times as fast as `json` turns them into rows; every line that is not plain is read as `metrics_log.read_lines` reads it.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from dcgan.runs.metrics_log import lines_until, records
from dcgan.system.files import open_regular

Columns = Mapping[str, np.ndarray]  # each (N,), int64 or float64; NaN where a point lacks the figure
Block = list[dict[str, Any]] | Columns

CHUNK_BYTES = 2**21  # read at a time
LONG_BYTES = 2**22  # of lines to read; fewer are read by `json` before pyarrow is even loaded
FEW_BYTES = 2**16  # of neighbouring lines
NEEDED = ("step", "g_loss")  # of a plain point
NOT_PLAIN = (b"[", b"\r", b"\\", b"N", b"I")  # lists, other ends of lines, names in disguise, NaN, Infinity


def read_blocks(path: Path, offset: int = 0) -> Iterator[tuple[Block, int]]:
    """Points and events from a byte offset on, in order: rows or columns, each with the offset to go on from.

    Together they say what `read_lines` says. A torn last line is left for later; a file that can't be read has none.
    """
    try:
        with open_regular(path) as file:
            is_long = os.fstat(file.fileno()).st_size - offset > LONG_BYTES
            file.seek(offset)
            for block, size in _blocks(file, is_long):
                offset += size
                yield block, offset
    except OSError:
        return


def columns_of(path: Path, *names: str) -> dict[str, np.ndarray]:
    """Figures of all points as arrays (N,) float64 by name, NaN where a point lacks one."""
    parts = [np.empty((0, len(names)))]
    for block, _ in read_blocks(path):
        if isinstance(block, list):
            rows = [[row.get(name, np.nan) for name in names] for row in block if "event" not in row]
            parts.append(np.array(rows, float).reshape(-1, len(names)))
        else:
            absent = np.full(len(block["step"]), np.nan)
            parts.append(np.stack([block.get(name, absent) for name in names], 1))
    whole = np.concatenate(parts)
    return {name: whole[:, i] for i, name in enumerate(names)}


def events_of(path: Path) -> list[dict[str, Any]]:
    """The events of a file, in order."""
    return [row for block, _ in read_blocks(path) if isinstance(block, list) for row in block if "event" in row]


def bytes_until(path: Path, step: int) -> bytes:
    """The points and events up to a step, as they stand in the file."""
    kept: list[bytes] = []
    try:
        with open_regular(path) as file:
            for block, end in read_blocks(path):
                data = file.read(end - file.tell())
                is_kept = isinstance(block, dict) and block["step"].max() <= step
                kept.append(data if is_kept else lines_until(data, step))
    except OSError:
        return b""
    return b"".join(kept)


def _blocks(file: BinaryIO, is_long: bool) -> Iterator[tuple[Block, int]]:
    """Rows or columns from here on, each with its bytes."""
    for data in _chunks(file):
        for part in _parts(data) if is_long else [data]:
            yield from _read(part, FEW_BYTES if is_long else len(part))


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines, about CHUNK_BYTES at a time."""
    rest = b""
    while data := file.read(CHUNK_BYTES):
        end = data.rfind(b"\n") + 1
        if end:
            yield rest + data[:end]
            rest = data[end:]
        else:
            rest += data


def _parts(data: bytes) -> Iterator[bytes]:
    """Events apart from the points around them."""
    begin = 0
    while (at := data.find(b'"event"', begin)) >= 0:
        first, last = data.rfind(b"\n", begin, at) + 1 or begin, data.find(b"\n", at) + 1
        if first > begin:
            yield data[begin:first]
        yield data[first:last]
        begin = last
    if begin < len(data):
        yield data[begin:]


def _read(data: bytes, few: int) -> Iterator[tuple[Block, int]]:
    """Whole lines as rows or columns, each with its bytes; `few` bytes about a line that is not plain are rows."""
    columns = _columns(data) if len(data) > few else None
    middle = data.rfind(b"\n", 0, len(data) // 2) + 1
    if columns is None and middle and len(data) > few:
        yield from _read(data[:middle], few)
        yield from _read(data[middle:], few)
    else:
        yield list(records(data)) if columns is None else columns, len(data)


def _columns(data: bytes) -> Columns | None:
    """Lines as columns, if each is an object of finite numbers that has all NEEDED; None if `json` should read them."""
    lines = data.count(b"\n")
    if data.count(b"{") != lines or any(sign in data for sign in NOT_PLAIN):
        return None  # nothing nested, so nothing deep, gets further
    import pyarrow as pa
    from pyarrow import json as pa_json

    whole = pa_json.ReadOptions(use_threads=False, block_size=len(data) + 1)
    try:
        table = pa_json.read_json(pa.BufferReader(data), read_options=whole)
        names = table.column_names
    except (pa.ArrowException, UnicodeDecodeError):
        return None  # a line is damaged
    numbers = {name: table.column(name) for name in names}
    if table.num_rows != lines or any(name not in numbers or numbers[name].null_count for name in NEEDED):
        return None
    if not all(pa.types.is_int64(column.type) or pa.types.is_float64(column.type) for column in numbers.values()):
        return None
    if not pa.types.is_int64(numbers["step"].type) or not _are_sound(numbers.values()):
        return None
    return {name: column.to_numpy() for name, column in numbers.items()}


def _are_sound(columns: Any) -> bool:
    """Whether all values are such as `records.fits` lets through; one that is missing counts as one that is."""
    import pyarrow.compute as pc

    ends = (pc.min_max(column).as_py() for column in columns)
    return all(end["min"] is None or -1e18 < end["min"] <= end["max"] < 1e18 for end in ends)
