"""The systems that others published: their numbers of parameters, their figures, and that each trains and resumes."""

import numpy as np
import pytest
import torch
from PIL import Image

from dcgan.data import sources
from dcgan.images.embedded import read_recipe
from dcgan.images.grids import to_uint8
from dcgan.latent.moves import truncate
from dcgan.latent.seeds import z_from_seeds
from dcgan.networks.generator_file import load_generator
from dcgan.networks.layer_sizes import parameter_counts
from dcgan.presets import PRESETS, PUBLISHED, in_group, preset_config
from dcgan.runs.checkpoint import load_state
from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.run import Run
from dcgan.training.gan import GAN
from dcgan.training.loop import train
from tests.files import write_mnist
from tests.training.test_gan import assert_same

SYSTEMS = in_group(PUBLISHED)
TOTALS = {  # of G and of D, as Keras counts: with two frozen numbers for each channel of BatchNorm
    "basic-dcgan": (840_705, 212_865),
    "synthetic-1": (840_705, 424_065),
    "synthetic-2": (2_091_009, 1_667_329),
    "three-sets-fashion": (840_705, 212_865),
    "three-sets-digit": (2_717_025, 1_027_073),
    "three-sets-faces": (14_953_987, 4_211_713),
    "custom-loop": (1_727_233, 1_658_753),
}


@pytest.mark.parametrize("preset", TOTALS)
def test_the_numbers_of_parameters_are_the_published_ones(preset):
    counts = parameter_counts(preset_config(preset))
    assert (counts["G"]["total"], counts["D"]["total"]) == TOTALS[preset]
    assert counts["both"]["total"] == sum(TOTALS[preset])


def test_published_sums_and_frozen_numbers():
    counts = parameter_counts(preset_config("custom-loop"))
    assert counts["G"] == {"total": 1_727_233, "trainable": 1_719_873, "frozen": 7_360}
    assert counts["D"]["frozen"] == 0 and counts["both"]["total"] == 3_385_986
    assert counts["both"]["total"] - counts["G"]["trainable"] == 1_666_113  # frozen while G trains
    assert parameter_counts(preset_config("three-sets-digit"))["both"]["total"] == 3_744_098
    assert parameter_counts(preset_config("three-sets-faces"))["both"]["total"] == 19_165_700


def test_published_figures():
    """Optimisers, batches and schedules, where they are published."""
    images = {"fashion-mnist": 60_000, "mnist:0": 5_923}
    for name, epochs in {
        **{"basic-dcgan": 10, "synthetic-1": 100, "synthetic-2": 50, "fashion-64": 50, "fashion-128": 50},
        **{"three-sets-fashion": 10, "three-sets-digit": 25, "custom-loop": 20},
    }.items():
        config = preset_config(name)
        assert config.num_steps * config.batch_size / images[config.data] == pytest.approx(epochs, abs=0.03), name
    for name in ("basic-dcgan", "synthetic-1", "synthetic-2", "three-sets-fashion"):
        config = preset_config(name)
        assert (config.optimizer, config.lr_g, config.lr_d, config.rho, config.epsilon) == (
            *("rmsprop", 1e-3, 1e-3),
            *(0.9, 1e-7),
        )
        assert (config.batch_size, config.dropout, config.leak, config.d_batch) == (32, 0.3, 0.2, "together")
    assert preset_config("basic-dcgan").g_noise == "same" and preset_config("three-sets-fashion").g_noise == "fresh"
    for name in ("fashion-64", "fashion-128"):
        config = preset_config(name)
        assert (config.optimizer, config.lr_g, config.batch_size, config.z_dim) == ("adam", 2e-4, 64, 100)
    digit = preset_config("three-sets-digit")
    assert (digit.z_dim, digit.output, digit.beta1, digit.lr_g, digit.batch_size) == (1, "sigmoid", 0.5, 2e-4, 64)
    faces = preset_config("three-sets-faces")
    assert (faces.z_dim, faces.batch_size, faces.num_steps, faces.image_size) == (32, 16, 20_000, 128)
    assert (faces.lr_g, faces.clip_value, faces.lr_decay, faces.dropout) == (1e-4, 1.0, 1e-8, 0.4)
    assert (faces.labels, faces.label_noise, faces.num_samples, faces.sample_truncation) == ("flipped", 0.05, 36, 0.5)
    assert faces.sample_every == 50
    rules = preset_config("rules-64")
    assert (rules.architecture, rules.channels, rules.image_size, rules.z_prior) == ("dcgan", 3, 64, "normal")


# -- each trains and resumes


@pytest.fixture
def pictures_of(tmp_path, monkeypatch):
    """Small stand-ins for MNIST, CelebA and Fashion-MNIST, laid out as the real ones are."""
    place = tmp_path / "data"
    monkeypatch.setattr(sources, "DATA_DIR", place)
    for name in ("mnist", "fashion-mnist"):
        write_mnist(place / name)
    folder = place / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(1, 7):
        picture = Image.fromarray(rng.integers(0, 256, (218, 178, 3), dtype=np.uint8))
        picture.save(folder / f"{i:06d}.jpg", quality=40)
    return place


def play(run: Run) -> None:
    with Heartbeat(run) as heart:
        train(run, heart)


@pytest.mark.parametrize("preset", SYSTEMS)
def test_each_system_trains_and_resumes_exactly(preset, pictures_of, tmp_path):
    """Narrower than published, so that it's quick; layers, losses, noise and optimisers are the system's own."""
    config = preset_config(preset)
    config = config.replace(ngf=2, ndf=2, batch_size=4, num_steps=5, log_every=1, num_samples=3, sample_every=3)
    config = config.replace(device="cpu", num_threads=1)
    whole, parts = Run.create(config, tmp_path / "a", "same"), Run.create(config, tmp_path / "b", "same")
    play(whole)
    parts.extend(2)
    play(parts)
    parts.extend(5)
    play(parts)
    ours, theirs = load_state(parts), load_state(whole)
    for key in ("gan", "stream", "step", "config"):
        assert_same(ours[key], theirs[key])
    assert_same(load_generator(parts.generator_path).state_dict(), load_generator(whole.generator_path).state_dict())
    assert parts.sample_path(5).read_bytes() == whole.sample_path(5).read_bytes()
    assert whole.status().state == "finished" and whole.samples() == [0, 3, 5]
    if preset == "three-sets-faces":
        _assert_truncated(whole)


def _assert_truncated(run: Run) -> None:
    """The control pictures come from z of half the usual spread."""
    assert read_recipe(run.sample_path(5).read_bytes())["truncation"] == 0.5
    generator = load_generator(run.generator_path)
    shown = to_uint8(generator(truncate(z_from_seeds(range(3), 32), 0.5)).numpy())
    with Image.open(run.sample_path(5)) as opened:
        assert (np.asarray(opened)[:128, :128] == shown[0]).all()


@pytest.mark.parametrize("preset", SYSTEMS)
def test_each_system_makes_a_step_at_its_published_size(preset):
    config = preset_config(preset).replace(device="cpu")
    if preset == "three-sets-faces":  # of its full width one face costs more than a teraflop
        config = config.replace(ngf=config.ngf // 8, ndf=config.ndf // 8)
    gan = GAN(config, torch.device("cpu"))
    before = [p.detach().flatten()[:1].clone() for p in (*gan.G.parameters(), *gan.D.parameters())]
    rng = torch.Generator().manual_seed(0)
    measured = gan.step(torch.rand(2, config.channels, config.image_size, config.image_size, generator=rng) * 2 - 1)
    assert all(torch.isfinite(value) for value in measured.values())
    moved = [not torch.equal(b, p.detach().flatten()[:1]) for b, p in zip(
        before, (*gan.G.parameters(), *gan.D.parameters()), strict=True
    )]  # fmt: skip
    assert sum(moved) > len(moved) / 2


def test_every_system_says_where_it_is_from_and_how_long_it_takes():
    for name in SYSTEMS:
        preset = PRESETS[name]
        assert preset.config.preset == name and not preset.source.endswith(".")
        assert 0 < preset.minutes[0] < preset.minutes[1]
