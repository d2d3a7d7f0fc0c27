"""Pixels as numbers: Kaggle's tables, IDX files and CIFAR's binary version as people download them."""

import gzip
import io
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from dcgan.data import rows, source_pictures, sources, uploads
from dcgan.data.picture_files import reader
from tests.data.test_array_rows import shown
from tests.files import refuse, write_pictures

CHANCE = np.random.default_rng(0)
GREY = CHANCE.integers(0, 256, (12, 10, 10), dtype=np.uint8)
GREY[0, 0, :2] = 0, 255
LABELS = np.arange(12) % 3
FLAT = GREY.reshape(12, -1)


def table(path, columns, header: str = "", delimiter: str = ",", form: str = "{}") -> str:
    lines = [header] * bool(header) + [delimiter.join(map(form.format, row)) for row in columns]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def names(kind: str) -> str:
    return ",".join(kind.format(i) for i in range(1, 101))


@pytest.mark.parametrize(
    "columns,header,more",
    [
        (np.c_[LABELS, FLAT], f"label,{names('pixel{}')}", {}),
        (np.c_[LABELS, FLAT], "", {}),
        (np.c_[FLAT, LABELS], "", {}),
        (np.c_[FLAT, LABELS], f"{names('{}x1')},class", {"delimiter": ","}),
        (np.c_[np.arange(12), LABELS, FLAT], f",target,{names('px_{}')}", {}),
        (np.c_[LABELS, FLAT], "", {"delimiter": ";", "form": "{}.0"}),
        (np.c_[LABELS, FLAT], f"character,{names('{}')}", {}),
        (np.c_[LABELS, FLAT], ",".join(map(str, range(101))), {}),
        (np.c_[np.arange(12), LABELS, FLAT], "," + ",".join(map(str, range(101))), {}),
    ],
    ids=["kaggle", "bare", "label last", "by place", "an index too", "semicolons", "another name", "counted", "pandas"],
)
def test_a_column_for_each_pixel(tmp_path, columns, header, more) -> None:
    spec = table(tmp_path / "t.csv", columns, header, **more)
    for row in (0, 7):
        assert np.array_equal(shown(spec, row), GREY[row])
    source = sources.resolve(f"{spec}:1")
    assert source_pictures.folder_classes(source.path) == {"0": 4, "1": 4, "2": 4}
    assert sources.count(source) == 4 and sources.default_channels(source) == 1
    assert sources.row_remark(source) == "Each row of 100 numbers is read as 10 x 10 pixels."


def test_a_table_without_labels_and_one_of_fractions(tmp_path) -> None:
    assert np.array_equal(shown(table(tmp_path / "test.csv", FLAT, names("pixel{}")), 3), GREY[3])
    spec = table(tmp_path / "f.csv", FLAT / 255)
    assert np.abs(shown(spec, 3).astype(int) - GREY[3]).max() <= 1
    assert "0 is shown black and 1 white" in sources.row_remark(sources.resolve(spec))


def test_a_cell_with_all_pixels_and_a_split(tmp_path) -> None:
    lines = [f"{LABELS[i]},{' '.join(map(str, FLAT[i]))},{'Training' if i < 9 else 'PublicTest'}" for i in range(12)]
    (tmp_path / "fer.csv").write_text("\n".join(["emotion,pixels,Usage", *lines]))
    source = sources.resolve(str(tmp_path / "fer.csv"))
    assert np.array_equal(shown(source.spec, 8), GREY[8])
    assert source_pictures.folder_classes(source.path) == {"0": 3, "1": 3, "2": 3}
    assert sources.row_remark(source).endswith("split for training; 3 others are left aside.")


def test_a_split_beside_a_column_for_each_pixel(tmp_path) -> None:
    rows_ = [[LABELS[i], *FLAT[i], "train" if i < 9 else "test"] for i in range(12)]
    source = sources.resolve(table(tmp_path / "t.csv", rows_, f"label,{names('pixel{}')},split"))
    assert sources.count(source) == 9 and np.array_equal(shown(source.spec, 8), GREY[8])
    assert sources.row_remark(source).endswith("3 others are left aside.")


@pytest.mark.parametrize(
    "columns,words",
    [
        (CHANCE.integers(0, 9, (4, 3074)), "has 3,074 numbers in a row"),
        (
            [["1"] * 101, ["1"] * 90, ["1"] * 101],
            "can't be read as a table of pixels (CSV parse error: Row #2: Expected 101 columns",
        ),
        ([["1"] * 101, [""] * 101, ["1"] * 101], "values that are not a number"),
        ([["1"] * 101, ["1"] * 50 + ["x"] * 51, ["1"] * 101], "can't be read as a table of pixels"),
    ],
    ids=["no square", "ragged", "holes", "words"],
)
def test_a_table_that_can_not_be_used_is_refused_in_a_sentence(tmp_path, columns, words) -> None:
    spec = table(tmp_path / "t.csv", columns)
    with refuse("t.csv", words) as caught:
        sources.check(sources.resolve(spec))
    assert len(str(caught.value)) < 300


def test_a_list_of_pictures_with_many_facts_stays_one_and_other_tables_are_none(tmp_path) -> None:
    write_pictures(tmp_path, 3)
    rows_ = [[f"{i:03d}.png", *range(100)] for i in range(3)]
    source = sources.resolve(table(tmp_path / "landmarks.csv", rows_, "file," + names("x{}")))
    assert rows.kind_of(source.path) == "list" and sources.count(source) == 3
    prices = table(
        tmp_path / "prices.csv", np.ones((5, 70)), ",".join(f"price of {c}{d}" for c in "abcdefg" for d in "hijklmnopq")
    )
    with refuse("prices.csv names no file that is there", "A table of pixels calls its columns by numbers"):
        sources.check(sources.resolve(prices))


def test_labels_are_no_names_of_pictures(tmp_path) -> None:
    """A list whose pictures are gone must not be taken for one of other pictures, called as its labels."""
    write_pictures(tmp_path / "other", 10)
    for i in range(10):
        os.rename(tmp_path / "other" / f"{i:03d}.png", tmp_path / "other" / f"{i}.png")
    (tmp_path / "list.csv").write_text("file,label\n" + "".join(f"gone{i}.png,{i % 10}\n" for i in range(60)))
    with refuse("names no file that is there"):
        sources.check(sources.resolve(str(tmp_path / "list.csv")))


# ---- IDX


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def write_idx(folder, stem: str = "train-{}-idx{}-ubyte", pack: bool = False):
    folder.mkdir(exist_ok=True)
    for kind, array in (("images", GREY), ("labels", LABELS)):
        content = idx_bytes(array)
        name = stem.format(kind, array.ndim) + ".gz" * pack
        (folder / name).write_bytes(gzip.compress(content) if pack else content)
    return folder


@pytest.mark.parametrize("stem", ["train-{}-idx{}-ubyte", "train-{}.idx{}-ubyte", "k49-train-{}-idx{}"])
@pytest.mark.parametrize("pack", [False, True])
def test_idx_files_with_their_labels(tmp_path, stem, pack) -> None:
    folder = write_idx(tmp_path / "raw", stem, pack)
    write_idx(folder, stem.replace("train", "t10k"), pack)
    source = sources.resolve(str(folder))
    assert source.title == ("k49" if "k49" in stem else "raw")
    assert source.path.name == stem.format("images", 3) + ".gz" * pack
    assert np.array_equal(shown(source.spec, 0), GREY[0])
    assert source_pictures.folder_classes(source.path) == {"0": 4, "1": 4, "2": 4}


def test_emnist_is_turned_upright(tmp_path) -> None:
    source = sources.resolve(str(write_idx(tmp_path / "e", "emnist-letters-train-{}-idx{}-ubyte", True)))
    assert np.array_equal(shown(source.spec, 0), GREY[0].T)
    assert "turned upright" in sources.row_remark(source)


def test_idx_files_that_can_not_be_used_are_refused(tmp_path) -> None:
    folder = write_idx(tmp_path / "raw")
    (folder / "train-labels-idx1-ubyte").write_bytes(idx_bytes(LABELS[:5]))
    with refuse("5 labels"):
        sources.check(sources.resolve(str(folder)))
    (folder / "train-images-idx3-ubyte").write_bytes(idx_bytes(GREY)[:-1])
    with refuse("damaged"):
        sources.check(sources.resolve(str(folder)))
    write_idx(tmp_path / "two", "emnist-a-train-{}-idx{}-ubyte")
    write_idx(tmp_path / "two", "emnist-b-train-{}-idx{}-ubyte")
    with refuse("name the one to train on"):
        sources.resolve(str(tmp_path / "two"))


# ---- CIFAR


def test_cifar_as_its_binary_version_has_it(tmp_path) -> None:
    pixels = CHANCE.integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)
    for label_bytes, files, words in (
        (1, ("data_batch_1", "data_batch_2"), "batches.meta"),
        (2, ("train",), "fine_label_names"),
    ):
        folder = tmp_path / words
        folder.mkdir()
        records = [bytes([9] * (label_bytes - 1) + [i % 2]) + pixels[i].tobytes() for i in range(6)]
        for number, name in enumerate(files):
            (folder / f"{name}.bin").write_bytes(b"".join(records[number :: len(files)]))
        (folder / f"{words}.txt").write_text("airplane\ncar\n\n")
        source = sources.resolve(str(folder))
        assert source_pictures.folder_classes(source.path) == {"airplane": 3, "car": 3}
        with reader(source.path) as read:
            last = source_pictures.picture_names(source)[-1]
            assert np.array_equal(Image.open(io.BytesIO(read(last))), pixels[5].transpose(1, 2, 0))
    (folder / "train.bin").write_bytes(b"1" * 3000)
    with refuse("damaged"):
        sources.check(sources.resolve(str(folder)))


# ---- where people name what holds no pictures as it is


def test_a_way_out_is_named(tmp_path) -> None:
    python = tmp_path / "cifar-10-batches-py"
    python.mkdir()
    for name in ("data_batch_1", "batches.meta"):
        (python / name).write_bytes(pickle.dumps({b"data": FLAT}, 2))
    kaggle = tmp_path / "archive.zip"
    with zipfile.ZipFile(kaggle, "w") as archive:
        archive.writestr("train.csv", "label,pixel0\n")
    weights = tmp_path / "tensor.pt"
    with zipfile.ZipFile(weights, "w") as archive:
        archive.writestr("tensor/data.pkl", "")
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(99))
    pointers = tmp_path / "repository"
    pointers.mkdir()
    for i in range(3):
        (pointers / f"{i}.png").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:a\nsize 1\n")
    for place, words in (
        (python, "2 Python pickles (such as batches.meta: it could run code as it is opened, so it isn't"),
        (kaggle, "unpack it and name the folder, array or table that it holds"),
        (weights, "could run code as it is opened, so it isn't: save its pictures as .npy or .npz"),
        (tmp_path / "clip.mp4", "but a video: save its frames as pictures"),
        (pointers, "a pointer of Git LFS"),
    ):
        with refuse(words):
            sources.check(sources.resolve(str(place)))


def test_a_folder_from_kaggle_gives_the_table_of_training(tmp_path) -> None:
    table(tmp_path / "train.csv", np.c_[LABELS, FLAT], f"label,{names('pixel{}')}")
    table(tmp_path / "test.csv", FLAT, names("pixel{}"))
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    assert sources.resolve(str(tmp_path)).path.name == "train.csv"
    write_idx(tmp_path)  # the same, as its makers published it
    assert sources.resolve(str(tmp_path)).path.name == "train-images-idx3-ubyte"


def test_a_table_of_pixels_can_be_uploaded_and_a_list_of_files_not(tmp_path) -> None:
    spec = table(tmp_path / "Letters.csv", np.c_[LABELS, FLAT])
    with open(spec, "rb") as file:
        kept = uploads.store_upload([("Letters.csv", file)], tmp_path)
    assert np.array_equal(shown(str(kept), 0), GREY[0]) and rows.kind_of(kept) == "numbers"
    listing = io.BytesIO(b"file,label\na.png,1\n")
    with refuse("without the files"):
        uploads.store_upload([("list.csv", listing)], tmp_path)
