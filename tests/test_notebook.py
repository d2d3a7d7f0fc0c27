"""`import dcgan` as a notebook uses it."""

import os

import numpy as np
import pytest

import dcgan
from dcgan.errors import BadInput, Halted
from dcgan.runs import launch
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT
from tests.files import colour

SHIPPED = PROJECT / "checkpoints" / "quick-fashion"
SMALL = {"image_size": 16, "ngf": 4, "ndf": 4, "z_dim": 8, "batch_size": 8, "num_threads": 1, "device": "cpu"}


def test_the_names_are_listed_and_others_refused():
    assert set(dcgan.__all__) <= set(dir(dcgan))
    assert all(getattr(dcgan, name).__doc__ for name in dcgan.__all__)
    with pytest.raises(AttributeError, match="module 'dcgan' has no attribute 'paint'"):
        dcgan.paint  # noqa: B018


def test_pictures_are_drawn_from_a_run_and_from_its_file():
    generator = dcgan.load_generator("quick-fashion", root=SHIPPED.parent)
    pictures = dcgan.draw(generator, range(3))
    assert pictures.shape == (3, 32, 32) and pictures.dtype == np.uint8 and pictures.std() > 20
    for source in (SHIPPED, Run(SHIPPED), SHIPPED / "generator.safetensors", str(SHIPPED / "generator.safetensors")):
        assert np.array_equal(dcgan.draw(dcgan.load_generator(source), [2]), pictures[2:])
    assert dcgan.load_generator(SHIPPED, step=128).origin.step == 128


def test_what_can_not_be_loaded_or_drawn_is_refused(tmp_path):
    with pytest.raises(BadInput, match="There is no run 'nowhere'"):
        dcgan.load_generator("nowhere", root=tmp_path)
    with pytest.raises(BadInput, match="is missing"):
        dcgan.load_generator(tmp_path / "x.safetensors")
    with pytest.raises(BadInput, match="has no steps"):
        dcgan.load_generator(SHIPPED / "generator.safetensors", step=128)
    generator = dcgan.load_generator(SHIPPED)
    with pytest.raises(BadInput, match="at least one seed"):
        dcgan.draw(generator, [])
    with pytest.raises(BadInput, match="seed must be"):
        dcgan.draw(generator, [-1])


@pytest.mark.slow
def test_a_run_is_trained_drawn_and_measured(root, pictures):
    run = dcgan.train(data=pictures, steps=6, name="from a notebook", show=False, **SMALL)
    assert run.path == root / "from-a-notebook" and run.status().state == "finished" and run.status().step == 6
    assert run.status().pid != os.getpid()
    report = dcgan.evaluate(run, n=8)
    assert report["step"] == 6 and report["too_few"] and report["figures"]["distance"] is None
    assert list((run.path / "evaluations").iterdir()) and dcgan.evaluate(run.id, n=8) == report
    generator = dcgan.load_generator(run)
    assert dcgan.evaluate(generator, n=8)["weights_hash"] == report["weights_hash"]
    assert dcgan.draw(generator, range(2)).shape == (2, 16, 16)


@pytest.mark.slow
def test_colour_pictures_have_three_channels(root, tmp_path):
    (tmp_path / "colour").mkdir()
    for seed in range(12):
        colour(seed=seed).save(tmp_path / "colour" / f"{seed}.png")
    run = dcgan.train(data=str(tmp_path / "colour"), steps=1, show=False, **SMALL)
    assert dcgan.draw(dcgan.load_generator(run)).shape == (16, 16, 16, 3)


@pytest.mark.slow
def test_an_interruption_saves_and_stops(root, pictures, monkeypatch):
    seen, asked = launch.observe, []

    def observe(run):
        status = seen(run)
        if status.step and not asked:
            asked.append(status.step)
            raise KeyboardInterrupt
        return status

    monkeypatch.setattr(launch, "observe", observe)
    run = dcgan.train(data=pictures, steps=10**6, show=False, **SMALL)
    assert asked and run.status().state == "stopped" and run.state_path.exists()
    assert dcgan.draw(dcgan.load_generator(run), [0]).shape == (1, 16, 16)


def test_a_training_that_fails_says_why(root, pictures, monkeypatch):
    lost = Status(state="failed", error="The loss of D is not a number.")
    monkeypatch.setattr(launch, "start", lambda run: run.write_status(lost))
    with pytest.raises(Halted, match="Run lost: The loss of D is not a number."):
        dcgan.train(data=pictures, steps=6, name="lost", show=False, **SMALL)


def test_an_order_that_can_not_be_trained_leaves_nothing(root, pictures, monkeypatch):
    with pytest.raises(BadInput, match="num_steps"):
        dcgan.train(data=pictures, steps=0)
    with pytest.raises(BadInput, match="paint"):
        dcgan.train(data=pictures, paint=1)

    def refuse(run):
        raise BadInput("Another run is training.")

    monkeypatch.setattr(launch, "start", refuse)
    with pytest.raises(BadInput, match="Another run"):
        dcgan.train(data=pictures, steps=1, **SMALL)
    assert not [path for path in root.iterdir() if path.is_dir()]
