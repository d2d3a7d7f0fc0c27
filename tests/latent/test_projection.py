"""Projection: known z are found, real pictures come near, in few steps and once."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

from dcgan.config import Config
from dcgan.data import sources
from dcgan.data.dataset import real_pictures
from dcgan.latent import framing, least_squares, projection, seeds
from dcgan.latent.class_centres import z_of
from dcgan.latent.render import render
from dcgan.networks.architectures import GENERATORS
from dcgan.networks.generator_file import load_generator
from dcgan.networks.models import Generator
from dcgan.presets import PRESETS
from dcgan.runs.run import SHIPPED, Run
from dcgan.system.files import publish
from dcgan.system.paths import PROJECT
from tests.latent.test_framing import photo
from tests.nets import lively

CONFIG = Config(preset="made", image_size=16, z_dim=12, ngf=4, stem="dense")


least_squares.load_derivatives()  # any of these tests may be the first of its process


def made(prior: str) -> Generator:
    """A generator that spreads z over its pixels, so that each picture has one z."""
    generator = Generator(CONFIG.replace(z_prior=prior)).eval().requires_grad_(False)
    first = nn.Linear(12, 256)
    with torch.no_grad():
        first.weight.copy_(torch.linalg.qr(torch.randn(256, 12, generator=torch.Generator().manual_seed(1)))[0] * 6)
        first.bias.zero_()
    generator.blocks = nn.Sequential(nn.Sequential(first, nn.Unflatten(1, (1, 16, 16)), nn.Tanh()))
    return generator


@pytest.fixture(scope="module")
def shipped() -> Generator:
    return load_generator(PROJECT / "checkpoints" / "quick-fashion" / "generator.safetensors")


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_a_known_z_is_found(prior):
    generator = made(prior)
    for seed in (9001, 9002):  # no start of the search
        z = seeds.z_from_seed(seed, 12, prior)
        z = z / z.norm() * 12**0.5 if prior == "normal" else z
        found = projection.project(generator, render(generator, z[None])[0])
        assert found.distance < 1 < 10 < found.start
        assert torch.allclose(found.z, z, atol=0.05)


def test_the_same_picture_gives_the_same_z_and_progress_rises_to_the_end():
    generator = made("normal")
    target = render(generator, seeds.z_from_seed(9001, 12)[None])[0]
    shares: list[float] = []
    first, second = projection.project(generator, target, shares.append), projection.project(generator, target)
    assert torch.equal(first.z, second.z) and np.array_equal(first.picture, render(generator, first.z[None])[0])
    assert shares == sorted(shares) and (shares[0], shares[-1]) == (0, 1) and len(shares) > 10


def test_what_the_tick_raises_ends_the_search_and_leaves_the_turn_to_others():
    generator, calls = made("normal"), []

    def tick(share: float) -> None:
        calls.append(share)
        if len(calls) == 3:
            raise InterruptedError

    target = np.zeros((16, 16), np.uint8)
    with pytest.raises(InterruptedError):
        projection.project(generator, target, tick)
    assert len(calls) == 3
    found: list[projection.Projection] = []
    threads = [threading.Thread(target=lambda: found.append(projection.project(generator, target))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 2 and torch.equal(found[0].z, found[1].z)


def test_a_picture_that_no_z_gives_leaves_z_near_its_prior(monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    assert projection.project(made("uniform"), noise).z.abs().max() <= 1

    def off_the_shell() -> float:
        return abs(float(projection.project(made("normal"), noise).z.norm()) / 12**0.5 - 1)

    held = off_the_shell()
    monkeypatch.setattr(least_squares, "SHELL", 1e-9)
    assert held < 0.95 * off_the_shell()


@pytest.mark.parametrize("architecture", sorted(GENERATORS))
def test_every_architecture_comes_nearer_than_its_best_start(architecture, monkeypatch):
    monkeypatch.setattr(projection, "PLAN", projection.Plan(8, ((1, 3),), 1))
    monkeypatch.setattr(projection, "PLAN_LARGE", projection.Plan(8, ((1, 3),), 1))
    preset = next(preset for preset in PRESETS.values() if preset.config.architecture == architecture)
    config = preset.config.replace(ngf=4, image_size=32) if architecture == "dcgan" else preset.config.replace(ngf=4)
    generator = lively(config)
    z = seeds.z_from_seeds([9001], config.z_dim, config.z_prior)
    found = projection.project(generator, render(generator, z)[0])
    assert found.distance < 0.9 * found.start or found.distance < 1


def test_the_shipped_model_finds_its_own_pictures_and_comes_near_held_out_ones(shipped):
    z = seeds.z_from_seeds([70_001], 64)
    for picture in render(shipped, z):
        own = projection.project(shipped, picture)
        assert own.distance < own.start / 3
    test = real_pictures(shipped.config, "test")
    found = [projection.project(shipped, test[at].copy()) for at in (18, 23, 40)]
    assert np.median([one.start / one.distance for one in found]) > 2
    assert all(one.distance < 0.8 * one.start and 0.85 < one.z.norm() / 8 < 1.2 for one in found)


@pytest.mark.parametrize("at", [2, 18])  # trousers and a bag
def test_a_photograph_on_light_paper_comes_as_near_as_the_original(shipped, at):
    real = real_pictures(shipped.config, "test")[at]
    target = framing.target_of(photo(real[2:-2, 2:-2], 245), "photo.jpg", shipped.config, inverted=True)
    found, original = projection.project(shipped, target), projection.project(shipped, real.copy())
    assert found.distance < original.distance + 8 < 30
    assert projection.distance(found.picture, real) < 45  # and what was found is the thing itself


def test_held_out_distances_are_worked_out_once_and_told_in_words(shipped, root, monkeypatch):
    run = Run.create(shipped.config, root, "one")
    monkeypatch.setattr(sources, "DATA_DIR", PROJECT / "data")
    monkeypatch.setattr(projection, "PLAN", projection.Plan(16, ((1, 1),), 1))
    shares: list[float] = []
    first = projection.held_out_distances(run, shipped, shares.append)
    assert len(first) == projection.NUM_HELD_OUT and first == sorted(first) and first[0] > 1
    assert shares == sorted(shares) and shares[-1] == 1
    (kept,) = (run.path / "projections").iterdir()
    monkeypatch.setattr(projection, "project", None)
    assert projection.held_out_distances(run, shipped) == [
        pytest.approx(each, abs=1e-3) for each in first
    ]  # from the file
    for damage in (b"", b"[]", b"[" * 100_000, kept.read_bytes().replace(b'"version": 2', b'"version": 1')):
        publish(kept, damage)
        with pytest.raises(TypeError):  # worked out again
            projection.held_out_distances(run, shipped)
    words = projection.beside((first[2] + first[3]) / 2, first)
    assert words.startswith("closer than 7 of 10 held-out real pictures") and f"{first[-1]:.1f}" in words
    assert projection.beside(1.0, []) == ""


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_runs_come_with_their_held_out_distances(name, monkeypatch):
    """After other weights or another method: `python -m dcgan project RUN PICTURE --compare`, then git add -f."""
    monkeypatch.setattr(projection, "real_pictures", None)
    run = Run(PROJECT / "checkpoints" / name)
    assert len(projection.held_out_distances(run, load_generator(run.generator_path))) == projection.NUM_HELD_OUT


def test_guessed_slopes_lead_nearly_as_far_as_measured_ones(shipped):
    target = projection._flat(real_pictures(shipped.config, "test")[18])
    start = seeds.z_from_seed(3, 64)
    begin = least_squares.Walker(shipped, start, target).cost
    ends = {}
    for fresh in (1, 3, 10**6):
        walker = least_squares.Walker(shipped, start, target, fresh)
        counted: list[int] = []
        measure = walker._slopes
        walker._slopes = lambda measure=measure, counted=counted: counted.append(1) or measure()
        for _ in range(9):
            walker.step()
        ends[fresh] = (walker.cost / begin, len(counted))
    assert ends[1][1] == 9 and ends[3][1] < 9 > ends[10**6][1]
    assert ends[1][0] < 0.5 and ends[3][0] < 0.6 and ends[3][0] < ends[10**6][0]


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_the_linear_guess_is_near_where_a_model_is_nearly_linear(prior):
    generator = made(prior)
    z = seeds.z_from_seed(9001, 12, prior)
    z = z / z.norm() * 12**0.5 if prior == "normal" else z
    starts, _, distances = projection._starts(generator, render(generator, z[None])[0], 256, 0)
    assert len(starts) == 257 and list(distances) == sorted(distances)
    off = (starts - z).norm(dim=1)
    assert off[0] < 0.5 * off[1:].min()


def test_with_classes_z_stays_near_the_shell_around_the_centre_of_a_class():
    run = Run(PROJECT / "checkpoints" / "quick-classes-fashion")
    generator = load_generator(run.generator_path)
    centre = generator.centres.weight[1].detach()
    z = z_of(generator, [77], labels=torch.tensor([1]))[0]
    starts, centres, _ = projection._starts(generator, render(generator, z[None])[0], 64, 0)
    assert torch.allclose((starts - centres)[0].norm(), torch.tensor(8.0))  # sqrt(z_dim)
    target = projection._flat(render(generator, z[None])[0])
    bare, around = (least_squares.Walker(generator, z, target, 1, about) for about in (None, centre))
    assert around.cost < 1e-4 < bare.cost  # the very z of the picture is no worse for its class
    for _ in range(3):
        around.step()
    assert abs((around.z - centre).norm() - 8) < 1.5


def test_with_classes_a_uniform_z_stays_in_the_cube_around_a_centre():
    config = CONFIG.replace(z_prior="uniform", classes="label", class_names='["a", "b"]', class_counts="[1, 1]")
    generator = lively(config)
    generator.centres.weight.data[:] = torch.tensor([[3.0], [-3.0]])
    z = z_of(generator, [5], labels=torch.tensor([1]))[0]
    found = projection.project(generator, render(generator, z[None])[0])
    assert ((found.z + 3).abs() <= 1).all() or ((found.z - 3).abs() <= 1).all()
    assert found.distance <= found.start
