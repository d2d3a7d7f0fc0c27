"""A run whose memory is full: once more in halves, or a clear stop that loses nothing."""

import copy

import pytest
import torch

from dcgan.compute.eager_optimisers import Adam
from dcgan.config import Config
from dcgan.errors import Halted
from dcgan.runs import live_settings
from dcgan.runs.checkpoint import load_state
from dcgan.runs.fork import fork
from dcgan.runs.run import Run
from dcgan.training import losses
from dcgan.training import step as steps
from dcgan.training.gan import GAN
from tests.training.test_accumulation import FULL, NO_NORM, assert_close
from tests.training.test_gan import assert_same, weights
from tests.training.test_loop import assert_same_end, curves, play, play_to

ON_CPU = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8589934592 bytes.")


@pytest.fixture
def new_run(root, tiny):
    def make(place: str, **values) -> Run:
        return Run.create(tiny.replace(**values), root / place, "same")

    return make


@pytest.fixture
def full(monkeypatch):
    """Lets steps fail: `full(7, times=1)` the seventh, once, before, in the middle of, or after its work."""

    def fill(step: int, times: int = 1, where: str = "before", error: BaseException = FULL) -> None:
        left, real, g_loss, playing = [times], GAN.step, losses.generator_loss, list[GAN]()

        def fails(gan: GAN) -> bool:
            left[0] -= (hit := gan.steps == step - 1 and left[0] > 0)
            return hit

        def hungry(self, *args, **options):
            if where == "before" and fails(self):
                raise error
            playing[:], due = [self], self.steps
            measured = real(self, *args, **options)
            if where == "after" and due == step - 1 and left[0] > 0:
                left[0] -= 1
                raise error
            return measured

        def hungry_loss(*args):
            result = g_loss(*args)
            if where == "middle" and fails(playing[0]):
                raise error
            return result

        monkeypatch.setattr(GAN, "step", hungry)
        monkeypatch.setattr(losses, "generator_loss", hungry_loss)

    yield fill
    monkeypatch.undo()


def events(run: Run) -> list[dict]:
    return [line for line in run.read_lines()[0] if line.get("event", "begun") != "begun"]


@pytest.mark.parametrize("where", ["before", "middle"])
@pytest.mark.parametrize("error", [FULL, ON_CPU])
@pytest.mark.parametrize("d_steps", [1, 2])
def test_a_step_for_which_memory_ran_out_is_tried_once_more_in_halves(new_run, full, where, error, d_steps):
    values = {**NO_NORM, "label_noise": 0.2, "dropout": 0.3, "d_steps": d_steps}
    calm, run = new_run("a", **values), new_run("b", **values)
    play(calm)
    full(5, 1, where, error)
    status = play(run)
    assert (status.state, status.step, status.error) == ("finished", 12, "")
    assert status.notice == "Memory ran out in step 5: from there on 4 pictures are in the networks at once."
    assert events(run) == [{"step": 4, "event": "memory", "micro_batch": 4}]
    ours, theirs = load_state(run), load_state(calm)
    assert ours["gan"].pop("at_most") == 4 and theirs["gan"].pop("at_most") == 0
    assert_close(ours["gan"], theirs["gan"])
    for stream in ("z_rng", "noise_rng"):
        assert torch.equal(ours["gan"][stream], theirs["gan"][stream])
    assert ours["stream"] == theirs["stream"]
    for step, point in curves(calm).items():
        assert curves(run)[step] == pytest.approx(point, abs=2e-4)


def test_memory_that_runs_out_when_all_is_done_costs_nothing(new_run, full):
    calm, run = new_run("a"), new_run("b")
    play(calm)
    full(5, 1, "after")
    play(run)
    assert events(run) == []
    assert_same_end(run, calm)


@pytest.mark.parametrize("values", [{}, {**NO_NORM, "dropout": 0.3}])
def test_the_halves_stay_for_every_resume(new_run, full, values):
    whole, parts = new_run("a", **values), new_run("b", **values)
    for run in (whole, parts):
        full(3)
        play_to(run, 6)
        if run is parts:
            assert play_to(run, 6).notice == ""
            play_to(run, 9)
    play_to(whole, 12)
    play_to(parts, 12)
    assert load_state(parts)["gan"]["at_most"] == 4
    assert_same(load_state(parts)["gan"], load_state(whole)["gan"])


@pytest.mark.parametrize("where", ["before", "middle"])
def test_without_memory_for_halves_training_stops_with_its_state_saved(new_run, full, where, monkeypatch):
    calm, run = new_run("a", checkpoint_seconds=10**4), new_run("b", checkpoint_seconds=10**4)
    play_to(calm, 4)
    before = load_state(calm)
    full(5, 2, where)
    words = (
        r"^Memory ran out in step 5, with 4 of the batch's 8 pictures in the networks at once: set a smaller "
        r"micro_batch and resume, or fork the run with a smaller batch_size\.$"
    )
    with pytest.raises(Halted, match=words):
        play(run)
    saved = load_state(run)
    assert saved["step"] == 4 and saved["stream"] == before["stream"]
    for name in ("G", "D", "opt_G", "opt_D", "ema", "z_rng", "noise_rng", "steps") if where == "before" else ("opt_G",):
        assert_same(saved["gan"][name], before["gan"][name])
    monkeypatch.undo()

    live_settings.ask(run, {"micro_batch": 8})  # there is memory again
    play_to(calm, 12)
    assert play_to(run, 12).state == "finished"
    ours = load_state(run)["gan"]
    assert ours.pop("at_most") == 0 and load_state(calm)["gan"].pop("at_most") == 0
    if where == "before":
        assert_same(ours | {"at_most": 0}, load_state(calm)["gan"])
    for name in ("z_rng", "noise_rng", "steps"):
        assert_same(ours[name], load_state(calm)["gan"][name])


def test_two_pictures_are_not_halved(new_run, full):
    run = new_run("a", micro_batch=2)
    full(2, 1)
    with pytest.raises(Halted, match="with 2 of the batch's 8 pictures"):
        play(run)
    assert load_state(run)["step"] == 1 and events(run) == []


def test_an_error_of_another_kind_is_not_tried_again(new_run, full):
    run = new_run("a")
    full(3, 1, "middle", RuntimeError("shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="multiplied"):
        play(run)
    assert events(run) == []


def test_memory_that_runs_out_in_the_optimiser_is_not_tried_again(new_run, monkeypatch):
    """Some weights may have moved: the state before is the one to go on from."""
    run = new_run("a")
    play_to(run, 4)
    before = load_state(run)
    real = Adam.step

    def hungry(self, *args, **options):
        if self.state[next(iter(self.state))]["step"] == 6:
            raise FULL
        return real(self, *args, **options)

    monkeypatch.setattr(Adam, "step", hungry)
    with pytest.raises(Halted, match="Memory ran out in step 7"):
        play_to(run, 12)
    monkeypatch.undo()
    assert load_state(run)["step"] == before["step"] and play_to(run, 12).state == "finished"


def test_a_fork_with_other_sizes_finds_out_anew(new_run, full):
    run = new_run("a")
    full(5, 2, "middle")
    with pytest.raises(Halted):
        play(run)
    assert load_state(run)["gan"]["begun"] and load_state(run)["gan"]["at_most"] == 4
    for values in ({"batch_size": 6}, {"micro_batch": 3}):
        child = fork(run, None, values)
        assert play(child).state == "finished"
        assert load_state(child)["gan"]["at_most"] == 0


def test_a_change_of_micro_batch_is_obeyed_from_the_next_step_on(new_run, monkeypatch):
    run, sizes = new_run("a"), []
    logits = GAN.logits

    def spy(self, x, labels):
        sizes.append((self.steps, len(x)))
        return logits(self, x, labels)

    monkeypatch.setattr(GAN, "logits", spy)
    play(run, lambda point: live_settings.ask(run, {"micro_batch": 4}) if point["step"] == 5 else None)
    assert {size for step, size in sizes if step < 5} == {8} and {size for step, size in sizes if step >= 5} == {4}
    assert events(run) == [{"step": 5, "event": "change", "micro_batch": 4}]


def test_a_failed_step_moves_neither_stream_nor_players(new_run, tiny: Config):
    """What the loop relies on, without files."""
    import numpy as np

    from dcgan.data import batches

    gan = GAN(tiny, torch.device("cpu"))
    feed = batches.Feed(np.random.default_rng(0).integers(0, 256, (26, 1, 16, 16), np.uint8), gan.device)
    stream = batches.BatchStream(26, 8, 0)
    steps.one_step(gan, feed, stream, tiny)
    before, position = copy.deepcopy(gan.state_dict()), stream.state_dict()
    hook = gan.D.blocks.register_forward_hook(lambda *_: (_ for _ in ()).throw(FULL))
    with pytest.raises(torch.OutOfMemoryError):
        steps.one_step(gan, feed, stream, tiny)
    hook.remove()
    assert_same(gan.state_dict(), before)
    assert stream.state_dict() == position
    steps.one_step(gan, feed, stream, tiny)
    assert not torch.equal(weights(gan.D), torch.cat([p.flatten() for n, p in before["D"].items() if "running" not in n
                                                     and "num_batches" not in n]))  # fmt: skip


def test_the_worker_ends_with_the_sentence(new_run, full):
    from dcgan.errors import FAILED
    from dcgan.training.worker import work

    run = new_run("a")
    full(5, 2)
    assert work(run) == FAILED
    status = run.status()
    assert status.state == "failed" and status.error.startswith("Memory ran out in step 5, with 4 of the batch's 8")
    assert "Memory ran out" in run.log_path.read_text()
