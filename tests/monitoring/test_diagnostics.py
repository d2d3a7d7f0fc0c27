"""What is measured beside the losses says what it should, and the training never notices."""

import math

import numpy as np
import pytest
import torch

from dcgan.config import Config
from dcgan.data.batches import Feed
from dcgan.monitoring import diagnostics as probing
from dcgan.monitoring.diagnostics import Diagnostics, begun, compare, distinct, lattice, spaced, variety
from dcgan.runs.checkpoint import load_state
from dcgan.runs.run import Run
from dcgan.training import loop as training
from dcgan.training.gan import GAN
from tests.training.test_gan import assert_same
from tests.training.test_loop import curves, play, play_to

FIELDS = {"grad_g", "grad_d", "update_g", "update_d", "weight_g", "weight_d", "spread", "nearest", "grid"}


@pytest.fixture
def often(monkeypatch) -> None:
    monkeypatch.setattr(probing, "EVERY", 2)
    monkeypatch.setattr(probing, "EVERY_JUDGED", 4)
    monkeypatch.setattr(probing, "ENOUGH_HELD_OUT", 2)


class Blind:
    """Measures nothing."""

    notice = ""

    def __init__(self, *_: object) -> None: ...

    def before(self, step: int) -> None: ...

    def after(self, step: int) -> dict:
        return {}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"d_batch": "together", "dropout": 0.4, "label_noise": 0.1, "labels": "flipped"},
        {"optimizer": "rmsprop", "norm_d": "none", "g_noise": "fresh", "d_steps": 2},
        {"micro_batch": 3, "clip_value": 0.5, "z_prior": "uniform", "lr_decay": 0.01},
        {"precision": "auto", "ngf": 16, "ndf": 16},
    ],
    ids=lambda values: " ".join(map(str, values.values())) or "plain",
)
def test_a_training_is_bit_for_bit_the_same_with_and_without(values, often, root, tiny, monkeypatch) -> None:
    tiny = tiny.replace(data="fashion-mnist", image_size=16, **values)  # has pictures that are held out
    seeing, blind = Run.create(tiny, root / "a", "same"), Run.create(tiny, root / "b", "same")
    torch.manual_seed(0)
    play(seeing)
    after = torch.get_rng_state()
    monkeypatch.setattr(training, "Diagnostics", Blind)
    torch.manual_seed(0)
    play(blind)
    assert torch.equal(torch.get_rng_state(), after)
    ours, theirs = load_state(seeing), load_state(blind)
    for key in ("gan", "stream", "step"):
        assert_same(ours[key], theirs[key])
    for step in blind.samples():
        assert seeing.sample_path(step).read_bytes() == blind.sample_path(step).read_bytes()
    points, plain = curves(seeing), curves(blind)
    assert {step for step, point in points.items() if point.keys() >= FIELDS} == set(range(2, 13, 2))
    assert {step for step, point in points.items() if "held_gap" in point} == {4, 8, 12}
    assert [{name: point[name] for name in plain[step]} for step, point in points.items()] == list(plain.values())


def test_what_is_measured_does_not_depend_on_where_a_run_was_interrupted(often, root, tiny) -> None:
    whole, torn = (Run.create(tiny.replace(dropout=0.2), root / place, "same") for place in "ab")
    play(whole)
    for step in (3, 6, 12):
        play_to(torn, step)
    assert curves(torn) == curves(whole)


def player(tiny: Config, held_out: int = 32) -> tuple[GAN, Diagnostics]:
    gan = GAN(tiny, torch.device("cpu"))
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (64, 1, 16, 16), dtype=np.uint8)
    return gan, Diagnostics(gan, Feed(images, gan.device), images[:held_out], tiny.log_every)


def look(gan: GAN, probe: Diagnostics, step: int = 100) -> dict[str, float]:
    real = probe.feed.batch(torch.arange(gan.config.batch_size))
    probe.before(step)
    gan.step(real)
    return {name: value.item() for name, value in probe.after(step).items()}


def test_a_step_is_measured_as_it_was(tiny) -> None:
    gan, probe = player(tiny.replace(lr_g=1e-3, lr_d=1e-5))
    old = [parameter.detach().clone() for parameter in gan.G.parameters()]
    found = look(gan, probe)
    pairs = [(new, w) for new, w in zip(gan.G.parameters(), old, strict=True) if w.dim() > 1]
    assert found["update_g"] == pytest.approx(max(((a - b).norm() / b.norm()).item() for a, b in pairs), rel=1e-4)
    gradient = math.sqrt(sum(w.grad.square().sum().item() for w in gan.G.parameters() if w.grad is not None))
    assert found["grad_g"] == pytest.approx(gradient, rel=1e-4)
    assert 0 < found["update_d"] < found["update_g"]  # a hundredth of the rate


def test_a_frozen_player_has_no_update(tiny) -> None:
    gan, probe = player(tiny)
    gan.opt_G.step = lambda *_: None  # type: ignore[method-assign, assignment]
    found = look(gan, probe)
    assert found["update_g"] == 0 < found["update_d"]


def test_without_held_out_pictures_nothing_is_said_about_them(tiny) -> None:
    assert "held_gap" in look(*player(tiny))
    assert "held_gap" not in look(*player(tiny, held_out=15))


def test_a_z_of_one_number_has_near_neighbours_by_nature(tiny) -> None:
    assert "nearest" not in look(*player(tiny.replace(z_dim=1)))


@pytest.mark.parametrize(
    "log_every, every, judged", [(1, 50, 100), (5, 50, 100), (20, 60, 120), (25, 50, 100), (300, 300, 300)]
)
def test_looks_fall_on_points_of_the_curves(tiny, log_every, every, judged) -> None:
    probe = player(tiny.replace(log_every=log_every))[1]
    assert (probe.every, probe.every_judged) == (every, judged)


def test_what_has_no_end_is_still_a_number(tiny) -> None:
    gan, probe = player(tiny)
    with torch.no_grad():
        next(gan.G.parameters()).fill_(torch.inf)
    assert all(math.isfinite(value) for value in look(gan, probe).values())


def test_too_little_memory_costs_the_look_and_not_the_step(tiny, monkeypatch) -> None:
    gan, probe = player(tiny)

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(gan, "draw", gan.draw)
    real = probe.feed.batch(torch.arange(gan.config.batch_size))
    probe.before(50)
    gan.step(real)
    monkeypatch.setattr(gan, "draw", full)
    assert probe.after(50) == {}
    assert not probe.notice


def test_a_look_that_fails_ends_the_looks_and_not_the_training(tiny, monkeypatch, caplog) -> None:
    gan, probe = player(tiny)
    monkeypatch.setattr(gan, "draw", gan.draw)
    real = probe.feed.batch(torch.arange(gan.config.batch_size))
    probe.before(50)
    gan.step(real)
    draw = gan.draw
    monkeypatch.setattr(gan, "draw", lambda z, labels: 1 / 0)
    assert probe.after(50) == {}
    assert "division by zero" in probe.notice and "nothing is looked at any more" in caplog.text
    monkeypatch.setattr(gan, "draw", draw)
    probe.before(100)
    gan.step(real)
    assert probe.after(100) == {}
    monkeypatch.setattr(probe, "notice", "")
    probe.before(150)
    gan.step(real)
    assert probe.after(150)


# ---- the figures


def noise(n: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, 1, 16, 16, generator=torch.Generator().manual_seed(seed))


def test_variety_is_that_of_pairs() -> None:
    pictures = noise(8)
    flat = pictures.flatten(1)
    pairs = [(a - b).square().mean() for i, a in enumerate(flat) for j, b in enumerate(flat) if i != j]
    spread, nearest = variety(pictures)
    assert spread.item() == pytest.approx(float(sum(pairs)) / len(pairs), rel=1e-5)
    each = [min((a - b).square().mean().sqrt() for j, b in enumerate(flat) if i != j) for i, a in enumerate(flat)]
    assert nearest.item() == pytest.approx(sorted(map(float, each))[3], rel=1e-3)


def test_collapse_is_seen_in_spread_and_in_neighbours() -> None:
    real = noise(32)
    same = compare(noise(1, 1).expand(32, -1, -1, -1), real)
    assert same["spread"] < 1e-6 and same["nearest"] < 0.01
    two = compare(noise(2, 1).repeat(16, 1, 1, 1), real)
    assert two["spread"] > 0.4 and two["nearest"] < 0.01  # far apart, and yet only two
    good = compare(noise(32, 1), real)
    assert good["spread"] == pytest.approx(1, abs=0.1) and good["nearest"] == pytest.approx(1, abs=0.1)


def test_copies_among_the_real_pictures_are_no_fault_of_g() -> None:
    copies = noise(4).repeat(8, 1, 1, 1)
    assert compare(copies, copies)["nearest"] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("period", [2, 4])
def test_a_checkerboard_stands_out_and_noise_does_not(period) -> None:
    smooth = torch.nn.functional.avg_pool2d(noise(64), 3, 1, 1)
    board = torch.zeros(16, 16)
    board[::period, ::period] = 1.0
    assert lattice(smooth) < 0.03
    assert lattice(smooth + 0.8 * board) > lattice(smooth + 0.4 * board) > lattice(smooth) + 0.02


def test_distinct_counts_pictures_not_files() -> None:
    images = np.random.default_rng(0).integers(0, 256, (10, 1, 16, 16), dtype=np.uint8)
    assert distinct(images) == {"pictures": 10, "looked_at": 10, "different": 10}
    assert distinct(np.tile(images, (600, 1, 1, 1))) == {"pictures": 6000, "looked_at": 5000, "different": 10}
    assert distinct(np.broadcast_to(images[:4], (4, 3, 16, 16)))["different"] == 4


def test_sizes_before_the_first_step(tiny) -> None:
    gan = GAN(tiny, torch.device("cpu"))
    facts = begun(gan, np.zeros((3, 1, 16, 16), np.uint8))
    assert facts["different"] == 1 and facts["weight_g"] == pytest.approx(0.02, rel=0.1)


def test_indices_are_spread_and_change() -> None:
    first, second = spaced(1000, 10, 0), spaced(1000, 10, 1)
    assert first.tolist() == list(range(0, 1000, 100)) and not set(first.tolist()) & set(second.tolist())
    assert spaced(3, 8, 5).max() < 3
