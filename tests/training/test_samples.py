"""Pictures that can't be drawn cost the training nothing but themselves."""

import math

import numpy as np
import pytest
import torch

from dcgan.compute import devices
from dcgan.data import batches
from dcgan.errors import Diverged, Halted
from dcgan.monitoring import quick_figures
from dcgan.networks.models import Generator
from dcgan.runs.checkpoint import load_state
from dcgan.runs.run import Run
from dcgan.training import ema, session, snapshots
from dcgan.training.gan import GAN
from dcgan.training.snapshots import is_sample_time
from tests.training.test_accumulation import FULL
from tests.training.test_gan import CPU, TINY, assert_same
from tests.training.test_loop import curves, play, play_to


@pytest.fixture
def new_run(root, tiny):
    def make(place: str, **values) -> Run:
        return Run.create(tiny.replace(**{"num_steps": 6, "sample_every": 2} | values), root / place, "same")

    return make


@pytest.fixture
def drawing(monkeypatch):
    """Lets G fail where no gradient is asked for, with more than `most` pictures at once; returns how many there were.

    Training itself goes another way, through `GAN.draw`.
    """

    def fail(error: BaseException, most: int = 0) -> list[int]:
        real, seen = Generator.forward, list[int]()

        def forward(self, z):
            if not torch.is_grad_enabled() or torch.is_inference_mode_enabled():
                seen.append(len(z))
                if len(z) > most:
                    raise error
            return real(self, z)

        monkeypatch.setattr(Generator, "forward", forward)
        monkeypatch.setattr(GAN, "draw", lambda gan, z, labels: real(gan.G, z))
        return seen

    return fail


def assert_trained_alike(run: Run, reference: Run) -> None:
    ours, theirs = load_state(run), load_state(reference)
    for state in (ours, theirs):  # without statistics, which are measured anew for each picture
        state["gan"]["ema"] = {
            name: value for name, value in state["gan"]["ema"].items() if name.endswith(("weight", "bias"))
        }
    for key in ("gan", "stream", "step"):
        assert_same(ours[key], theirs[key])
    assert curves(run) == curves(reference)


def test_where_memory_is_short_pictures_are_drawn_in_parts(new_run, drawing):
    whole, parts = new_run("whole", num_samples=16), new_run("parts", num_samples=16)
    play(whole)
    seen = drawing(FULL, most=9)
    status = play(parts)
    assert (status.state, status.notice) == ("finished", "") and parts.samples() == whole.samples()
    assert seen[:5] == [128, 64, 32, 16, 8] and seen[36:39] == [16, 8, 8]
    assert_trained_alike(parts, whole)


def test_a_picture_for_which_there_is_no_memory_is_left_out(new_run, drawing, monkeypatch):
    whole, run = new_run("whole"), new_run("without")
    play(whole)
    with monkeypatch.context() as short:
        drawing(FULL)
        status = play_to(run, 4)
        assert status.state == "finished" and run.samples() == [] and not run.generator_path.exists()
        assert status.notice == "Memory ran out for a picture, which is left out; the training goes on."
        short.undo()
    monkeypatch.undo()
    assert play_to(run, 6).state == "finished" and run.samples() == [4, 6]
    assert_trained_alike(run, whole)


def test_drawing_that_fails_is_given_up_until_the_end_and_the_training_goes_on(new_run, drawing):
    whole, run = new_run("whole"), new_run("without")
    play(whole)
    seen = drawing(RuntimeError("nvrtc: error: failed to open libnvrtc-builtins.so"))
    status = play(run)
    assert status.state == "finished" and run.samples() == [] and len(seen) == 3  # at the start, and at the end
    assert "No more pictures are drawn while it trains: nvrtc: error: failed to open libnvrtc" in status.notice
    assert_trained_alike(run, whole)


@pytest.mark.parametrize("error", [Halted("Another process is gone."), Diverged("A weight stopped being one.", 2)])
def test_what_ends_a_training_ends_it_from_a_picture_too(new_run, drawing, error):
    drawing(error)
    with pytest.raises(type(error)):
        play(new_run("ends"))


def test_statistics_of_smaller_batches_are_close_to_those_of_whole_ones(drawing):
    gan, statistics = GAN(TINY, torch.device("cpu")), []
    for most in (128, 32):
        drawing(FULL, most=most)
        ema.recalibrate(gan.ema, TINY, torch.Generator().manual_seed(3))
        norms = [module for module in gan.ema.modules() if isinstance(module, ema.NORMS)]
        statistics.append(torch.cat([norm.running_var for norm in norms]).clone())
        assert all(norm.momentum is not None for norm in norms)
    assert torch.allclose(*statistics, rtol=0.1) and not torch.equal(*statistics)


def test_networks_too_large_for_the_memory_end_in_one_sentence(new_run, monkeypatch):
    def full(*_):
        raise FULL

    monkeypatch.setattr(session, "GAN", full)
    with pytest.raises(Halted, match="^There is no memory for these networks: "):
        play(new_run("large"))


def test_pictures_that_do_not_fit_on_the_device_after_all_stay_in_memory(monkeypatch):
    def full(*_, **options):
        raise FULL

    images = np.random.default_rng(0).integers(0, 256, (8, 3, 8, 8), np.uint8)
    with monkeypatch.context() as short:
        short.setattr(torch.Tensor, "to", full)
        feed = batches.Feed(images, torch.device("cpu"), 10**9)
    assert not feed.resident
    assert torch.equal(feed.batch(torch.arange(8)), torch.from_numpy(images).float() / 127.5 - 1)


def test_pictures_are_drawn_in_full_float32_and_training_is_left_alone(new_run, monkeypatch):
    real, allowed = Generator.forward, {True: [], False: []}  # by whether it trains

    def forward(self, z):
        allowed[torch.is_grad_enabled()].append(torch.backends.cudnn.allow_tf32)
        return real(self, z)

    monkeypatch.setattr(Generator, "forward", forward)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    run = new_run("a")
    play(run)
    assert allowed[False] and not any(allowed[False]) and allowed[True] and all(allowed[True])
    assert torch.backends.cudnn.allow_tf32

    seen = []
    quick_figures._in_parts(lambda x: seen.append(torch.backends.cudnn.allow_tf32) or x, torch.ones(2), CPU)
    assert seen == [False]


def test_after_the_first_minute_there_is_a_second_between_two_pictures(new_run, monkeypatch):
    assert is_sample_time(59.9, 59.8) and not is_sample_time(60.0, 59.1) and is_sample_time(60.0, 59.0)
    assert is_sample_time(1e6, -math.inf)  # the first of a process
    monkeypatch.setattr(snapshots, "FREE_SECONDS", 0.0)
    monkeypatch.setattr(snapshots, "BETWEEN_SECONDS", 1e9)
    run, whole = new_run("few", sample_every=1), new_run("all", sample_every=1)
    play(run)
    assert run.samples() == [0, 6]  # the last is always kept
    monkeypatch.setattr(snapshots, "BETWEEN_SECONDS", 0.0)
    play(whole)
    assert whole.samples() == [0, 1, 2, 3, 4, 5, 6]
    assert_trained_alike(run, whole)


def test_a_picture_awaits_the_device_before_its_time_is_taken(new_run, monkeypatch):
    seen, real = [], session.check_finite
    monkeypatch.setattr(devices, "wait", lambda device: seen.append("wait"))
    monkeypatch.setattr(session, "check_finite", lambda *about: seen.append("look") or real(*about))
    play(new_run("a", num_steps=2, sample_every=1, checkpoint_seconds=1000))
    assert seen[:2] == ["look", "wait"]  # the first state, then the first picture
    assert all(seen[i - 1] == "wait" for i in (2, 4)), seen
