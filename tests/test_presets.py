"""The named recipes."""

import pytest

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.presets import PAPER, PRESETS, PUBLISHED, START, in_group, preset_config


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_knows_its_name_and_says_what_it_is(name):
    preset = PRESETS[name]
    assert preset.config.preset == name
    assert preset.title.endswith(".") and preset.source
    assert preset_config(name) is preset.config


def test_groups_hold_every_preset_once_and_in_order():
    groups = [in_group(group) for group in (START, PAPER, PUBLISHED)]
    assert groups[:2] == [["quick", "quick-classes", "classic-64", "modern", "modern-classes"], ["paper"]]
    assert sum(groups, []) == list(PRESETS)


def test_the_three_of_the_first_visit_are_there():
    assert {"quick", "classic-64", "modern", "paper"} <= set(PRESETS)


def test_the_classic_recipe_has_the_known_figures():
    config = preset_config("classic-64")
    assert (config.image_size, config.z_dim, config.ngf, config.ndf) == (64, 100, 64, 64)
    assert (config.lr_g, config.lr_d, config.beta1, config.beta2) == (2e-4, 2e-4, 0.5, 0.999)


def test_the_papers_recipe_has_the_papers_figures():
    config = preset_config("paper")
    assert (config.z_prior, config.z_dim, config.batch_size, config.image_size) == ("uniform", 100, 128, 64)
    assert (config.ngf * 8, config.lr_g, config.beta1) == (1024, 2e-4, 0.5)  # 1024 maps at 4x4: figure 1
    assert config.ema_half_life_images == 0


@pytest.mark.parametrize("name", ["", "Quick", "nothing", "../quick", "a\nb", "x" * 9999])
def test_an_unknown_preset_is_refused_on_one_short_line(name):
    with pytest.raises(BadInput, match="^There is no preset ") as caught:
        preset_config(name)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("typed", "nearest"), [("Quick", "quick"), ("clasic 64", "classic-64"), ("sinthetic_1", "synthetic-1")]
)
def test_a_mistyped_preset_is_answered_with_the_nearest(typed, nearest):
    with pytest.raises(BadInput, match=f"the nearest is {nearest};"):
        preset_config(typed)


def test_a_config_without_a_preset_is_called_custom():
    assert Config().preset == "custom"
