"""A training that is watched, sampled, measured, or robbed of its pictures, beside one that was left alone."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dcgan.runs.checkpoint import load_state
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT
from tests.cli.test_main import SMALL, cli  # noqa: F401 (a fixture)
from tests.faults.test_odd_files import PAGES
from tests.training.test_gan import assert_same
from tests.training.test_loop import curves
from tests.waiting import wait_for


@pytest.fixture
def training(root, pictures) -> Iterator[Run]:
    """A run whose end is far, trained by `python -m dcgan train` in a process of its own."""
    command = ["train", "--data", pictures, "--steps", 10**6, "--name", "watched", "--set", *SMALL, "log_every=1"]
    worker = subprocess.Popen(
        [sys.executable, "-m", "dcgan", *map(str, command)], cwd=PROJECT, stdout=subprocess.DEVNULL
    )
    run = Run(root / "watched")
    try:
        wait_for(lambda: run.status().step > 3 or worker.poll() is not None, 60)
        yield run
    finally:
        worker.kill()
        worker.wait()


def stop(run: Run) -> int:
    """Stop a training; returns its last step."""
    run.ask("stop")
    wait_for(lambda: run.status().state == "stopped", 60)
    return run.status().step


def train_alone(cli, pictures: Path, root: Path, steps: int) -> Run:  # noqa: F811
    command = ["train", "--data", pictures, "--root", root / "alone", "--steps", steps, "--name", "watched"]
    assert cli(*command, "--set", *SMALL, "log_every=1")[0] == 0
    return Run(root / "alone" / "watched")


def assert_same_training(run: Run, alone: Run) -> None:
    ours, theirs = load_state(run), load_state(alone)
    assert ours["step"] == theirs["step"]
    assert_same(ours["gan"], theirs["gan"])
    assert ours["stream"] == theirs["stream"]
    assert curves(run) == curves(alone)
    assert set(alone.samples()) <= set(run.samples())  # where it was stopped there is one more
    for step in alone.samples():
        assert run.sample_path(step).read_bytes() == alone.sample_path(step).read_bytes(), step


@pytest.mark.slow
def test_whoever_looks_at_a_training_changes_nothing_in_it(cli, training, pictures, root):  # noqa: F811
    for command in (
        ("sample", "watched", "--n", 4),
        ("evaluate", "watched", "--n", 100),
    ):
        before = training.status().step
        assert cli(*command)[0] == 0, command
        wait_for(lambda before=before: training.status().step > before)  # and it went on meanwhile
    for page in map(PAGES.get, ("train", "explore")):
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60).switch_page(page)
        app.query_params["run"] = "watched"
        assert not app.run().exception
    assert_same_training(training, train_alone(cli, pictures, root, stop(training)))


@pytest.mark.slow
def test_pictures_that_change_or_go_while_it_trains_change_nothing_until_a_resume(
    cli,  # noqa: F811
    training,
    pictures,
    root,
):
    first = (pictures / "00.png").read_bytes()
    reached = training.status().step
    Image.new("L", (20, 20)).save(pictures / "00.png")
    gone = {path: path.read_bytes() for path in sorted(pictures.iterdir())[20:]}
    for path in gone:
        path.unlink()
    wait_for(lambda: training.status().step > reached + 20)
    last = stop(training)
    code, _, err = cli("train", "--resume", "watched", "--steps", last + 9)
    assert code == 2 and "6 are gone (20.png, 21.png, 22.png, ...), 1 is different (00.png)" in err
    (pictures / "00.png").write_bytes(first)
    assert cli("train", "--resume", "watched", "--steps", last + 9)[0] == 0  # from those that were prepared
    assert "6 are gone" in training.status().notice
    for path, content in gone.items():
        path.write_bytes(content)
    assert_same_training(training, train_alone(cli, pictures, root, last + 9))
