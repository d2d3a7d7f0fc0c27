"""What can't be trained is refused before anything exists."""

import math

import pytest
from PIL import Image

from dcgan.config import Config
from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.runs.new_run import order
from tests.files import refuse, write_pictures


def test_the_settings_come_from_the_preset_and_what_was_changed(pictures):
    config = order("quick", {"batch_size": "16", "seed": 3}, data=str(pictures), steps=50)
    assert (config.preset, config.batch_size, config.seed, config.num_steps) == ("quick", 16, 3, 50)
    assert config.z_dim == order("quick", {}, data=str(pictures)).z_dim


def test_the_data_are_named_so_that_they_are_found_again(pictures, monkeypatch):
    monkeypatch.chdir(pictures.parent)
    config = order("quick", {}, data="pictures")
    assert config.data == str(pictures)
    assert config.data_fingerprint == sources.fingerprint(sources.resolve(str(pictures)))


def test_the_pictures_choose_between_grey_and_colour_unless_told(pictures, tmp_path):
    assert order("quick", {}, data=str(pictures)).channels == 1
    assert order("quick", {"channels": "3"}, data=str(pictures)).channels == 3
    for i in range(2):
        Image.new("RGB", (8, 8), (200, 30, 10 * i)).save(tmp_path / f"{i}.png")
    assert order("quick", {}, data=str(tmp_path)).channels == 3
    assert order("quick", {"channels": 1}, data=str(tmp_path)).channels == 1


def test_d_sees_originals_of_enlarged_pictures_only(pictures):
    config = order("modern-classes", {}, data="fashion-mnist")
    assert (config.d_sees, config.crop, config.seen_size) == ("original", "pad", 32)
    assert order("modern-classes", {"crop": "square"}, data="fashion-mnist").crop == "square"
    assert order("modern-classes", {"image_size": 32}, data="fashion-mnist").d_sees == "whole"
    own = order("modern", {}, data=str(pictures))  # not even if a recipe wants it
    assert (own.d_sees, own.crop) == ("whole", "square")
    with refuse("d_sees", "whole", pictures.name, "Fashion-MNIST"):
        order("modern", {"d_sees": "original"}, data=str(pictures))
    with refuse("d_sees", "whole", "image_size=32"):
        order("quick", {"d_sees": "original"}, data="fashion-mnist")
    with refuse("d_sees=original", "architecture=dcgan"):
        order("basic-dcgan", {"d_sees": "original"}, data="fashion-mnist")


def test_a_length_in_epochs_becomes_steps(pictures):
    config = order("quick", {"batch_size": 8}, data=str(pictures), epochs=3)
    assert config.num_steps == math.ceil(3 * len(list(pictures.iterdir())) / 8)
    assert order("quick", {}, data=str(pictures), epochs=1e-9).num_steps == 1


def test_a_new_run_writes_down_how_many_pictures_it_holds_out(tmp_path):
    folder = write_pictures(tmp_path / "d", 250)
    config = order("quick", {"batch_size": 10}, data=str(folder), epochs=1)
    assert (config.held_out, config.num_steps) == (50, 20)  # of the 200 that are left
    assert order("quick", {"held_out": "7"}, data=str(folder)).held_out == 7
    assert order("quick", {}, data="fashion-mnist").held_out == 0  # it has test pictures of its own
    with refuse("held_out", "250 pictures", "at least 2"):
        order("quick", {"held_out": 249}, data=str(folder))
    with refuse("held_out", "Fashion-MNIST"):
        order("quick", {"held_out": 5}, data="fashion-mnist")


def test_a_length_in_minutes_lifts_the_limit_on_steps_and_only_then(pictures):
    config = order("quick", {}, data=str(pictures), minutes=2)
    assert (config.num_minutes, config.num_steps) == (2.0, 10**9)
    assert order("quick", {}, data=str(pictures), minutes=2, steps=70).num_steps == 70


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"steps": 0}, "num_steps"),
        ({"steps": -5}, "num_steps"),
        ({"steps": 10**400}, "num_steps"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": -1.0}, "epochs"),
        ({"epochs": math.nan}, "epochs"),
        ({"epochs": 1e308}, "epochs"),
        ({"epochs": 1e9, "values": {"batch_size": 2}}, "num_steps"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": -1}, "num_minutes"),
        ({"minutes": math.inf}, "num_minutes"),
        ({"values": {"batch_size": "0"}}, "batch_size"),
        ({"values": {"batch_size": "abc"}}, "batch_size"),
        ({"values": {"colour": 1}}, "'colour'"),
        ({"values": {"self": 1}}, "'self'"),
        ({"values": {"schema": 2}}, "schema"),
        ({"preset": "nothing"}, "There is no preset 'nothing';"),
    ],
)
def test_bad_values_are_refused_by_name(pictures, arguments, field):
    with pytest.raises(BadInput, match=f"^{field} "):
        order(**({"preset": "quick", "values": {}, "data": str(pictures)} | arguments))


def test_data_that_can_not_be_trained_on_are_refused(tmp_path, root):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    for i in range(3):
        (tmp_path / "broken" / f"{i}.png").write_bytes(b"not a picture")
    for name, word in (("empty", "no pictures"), ("broken", "can be read"), ("nowhere", "no data set or path")):
        with pytest.raises(BadInput, match=word):
            order("quick", {}, data=str(tmp_path / name))


def test_what_comes_out_is_checked_and_complete(pictures):
    config = order("quick", {}, data=str(pictures))
    assert Config.from_json(config.to_json()) == config
