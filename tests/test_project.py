"""Projection: known z are found, real pictures come near, files of any kind are taken or refused."""

import io
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from dcgan import descent, latent, project
from dcgan.checkpoint import load_generator
from dcgan.config import BadInput, Config
from dcgan.metrics.pixels import real_pictures
from dcgan.models import GENERATORS, Generator
from dcgan.presets import PRESETS
from dcgan.render import render
from dcgan.runs import PROJECT
from tests.nets import lively

CONFIG = Config(preset="made", image_size=16, z_dim=12, ngf=4, stem="dense")


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
        z = latent.z_from_seed(seed, 12, prior)
        z = z / z.norm() * 12**0.5 if prior == "normal" else z
        found = project.project(generator, render(generator, z[None])[0])
        assert found.distance < 1 < 10 < found.start
        assert torch.allclose(found.z, z, atol=0.05)


def test_the_same_picture_gives_the_same_z_and_progress_rises_to_the_end():
    generator = made("normal")
    target = render(generator, latent.z_from_seed(9001, 12)[None])[0]
    shares: list[float] = []
    first, second = project.project(generator, target, shares.append), project.project(generator, target)
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
        project.project(generator, target, tick)
    assert len(calls) == 3
    found: list[project.Projection] = []
    threads = [threading.Thread(target=lambda: found.append(project.project(generator, target))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 2 and torch.equal(found[0].z, found[1].z)


def test_a_picture_that_no_z_gives_leaves_z_near_its_prior(monkeypatch):
    noise = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    assert project.project(made("uniform"), noise).z.abs().max() <= 1

    def off_the_shell() -> float:
        return abs(float(project.project(made("normal"), noise).z.norm()) / 12**0.5 - 1)

    held = off_the_shell()
    monkeypatch.setattr(descent, "SHELL", 1e-9)
    assert held < 0.95 * off_the_shell()


@pytest.mark.parametrize("architecture", sorted(GENERATORS))
def test_every_architecture_comes_nearer_than_its_best_start(architecture, monkeypatch):
    monkeypatch.setattr(project, "STAGES", ((1, 3),))
    monkeypatch.setattr(project, "STAGES_LARGE", ((1, 3),))
    monkeypatch.setattr(project, "NUM_STARTS", 8)
    preset = next(preset for preset in PRESETS.values() if preset.config.architecture == architecture)
    config = preset.config.replace(ngf=4, image_size=32) if architecture == "dcgan" else preset.config.replace(ngf=4)
    generator = lively(config)
    z = latent.z_from_seeds([9001], config.z_dim, config.z_prior)
    found = project.project(generator, render(generator, z)[0])
    assert found.distance < 0.9 * found.start or found.distance < 1


def test_the_shipped_model_finds_its_own_pictures_and_comes_near_held_out_ones(shipped):
    z = latent.z_from_seeds([70_001], 64)
    for picture in render(shipped, z):
        own = project.project(shipped, picture)
        assert own.distance < own.start / 3
    test = real_pictures(shipped.config, "test")
    found = [project.project(shipped, test[at].copy()) for at in (18, 23, 40)]
    assert np.median([one.start / one.distance for one in found]) > 2
    assert all(one.distance < 0.8 * one.start and 0.85 < one.z.norm() / 8 < 1.2 for one in found)


def test_held_out_distances_are_worked_out_once_and_told_in_words(shipped, tmp_path, monkeypatch):
    monkeypatch.setattr(project.sources, "DATA_DIR", tmp_path)
    monkeypatch.setattr(project, "STAGES", ((1, 1),))
    monkeypatch.setattr(project, "NUM_STARTS", 16)
    shares: list[float] = []
    first = project.held_out_distances(shipped, shares.append)
    assert len(first) == project.NUM_HELD_OUT and first == sorted(first) and first[0] > 1
    assert shares == sorted(shares) and shares[-1] == 1
    monkeypatch.setattr(project, "project", None)
    assert project.held_out_distances(shipped) == first  # from the file
    (kept,) = (tmp_path / "cache").iterdir()
    assert kept.name.startswith("projections-")
    words = project.beside((first[2] + first[3]) / 2, first)
    assert words.startswith("closer than 7 of 10 held-out real pictures") and f"{first[-1]:.1f}" in words
    assert project.beside(1.0, []) == ""


# ---- files


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_of_the_data_set_is_prepared_as_the_data_set_is():
    from dcgan import idx, sources

    config = Config(preset="x", image_size=32)
    originals = idx.read_split(sources.resolve("fashion-mnist").path, "test", ())[0]
    for size in (28, 32, 64):
        real = real_pictures(config.replace(image_size=size), "test")
        assert np.array_equal(project.target_of(png(originals[7]), "7.png", config.replace(image_size=size)), real[7])
    real = real_pictures(config, "test")
    large = np.kron(real[7], np.ones((16, 16), np.uint8))  # as the studio enlarges
    assert np.abs(project.target_of(png(large), "7.png", config).astype(int) - real[7]).max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(40, 90), (300, 200, 3), (7, 7, 4), (128, 128)])
@pytest.mark.parametrize("data", ["fashion-mnist", "somewhere/pictures"])
def test_any_picture_becomes_one_of_the_models_size(channels, shape, data):
    config = Config(preset="x", image_size=64, channels=channels, data=data)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    target = project.target_of(png(pixels), "a.png", config)
    assert target.dtype == np.uint8 and target.shape == (64, 64, 3)[: 2 + (channels == 3)]


def test_light_and_dark_are_swapped_before_the_frame_is_added():
    white = png(np.full((50, 80), 255, np.uint8))
    assert project.target_of(white, "a.png", Config(preset="x"), inverted=True).max() == 0
    assert project.target_of(white, "a.png", Config(preset="x"))[4:-4, 4:-4].min() == 255


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89PNG\r\n\x1a\n" + b"x" * 40])
def test_bad_files_are_refused_in_one_sentence(content):
    with pytest.raises(BadInput, match="can't be used as a picture: holiday.png: ") as refused:
        project.target_of(content, "holiday.png", CONFIG)
    assert "\n" not in str(refused.value)
