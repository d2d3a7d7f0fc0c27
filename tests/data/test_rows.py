"""What holds pictures as rows is known by its content, and other files are refused with what to do."""

import numpy as np
import pytest

from dcgan.data import rows, sources
from tests.files import refuse, write_pictures, write_zip


def test_content_tells_before_the_name(tmp_path):
    with open(tmp_path / "pictures.bin", "wb") as file:
        np.save(file, np.zeros((3, 8, 8), np.uint8))
    assert rows.kind_of(tmp_path / "pictures.bin") == "array"
    assert sources.count(sources.resolve(str(tmp_path / "pictures.bin"))) == 3
    write_zip(tmp_path / "a.zip", {"a.png": b"x"})
    write_pictures(tmp_path / "folder")
    assert [rows.kind_of(tmp_path / name) for name in ("a.zip", "folder", "folder/000.png", "nothing")] == [""] * 4


@pytest.mark.parametrize("name", ["a.pkl", "a.pth", "a.h5", "a.mat", "a.tfrecord", "a.arrow", "a.npy.gz", "a.jsonl"])
def test_files_of_other_formats_are_told_what_to_become(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x80\x04whatever")
    words = ("could run code",) if name in ("a.pkl", "a.pth") else ()
    with refuse("neither a folder nor a zip", *words, "ave its pictures as .npy"):
        sources.resolve(str(tmp_path / name))
    (tmp_path / "a.txt").write_text("")
    with refuse("neither a folder nor a zip") as caught:
        sources.resolve(str(tmp_path / "a.txt"))
    assert "ave its" not in str(caught.value)
