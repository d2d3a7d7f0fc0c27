"""Data sets as arrays, what a resume says about changed ones, the feed, and the stream of batches."""

import dataclasses
import json
import shutil

import numpy as np
import psutil
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from dcgan.data import batches, dataset, sources
from tests.files import colour, encode, refuse, write_mnist, write_pictures, write_zip


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    return tmp_path / "data"


# ---- IDX sets


def test_padding_to_32_keeps_every_pixel(data_dir):
    train = write_mnist(data_dir / "mnist")
    loaded = dataset.load("mnist", 32, 1)
    assert loaded.images.shape == (40, 1, 32, 32) and loaded.images.dtype == np.uint8
    assert np.array_equal(loaded.images[:, 0, 2:30, 2:30], train)
    assert loaded.images.sum(dtype=np.int64) == train.sum(dtype=np.int64)
    assert loaded.labels.dtype == np.int64 and loaded.labels[:3].tolist() == [0, 1, 2]
    assert loaded.class_names[7] == "7" and loaded.skipped == []
    assert loaded.fingerprint == sources.fingerprint(sources.resolve("mnist"))


@pytest.mark.parametrize("size", [16, 64, 128])
def test_resize_keeps_the_mean_and_is_smooth(data_dir, size):
    train = write_mnist(data_dir / "mnist")
    images = dataset.load("mnist", size, 1).images
    assert images.shape == (40, 1, size, size) and images.dtype == np.uint8
    assert np.abs(images.mean((1, 2, 3)) - train.mean((1, 2))).max() < 3


def test_three_channels_repeat_the_grey(data_dir):
    write_mnist(data_dir / "mnist")
    images = dataset.load("mnist", 32, 3).images
    assert images.shape == (40, 3, 32, 32) and (images == images[:, :1]).all()
    assert torch.from_numpy(images[np.array([3, 1])]).shape == (2, 3, 32, 32)


def test_test_split_and_filter_of_idx(data_dir):
    write_mnist(data_dir / "mnist")
    loaded = dataset.load("mnist:3", 32, 1, split="test")
    assert len(loaded.images) == 2 and set(loaded.labels) == {3}


def test_bundled_set_loads_at_64():
    loaded = dataset.load("fashion-mnist", 64, 1)
    assert loaded.images.shape == (60_000, 1, 64, 64) and loaded.class_names[0] == "T-shirt/top"
    assert loaded.images[::50].mean() / 255 == pytest.approx(0.286, abs=0.01)


# ---- pictures


def test_pictures_in_the_two_splits(tmp_path):
    folder = write_pictures(tmp_path / "d", 220)
    train = dataset.load(str(folder), 16, 3, "train", tmp_path / "c")
    test = dataset.load(str(folder), 16, 3, "test", tmp_path / "c")
    assert (len(train.images), len(test.images)) == (209, 11) and train.labels is None
    seen = {images.tobytes() for images in train.images}
    assert len(seen) == 209 and not seen & {images.tobytes() for images in test.images}
    assert train.fingerprint == test.fingerprint == sources.fingerprint(sources.resolve(str(folder)))

    few = dataset.load(str(write_pictures(tmp_path / "few", 3)), 16, 3, "test", tmp_path / "c")
    assert few.images.shape == (0, 3, 16, 16)


def test_grey_pictures_of_a_zip(tmp_path):
    archive = write_zip(tmp_path / "d.zip", {f"{i}.png": encode(colour(20, 30, seed=i)) for i in range(3)})
    assert dataset.load(str(archive), 16, 1, cache_dir=tmp_path / "c").images.shape == (3, 1, 16, 16)


def test_one_class_folder(tmp_path):
    for kind, n in (("cats", 3), ("dogs", 2)):
        write_pictures(tmp_path / "zoo" / kind, n)
    assert len(dataset.load(f"{tmp_path / 'zoo'}:dogs", 16, 3, cache_dir=tmp_path / "c").images) == 2
    assert len(dataset.load(f"{tmp_path / 'zoo'}", 16, 3, cache_dir=tmp_path / "c").images) == 5


def test_changed_picture_is_noticed(tmp_path):
    folder = write_pictures(tmp_path / "d")
    before = dataset.load(str(folder), 16, 3, cache_dir=tmp_path / "c")
    (folder / "000.png").write_bytes(encode(colour(seed=99)))
    after = dataset.load(str(folder), 16, 3, cache_dir=tmp_path / "c")
    assert before.fingerprint != after.fingerprint and not np.array_equal(before.images[0], after.images[0])


@pytest.fixture
def begun(tmp_path):
    """A folder that a run began on, its fingerprint, and a function that loads it as the resumed run does."""
    folder = write_pictures(tmp_path / "d", 6)
    first = dataset.load(str(folder), 16, 3, cache_dir=tmp_path / "c")

    def resume(size: int = 16) -> dataset.ImageData:
        return dataset.load(str(folder), size, 3, cache_dir=tmp_path / "c", expected=first.fingerprint)

    return folder, first, resume


def test_what_differs_is_told_at_a_resume(begun):
    folder, first, resume = begun
    assert resume().fingerprint == first.fingerprint and resume().remark == ""
    (folder / "000.png").write_bytes(encode(colour(seed=99)))
    with refuse("data", "has changed since this run began: of its pictures 1 is different (000.png). Put them back"):
        resume()
    for i in range(1, 5):
        (folder / f"00{i}.png").unlink()
    (folder / "new<b>.png").write_bytes(encode(colour(seed=98)))
    with refuse("4 are gone (001.png, 002.png, 003.png, ...), 1 is new (new<b>.png), 1 is different (000.png)."):
        resume()


def test_pictures_gone_after_the_preparation_do_not_matter(begun):
    folder, first, resume = begun
    (folder / "003.png").unlink()
    found = resume()
    assert np.array_equal(found.images, first.images) and found.fingerprint == first.fingerprint
    assert "1 is gone (003.png)" in found.remark and found.remark == dataset.notice(found)
    with refuse("1 is gone (003.png)", "The prepared ones are gone, too: put them back"):
        resume(size=32)
    shutil.rmtree(folder)
    found = resume()
    assert np.array_equal(found.images, first.images) and "are not there any more" in found.remark
    with refuse("There is no data set or path"):
        resume(size=32)


def test_another_idx_set_is_refused_at_a_resume(data_dir):
    write_mnist(data_dir / "mnist")
    before = dataset.load("mnist", 32, 1).fingerprint
    write_mnist(data_dir / "mnist", num_images=50)
    with refuse("data 'mnist' has changed since this run began: put it back as it was"):
        dataset.load("mnist", 32, 1, expected=before)


def test_notice_names_what_was_skipped():
    found = dataset.ImageData(np.zeros(0), None, (), "", [f"{i}.png: truncated" for i in range(5)], "CelebA is new.")
    assert dataset.notice(found) == (
        "CelebA is new. 5 pictures could not be read: 0.png: truncated; 1.png: truncated; 2.png: truncated; "
        "and 2 more, listed in log.txt."
    )
    assert dataset.notice(dataclasses.replace(found, skipped=[], remark="")) == ""


# ---- the feed


@pytest.mark.parametrize("kind", ["array", "read-only", "map", "grey as colour"])
@pytest.mark.parametrize("room", [0, 10**9])
def test_feed_gives_the_pictures_asked_for(tmp_path, monkeypatch, kind, room):
    """On the device or not, it is the same; a GPU differs only in where the resident array is."""
    monkeypatch.setattr(batches, "RELEASE_BYTES", 1000)  # pages are given back at every batch
    images = np.random.default_rng(0).integers(0, 256, (20, 1 if kind == "grey as colour" else 3, 8, 8), np.uint8)
    if kind == "map":
        np.save(tmp_path / "x.npy", images)
        images = np.load(tmp_path / "x.npy", mmap_mode="c")[:18]
    elif kind == "read-only":
        images.setflags(write=False)
    elif kind == "grey as colour":
        images = np.broadcast_to(images, (20, 3, 8, 8))
    feed = batches.Feed(images, torch.device("cpu"), room)
    assert feed.resident == bool(room)
    for indices in ([3, 0, 17, 3], [1, 2, 3, 4], [17, 16, 15, 14]):
        batch = feed.batch(torch.tensor(indices))
        assert batch.dtype == torch.float32 and batch.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(batch, torch.from_numpy(images[indices].copy()).float() / 127.5 - 1)


def test_a_set_too_large_for_the_device_stays_in_memory():
    images = np.zeros((20, 3, 8, 8), np.uint8)
    cpu = torch.device("cpu")
    assert (
        batches.Feed(images, cpu, images.nbytes).resident and not batches.Feed(images, cpu, images.nbytes - 1).resident
    )
    assert not batches.Feed(images, cpu).resident  # a second copy in the same memory helps nobody
    grey = np.broadcast_to(images[:, :1], images.shape)
    assert batches.Feed(grey, cpu, images.nbytes // 3).resident  # and grey is never kept three times


class Copies(TorchDispatchMode):
    """Notes of each copy to another device whether it returned before it was done."""

    def __init__(self):
        super().__init__()
        self.early = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function is torch.ops.aten._to_copy.default:
            self.early.append(kwargs.get("non_blocking", False))
        return function(*args, **kwargs or {})


def test_only_cuda_is_handed_indices_that_may_change_before_they_are_read(monkeypatch):
    """The meta device stands for any other than CUDA: MPS reads memory that isn't its own when it comes to it."""
    feed = batches.Feed(np.zeros((4, 3, 8, 8), np.uint8), torch.device("meta"), 10**9)
    with Copies() as copies:
        feed.batch(torch.arange(2))
    assert copies.early and not any(copies.early)


def test_what_lives_on_mps_has_fewer_elements_than_it_can_count(monkeypatch):
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 64 * 10**9)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 10**9)
    assert batches._free_bytes(torch.device("mps")) == 2**31 - 1
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 3 * 10**9)
    assert batches._free_bytes(torch.device("mps")) == 10**9


def test_feed_from_a_map_keeps_little_of_it_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "RELEASE_BYTES", 2**21)
    np.save(tmp_path / "x.npy", np.zeros((16_000, 1, 64, 64), np.uint8))  # 64 MB
    feed = batches.Feed(np.load(tmp_path / "x.npy", mmap_mode="c"), torch.device("cpu"))
    stream, process = batches.BatchStream(16_000, 64, 0), psutil.Process()
    feed.batch(stream.next())
    before = peak = process.memory_info().rss
    for _ in range(300):
        feed.batch(stream.next())
        peak = max(peak, process.memory_info().rss)
    assert peak - before < 16 * 2**20  # a single batch may map 4 MB


# ---- batches


def take(stream: batches.BatchStream, n: int) -> list[int]:
    return torch.cat([stream.next() for _ in range(n)]).tolist()


@pytest.mark.parametrize("num_images,batch_size", [(12, 4), (10, 4), (7, 7), (3, 8), (1, 2), (5, 23)])
def test_every_index_once_per_epoch(num_images, batch_size):
    stream = batches.BatchStream(num_images, batch_size, seed=5)
    drawn = take(stream, 2 * num_images)
    assert stream.epoch == 2 * batch_size and stream.next().shape == (batch_size,)
    for start in range(0, len(drawn), num_images):
        assert sorted(drawn[start : start + num_images]) == list(range(num_images))


def test_order_depends_on_seed_and_epoch_only():
    first = take(batches.BatchStream(50, 10, 0), 10)
    assert first == take(batches.BatchStream(50, 25, 0), 4)  # not on the batch size
    assert first[:50] != first[50:] and first[:50] != take(batches.BatchStream(50, 10, 1), 5)
    assert take(batches.BatchStream(50, 10, 0), 10)[50:] != take(
        batches.BatchStream(50, 10, 1), 5
    )  # (0, 1) isn't (1, 0)
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    take(batches.BatchStream(50, 10, 0), 10)
    assert torch.rand(1) == expected  # the global generator is left alone


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 7, 1_000_003])
def test_resume_is_exact(steps):
    one = batches.BatchStream(10, 4, seed=2**32 - 1)
    one.images_seen = 4 * steps  # the same as drawing, which the first few confirm
    if steps < 10:
        drawn = batches.BatchStream(10, 4, seed=2**32 - 1)
        take(drawn, steps) if steps else None
        assert drawn.state_dict() == one.state_dict()
    state = json.loads(json.dumps(one.state_dict()))
    other = batches.BatchStream(10, 4, seed=2**32 - 1)
    other.next()
    other.load_state_dict(state)
    assert take(one, 9) == take(other, 9) and one.epoch == other.epoch


@pytest.mark.parametrize("stream", [batches.BatchStream(11, 4, 0), batches.BatchStream(10, 4, 1)])
def test_state_of_another_stream_is_refused(stream):
    with pytest.raises(ValueError, match="the saved stream has (num_images|seed)"):
        stream.load_state_dict(batches.BatchStream(10, 4, 0).state_dict())


def test_to_float_spans_minus_one_to_one():
    values = batches.to_float(torch.arange(256, dtype=torch.uint8))
    assert values.dtype == torch.float32 and values[0] == -1 and values[255] == 1
    assert torch.equal(((values + 1) * 127.5).round().to(torch.uint8), torch.arange(256, dtype=torch.uint8))
