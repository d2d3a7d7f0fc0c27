"""A step of a GAN that knows classes: fakes get the labels of the real pictures, and all else stays as promised."""

import copy
import json

import pytest
import torch

from dcgan.errors import BadInput
from dcgan.images.embedded import read_recipe
from dcgan.networks.generator_file import load_generator
from dcgan.provenance import redraw
from dcgan.runs.fork import fork
from dcgan.runs.quality_log import read_quality
from dcgan.training.gan import GAN
from tests.files import write_pictures
from tests.training.test_accumulation import NO_NORM, assert_close
from tests.training.test_gan import CPU, TINY, assert_same, pictures
from tests.training.test_loop import new_run, play  # noqa: F401 (a fixture)

KNOWS = TINY.replace(classes="label", class_names='["a", "b", "c"]', class_counts="[1, 1, 2]")


def labels_of(batch):
    return torch.arange(len(batch)) % 3


def test_both_players_and_the_centres_learn_from_labels():
    gan = GAN(KNOWS, CPU)
    before = gan.G.centres.weight.clone()
    gan.step(pictures(), labels_of(pictures()))
    assert (gan.G.centres.weight != before).any(1).all() and (gan.ema.centres.weight != before).any(1).all()
    assert gan.D.blocks[-1][-1].weight.grad.flatten(1).norm(dim=1).gt(0).all()  # of each class, too
    with pytest.raises(AssertionError):
        gan.step(pictures())


def test_only_the_asked_classes_learn():
    gan = GAN(KNOWS, CPU)
    before = gan.G.centres.weight.clone()
    gan.step(pictures(), torch.ones(len(pictures()), dtype=torch.int64))
    assert (gan.G.centres.weight != before).any(1).tolist() == [False, True, False]


@pytest.mark.parametrize("values", [{}, {"g_noise": "fresh", "d_batch": "together"}, {"loss": "wgan-gp"}])
def test_steps_in_parts_are_steps_on_the_whole_batch(values):
    whole, parts = (GAN(KNOWS.replace(**NO_NORM, **values, micro_batch=n), CPU) for n in (0, 3))
    for i in range(3):
        batch = pictures(seed=i)
        assert_close(whole.step(batch, labels_of(batch)), parts.step(batch, labels_of(batch)))
    assert_close(parts.state_dict(), whole.state_dict())


def test_a_state_goes_on_exactly():
    first, second = GAN(KNOWS, CPU), GAN(KNOWS, CPU)
    first.step(pictures(), labels_of(pictures()))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for i in range(2):
        batch = pictures(seed=i)
        assert_same(first.step(batch, labels_of(batch)), second.step(batch, labels_of(batch)))


def test_a_run_trains_keeps_rows_of_classes_and_draws_them_again(new_run, tmp_path):  # noqa: F811
    folders = [f"class {i}" for i in range(10)]
    for folder in folders:
        write_pictures(tmp_path / "zoo" / folder, 2)
    known = {"data": str(tmp_path / "zoo"), "classes": "label", "class_names": json.dumps(folders)}
    run = new_run("classes", num_steps=3, num_samples=20, class_counts=json.dumps([2] * 10), **known)
    assert play(run).state == "finished"
    generator = load_generator(run.generator_path)
    assert generator.centres.weight.shape == (10, run.config.z_dim)
    grid = run.sample_path(3).read_bytes()
    recipe = read_recipe(grid)
    assert (recipe["rows"], recipe["columns"], recipe["n"]) == ([*range(10)], 2, 20)
    again, _ = redraw.redrawn(recipe, ".png", run.path.parent)
    assert redraw.difference(grid, again) in (0, 1)  # half precision is kept
    with pytest.raises(BadInput, match="classes can't change in a fork"):
        fork(run, 3, {"classes": "off", "class_names": "", "class_counts": ""}, steps=9)
    assert read_quality(run) == []
