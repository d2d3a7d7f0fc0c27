"""What holds pictures as rows is known by its content, and other files are refused with what to do."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dcgan.data import fingerprint, rows, sources
from tests.files import colour, encode, refuse, write_pictures, write_zip


def test_content_tells_before_the_name(tmp_path):
    with open(tmp_path / "pictures.bin", "wb") as file:
        np.save(file, np.zeros((3, 8, 8), np.uint8))
    assert rows.kind_of(tmp_path / "pictures.bin") == "array"
    assert sources.count(sources.resolve(str(tmp_path / "pictures.bin"))) == 3
    write_zip(tmp_path / "a.zip", {"a.png": b"x"})
    write_pictures(tmp_path / "folder")
    assert [rows.kind_of(tmp_path / name) for name in ("a.zip", "folder", "folder/000.png", "nothing")] == [""] * 4


@pytest.mark.parametrize("kind", ["array", "parquet", "list"])
def test_what_is_known_of_the_content_is_remembered_until_a_file_of_it_changes(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    monkeypatch.setattr(fingerprint, "REMEMBER_SECONDS", -1)
    monkeypatch.setattr(fingerprint, "SETTLED_SECONDS", -1e9)
    folder = write_pictures(tmp_path / "set")
    pixels = np.zeros((4, 8, 8), np.uint8)
    path = {"array": folder / "a.npy", "parquet": folder / "a.parquet", "list": folder / "a.csv"}[kind]

    def write(value: int) -> None:
        pixels[:] = value
        if kind == "array":
            np.save(path, pixels)
        elif kind == "parquet":
            pq.write_table(pa.table({"image": [encode(colour(seed=value + i)) for i in range(4)]}), path)
        else:
            path.write_text("file\n" + "".join(f"00{i}.png\n" for i in range(4)))
            (folder / "003.png").write_bytes(encode(colour(seed=value)))

    write(1)
    first = sources.fingerprint(sources.resolve(str(path)))
    with monkeypatch.context() as patch:
        patch.setattr(fingerprint, "digest_of", None)
        assert sources.fingerprint(sources.resolve(str(path))) == first
    write(2)
    assert sources.fingerprint(sources.resolve(str(path))) != first


@pytest.mark.parametrize("name", ["a.pkl", "a.pth", "a.h5", "a.mat", "a.tfrecord", "a.arrow", "a.npy.gz", "a.jsonl"])
def test_files_of_other_formats_are_told_what_to_become(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x80\x04whatever")
    words = ("could run code",) if name in ("a.pkl", "a.pth") else ()
    with refuse("neither a folder nor a zip", *words, "ave its pictures as .npy"):
        sources.resolve(str(tmp_path / name))
    if name not in ("a.npy.gz", "a.jsonl"):  # which lie beside other things, too
        with refuse(f"holds no pictures, but {name}", "ave its pictures as .npy"):
            sources.resolve(str(tmp_path))
    (tmp_path / "a.txt").write_text("")
    with refuse("neither a folder nor a zip") as caught:
        sources.resolve(str(tmp_path / "a.txt"))
    assert "ave its" not in str(caught.value)
