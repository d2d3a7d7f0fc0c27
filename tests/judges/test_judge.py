"""The judges on real Fashion-MNIST pictures: real ones land on the floor, worse ones above it, in order."""

import shutil

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from dcgan.config import Config
from dcgan.data import sources
from dcgan.data.dataset import load
from dcgan.errors import BadInput
from dcgan.judges import judge as judges
from dcgan.judges.classifier import framed
from dcgan.judges.classifier import load as load_classifier
from dcgan.judges.edges import edge_features
from dcgan.judges.judge import EdgeJudge, judge_of
from dcgan.metrics.classes import class_report
from dcgan.metrics.frechet import frechet, gaussian

CONFIG = Config(data="fashion-mnist", image_size=28)
N = 1500


@pytest.fixture(scope="module")
def clothes():
    """Training and test pictures with their labels."""
    train, test = (load("fashion-mnist", 28, 1, split) for split in ("train", "test"))
    return train.images[:N, 0], train.labels[:N], test.images[:N, 0], test.labels[:N]


@pytest.fixture(scope="module", params=["classifier", "edges"])
def judge(request):
    return judge_of(CONFIG) if request.param == "classifier" else EdgeJudge(1)


@pytest.fixture(scope="module")
def far(judge, clothes):
    """A function that gives the distance of pictures to the test pictures."""
    real = gaussian(judge.features(clothes[2]))
    return lambda pictures: frechet(gaussian(judge.features(pictures)), real)


def blurred(pictures, sigma):
    at = torch.arange(-6.0, 7)
    kernel = torch.exp(-at.square() / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).view(1, 1, 1, -1)
    x = torch.tensor(pictures)[:, None].float()
    x = F.conv2d(F.conv2d(x, kernel, padding=(0, 6)), kernel.mT, padding=(6, 0))
    return x.round().byte().numpy()[:, 0]


def noisy(pictures, sigma):
    noise = np.random.default_rng(0).normal(0, sigma, pictures.shape)
    return np.clip(pictures + noise, 0, 255).round().astype(np.uint8)


def test_the_shipped_classifier_is_the_pinned_one_and_right_often_enough(clothes):
    network, about, found = load_classifier(judges.SHIPPED)
    assert found == judges.SHIPPED_HASH and judges.SHIPPED.stat().st_size < 3e6
    assert about.name == "fmnistcnn-v1" and about.test_accuracy >= 0.92
    judge = judge_of(CONFIG)
    named = judge.probabilities(judge.features(clothes[2])).argmax(1)
    assert (named == clothes[3]).mean() > 0.91


@pytest.mark.slow
def test_the_stated_accuracy_is_that_of_the_whole_test_set_at_every_size():
    judge = judge_of(CONFIG)
    for size in (28, 32, 64):
        test = load("fashion-mnist", size, 1, "test")
        named = judge.probabilities(judge.features(test.images[:, 0])).argmax(1)
        assert (named == test.labels).mean() == pytest.approx(judge.about.test_accuracy, abs=0.001)


def test_sizes_and_colours_of_one_picture_look_alike():
    sets = {size: load("fashion-mnist", size, 1, "test").images[:40, 0] for size in (28, 32, 64, 128)}
    first = framed(sets[28], 1, 2).int()
    for size, pictures in sets.items():
        seen = framed(pictures, 1, 2)
        assert seen.shape == (40, 1, 32, 32) and (seen.int() - first).abs().max() <= 3, size
        colour = np.repeat(pictures[..., None], 3, axis=3)
        assert torch.equal(framed(colour, 1, 2), seen)
    assert framed(sets[64], 3, 0).shape == (40, 3, 32, 32)
    assert framed(load("fashion-mnist", 16, 1, "test").images[:3, 0], 1, 2).shape == (3, 1, 32, 32)


@pytest.mark.parametrize("size", [28, 32, 64, 128])
def test_pictures_with_their_border_enlarged_look_alike_too(size):
    plain = load("fashion-mnist", 32, 1, "test").images[:40, 0]
    bordered = load("fashion-mnist", size, 1, "test", crop="pad").images[:40, 0]
    assert bordered.shape == (40, size, size)
    if size > 32:
        assert not bordered[:, : size // 32].any() and not bordered[:, :, -(size // 32) :].any()
    apart = (framed(bordered, 1, 2, bordered=True).int() - torch.tensor(plain)[:, None].int()).abs()
    assert apart.max() <= 3


def test_a_run_with_such_pictures_gets_the_judge_that_knows():
    judge, ignorant = judge_of(CONFIG.replace(image_size=64, crop="pad")), judge_of(CONFIG)
    plain, bordered = (load("fashion-mnist", 64, 1, "test", crop=crop).images[:200, 0] for crop in ("square", "pad"))
    known = ignorant.features(plain)
    near, far = (np.abs(each.features(bordered) - known).mean() for each in (judge, ignorant))
    assert near < far / 5
    assert judge.hash == ignorant.hash and judge.name == ignorant.name


def test_real_pictures_are_near_the_floor(far, clothes):
    train = clothes[0]
    floors = [far(train[:500]), far(train[500:1000]), far(train[1000:])]
    assert max(floors) < 3 * min(floors)
    assert far(blurred(train[:500], 1)) > 5 * max(floors) and far(noisy(train[:500], 32)) > 5 * max(floors)


def test_the_distance_rises_with_blur_with_noise_and_with_dropped_classes(far, clothes):
    train, labels, _, _ = clothes
    for worse in (
        [far(train)] + [far(blurred(train, sigma)) for sigma in (0.5, 0.8, 1.2, 2.0)],
        [far(train)] + [far(noisy(train, sigma)) for sigma in (4, 8, 16, 32, 64)],
        [far(train[labels >= k]) for k in range(6)],
    ):
        assert (np.diff(worse) > 0).all(), worse


@pytest.mark.parametrize("dropped", range(10))
def test_a_dropped_class_is_named(clothes, dropped):
    train, labels, test, _ = clothes
    judge = judge_of(CONFIG)
    fakes, real = (judge.probabilities(judge.features(x)) for x in (train[labels != dropped], test))
    report = class_report(fakes, real, judge.confusion, judge.class_names)
    assert report["missing"] == [sources.IDX_CLASS_NAMES["Fashion-MNIST"][dropped]] and report["covered"] == 9


def test_features_move_no_random_state_and_come_out_the_same_twice(judge, clothes):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = judge.features(clothes[2][:600])
    assert torch.equal(torch.get_rng_state(), before[0]) and (np.random.get_state()[1] == before[1]).all()
    assert (first == judge.features(clothes[2][:600])).all() and first.dtype == np.float32
    assert first.shape[1] == (142 if judge.name == "edges-v1" else 128) and np.isfinite(first).all()


def test_edges_of_colour_pictures_see_colour():
    grey = np.repeat(np.random.default_rng(0).integers(0, 256, (5, 20, 20, 1), dtype=np.uint8), 3, axis=3)
    red = grey.copy()
    red[..., 1:] //= 2
    assert edge_features(grey, 3).shape == (5, 174)
    assert np.abs(edge_features(grey, 3) - edge_features(red, 3)).max() > 0.1


def test_other_data_get_a_judge_without_labels(tmp_path, pictures):
    judge = judge_of(Config(data=str(pictures), image_size=32, data_fingerprint="x"))
    assert judge.name == "edges-v1" and judge.class_names == () and judge.probabilities(np.ones((2, 142))) is None


@pytest.mark.parametrize("damage", ["missing", "torn", "flipped", "foreign"])
def test_a_damaged_shipped_classifier_is_refused(tmp_path, monkeypatch, damage):
    path = tmp_path / "judge.safetensors"
    shutil.copy(judges.SHIPPED, path)
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "torn":
        path.write_bytes(content[:-1000])
    elif damage == "flipped":
        content[-1000] ^= 1
        path.write_bytes(content)
    else:
        monkeypatch.setattr(judges, "SHIPPED_HASH", "0" * 64)
    monkeypatch.setattr(judges, "SHIPPED", path)
    with pytest.raises(BadInput, match="judge.safetensors"):
        judge_of(CONFIG)
