"""Training and its pictures: what is told while they are prepared, what was skipped, and what changed since."""

import dataclasses
import json
import logging
import shutil

import pytest

from dcgan import errors
from dcgan.config import Config
from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.runs.checkpoint import load_state
from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.new_run import order
from dcgan.runs.run import Run
from dcgan.training import worker
from dcgan.training.loop import train
from tests.files import write_pictures


@pytest.fixture
def run(root, tiny: Config) -> Run:
    config = tiny.replace(num_steps=4)
    fingerprint = sources.fingerprint(sources.resolve(config.data))
    return Run.create(config.replace(data_fingerprint=fingerprint))


def play(run: Run, **options) -> Heartbeat:
    with Heartbeat(run) as heart:
        train(run, heart, **options)
    return heart


def test_preparation_is_told_and_what_was_skipped_is_named(run, pictures, root, caplog):
    (pictures / "page.jpg").write_bytes(b"<html>")
    config = run.config.replace(data_fingerprint="")
    run = Run.create(config)
    seen, told = [], []

    class Watched(Heartbeat):
        def update(self, **fields):
            super().update(**fields)
            told.append((self.status.message, self.status.prepared))

    with caplog.at_level(logging.WARNING, "dcgan"), Watched(run) as heart:
        train(run, heart, on_prepared=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 27) and (27, 27) in seen
    assert ("Preparing the pictures: 0 of 27", 0.0) in told and ("Preparing the pictures: 27 of 27", 1.0) in told
    assert told[-1][1] is None
    status = run.status()
    assert status.state == "finished" and status.prepared is None
    assert status.notice == "1 picture could not be read: page.jpg: not a picture in a known format."
    assert "skipped page.jpg: not a picture in a known format" in caplog.text


def test_a_run_from_before_goes_on_with_the_pictures_it_began_with(root, tiny, tmp_path):
    """Its config.json says nothing of held-out pictures: ten of 210. A new run has 42 beside it."""
    folder = write_pictures(tmp_path / "d", 210)
    new = order("quick", {}, data=str(folder)).to_json()
    fields = json.loads(new) | {**dataclasses.asdict(tiny), "data": str(folder), "num_steps": 2}
    fields["data_fingerprint"] = json.loads(new)["data_fingerprint"]
    trained_on = {}
    for name, own in (("old", fields), ("new", fields | {"held_out": json.loads(new)["held_out"]})):
        run = Run.create(tiny, root, name)
        run.config_path.write_text(json.dumps({key: own[key] for key in own if (name, key) != ("old", "held_out")}))
        play(run)
        run.extend(4)
        play(run)
        assert load_state(run)["step"] == 4
        trained_on[name] = load_state(run)["stream"]["num_images"]
    assert trained_on == {"old": 200, "new": 168}


@pytest.mark.parametrize("show", [False, True])
def test_the_terminal_shows_the_preparation_and_then_the_steps(run, capfd, show):
    with Heartbeat(run) as heart:
        assert worker._train_watched(run, heart, show) == errors.DONE
    printed = capfd.readouterr().err
    if show:
        assert "Preparing:   0%" in printed and "Preparing: 100%" in printed and "26/26" in printed
        last = printed.split("26/26")[-1].rpartition("\r")[2]
        assert "4/4" in last and "images/s" in last and "0 s left, D " in last and "<" not in last
    else:
        assert printed == ""


def test_stop_is_obeyed_while_pictures_are_prepared_and_a_resume_goes_on(run):
    def stop(done: int, total: int) -> None:
        if done:
            run.ask("stop")

    play(run, on_prepared=stop)
    assert (run.status().state, run.status().step, run.status().obeyed) == ("stopped", 0, run.control().serial)
    assert not run.state_paths()
    play(run)
    assert run.status().state == "finished"


def test_a_run_goes_on_without_the_pictures_it_was_made_from(run, pictures):
    play(run)
    run.extend(8)
    (pictures / "03.png").unlink()
    play(run)
    assert load_state(run)["step"] == 8 and "1 is gone (03.png)" in run.status().notice
    shutil.rmtree(pictures)
    run.extend(10)
    play(run)
    assert load_state(run)["step"] == 10 and "are not there any more" in run.status().notice


def test_a_new_picture_is_refused_at_a_resume(run, pictures):
    play(run)
    shutil.copy(pictures / "00.png", pictures / "99.png")
    with pytest.raises(
        BadInput, match="has changed since this run began: of its pictures 1 is new .99.png.*start a new"
    ):
        play(run)


def test_class_folders_reach_the_run(root, tiny, pictures):
    for kind in ("a", "b"):
        (pictures / kind).mkdir()
        for i in range(10):
            shutil.move(pictures / f"{i + 10 * (kind == 'b'):02d}.png", pictures / kind)
    values = {key: value for key, value in dataclasses.asdict(tiny).items() if key not in ("data", "preset")}
    config = order("quick", values | {"num_steps": 2}, f"{pictures}: b")
    run = Run.create(config)
    play(run)
    assert json.loads(run.config_path.read_text())["data"] == f"{pictures}:b"
    assert load_state(run)["stream"]["num_images"] == 10
