"""The axis of a taste: recovered on a made generator, better than the plain difference of means on the shipped one."""

import numpy as np
import pytest
import torch

from dcgan.errors import BadInput
from dcgan.latent import seeds
from dcgan.latent.axes import attributes
from dcgan.latent.liked_axis import FEWEST, direction, liked_axes
from dcgan.latent.render import render
from dcgan.networks.generator_file import load_generator
from dcgan.system.paths import PROJECT
from tests.latent.test_axes import FACTORS, made


@pytest.mark.parametrize("prior", ["normal", "uniform"])
@pytest.mark.parametrize("factor", FACTORS)
def test_a_taste_for_a_planted_factor_is_recovered(prior, factor):
    generator, truth = made(prior)
    z = seeds.z_from_seeds(range(120), 24, prior)
    likes = z @ truth[factor] > 0
    (axis,) = liked_axes(generator, z[likes], z[~likes])
    assert axis.direction @ truth[factor] > 0.95
    word = {"brightness": "brightness", "height": "height", "width": "width"}[factor]
    assert axis.effects[word] == max(axis.effects.values()) > 0.2
    assert (axis.id, axis.name) == ("l1", "toward what you like") and axis.strength > 1


def test_few_marks_say_more_than_the_plain_difference_of_means():
    generator, truth = made("normal")
    plain, weighed = [], []
    for trial in range(10):
        z = seeds.z_from_seeds(range(100 * trial, 100 * trial + 40), 24)
        likes = z @ truth["brightness"] > 0
        liked, disliked = z[likes][:4], z[~likes][:4]
        difference = torch.nn.functional.normalize(liked.mean(0) - disliked.mean(0), dim=0)
        plain.append(float(difference @ truth["brightness"]))
        weighed.append(float(direction(generator, liked, disliked) @ truth["brightness"]))
    assert np.mean(weighed) > 1.5 * np.mean(plain)


def test_on_the_shipped_model_a_taste_for_light_pictures_leads_to_lighter_ones():
    generator = load_generator(PROJECT / "checkpoints" / "quick-fashion" / "generator.safetensors")
    z = seeds.z_from_seeds(range(40), 64)
    light = np.argsort(attributes(render(generator, z))[:, 0])
    (axis,) = liked_axes(generator, z[light[-5:].copy()], z[light[:5].copy()])
    base = seeds.z_from_seeds(range(500, 520), 64)
    before, after = (attributes(render(generator, base + s * axis.direction))[:, 0].mean() for s in (-2, 2))
    assert after > before + 20 and axis.effects["brightness"] > 0.3


def test_too_few_marks_and_equal_groups_are_refused():
    generator, z = made("normal").generator, seeds.z_from_seeds(range(6), 24)
    with pytest.raises(BadInput, match=f"at least {FEWEST} pictures that you like"):
        direction(generator, z[:2], z[2:])
    with pytest.raises(BadInput, match="the same mean"):
        direction(generator, z, z)
