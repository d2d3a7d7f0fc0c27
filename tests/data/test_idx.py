"""IDX files: found in every layout, downloaded whole or not at all, refused by name when damaged."""

import gzip
import struct

import numpy as np
import pytest

from dcgan.data import idx, sources
from tests.files import refuse, write_mnist

MNIST_FILES = [f"{name}.gz" for name in idx.FILES]


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    return tmp_path / "data"


@pytest.mark.parametrize("place,packed", [("mnist", True), ("mnist", False), ("MNIST/raw", False)])
def test_mnist_in_every_layout(data_dir, place, packed):
    train = write_mnist(data_dir / place, packed)
    source = sources.resolve("mnist")
    assert np.array_equal(idx.read_split(source.path, "train")[0], train)
    assert len(idx.read_split(source.path, "test")[1]) == 20


def test_absent_mnist_says_what_to_put_where(data_dir):
    with refuse("MNIST is not here: put", *MNIST_FILES, str(data_dir / "mnist")):
        sources.resolve("mnist")
    assert not data_dir.exists()


@pytest.mark.parametrize("damage", ["cut", "empty", "html", "tail", "huge"])
def test_damaged_idx_is_refused_by_name(data_dir, damage):
    write_mnist(data_dir / "mnist")
    path = data_dir / "mnist" / MNIST_FILES[0]
    content = path.read_bytes()
    path.write_bytes({
        "cut": content[:-500],
        "empty": b"",
        "html": b"<html>quota exceeded</html>",
        "tail": gzip.compress(gzip.decompress(content) + b"x"),
        "huge": gzip.compress(struct.pack(">HBB3I", 0, 8, 3, 2**31, 28, 28)),
    }[damage])  # fmt: skip
    with refuse("train-images-idx3-ubyte.gz is damaged", "put the original file there again"):
        sources.check(sources.resolve("mnist"))


def test_idx_files_that_vanish_or_disagree_are_refused(data_dir):
    write_mnist(data_dir / "mnist")
    source = sources.resolve("mnist")
    other = data_dir / "other"
    write_mnist(other, num_images=41)
    (other / MNIST_FILES[1]).replace(source.path / MNIST_FILES[1])
    with refuse("don't belong together"):
        sources.check(source)
    (source.path / MNIST_FILES[1]).unlink()
    with refuse("train-labels-idx1-ubyte.gz is missing"):
        sources.count(source)
