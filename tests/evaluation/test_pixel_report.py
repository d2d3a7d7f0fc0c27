import json

import numpy as np
import pytest
import torch

from dcgan.config import Config
from dcgan.data import dataset
from dcgan.errors import BadInput
from dcgan.evaluation import pixel_report
from dcgan.images.grids import to_uint8
from dcgan.latent.seeds import z_from_seeds
from dcgan.metrics import nearest
from dcgan.networks.models import Generator

SIZE = 16


def clothes(n, seed=0, channels=1):
    """Smooth random pictures: a few bright rectangles each."""
    rng = np.random.default_rng(seed)
    shape = (n, SIZE, SIZE) if channels == 1 else (n, SIZE, SIZE, 3)
    pictures = rng.integers(0, 30, shape, dtype=np.uint8)
    for picture in pictures:
        for _ in range(3):
            y, x = rng.integers(0, SIZE - 4, 2)
            picture[y : y + rng.integers(3, 9), x : x + rng.integers(3, 9)] = rng.integers(60, 255)
    return pictures


class Replay(torch.nn.Module):
    """A generator that gives back the pictures it is built from, one after the other."""

    def __init__(self, pictures, config):
        super().__init__()
        self.config, self.origin, self.at = config, None, 0  # it was read from no file
        x = torch.from_numpy(pictures.astype(np.float32)) / 127.5 - 1
        self.register_buffer("pictures", x[:, None] if x.ndim == 3 else x.permute(0, 3, 1, 2))

    def forward(self, z):
        self.at += len(z)
        return self.pictures[self.at - len(z) : self.at]


@pytest.fixture
def config(monkeypatch):
    return with_data(monkeypatch, clothes(600), clothes(300, seed=1))


def with_data(monkeypatch, train, test):
    """A config whose data are the given pictures."""

    def load(spec, image_size, channels, split, **_):
        images = {"train": train, "test": test}[split]
        images = images[:, None] if channels == 1 else images.transpose(0, 3, 1, 2)
        return dataset.ImageData(images, None, (), "print", [])

    monkeypatch.setattr(dataset, "load", load)
    return Config(image_size=SIZE, channels=1 if train.ndim == 3 else 3, z_dim=8, ngf=4, data_fingerprint="print")


def test_replayed_training_pictures_raise_the_alarm(config):
    report = pixel_report.pixel_report(Replay(clothes(600)[:200], config), 200)
    assert report["nearest"]["fakes"]["median"] == 0
    assert report["close"]["fakes"] == 200 and report["close"]["alarm"]
    assert report["close"]["expected"] == pytest.approx(2, rel=0.1)


def test_new_pictures_of_the_same_kind_raise_none_and_meet_the_floors(config):
    report = pixel_report.pixel_report(Replay(clothes(200, seed=2), config), 200)
    assert not report["close"]["alarm"] and report["close"]["probability"] > 0.001
    for figure in ("mean", "spread", "per_pixel_spread", "diversity"):
        assert report[figure]["fakes"] == pytest.approx(report[figure]["test"], rel=0.08), figure
    assert report["nearest"]["fakes"]["median"] == pytest.approx(report["nearest"]["test"]["median"], rel=0.08)


def test_a_collapsed_generator_has_no_diversity(config):
    same = np.repeat(clothes(1, seed=3), 50, axis=0)
    report = pixel_report.pixel_report(Replay(same, config), 50)
    assert report["diversity"]["fakes"] == 0 and report["per_pixel_spread"]["fakes"] == 0
    assert report["diversity"]["test"] > 20 and report["spread"]["fakes"] > 0


def test_the_report_is_plain_names_its_origin_and_leaves_chance_alone(config):
    torch.manual_seed(3)
    np.random.seed(3)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    generator = Generator(config).eval()
    torch_state = torch.get_rng_state()
    report = pixel_report.pixel_report(generator, 30, seed=5)
    assert torch.equal(torch.get_rng_state(), torch_state) and not torch.equal(before[0], torch_state)
    assert (np.random.get_state()[1] == before[1]).all()
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert (report["n"], report["seed"], report["splits"]) == (30, 5, {"train": 600, "test": 300})
    assert report["weights"] == "EMA" and len(report["weights_hash"]) == 64
    assert report == pixel_report.pixel_report(generator, 30, seed=5)
    assert report["diversity"] != pixel_report.pixel_report(generator, 30, seed=6)["diversity"]


def test_without_held_out_pictures_floors_are_missing(monkeypatch):
    config = with_data(monkeypatch, clothes(100), clothes(0))
    report = pixel_report.pixel_report(Replay(clothes(20, seed=2), config), 20)
    assert report["close"] is None and report["nearest"]["test"] is None
    assert report["mean"]["test"] is None and report["mean"]["train"] > 0 and report["diversity"]["test"] is None


def test_colour_pictures_and_a_few_held_out_ones(monkeypatch):
    config = with_data(monkeypatch, clothes(120, channels=3), clothes(10, seed=1, channels=3))
    measured = pixel_report.measure(Replay(clothes(20, seed=2, channels=3), config), 20)
    assert measured.fakes.rows.tolist() == list(range(20)) and len(measured.held_out.distances) == 10
    assert (np.diff(measured.fakes.closest(8).distances) >= 0).all()


def test_mean_pairwise_agrees_with_brute_force():
    x = clothes(12).reshape(12, -1).astype(float)
    truth = [np.sqrt(np.square(x[i] - x[j]).mean()) for i in range(12) for j in range(i)]
    assert pixel_report.mean_pairwise(clothes(12)) == pytest.approx(np.mean(truth), abs=1e-3)
    assert pixel_report.mean_pairwise(clothes(1)) is None


def test_a_search_beyond_the_budget_takes_fewer_training_pictures_and_says_so(config, monkeypatch):
    monkeypatch.setattr(nearest, "MAX_PRODUCTS", 100 * 40 * SIZE * SIZE)
    report = pixel_report.pixel_report(Replay(clothes(20, seed=2), config), 20)
    assert report["train_searched"] == 100 and any(
        "100 of the 600 training pictures" in note for note in report["notes"]
    )


@pytest.mark.parametrize("n", [1, 0, -3, 10_001])
def test_unusable_n_is_refused(config, n):
    with pytest.raises(BadInput, match="n must be"):
        pixel_report.pixel_report(Generator(config).eval(), n)


def test_changed_data_is_refused(config):
    with pytest.raises(BadInput, match="has changed"):
        dataset.real_pictures(config.replace(data_fingerprint="another"), "test")


def test_fakes_are_those_of_their_seeds(config):
    generator = Generator(config).eval()
    z = z_from_seeds([4, 5], config.z_dim)
    with torch.no_grad():
        expected = to_uint8(generator(z).numpy())
    assert (np.abs(pixel_report.fake_pictures(generator, 2, 4).astype(int) - expected) <= 1).all()


def test_moved_copies_are_named_with_the_pictures_they_were_taken_from(config):
    report = pixel_report.measure(Replay(np.roll(clothes(600)[:200, :, ::-1], (5, 3), (1, 2)), config), 200)
    assert not report.report["close"]["alarm"] and report.report["disguised"]["alarm"]
    assert (report.disguised.nearest == np.arange(200)).mean() > 0.99
