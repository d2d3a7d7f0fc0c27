"""Parquet files of pictures, alone and as the Hugging Face hub lays them out."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from dcgan.data import decode_workers, parquet_files, rows, source_pictures, sources
from dcgan.data.decode_workers import Shape, decoded
from dcgan.data.picture_files import reader
from tests.files import colour, encode, refuse, write_pictures

STRUCT = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def picture(i: int) -> bytes:
    return encode(colour(10, 10, seed=i))


def table(first: int, n: int, column: str = "image", label: str = "label", names: tuple[str, ...] = ()) -> pa.Table:
    values = pa.array([{"bytes": picture(first + i), "path": f"{i}.png"} for i in range(n)], STRUCT)
    made = pa.table({label: pa.array([i % 2 for i in range(n)], pa.int64()), column: values})
    features = {column: {"_type": "Image"}, label: {"names": names, "_type": "ClassLabel"}}
    about = {"huggingface": json.dumps({"info": {"features": features}})} if names else {}
    return made.replace_schema_metadata(about)


def write(path: Path, made: pa.Table, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(made, path, **options)
    return path


def contents(path: Path) -> list[bytes]:
    source = sources.resolve(str(path))
    sources.check(source)
    with reader(source.path) as read:
        return [read(name) for name in source_pictures.picture_names(source)]


@pytest.mark.parametrize("rows_in_group", [1, 7, 1000])
def test_a_file_is_read_in_any_order(tmp_path, rows_in_group):
    path = write(tmp_path / "a.parquet", table(0, 90, names=("cat", "dog")), row_group_size=rows_in_group)
    source = sources.resolve(str(path))
    assert source_pictures.folder_classes(source.path) == {"cat": 45, "dog": 45}
    assert contents(path) == [picture(i) for i in range(90)]
    names = source_pictures.picture_names(source)
    with reader(path) as read:
        for i in np.random.default_rng(0).integers(0, 90, 30):
            assert read(names[i]) == picture(i)
    assert rows.forward(path, sorted(names)) == list(names)
    assert [name for name in source_pictures.picture_names(sources.resolve(f"{path}:dog"))] == list(names[1::2])


def test_the_folder_of_a_hub_is_one_data_set_of_its_split_for_training(tmp_path):
    for i in range(2):
        write(tmp_path / "data" / f"train-0000{i}-of-00002.parquet", table(10 * i, 10, names=("a", "b")))
    write(tmp_path / "data" / "test-00000-of-00001.parquet", table(50, 5))
    (tmp_path / "README.md").write_text("---\n")
    (tmp_path / ".gitattributes").write_text("")
    assert contents(tmp_path) == [picture(i) for i in range(20)]
    source = sources.resolve(str(tmp_path))
    assert source_pictures.folder_classes(tmp_path) == {"a": 10, "b": 10}
    assert "data/test-00000-of-00001.parquet is left aside" in sources.remark(source, 5000)
    assert contents(tmp_path / "data" / "test-00000-of-00001.parquet") == [picture(50 + i) for i in range(5)]


def test_other_ways_in_which_a_hub_lays_out_files(tmp_path):
    write(tmp_path / "one" / "default" / "train" / "0000.parquet", table(0, 4))
    write(tmp_path / "one" / "default" / "validation" / "0000.parquet", table(4, 3))
    assert contents(tmp_path / "one") == [picture(i) for i in range(4)]
    write(tmp_path / "two" / "part-0.parquet", table(0, 4))
    write(tmp_path / "two" / "part-1.parquet", table(4, 3))
    assert contents(tmp_path / "two") == [picture(i) for i in range(7)]
    for name in ("cropped", "full"):
        write(tmp_path / "three" / name / "train-00000-of-00001.parquet", table(0, 4))
    with refuse("several data sets (cropped, full)", "name the folder"):
        sources.check(sources.resolve(str(tmp_path / "three")))
    write(tmp_path / "four" / "test.parquet", table(0, 4))
    assert len(contents(tmp_path / "four")) == 4


def test_a_file_that_comes_into_the_folder_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "SETTLED_SECONDS", -1e9)
    write(tmp_path / "data" / "train-0.parquet", table(0, 4))
    before = sources.fingerprint(sources.resolve(str(tmp_path)))
    write(tmp_path / "data" / "train-1.parquet", table(4, 4))
    assert len(contents(tmp_path)) == 8 and sources.fingerprint(sources.resolve(str(tmp_path))) != before


@pytest.mark.parametrize(
    "made",
    [
        pa.table({"img": pa.array([picture(i) for i in range(4)], pa.binary())}),
        pa.table({"x": pa.array([picture(i) for i in range(4)], pa.large_binary())}),
        pa.table({"a": [1, 2, 3, 4], "photo": pa.array([{"bytes": picture(i)} for i in range(4)])}),
        table(0, 4, column="jpg"),
    ],
    ids=["binary", "large binary", "struct without a name", "another name"],
)
def test_pictures_are_found_by_what_the_column_holds(tmp_path, made):
    assert contents(write(tmp_path / "a.parquet", made)) == [picture(i) for i in range(4)]


def test_labels_by_their_text_and_of_whole_categories(tmp_path):
    made = table(0, 6).drop(["label"]).append_column("category", pa.array(["cat", "dog", None] * 2).dictionary_encode())
    path = write(tmp_path / "a.parquet", made)
    assert source_pictures.folder_classes(sources.resolve(str(path)).path) == {"cat": 2, "dog": 2}
    assert sources.count(sources.resolve(f"{path}:cat")) == 2


def test_several_columns_of_pictures_say_which_is_used(tmp_path):
    made = table(0, 4).append_column("mask", pa.array([picture(9)] * 4))
    path = write(tmp_path / "a.parquet", made)
    assert contents(path)[0] == picture(0)
    assert "image is used, not mask" in sources.remark(sources.resolve(str(path)), 5000)


@pytest.mark.parametrize(
    "made,words",
    [
        (pa.table({"label": [1, 2], "pixel0": [3, 4]}), ("no column of pictures", "pixel0 (int64)", ".npy")),
        (pa.table({"image": [[[1, 2], [3, 4]]] * 2}), ("no column of pictures", "list<")),
        (pa.table({"image": ["a.png", "b.png"]}), ("no column of pictures", "image (string)")),
        (pa.table({"image": pa.array([{"bytes": None, "path": "a.png"}] * 3, STRUCT)}), ("None of the 3", "bytes")),
        (pa.table({"image": pa.array([], pa.binary())}), ("holds no pictures",)),
    ],
    ids=["pixels", "lists", "paths", "without bytes", "no rows"],
)
def test_what_holds_no_pictures_is_refused_with_what_it_holds(tmp_path, made, words):
    with refuse(*words):
        sources.check(sources.resolve(str(write(tmp_path / "a.parquet", made))))


def test_a_damaged_file_is_one_sentence_and_a_damaged_row_is_skipped(tmp_path):
    path = write(tmp_path / "a.parquet", table(0, 6))
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], content[:4] + b"x" * 60 + content[-8:], b"PAR1" * 3, b""):
        (tmp_path / "b.parquet").write_bytes(damaged)
        with refuse("b.parquet can't be read as parquet"):
            sources.check(sources.resolve(str(tmp_path / "b.parquet")))
    values = pa.array(
        [{"bytes": picture(0)}, None, {"bytes": b"<html>"}, {"bytes": None}, {"bytes": picture(4)}], STRUCT
    )
    path = write(tmp_path / "c.parquet", pa.table({"image": values}))
    (chunk,) = decoded(path, source_pictures.picture_names(sources.resolve(str(path))), Shape(8, 3, "square"))
    assert [reason.partition(": ")[2] for _, reason in chunk[1]] == [
        *("", "a row without the bytes of a picture", "not a picture in a known format"),
        *("a row without the bytes of a picture", ""),
    ]


def test_workers_are_given_what_is_in_one_file(tmp_path, monkeypatch):
    """Several processes make the same as this one, also of rows that can't be read."""
    values = [None if i % 9 == 4 else {"bytes": b"<html>" if i % 9 == 5 else picture(i)} for i in range(50)]
    path = write(tmp_path / "a.parquet", pa.table({"image": pa.array(values, STRUCT)}), row_group_size=11)
    names = source_pictures.picture_names(sources.resolve(str(path)))
    alone = list(decoded(path, names, Shape(8, 3, "square")))
    monkeypatch.setattr(decode_workers, "MIN_FOR_WORKERS", 10)
    monkeypatch.setattr(decode_workers, "_cores", lambda: 2)
    assert list(decoded(path, names, Shape(8, 3, "square"))) == alone


@pytest.mark.parametrize("told", [True, False])
def test_one_large_picture_in_every_row_is_not_all_in_memory(tmp_path, told):
    """A file of 1 MB that names one picture of 1 MB in 20,000 rows: 20 GB if it were unfolded."""
    large = np.random.default_rng(0).integers(0, 256, (600, 600, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(large).save(buffer, "PNG")
    indices = pa.array(np.zeros(20_000, np.int32))
    column = pa.DictionaryArray.from_arrays(indices, pa.array([buffer.getvalue()], pa.binary()))
    path = write(tmp_path / "a.parquet", pa.table({"image": column}), row_group_size=20_000, store_schema=told)
    assert path.stat().st_size < 3e6
    source = sources.resolve(str(path))
    before = pa.total_allocated_bytes()
    with reader(path) as read:
        for name in source_pictures.picture_names(source)[:200:50]:
            assert read(name) == buffer.getvalue()
            assert pa.total_allocated_bytes() - before < 500e6


def test_pictures_beside_tables_without_any_are_the_data_set(tmp_path):
    write_pictures(tmp_path, 4)
    write(tmp_path / "meta.parquet", pa.table({"label": [1, 2]}))
    assert source_pictures.picture_names(sources.resolve(str(tmp_path)))[0] == "000.png"
    (tmp_path / "meta.parquet").unlink()
    write(tmp_path / "train.parquet", table(0, 4))
    assert source_pictures.picture_names(sources.resolve(str(tmp_path)))[0] == "000.png", (
        "no more of them are in the table"
    )
    write(tmp_path / "train.parquet", table(0, 5))
    source = sources.resolve(str(tmp_path))
    assert sources.count(source) == 5 and "4 picture files that lie beside" in sources.remark(source, 5000)


def test_tables_that_come_into_a_folder_below_are_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "SETTLED_SECONDS", -1e9)
    (tmp_path / "data").mkdir()
    assert rows.kind_of(tmp_path) == "" and rows.kind_of(tmp_path) == ""
    write(tmp_path / "data" / "train.parquet", table(0, 4))
    assert rows.kind_of(tmp_path) == "parquet"


def test_a_search_for_tables_ends_soon(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_files, "MAX_FOLDERS", 3)
    for i in range(5):
        write(tmp_path / f"{i}" / "a.parquet", table(0, 2))
    assert parquet_files.look_into(tmp_path) == ((), 0, (tmp_path,))
