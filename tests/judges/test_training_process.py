"""Training a judge as a page does: a process of its own, one at a time, that can be cancelled and says what failed."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from dcgan.config import Config
from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.judges import training_process
from dcgan.system.paths import PROJECT
from tests.waiting import wait_for

PATIENCE = 120  # seconds, on a busy machine


@pytest.fixture
def shapes(tmp_path, monkeypatch):
    """A folder with bars and squares, 110 of each, and a data folder of its own for every process started here."""
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    monkeypatch.setenv("DCGAN_DATA", str(tmp_path / "data"))
    rng = np.random.default_rng(0)
    for name, (height, width) in {"bars": (16, 3), "squares": (8, 8)}.items():
        (tmp_path / "shapes" / name).mkdir(parents=True)
        for i in range(110):
            picture = np.zeros((20, 20), np.uint8)
            y, x = rng.integers(0, 20 - height + 1), rng.integers(0, 20 - width + 1)
            picture[y : y + height, x : x + width] = rng.integers(120, 255)
            Image.fromarray(picture).save(tmp_path / "shapes" / name / f"{i}.png")
    return tmp_path / "shapes"


def config_of(folder, **settings):
    source = sources.resolve(str(folder))
    return Config(data=str(folder), channels=1, data_fingerprint=sources.fingerprint(source), **settings)


def test_nothing_is_in_training_at_first(shapes):
    assert training_process.observe() == training_process.Progress()
    training_process.cancel()
    assert not training_process.folder().exists()


def test_a_judge_in_training_tells_how_far_it_is_refuses_a_second_one_and_can_be_cancelled(shapes):
    config = config_of(shapes)
    training_process.start(config)
    try:
        wait_for(lambda: training_process.observe().doing == "Learning the classes", PATIENCE)
        found = training_process.observe()
        assert (found.state, found.title) == ("running", "shapes") and 0 < found.share < 1
        assert found.out == str(training_process.path_for(config)) and found.pid != os.getpid()
        with pytest.raises(BadInput, match="A judge for shapes is being trained, one at a time"):
            training_process.start(config)
        second = subprocess.run(
            [sys.executable, "-m", "dcgan", "train-judge", "--data", str(shapes)],
            cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip
        assert second.returncode == 2 and second.stderr.count("\n") == 1 and "one at a time" in second.stderr
    finally:
        training_process.cancel()
    assert training_process.observe().state == "cancelled" and not training_process.path_for(config).exists()
    assert not training_process.is_process(found.pid, found.pid_started)


def test_a_judge_whose_process_died_is_interrupted_and_another_can_follow(shapes):
    reporter = training_process.Reporter("shapes", training_process.folder() / "x.safetensors")
    training_process.folder().mkdir(parents=True)
    reporter.tell(0.5, "Learning the classes")
    assert training_process.observe().state == "running" and training_process.observe().share == 0.5
    training_process.forget(
        training_process.dataclasses.replace(training_process.observe(), pid_started=1.0)
    )  # the number of a stranger
    assert training_process.observe().state == "interrupted"
    with training_process.hold():
        pass


def test_two_processes_cannot_hold_it_at_once(shapes):
    with training_process.hold():
        code = "from dcgan.judges import training_process\nwith training_process.hold(): pass"
        second = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert "one at a time" in second.stderr


def test_data_that_have_changed_since_the_run_are_refused(shapes):
    command = [sys.executable, "-m", "dcgan", "train-judge", "--data", str(shapes), "--expect", "other"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2 and "has changed" in done.stderr
    assert training_process.observe().state == "failed" and "has changed" in training_process.observe().error


def test_a_folder_that_cannot_be_written_to_is_refused(shapes):
    training_process.folder().parent.mkdir(parents=True, exist_ok=True)
    training_process.folder().write_bytes(b"a file in the way")
    with pytest.raises(BadInput, match="can't be written to"):
        training_process.start(config_of(shapes))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("none", ""),
        ("one class", "shapes has no classes: put its pictures into two or more sub-folders"),
        ("stray", "1 of its pictures lie outside its sub-folders"),
        ("few", "too few pictures .*'bars' has 10"),
    ],
)
def test_why_no_judge_can_be_trained(shapes, change, reason):
    if change == "one class":
        for path in (shapes / "bars").iterdir():
            path.unlink()
    if change == "stray":
        (shapes / "bars" / "0.png").rename(shapes / "0.png")
    if change == "few":
        for i in range(100):
            (shapes / "bars" / f"{i}.png").unlink()
    found = training_process.why_not(sources.resolve(str(shapes)))
    assert bool(found) == bool(reason)
    if reason:
        with pytest.raises(BadInput, match=reason):
            training_process.start(config_of(shapes))
    assert training_process.why_not(sources.resolve("fashion-mnist")) == ""
