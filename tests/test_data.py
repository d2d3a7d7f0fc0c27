"""Data sets as arrays, the cache of prepared pictures, and the stream of batches."""

import json
import os
import threading

import numpy as np
import pytest
import torch

from dcgan import data, sources
from dcgan.config import BadInput
from dcgan.pictures import fit
from tests.files import colour, encode, write_mnist, write_pictures, write_zip


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    return tmp_path / "data"


# ---- IDX sets


def test_padding_to_32_keeps_every_pixel(data_dir):
    train = write_mnist(data_dir / "mnist")
    loaded = data.load("mnist", 32, 1)
    assert loaded.images.shape == (40, 1, 32, 32) and loaded.images.dtype == np.uint8
    assert np.array_equal(loaded.images[:, 0, 2:30, 2:30], train)
    assert loaded.images.sum(dtype=np.int64) == train.sum(dtype=np.int64)
    assert loaded.labels.dtype == np.int64 and loaded.labels[:3].tolist() == [0, 1, 2]
    assert loaded.class_names[7] == "7" and loaded.skipped == []
    assert loaded.fingerprint == sources.fingerprint(sources.resolve("mnist"))


@pytest.mark.parametrize("size", [16, 64, 128])
def test_resize_keeps_the_mean_and_is_smooth(data_dir, size):
    train = write_mnist(data_dir / "mnist")
    images = data.load("mnist", size, 1).images
    assert images.shape == (40, 1, size, size) and images.dtype == np.uint8
    assert np.abs(images.mean((1, 2, 3)) - train.mean((1, 2))).max() < 3


def test_three_channels_repeat_the_grey(data_dir):
    write_mnist(data_dir / "mnist")
    images = data.load("mnist", 32, 3).images
    assert images.shape == (40, 3, 32, 32) and (images == images[:, :1]).all()
    assert torch.from_numpy(images[np.array([3, 1])]).shape == (2, 3, 32, 32)


def test_test_split_and_filter_of_idx(data_dir):
    write_mnist(data_dir / "mnist")
    loaded = data.load("mnist:3", 32, 1, split="test")
    assert len(loaded.images) == 2 and set(loaded.labels) == {3}


def test_bundled_set_loads_at_64():
    loaded = data.load("fashion-mnist", 64, 1)
    assert loaded.images.shape == (60_000, 1, 64, 64) and loaded.class_names[0] == "T-shirt/top"
    assert loaded.images[::50].mean() / 255 == pytest.approx(0.286, abs=0.01)


# ---- pictures


def test_folder_is_prepared_once(tmp_path, data_dir, monkeypatch):
    folder = write_pictures(tmp_path / "d", 5)
    (folder / "broken.png").write_bytes(b"<html>")
    calls: list[tuple[int, int]] = []
    first = data.load(str(folder), 16, 3, progress=lambda done, total: calls.append((done, total)))
    assert calls[0] == (6, 6)
    assert first.images.shape == (5, 3, 16, 16) and isinstance(first.images, np.memmap) and first.labels is None
    assert first.skipped == ["broken.png: not a picture in a known format"]
    expected = fit(colour(seed=2), 16, 3)
    assert np.array_equal(first.images[2].transpose(1, 2, 0), np.asarray(expected))
    name = f"{first.fingerprint}-16-3"
    assert sorted(os.listdir(data_dir / "cache")) == [f"{name}.json", f"{name}.npy"]

    monkeypatch.setattr(data, "_prepare", None)  # the second time must not need it
    second = data.load(str(folder), 16, 3)
    assert np.array_equal(first.images, second.images) and first.skipped == second.skipped


def test_grey_pictures_zip_and_cache_dir(tmp_path):
    archive = write_zip(tmp_path / "d.zip", {f"{i}.png": encode(colour(20, 30, seed=i)) for i in range(3)})
    loaded = data.load(str(archive), 16, 1, cache_dir=tmp_path / "c")
    assert loaded.images.shape == (3, 1, 16, 16) and len(os.listdir(tmp_path / "c")) == 2


@pytest.mark.parametrize(
    "damage", ["no json", "no npy", "half npy", "bad json", "other preparation", "stale temporary"]
)
def test_damaged_cache_is_made_again(tmp_path, damage):
    folder, cache = write_pictures(tmp_path / "d"), tmp_path / "c"
    before = data.load(str(folder), 16, 3, cache_dir=cache)
    images = np.array(before.images)
    path = next(cache.glob("*.npy"))
    about = path.with_suffix(".json")
    if damage == "no json":
        about.unlink()
    elif damage == "no npy":
        path.unlink()
    elif damage == "half npy":
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content[: len(content) // 2])
    elif damage == "bad json":
        about.write_text("{")
    elif damage == "other preparation":
        about.write_text(json.dumps({**json.loads(about.read_text()), "preparation": 0}))
    else:
        about.unlink()
        (cache / ".killed.tmp").write_bytes(b"half")
        os.utime(cache / ".killed.tmp", (1, 1))
    again = data.load(str(folder), 16, 3, cache_dir=cache)
    assert np.array_equal(again.images, images)
    assert sorted(os.listdir(cache)) == sorted([about.name, path.name])


def test_changed_picture_is_noticed(tmp_path):
    folder = write_pictures(tmp_path / "d")
    before = data.load(str(folder), 16, 3, cache_dir=tmp_path / "c")
    (folder / "000.png").write_bytes(encode(colour(seed=99)))
    after = data.load(str(folder), 16, 3, cache_dir=tmp_path / "c")
    assert before.fingerprint != after.fingerprint and not np.array_equal(before.images[0], after.images[0])


def test_two_preparations_at_once(tmp_path):
    folder = write_pictures(tmp_path / "d", 40)
    found: list[np.ndarray] = []
    load = lambda: found.append(data.load(str(folder), 16, 3, cache_dir=tmp_path / "c").images)  # noqa: E731
    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all(np.array_equal(images, found[0]) for images in found)
    assert len(os.listdir(tmp_path / "c")) == 2


def test_failed_preparation_leaves_nothing_and_says_why(tmp_path, monkeypatch):
    folder = write_pictures(tmp_path / "d")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(data.os, "fsync", full)
    with pytest.raises(BadInput, match="could not be written to .*No space left on device.*DCGAN_DATA"):
        data.load(str(folder), 16, 3, cache_dir=tmp_path / "c")
    assert os.listdir(tmp_path / "c") == []


def test_unreadable_folder_is_refused_without_a_cache(tmp_path):
    folder = write_pictures(tmp_path / "d", 1)
    with pytest.raises(BadInput, match="only one picture that can be read"):
        data.load(str(folder), 16, 3, cache_dir=tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_held_out_split(tmp_path):
    folder = write_pictures(tmp_path / "d", 220)
    train = data.load(str(folder), 16, 3, "train", tmp_path / "c")
    test = data.load(str(folder), 16, 3, "test", tmp_path / "c")
    assert (len(train.images), len(test.images)) == (209, 11)
    seen = {images.tobytes() for images in train.images}
    assert len(seen) == 209 and not seen & {images.tobytes() for images in test.images}
    assert train.fingerprint == test.fingerprint

    few = data.load(str(write_pictures(tmp_path / "few", 3)), 16, 3, "test", tmp_path / "c")
    assert few.images.shape == (0, 3, 16, 16)


def test_nothing_is_held_out_when_too_few_can_be_read(tmp_path):
    folder = write_pictures(tmp_path / "d", 3)
    for i in range(300):
        (folder / f"bad{i}.png").write_bytes(b"")
    loaded = data.load(str(folder), 16, 3, cache_dir=tmp_path / "c")
    assert len(loaded.images) == 3 and len(loaded.skipped) == 300


def test_held_out_names_are_stable_and_bounded():
    names = [f"{i}.png" for i in range(1_000)]
    chosen = data.held_out(names)
    assert len(chosen) == 50 and chosen == data.held_out(names[::-1])
    assert len(chosen & data.held_out([*names, "new.png"])) >= 49
    assert data.held_out(names[:199]) == set()
    assert len(data.held_out([str(i) for i in range(50_000)])) == 2_000


# ---- batches


def take(stream: data.BatchStream, n: int) -> list[int]:
    return torch.cat([stream.next() for _ in range(n)]).tolist()


@pytest.mark.parametrize("num_images,batch_size", [(12, 4), (10, 4), (7, 7), (3, 8), (1, 2), (5, 23)])
def test_every_index_once_per_epoch(num_images, batch_size):
    stream = data.BatchStream(num_images, batch_size, seed=5)
    drawn = take(stream, 2 * num_images)
    assert stream.epoch == 2 * batch_size and stream.next().shape == (batch_size,)
    for start in range(0, len(drawn), num_images):
        assert sorted(drawn[start : start + num_images]) == list(range(num_images))


def test_order_depends_on_seed_and_epoch_only():
    first = take(data.BatchStream(50, 10, 0), 10)
    assert first == take(data.BatchStream(50, 25, 0), 4)  # not on the batch size
    assert first[:50] != first[50:] and first[:50] != take(data.BatchStream(50, 10, 1), 5)
    assert take(data.BatchStream(50, 10, 0), 10)[50:] != take(data.BatchStream(50, 10, 1), 5)  # (0, 1) isn't (1, 0)
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    take(data.BatchStream(50, 10, 0), 10)
    assert torch.rand(1) == expected  # the global generator is left alone


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 7, 1_000_003])
def test_resume_is_exact(steps):
    one = data.BatchStream(10, 4, seed=2**32 - 1)
    one.images_seen = 4 * steps  # the same as drawing, which the first few confirm
    if steps < 10:
        drawn = data.BatchStream(10, 4, seed=2**32 - 1)
        take(drawn, steps) if steps else None
        assert drawn.state_dict() == one.state_dict()
    state = json.loads(json.dumps(one.state_dict()))
    other = data.BatchStream(10, 4, seed=2**32 - 1)
    other.next()
    other.load_state_dict(state)
    assert take(one, 9) == take(other, 9) and one.epoch == other.epoch


@pytest.mark.parametrize("stream", [data.BatchStream(11, 4, 0), data.BatchStream(10, 4, 1)])
def test_state_of_another_stream_is_refused(stream):
    with pytest.raises(ValueError, match="the saved stream has (num_images|seed)"):
        stream.load_state_dict(data.BatchStream(10, 4, 0).state_dict())


def test_to_float_spans_minus_one_to_one():
    values = data.to_float(torch.arange(256, dtype=torch.uint8))
    assert values.dtype == torch.float32 and values[0] == -1 and values[255] == 1
    assert torch.equal(((values + 1) * 127.5).round().to(torch.uint8), torch.arange(256, dtype=torch.uint8))
