"""Arrays of pictures as people save them: whatever the axes, the values and the labels are, or one sentence why not."""

import io
import os
import pickle
import zipfile

import numpy as np
import psutil
import pytest
from PIL import Image

from dcgan.data import array_rows, dataset, rows, source_pictures, sources
from dcgan.data.array_values import axes_of, range_of
from dcgan.data.picture_files import reader
from dcgan.data.survey import survey
from tests.files import refuse

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 10, 12, 3), dtype=np.uint8)  # (N, H, W, C)
PIXELS[0, 0, 0], PIXELS[0, 0, 1] = 0, 255
GREY = PIXELS[..., 0]


def shown(path, row: int = 3) -> np.ndarray:
    """The pixels of a row, (H, W) or (H, W, 3)."""
    source = sources.resolve(str(path))
    sources.check(source)
    with reader(source.path) as read:
        return np.asarray(Image.open(io.BytesIO(read(source_pictures.picture_names(source)[row]))))


def near(found: np.ndarray, expected: np.ndarray, most: int = 1) -> bool:
    return found.shape == expected.shape and np.abs(found.astype(int) - expected.astype(int)).max() <= most


@pytest.mark.parametrize(
    "array,expected",
    [
        (PIXELS, PIXELS),
        (GREY, GREY),
        (GREY[..., None], GREY),
        (GREY[:, None], GREY),
        (PIXELS.transpose(0, 3, 1, 2), PIXELS),
        (np.asfortranarray(PIXELS), PIXELS),
        (PIXELS / 255, PIXELS),
        ((PIXELS / 127.5 - 1).astype(np.float16), PIXELS),
        (PIXELS.astype(">f4"), PIXELS),
        (PIXELS.astype(np.int64), PIXELS),
        (PIXELS.astype(np.uint16) * 257, PIXELS),
        (PIXELS / 255 * 4.004 - 2, PIXELS),
        (PIXELS / 255 * 0.004, PIXELS),
        (GREY > 127, np.where(GREY > 127, 255, 0)),
        ((GREY > 127).astype(np.uint8), np.where(GREY > 127, 255, 0)),
        ((GREY > 127).astype(np.int32), np.where(GREY > 127, 255, 0)),
        (GREY[:, :10, :10].reshape(6, 100), GREY[:, :10, :10]),
        (np.concatenate([PIXELS, np.full((6, 10, 12, 1), 255, np.uint8)], -1), PIXELS),
        (np.concatenate([PIXELS, np.zeros((6, 10, 12, 1), np.uint8)], -1), np.full_like(PIXELS, 255)),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_every_way_that_pictures_lie_in_an_array(tmp_path, array, expected):
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "a.npz", array)
    np.savez_compressed(tmp_path / "b.npz", images=array)
    for name in ("a.npy", "a.npz", "b.npz"):
        assert near(shown(tmp_path / name), expected[3], 2 if array.dtype == np.float16 else 1), name


@pytest.mark.parametrize("order", ["channel after channel", "pixel after pixel"])
@pytest.mark.parametrize("form", ["npy", "npz", "csv"])
def test_flat_rows_of_colour_are_read_in_either_order(tmp_path, order, form):
    """As CIFAR's files and scikit-learn have them, and as NumPy flattens pictures."""
    ramp = np.add.outer(np.arange(32) * 4, np.arange(32))[None, ..., None] + np.array([0, 60, 20])  # (1, 32, 32, 3)
    colours = (ramp + np.random.default_rng(0).integers(0, 30, (5, 32, 32, 3))).astype(np.uint8)
    by_channel = order == "channel after channel"
    rows = (colours.transpose(0, 3, 1, 2) if by_channel else colours).reshape(5, 3072)
    path = tmp_path / f"a.{form}"
    if form == "csv":
        np.savetxt(path, np.column_stack([np.arange(5) % 2, rows]), "%d", ",")
    elif form == "npy":
        np.save(path, rows)
    else:
        np.savez(path, x=rows)
    assert near(shown(path), colours[3], 0)
    assert sources.row_remark(sources.resolve(str(path))) == (
        "Each row of 3,072 numbers is read as 32 x 32 pixels in colour, "
        + ("all of red, then green, then blue." if by_channel else "the red, green and blue of each together.")
    )


def test_a_page_need_not_look_through_an_array(tmp_path):
    np.save(tmp_path / "a.npy", GREY)
    assert survey(tmp_path / "a.npy") == {}


def test_one_scale_holds_for_the_whole_set_and_is_said(tmp_path):
    array = np.stack([np.full((8, 8), value, np.uint16) for value in (0, 1000, 4000)])
    np.save(tmp_path / "a.npy", array)
    assert [int(shown(tmp_path / "a.npy", row)[0, 0]) for row in range(3)] == [0, 62, 249]
    source = sources.resolve(str(tmp_path / "a.npy"))
    assert "(uint16) 0 is shown black and 4,095 white" in sources.remark(source, 5000)
    assert "4,095 white" in dataset.notice(dataset.load(str(tmp_path / "a.npy"), 16, 1, cache_dir=tmp_path / "c"))


@pytest.mark.parametrize(
    "array,words",
    [
        (np.array([{"a": 1}, None], object), ("Python objects", "run code")),
        (np.zeros((3, 8, 8), complex), ("complex",)),
        (np.array([["a", "b"]]), ("texts",)),
        (np.zeros(5, [("x", "u1"), ("y", "f4")]), ("records",)),
        (np.zeros((2, 3, 4, 8, 8), np.uint8), ("(2, 3, 4, 8, 8)", "(N, H, W, C)")),
        (np.zeros((64, 64, 3), np.uint8), ("one picture", "stack")),
        (np.zeros((9, 12, 12, 7), np.uint8), ("(9, 12, 12, 7)", "C from 1 to 4")),
        (np.zeros((9, 101), np.uint8), ("(9, 101)", "(N, H, W)")),
        (np.zeros((9, 768), np.float32), ("(9, 768)", "(N, H, W)")),
        (np.zeros((9, 2, 2), np.uint8), ("2 x 2 pixels",)),
        (np.zeros(9, np.uint8), ("(9,)",)),
        (np.zeros((), np.uint8), ("()",)),
        (np.full((3, 8, 8), np.nan), ("not a number",)),
        (np.array([np.zeros((8, 8)), np.full((8, 8), np.inf)]), ("infinite",)),
        (np.zeros((1, 8, 8), np.uint8), ("only one picture",)),
        (np.zeros((0, 8, 8), np.uint8), ("holds no pictures",)),
    ],
    ids=str,
)
def test_what_is_something_else_is_refused_with_what_it_is(tmp_path, array, words):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    np.savez(tmp_path / "a.npz", x=array)
    for name in ("a.npy", "a.npz"):
        with refuse(*words):
            sources.check(sources.resolve(str(tmp_path / name)))


class Trap:
    def __reduce__(self):
        return os.mkdir, (os.environ["TRAP"],)


def test_nothing_is_executed(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAP", str(tmp_path / "sprung"))
    np.save(tmp_path / "a.npy", np.array([Trap()], object), allow_pickle=True)
    np.savez(tmp_path / "b.npz", images=PIXELS, labels=np.array([Trap()] * 6, object))
    (tmp_path / "c.npy").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "d.npz").write_bytes(pickle.dumps(Trap()))
    for name in ("a.npy", "c.npy", "d.npz"):
        with refuse(name):
            sources.check(sources.resolve(str(tmp_path / name)))
    assert near(shown(tmp_path / "b.npz"), PIXELS[3], 0)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("damage", ["half", "header", "empty", "text", "lie"])
@pytest.mark.parametrize("name", ["a.npy", "a.npz", "b.npz"])
def test_a_damaged_file_is_one_sentence(tmp_path, name, damage):
    np.save(tmp_path / "a.npy", PIXELS)
    np.savez(tmp_path / "a.npz", images=PIXELS)
    np.savez_compressed(tmp_path / "b.npz", images=PIXELS)
    content = (tmp_path / name).read_bytes()
    if damage == "lie":
        lie = (tmp_path / "a.npy").read_bytes().replace(b"(6, 10, 12, 3)", b"(60000,12,3) ")
        assert b"60000" in lie
        content = lie
        if name != "a.npy":
            with zipfile.ZipFile(tmp_path / "z", "w", zipfile.ZIP_DEFLATED if name == "b.npz" else 0) as archive:
                archive.writestr("images.npy", lie)
            content = (tmp_path / "z").read_bytes()
    else:
        content = {"half": content[: len(content) // 2], "header": content[:40], "empty": b"", "text": b"hello"}[damage]
    (tmp_path / name).unlink()
    (tmp_path / name).write_bytes(content)
    with refuse(name):
        sources.check(sources.resolve(str(tmp_path / name)))


def test_only_what_is_compressed_needs_memory(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", PIXELS)
    np.savez(tmp_path / "a.npz", images=PIXELS)
    np.savez_compressed(tmp_path / "b.npz", images=PIXELS)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("memory", (), {"available": 1000}))
    for name in ("a.npy", "a.npz"):
        assert near(shown(tmp_path / name), PIXELS[3], 0)
    with refuse("is compressed", "save it as .npy"):
        sources.check(sources.resolve(str(tmp_path / "b.npz")))


def test_an_npz_that_lists_a_million_members_is_not_loaded(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", b"")
    content = (tmp_path / "a.npz").read_bytes()
    entry = content[content.index(b"PK\1\2") : content.index(b"PK\5\6")]
    end = bytearray(content[content.index(b"PK\5\6") :])
    end[12:16] = (len(entry) * 600_000).to_bytes(4, "little")
    (tmp_path / "a.npz").write_bytes(content[: content.index(b"PK\1\2")] + entry * 600_000 + end)
    with refuse("lists too many files"):
        sources.check(sources.resolve(str(tmp_path / "a.npz")))


N = 12


@pytest.mark.parametrize(
    "arrays,classes",
    [
        ({"x_train": N, "y_train": np.arange(N) % 3, "x_test": 4, "y_test": np.arange(4)}, {"0": 4, "1": 4, "2": 4}),
        ({"train_images": N, "train_labels": np.arange(N)[:, None] % 2, "val_images": 4}, {"0": 6, "1": 6}),
        ({"images": N, "labels": np.eye(4)[np.arange(N) % 4]}, {"0": 3, "1": 3, "2": 3, "3": 3}),
        ({"X": N, "y": np.where(np.arange(N) % 2, "cat", "a/b,c")}, {"a_b_c": 6, "cat": 6}),
        ({"arr_0": N, "arr_1": np.arange(N) % 2}, {"0": 6, "1": 6}),
        ({"images": N, "labels": np.arange(N) / 7}, {}),
        ({"images": N, "labels": np.arange(N - 1)}, {}),
        ({"images": N, "labels": np.arange(N)}, {}),
        ({"images": N, "attributes": np.ones((N, 40))}, {}),
        ({"images": N, "labels": np.arange(N) % 2 * 1.0}, {"0": 6, "1": 6}),
    ],
    ids=str,
)
def test_labels_become_classes_where_they_are_some(tmp_path, arrays, classes):
    pictures = np.random.default_rng(1).integers(0, 256, (N, 8, 8), dtype=np.uint8)
    made = {name: pictures[:value] if isinstance(value, int) else value for name, value in arrays.items()}
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **made)
        source = sources.resolve(str(tmp_path / "a.npz"))
        assert sources.count(source) == N and source_pictures.folder_classes(source.path) == classes
        first = next(iter(classes), None)
        if first:
            some = sources.resolve(f"{tmp_path / 'a.npz'}:{first}")
            assert sources.count(some) == classes[first]


def test_what_is_left_aside_is_said_and_a_choice_is_asked_for(tmp_path):
    np.savez(tmp_path / "a.npz", x_train=PIXELS, x_test=PIXELS[:4])
    assert "x_train is used, not x_test" in sources.remark(sources.resolve(str(tmp_path / "a.npz")), 5000)
    np.savez(tmp_path / "d.npz", **{"x": PIXELS, "forged\nline\x1b[2J": PIXELS})
    remark = sources.remark(sources.resolve(str(tmp_path / "d.npz")), 5000)
    assert "x is used, not forged\ufffdline\ufffd[2J." in remark, "a name can't forge a line of the log"
    np.savez(tmp_path / "b.npz", left=PIXELS, right=PIXELS)
    with refuse("several arrays of pictures (left, right)"):
        sources.check(sources.resolve(str(tmp_path / "b.npz")))
    np.savez(tmp_path / "c.npz", weights=np.ones(5))
    with refuse("holds no pictures but weights (5,): save them"):
        sources.check(sources.resolve(str(tmp_path / "c.npz")))


@pytest.mark.parametrize("pictures,labels", [("images", "labels"), ("X_train", "y_train"), ("cats", "cats_labels")])
def test_labels_may_lie_beside(tmp_path, pictures, labels):
    np.save(tmp_path / f"{pictures}.npy", PIXELS)
    np.save(tmp_path / f"{labels}.npy", np.arange(6) % 2)
    for place in (tmp_path / f"{pictures}.npy", tmp_path):
        source = sources.resolve(str(place))
        assert source_pictures.folder_classes(source.path) == {"0": 3, "1": 3} and source.title == f"{pictures}.npy"
        assert f"{labels}.npy" in sources.remark(source, 5000)


def test_a_folder_of_several_arrays_asks_for_one(tmp_path):
    for name in ("cat", "dog"):
        np.save(tmp_path / f"{name}.npy", PIXELS)
    with refuse("2 files of arrays (cat.npy, dog.npy)", "name the one"):
        sources.resolve(str(tmp_path))


def test_a_change_in_place_is_another_data_set(tmp_path, monkeypatch):
    path = tmp_path / "a.npy"
    np.save(path, PIXELS)
    before = sources.fingerprint(sources.resolve(str(path)))
    os.utime(path, ns=(10**18, 10**18))
    monkeypatch.setattr(rows, "SETTLED_SECONDS", -1e9)
    assert rows.found(path).settled and rows.found(path) is rows.found(path)
    again = np.load(path, mmap_mode="r+")
    again[0, 0, 0, 0] += 1
    again.flush()
    assert sources.fingerprint(sources.resolve(str(path))) != before


def test_the_limits_of_rows_and_usual_ranges(monkeypatch, tmp_path):
    monkeypatch.setattr(array_rows, "MAX_ROWS", 5)
    np.save(tmp_path / "a.npy", PIXELS)
    with refuse("6 pictures; at most 5"):
        sources.resolve(f"{tmp_path / 'a.npy'}:x")
    assert axes_of((5, 8, 8, 3), np.dtype(np.uint8), "It").words == "(N, H, W, C)"
    assert range_of(np.array([[0.0, 1.004]]), "It") == (0, 1), "a little over is an overshoot"
    for values, expected in (
        ([-3.0, 2.0], (-3, 2)),
        ([-0.9, 0.2], (-1, 1)),
        ([0.0, 100.0], (0, 100)),
        ([0.0, 3000.0], (0, 4095)),
        ([0.5, 0.5], (0, 0.5)),
    ):
        assert range_of(np.array([values]), "It") == expected
    for whole, expected in (
        ([0, 100], (0, 255)),
        ([0, 300], (0, 511)),
        ([0, 2**40], (0, 2**41 - 1)),
        ([-5, 9], (-5, 9)),
    ):
        assert range_of(np.array([whole]), "It") == expected
