"""How long a recipe takes: as it was on this machine, as others were, or on most machines, without loading PyTorch."""

import json

import pytest

from dcgan.presets import PRESETS, preset_config
from dcgan.runs import speeds

QUICK = preset_config("quick")
PICTURES = QUICK.num_steps * QUICK.batch_size


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_before_any_training_every_preset_has_a_plain_range():
    said = {name: speeds.words(name, speeds.known()) for name in PRESETS}
    assert said["quick"] == "Takes 3 to 20 minutes without a GPU."
    assert said["classic-64"] == "Takes 45 minutes to 7 hours without a GPU."
    assert said["three-sets-faces"] == "Takes 2 to 6 weeks without a GPU."
    for sentence in said.values():
        assert "AMX" not in sentence and "core" not in sentence


def test_a_training_here_says_how_long_the_next_of_its_recipe_takes():
    speeds.note(QUICK, 1100 * 60, 60.0)
    assert speeds.words("quick", speeds.known()) == "About 12 minutes on this computer."
    speeds.note(QUICK.replace(channels=3, num_steps=5, lr_g=1e-4), 2200 * 60, 60.0)  # as fast a step as without them
    assert speeds.words("quick", speeds.known()) == "About 6 minutes on this computer."
    speeds.note(QUICK.replace(ngf=99), 100, 60.0)
    speeds.note(QUICK, 90 * 60, 60.0)  # beside other work
    assert speeds.words("quick", speeds.known()) == "About 6 minutes on this computer."


@pytest.mark.parametrize(("images_per_s", "minutes"), [(4790, 44), (682, 435)])
def test_another_recipe_says_it_roughly(images_per_s, minutes):
    """The two machines of benchmarks/README.md: quick's speed there, and how long classic-64 took."""
    speeds.note(QUICK, images_per_s * 60, 60.0)
    said = speeds.words("classic-64", speeds.known())
    assert said.startswith("Roughly ") and said.endswith(" on this computer.")
    assert said == f"Roughly {speeds._span(60 * minutes / 1.5, 60 * minutes * 1.5)} on this computer."


def test_a_moment_of_training_says_nothing():
    speeds.note(QUICK, 64, 1.0)
    assert speeds.known() == {}


def test_no_more_is_remembered_than_the_newest(monkeypatch):
    monkeypatch.setattr(speeds, "MOST", 3)
    for ngf in (8, 16, 24, 8, 40):
        speeds.note(QUICK.replace(ngf=ngf), 6000, 60.0)
    assert [key.partition("ngf=")[2].split()[0] for key in speeds.known()] == ["24", "8", "40"]


@pytest.mark.parametrize("content", ["", "[1]", '{"a": "fast"}', '{"a": null}', '{"a": -1}', '{"a": 1e999}'])
def test_a_file_that_can_not_be_used_counts_as_none(content):
    speeds.path().parent.mkdir(parents=True)
    speeds.path().write_text(content)
    assert speeds.words("quick", speeds.known()).startswith("Takes ")
    speeds.note(QUICK, 1100 * 60, 60.0)
    assert json.loads(speeds.path().read_text())


def test_a_home_that_can_not_be_written_to_is_no_trouble(cache, monkeypatch):
    (cache / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache / "file"))
    speeds.note(QUICK, 1100 * 60, 60.0)
    assert speeds.known() == {}
