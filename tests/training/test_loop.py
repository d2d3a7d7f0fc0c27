"""A run can be interrupted anywhere and gets to the same end; what goes wrong ends in order."""

import errno
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from dcgan.data import dataset
from dcgan.errors import BadInput, Diverged
from dcgan.images.embedded import read_recipe
from dcgan.images.grids import to_uint8
from dcgan.latent.seeds import sample_seeds, z_from_seeds
from dcgan.monitoring import curve_history as curves_module
from dcgan.networks.generator_file import load_generator
from dcgan.runs import metrics_log
from dcgan.runs.checkpoint import load_state, open_generator
from dcgan.runs.commands import Commands
from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.system.files import publish
from dcgan.system.paths import PROJECT
from dcgan.training import session, snapshots
from dcgan.training.gan import GAN
from dcgan.training.loop import train
from tests.training.test_gan import assert_same
from tests.waiting import wait_for

CLOCKS = ("time_s", "images_per_s")  # the only figures that differ between two equal runs


@pytest.fixture
def new_run(root, tiny):
    """Makes runs of one id, each in a root of its own, so that whole directories can be compared."""

    def make(place: str, **values) -> Run:
        return Run.create(tiny.replace(**values), root / place, "same")

    return make


def play(run: Run, on_progress=lambda point: None) -> Status:
    """Train in this process, as the command line does."""
    with Heartbeat(run) as heart:
        train(run, heart, on_progress)
    return run.status()


def play_to(run: Run, step: int) -> Status:
    run.extend(step)
    return play(run)


def curves(run: Run) -> dict[int, dict]:
    points = run.read_metrics()[0]
    assert len({point["step"] for point in points}) == len(points)
    return {int(p["step"]): {k: v for k, v in p.items() if k not in CLOCKS} for p in points}


def assert_same_end(run: Run, reference: Run) -> None:
    """Weights, optimisers, random states, curves and pictures are those of the run without a pause."""
    ours, theirs = load_state(run), load_state(reference)
    for key in ("gan", "stream", "step", "config"):
        assert_same(ours[key], theirs[key])
    assert curves(run) == curves(reference)
    assert set(reference.samples()) <= set(run.samples())
    for step in reference.samples():
        assert run.sample_path(step).read_bytes() == reference.sample_path(step).read_bytes(), step
    assert_same(load_generator(run.generator_path).state_dict(), load_generator(reference.generator_path).state_dict())


# -- a whole run


def test_a_run_leaves_everything_that_the_pages_read(new_run):
    run = new_run("a")
    status = play(run)
    assert (status.state, status.step, status.num_steps, status.images) == ("finished", 12, 12, 96)
    assert status.epoch == pytest.approx(96 / 26, abs=1e-3) and status.eta_s is None and status.error == ""
    assert status.device == "CPU, 1 thread" and status.time_s > 0
    points = run.read_metrics()[0]
    assert [point["step"] for point in points] == list(range(1, 13))
    names = {"step", "images", "epoch", "d_loss", "g_loss", "d_real", "d_fake", "d_accuracy", "time_s", "images_per_s"}
    assert all(point.keys() == names and all(map(math.isfinite, point.values())) for point in points)
    assert run.samples() == run.snapshots() == [0, 4, 8, 12]
    assert sorted(os.listdir(run.path)) == [
        "config.json", "generator.safetensors", "metrics.jsonl", "samples", "snapshots", "state.previous.pt",
        "state.pt", "states", "status.json",
    ]  # fmt: skip


def test_a_sample_can_be_made_again_from_its_recipe(new_run):
    run = new_run("a", seed=3)
    play(run)
    recipe = read_recipe(run.sample_path(12).read_bytes())
    kept = open_generator(run, 12)
    assert kept.origin and recipe == {
        "run": "same", "step": 12, "weights_hash": kept.origin.weights_hash, "seed": 3, "n": 4, "truncation": 1.0,
        "columns": 2,
    }  # fmt: skip
    generator = open_generator(run)
    z = z_from_seeds(sample_seeds(recipe["seed"], recipe["n"]), 8)
    pictures = to_uint8(generator(z).numpy())
    with Image.open(run.sample_path(12)) as opened:
        grid = np.asarray(opened)
    assert all(np.isin(picture, grid).all() for picture in pictures)
    corner = grid[-16:, -16:] if (grid[-16:, -16:] == pictures[3]).all() else grid[-18:-2, -18:-2]
    assert (corner == pictures[3]).all()


def test_curves_are_kept_every_so_often_and_at_the_end(new_run):
    run = new_run("a", log_every=5, sample_every=7)
    play(run)
    assert sorted(curves(run)) == [5, 10, 12]
    assert run.samples() == [0, 7, 12]


def test_kept_pictures_and_generators_are_thinned_apart(new_run):
    run = new_run("a", sample_every=1, max_samples=5, max_snapshots=3)
    play(run)
    assert len(run.samples()) == 5 and len(run.snapshots()) == 3
    for kept in (run.samples(), run.snapshots()):
        assert (kept[0], kept[-1]) == (0, 12)
    assert len(os.listdir(run.path / "samples")) == 5 and len(os.listdir(run.path / "snapshots")) == 3


def test_a_limit_in_minutes_ends_the_run(new_run):
    run = new_run("a", num_minutes=0.1 / 60, num_steps=10**9)
    status = play(run)
    assert status.state == "finished" and status.step > 0
    assert 0.1 <= status.time_s < 5 and run.samples()[-1] == status.step
    again = play(run)
    assert (again.state, again.step) == ("finished", status.step)  # its time is used up


# -- interrupted and taken up again


@pytest.mark.parametrize("k", [1, 3, 5, 11])
def test_a_run_in_two_parts_ends_like_one_in_one(new_run, k):
    """3 steps of 8 out of 26 pictures: the next batch straddles the end of the epoch."""
    whole, parts = new_run("a"), new_run("b")
    play(whole)
    assert play_to(parts, k).step == k
    assert play_to(parts, 12).state == "finished"
    assert_same_end(parts, whole)


def test_colour_uniform_z_and_no_average_resume_as_exactly(new_run):
    values = {"channels": 3, "z_prior": "uniform", "ema_half_life_images": 0, "image_size": 32}
    whole, parts = new_run("a", **values), new_run("b", **values)
    play(whole)
    for step in (2, 7, 12):
        play_to(parts, step)
    assert_same_end(parts, whole)


@pytest.mark.parametrize("loss", ["hinge", "wgan-gp", "lsgan", "relativistic"])
def test_every_loss_resumes_as_exactly(new_run, loss):
    values = {"loss": loss, "norm_d": "none", "dropout": 0.2, "augment": "on", "d_steps": 2}
    whole, parts = new_run("a", **values), new_run("b", **values)
    play(whole)
    for step in (5, 12):
        play_to(parts, step)
    assert_same_end(parts, whole)


def stop_by_signal(number):
    return lambda run: os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    "stop", [stop_by_signal(signal.SIGTERM), stop_by_signal(signal.SIGINT), lambda run: run.ask("stop")]
)
def test_a_stopped_run_goes_on_exactly(new_run, stop):
    whole, run = new_run("a"), new_run("b")
    play(whole)
    handler = signal.getsignal(signal.SIGTERM)
    status = play(run, lambda point: stop(run) if point["step"] == 5 else None)
    assert (status.state, status.step) == ("stopped", 5)  # the step was finished, and no other begun
    assert load_state(run)["step"] == 5 and run.samples()[-1] == 5
    assert signal.getsignal(signal.SIGTERM) is handler
    assert play(run).state == "finished"  # the old wish is history
    assert_same_end(run, whole)


@pytest.mark.slow
def test_a_killed_run_goes_on_exactly(new_run):
    values = {"num_steps": 100, "checkpoint_seconds": 0.0, "sample_every": 30}
    whole, run = new_run("a", **values), new_run("b", **values)
    play(whole)
    worker = subprocess.Popen(
        [sys.executable, "-m", "dcgan", "train", "--resume", str(run.path)], cwd=PROJECT, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 60
        while len(run.read_metrics()[0]) < 15:
            assert time.monotonic() < deadline and worker.poll() is None
            time.sleep(0.01)
    finally:
        worker.kill()
        worker.wait()
    assert 0 < load_state(run)["step"] < 100
    with open(run.metrics_path, "ab") as file:
        file.write(b'{"step": 99, "d_lo')  # as torn as it gets
    assert play(run).state == "finished"
    assert_same_end(run, whole)


def test_points_after_the_last_checkpoint_are_made_again(new_run):
    whole, run = new_run("a"), new_run("b")
    play(whole)
    play_to(run, 5)
    with open(run.metrics_path, "ab") as file:
        file.write(b'{"step": 6, "d_loss": 123.0}\n{"step": 7, "d_loss": 123.0}\n{"st')
    play_to(run, 12)
    assert_same_end(run, whole)


def test_a_damaged_state_costs_the_steps_since_the_one_before_it(new_run):
    whole, run = new_run("a"), new_run("b")
    play(whole)
    play_to(run, 4)
    play_to(run, 9)
    run.state_path.write_bytes(run.state_path.read_bytes()[:1000])
    with pytest.warns(UserWarning, match="state.pt is damaged"):
        play_to(run, 12)
    assert_same_end(run, whole)


def test_how_often_pictures_are_made_changes_nothing(new_run):
    often, seldom = new_run("a", sample_every=1, num_samples=9), new_run("b", sample_every=10**6, num_samples=1)
    play(often)
    play(seldom)
    assert len(often.samples()) == 13 and seldom.samples() == [0, 8, 12]
    assert_same(load_state(often)["gan"], load_state(seldom)["gan"])
    assert curves(often) == curves(seldom)
    assert_same(load_generator(often.generator_path).state_dict(), load_generator(seldom.generator_path).state_dict())


def test_other_settings_are_refused_at_a_resume(new_run):
    run = new_run("a")
    play_to(run, 4)
    before = run.state_path.read_bytes()
    run.config_path.write_text(run.config.replace(lr_g=0.1).to_json())
    with pytest.raises(BadInput, match="^config.json of run .* has changed since its state was saved"):
        play_to(run, 12)
    assert run.state_path.read_bytes() == before and max(curves(run)) == 4


def test_a_huge_network_in_the_settings_is_refused_before_it_is_built(new_run, monkeypatch):
    run = new_run("a")
    play_to(run, 4)
    run.config_path.write_text(run.config.replace(ngf=512, ndf=512).to_json())
    for module, name in ((session, "GAN"), (dataset, "load")):
        monkeypatch.setattr(module, name, lambda *args, **kwargs: pytest.fail("built"))
    with pytest.raises(BadInput, match="^config.json of run .* has changed since its state was saved"):
        play_to(run, 12)


def test_a_setting_of_a_later_version_with_its_default_is_no_change(new_run):
    """Its state may have been saved before the setting was invented."""
    run = new_run("a")
    play_to(run, 4)
    state = load_state(run)
    settings = json.loads(state["config"])
    del settings["max_snapshots"]
    torch.save(state | {"config": json.dumps(settings)}, run.state_path)
    assert play_to(run, 12).state == "finished"


def test_other_data_are_refused_at_a_resume(new_run, pictures):
    from dcgan.data import sources

    run = new_run("a", data_fingerprint=sources.fingerprint(sources.resolve(str(pictures))))
    play_to(run, 4)
    Image.new("L", (20, 20)).save(pictures / "00.png")
    with pytest.raises(
        BadInput, match="^data .* has changed since this run began: of its pictures 1 is different .00.png."
    ):
        play_to(run, 12)
    assert load_state(run)["step"] == 4


def test_leftovers_of_killed_writers_are_cleared_away(new_run):
    run = new_run("a")
    play_to(run, 4)
    old, young = run.path / ".state.pt.next.ab.tmp", run.path / "samples" / ".00000001.png.cd.tmp"
    for path in (old, young):
        path.write_bytes(b"x" * 1000)
    os.utime(old, (time.time() - 3600,) * 2)
    play_to(run, 5)
    assert not old.exists() and young.exists()  # a young one may have a writer


# -- wishes


def test_pause_step_run_and_stop_are_obeyed_within_a_second(new_run):
    run, seen, failures = new_run("a", num_steps=10**9, log_every=10**6, checkpoint_seconds=10**4), [], []

    def ask(command: str, state: str) -> Status:
        asked = time.monotonic()
        run.ask(command)
        wait_for(lambda: run.status().obeyed == run.control().serial and run.status().state == state)
        seen.append((command, time.monotonic() - asked))
        return run.status()

    def watch() -> None:
        try:
            wait_for(lambda: run.status().state == "running" and run.status().step > 0)
            paused = ask("pause", "paused")
            assert load_state(run)["step"] == paused.step
            wait_for(lambda: run.status().heartbeat > paused.heartbeat)  # alive, and not moving
            assert run.status().step == paused.step
            for i in (1, 2, 3):
                assert ask("step", "paused").step in (paused.step + i - 1, paused.step + i)
                wait_for(lambda i=i: load_state(run)["step"] == paused.step + i)
            assert sorted(curves(run)) == [paused.step + i for i in (1, 2, 3)]  # each single step is drawn and shown
            assert set(curves(run)) <= set(run.samples())
            ask("run", "running")
            wait_for(lambda: run.status().step > paused.step + 10)
        except BaseException as error:
            failures.append(error)
        run.ask("stop")

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = play(run)
    watcher.join()
    assert not failures, failures
    assert status.state == "stopped" and status.obeyed == run.control().serial
    assert load_state(run)["step"] == status.step
    assert all(seconds < 1.5 for _, seconds in seen), seen  # a figure is published with the next beat, once a second


def test_a_pause_changes_nothing(new_run):
    whole, run = new_run("a"), new_run("b")
    play(whole)

    def pause(point) -> None:
        if point["step"] == 5:
            run.ask("pause")
            threading.Timer(0.2, run.ask, ["run"]).start()

    assert play(run, pause).state == "finished"
    assert_same_end(run, whole)


def test_the_end_can_be_moved_while_training(new_run):
    run = new_run("a", num_steps=10**9)
    status = play(run, lambda point: run.extend(9) if point["step"] == 5 else None)
    assert (status.state, status.step, status.num_steps) == ("finished", 9, 9)


def test_a_deleted_run_ends(new_run):
    run = new_run("a", num_steps=10**9)
    with pytest.raises(RuntimeError, match="could not be saved"):
        play(run, lambda point: run.delete() if point["step"] == 5 else None)
    assert not run.path.exists()


def test_a_wish_for_one_step_is_one_step(new_run):
    run = new_run("a")
    run.ask("pause")
    wishes = Commands(run, obeyed=1)
    assert wishes.newest() == "run"  # an old wish is history
    run.ask("step")
    assert [wishes.newest() for _ in range(3)] == ["step", "pause", "pause"]
    run.ask("step")
    assert wishes.newest() == "step"
    run.control_path.unlink()
    assert [wishes.newest() for _ in range(2)] == ["pause", "pause"]
    run.control_path.write_text('{"command": "explode", "serial": 99}')
    assert wishes.newest() not in ("pause", "step", "stop")


# -- what goes wrong


@pytest.mark.parametrize("sample_every", [1, 10**6])
def test_a_run_that_diverges_keeps_its_last_good_state_and_generator(new_run, monkeypatch, sample_every):
    run = new_run("a", num_steps=100, log_every=1 if sample_every > 1 else 100, sample_every=sample_every)
    play_to(run, 6)
    real = GAN.step

    def poisoned(self, batch, labels):
        if self.steps == 8:
            with torch.no_grad():
                next(self.G.parameters()).fill_(math.nan)
        return real(self, batch, labels)

    monkeypatch.setattr(GAN, "step", poisoned)
    with pytest.raises(Diverged, match=r"^(Weight [\w.]+|The losses) stopped being (a number|numbers) at step 9\.$"):
        play_to(run, 100)
    assert load_state(run)["step"] == 6
    generator = load_generator(run.generator_path)
    assert all(torch.isfinite(p).all() for p in generator.parameters())
    assert run.samples()[-1] == 8
    assert all(math.isfinite(v) for point in curves(run).values() for v in point.values())


def test_a_weight_that_is_no_number_is_never_saved(new_run, monkeypatch):
    run = new_run("a", num_steps=100, log_every=100, sample_every=10**6, checkpoint_seconds=0.0)
    real = GAN.step

    def poisoned(self, batch, labels):
        measured = real(self, batch, labels)
        if self.steps == 7:
            with torch.no_grad():
                next(self.D.parameters()).view(-1)[0] = math.inf
        return measured

    monkeypatch.setattr(GAN, "step", poisoned)
    with pytest.raises(Diverged, match="at step 7"):
        play(run)
    assert load_state(run)["step"] == 6


def full(*args, **kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_that_is_full_for_a_while_costs_pictures_but_no_run(new_run, monkeypatch):
    whole, run = new_run("a", checkpoint_seconds=0.0), new_run("b", checkpoint_seconds=0.0)
    play(whole)
    is_full = threading.Event()
    said: list[Any] = []
    for where, name in ((session, "publish"), (snapshots, "publish"), (session, "save_state")):
        real = getattr(where, name)
        monkeypatch.setattr(where, name, lambda *args, real=real: (full if is_full.is_set() else real)(*args))
    append = metrics_log.append_line
    monkeypatch.setattr(metrics_log, "append_line", lambda *args: (full if is_full.is_set() else append)(*args))

    def on_progress(point) -> None:
        if point["step"] == 3:
            is_full.set()
        if point["step"] == 5:
            run.ask("pause")

    with Heartbeat(run) as heart:
        update = heart.update

        def listen(**fields: Any) -> None:
            said.append(fields)
            update(**fields)
            if fields.get("state") == "paused":  # somebody makes room and goes on
                is_full.clear()
                run.ask("run")

        monkeypatch.setattr(heart, "update", listen)
        train(run, heart, on_progress)
    assert run.status().state == "finished" and run.status().message == ""
    assert {"message": "Step 4 could not be saved (No space left on device)"} in said
    assert any(each.get("state") == "paused" and "Step 5 could not be saved" in each["message"] for each in said)
    assert set(whole.samples()) - set(run.samples()) == {4} and set(curves(whole)) - set(curves(run)) == {4, 5}
    assert_same(load_state(run)["gan"], load_state(whole)["gan"])
    (gap,) = [line for line in run.read_lines()[0] if line.get("event") == "gap"]
    assert (gap["step"], gap["until"]) == (4, 6)


def test_a_generator_that_found_no_room_at_the_end_is_written_once_more(new_run, monkeypatch):
    run, real, left = new_run("a"), snapshots.publish, [1]

    def once_full(path, content) -> None:
        if path == run.generator_path and run.status().state == "running" and run.samples()[-1:] == [8] and left[0]:
            left[0] = 0
            full()
        real(path, content)

    monkeypatch.setattr(snapshots, "publish", once_full)
    assert play(run).state == "finished" and left == [0]
    origin = load_generator(run.generator_path).origin
    assert origin and origin.step == 12


def test_a_disk_that_is_full_at_the_end_says_that_work_was_lost(new_run, monkeypatch):
    run = new_run("a")
    play_to(run, 6)
    monkeypatch.setattr(session, "save_state", full)
    with pytest.raises(RuntimeError, match="^Step 12 could not be saved .No space left on device., .* make room"):
        play_to(run, 12)
    assert load_state(run)["step"] == 6 and load_generator(run.generator_path)


@pytest.mark.parametrize("values", [{"device": "cuda"}, {"data": "/nowhere"}])
def test_what_can_not_be_trained_is_refused_before_the_first_step(new_run, monkeypatch, values):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    run = new_run("a", **values)
    with pytest.raises(BadInput):
        play(run)
    assert run.read_metrics()[0] == [] and not run.state_paths()


# -- figures


def test_pictures_are_published_whole(new_run, monkeypatch):
    names = []

    def spy(path, content) -> None:
        names.append(path.name)
        publish(path, content)

    monkeypatch.setattr(snapshots, "publish", spy)
    play(new_run("a", num_steps=1))
    assert names[:3] == ["generator.safetensors", "00000000.safetensors", "00000000.png"]


def test_the_largest_seed_draws_its_grid(root, tiny):
    run = Run.create(tiny.replace(seed=2**32 - 1, num_steps=1), root)
    play(run)
    assert run.status().state == "finished" and run.samples() == [0, 1]


def test_a_training_keeps_the_summary_of_its_curves_up_to_date(new_run, monkeypatch):
    monkeypatch.setattr(curves_module, "FAR_BYTES", 300)
    run = new_run("long", num_steps=6, log_every=1, checkpoint_seconds=0.0)
    play(run)
    facts = json.loads((run.path / "curves.json").read_text())
    assert 300 < facts["offset"] <= run.metrics_path.stat().st_size
