"""Axes of latent space: planted ones are found, and what they do is measured and named."""

import math
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.judges.judge import judge_of
from dcgan.latent import axes
from dcgan.latent.attributes import attributes
from dcgan.latent.directions import spread
from dcgan.networks.generator_file import load_generator
from dcgan.networks.models import Generator
from dcgan.system.paths import PROJECT

CONFIG = Config(preset="made", image_size=32, z_dim=24, stem="dense")
FACTORS = ("brightness", "height", "width")  # from the one that stretches z most to the one that does least
STRETCH = (1.0, 0.7, 0.5)


class Bar(nn.Module):
    """(brightness, height, width, ...) (N, F) -> a soft bright bar on black, (N, 1, 32, 32) in [-1, 1]."""

    def forward(self, factors: Tensor) -> Tensor:
        light, height, width = ((factors[:, i] / STRETCH[i]).clamp(-4, 4)[:, None] for i in range(3))
        at = (torch.arange(32) - 15.5).abs()[None]
        across = torch.sigmoid(8 + 1.5 * width - at)  # (N, 32)
        down = torch.sigmoid(8 + 1.5 * height - at)
        level = torch.sigmoid(0.6 * light)[:, :, None]
        return (2 * level * down[:, :, None] * across[:, None] - 1)[:, None]


class Made(NamedTuple):
    generator: Generator
    truth: dict[str, Tensor]  # factor -> unit direction in z


def made(prior: str) -> Made:
    """A generator whose three factors lie along hidden directions of z, at right angles to each other."""
    hidden = torch.linalg.qr(torch.randn(24, 24, generator=torch.Generator().manual_seed(5)))[0]
    first = nn.Linear(24, 3)
    with torch.no_grad():
        first.weight.copy_(torch.tensor(STRETCH)[:, None] * hidden[:3] / spread(prior))
        first.bias.zero_()
    generator = Generator(CONFIG.replace(z_prior=prior)).eval().requires_grad_(False)
    generator.blocks = nn.Sequential(nn.Sequential(first), nn.Sequential(Bar()))
    return Made(generator, dict(zip(FACTORS, hidden[:3], strict=True)))


@pytest.fixture(params=["normal", "uniform"])
def model(request) -> Made:
    return made(request.param)


@pytest.mark.parametrize("kind", ["components", "weights"])
def test_planted_factors_are_recovered_and_named(model, kind):
    found = {axis.name: axis for axis in axes.axes_of(model.generator, kind)}
    for factor, word in (("brightness", "brighter"), ("height", "taller"), ("width", "wider")):
        axis = next(axis for name, axis in found.items() if name.split(", ")[0] == word)
        assert axis.direction @ model.truth[factor] > 0.95  # turned so that it grows, too
        assert axis.effects[factor] == max(axis.effects.values()) > axes.CLEAR
    strengths = [axis.strength for axis in found.values()]
    assert strengths == sorted(strengths, reverse=True) and strengths[2] > 1


def test_random_directions_are_not_the_factors(model):
    found = torch.stack([axis.direction for axis in axes.axes_of(model.generator, "random")])
    assert (found @ torch.stack(list(model.truth.values())).T).abs().max() < 0.9


def test_a_class_direction_leads_from_the_rest_to_the_class(model):
    class Light:
        """Tells bright pictures from dark ones."""

        class_names = ("dark", "bright")

        def features(self, pictures):
            return pictures.reshape(len(pictures), -1).max(1).astype(np.float32)[:, None]

        def probabilities(self, features):
            bright = 1 / (1 + np.exp(-(features - 127.5) / 8))
            return np.concatenate([1 - bright, bright], 1).astype(np.float64)

    found = {axis.name: axis for axis in axes.axes_of(model.generator, "named", Light())}
    assert list(found)[:3] == ["brighter", "wider", "taller"]  # the words in their order, then the classes
    assert set(list(found)[3:]) == {"toward dark", "toward bright"}
    planted = torch.stack(list(model.truth.values()))  # a wider bar is also a brighter picture, so they mix
    for word, factor in (("brighter", "brightness"), ("wider", "width"), ("taller", "height")):
        assert (planted @ found[word].direction).norm() > 0.95 and found[word].direction @ model.truth[factor] > 0.6
        assert found[word].effects[factor] == max(found[word].effects.values()) > axes.CLEAR
    bright = found["toward bright"]
    assert bright.direction @ model.truth["brightness"] > 0.95 and bright.toward == "bright"
    assert bright.effects["brightness"] > axes.CLEAR > 0 > found["toward dark"].effects["brightness"]


def test_strength_is_grey_levels_per_standard_deviation_and_evenness_its_regularity():
    generator = made("normal").generator

    class Plain(nn.Module):
        def forward(self, factors: Tensor) -> Tensor:
            steady, late = factors[:, 0] * 0.08, torch.relu(factors[:, 1] / STRETCH[1]) * 0.08
            return (steady + late - 0.2)[:, None, None, None].expand(-1, 1, 32, 32)

    generator.blocks[1] = nn.Sequential(Plain())
    truth = made("normal").truth
    directions = {"a": truth["brightness"], "b": truth["height"], "c": truth["width"]}
    found = {axis.id: axis for axis in axes.measured(generator, directions, dict.fromkeys(directions, "nothing"))}
    assert found["a"].strength == pytest.approx(0.08 * 127.5, abs=0.6)
    assert found["a"].evenness > 0.8 > found["b"].evenness
    assert found["c"].strength == 0 and found["c"].name == "nothing"
    assert {axis.name for axis in found.values() if axis.id in "ab"} == {"brighter", "brighter (2)"}


def test_attributes_tell_shapes_apart():
    bar = np.zeros((5, 32, 32), np.uint8)
    bar[:, 12:20, 12:20] = 100
    bar[1, 12:20, 12:20] = 200  # brighter
    bar[2, 12:20, 4:28] = 100  # wider
    bar[3, 4:28, 12:20] = 100  # taller
    bar[4, 12:20, 4:20] = 100  # to one side
    light, width, height, symmetry, warmth, colour = attributes(bar).T
    assert light[1] == pytest.approx(2 * light[0])
    assert width[2] > 2 * width[0] and height[2] == pytest.approx(height[0], abs=0.1)
    assert height[3] > 2 * height[0] and width[3] == pytest.approx(width[0], abs=0.1)
    assert symmetry[4] < symmetry[0] == symmetry[2] == 0
    assert not warmth.any() and not colour.any()
    grey = np.repeat(bar[..., None], 3, axis=3)
    assert np.allclose(attributes(grey), attributes(bar), atol=1e-3)
    red, blue = grey * np.array([1, 0, 0], np.uint8), grey * np.array([0, 0, 1], np.uint8)
    warmth, colour = attributes(np.stack([red[0], blue[0], grey[0]])).T[-2:]
    assert warmth[0] == -warmth[1] > 0 == warmth[2] and colour[0] == colour[1] > 0 == colour[2]


def test_a_flat_picture_and_an_unknown_kind_are_no_trouble(model):
    assert np.isfinite(attributes(np.full((2, 8, 8), 7, np.uint8))).all()
    with pytest.raises(BadInput, match="axes must be one of"):
        axes.axes_of(model.generator, "moods")
    assert axes.measured(model.generator, {}, {}) == []


def test_the_shipped_model_has_axes_that_do_more_than_chance_directions():
    generator = load_generator(PROJECT / "checkpoints" / "quick-fashion" / "generator.safetensors")
    judge = judge_of(generator.config)
    found = {kind: axes.axes_of(generator, kind, judge) for kind in axes.KINDS}
    strongest = {kind: found[kind][0].strength for kind in found}
    assert min(strongest[kind] for kind in ("components", "weights", "named")) > 1.5 * strongest["random"]
    assert found["components"] == sorted(found["components"], key=lambda axis: -axis.strength)
    words = [axis.name for axis in found["named"]]
    assert words[:4] == ["brighter", "wider", "taller", "more symmetric"] and "toward Sneaker" in words
    led = [axis for axis in found["named"] if axis.name == f"toward {axis.toward}"]
    assert len(led) >= 8  # of ten: along its axis a class gains more than any other
    for axis in sum(found.values(), []):
        assert math.isclose(axis.direction.norm(), 1, abs_tol=1e-5) and 0 <= axis.evenness <= 1
    again = axes.axes_of(generator, "components", judge)
    assert [(axis.id, axis.name) for axis in again] == [(axis.id, axis.name) for axis in found["components"]]
