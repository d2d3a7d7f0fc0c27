"""Settings change while a run trains: marked, obeyed within a step, and known to every resume."""

import pytest
import torch

from dcgan.errors import BadInput
from dcgan.runs import live_settings
from dcgan.runs.checkpoint import load_state
from dcgan.runs.run import Run
from dcgan.training.gan import GAN
from tests.training.test_loop import assert_same_end, play, play_to


@pytest.fixture
def new_run(root, tiny):
    def make(place: str, **values) -> Run:
        return Run.create(tiny.replace(**values), root / place, "same")

    return make


def events(run: Run) -> list[dict]:
    return [line for line in run.read_lines()[0] if line.get("event", "begun") != "begun"]


def change_at(run: Run, schedule: dict[int, dict]):
    """Asks for changes when the point of a step is drawn: in force from the next step on."""

    def on_progress(point) -> None:
        if point["step"] in schedule:
            live_settings.ask(run, schedule[point["step"]])

    return on_progress


SCHEDULE: dict[int, dict] = {
    3: {"lr_g": 1e-3, "d_steps": 2},
    7: {"ema_half_life_images": 0, "lr_d": 5e-4, "d_steps": 1},
}


def test_changes_are_obeyed_at_the_next_step_and_marked(new_run):
    plain, run = new_run("a"), new_run("b")
    play(plain)
    assert play(run, change_at(run, SCHEDULE)).state == "finished"
    assert events(run) == [
        {"step": 3, "event": "change", "lr_g": 1e-3, "d_steps": 2},
        {"step": 7, "event": "change", "lr_d": 5e-4, "d_steps": 1, "ema_half_life_images": 0},
    ]
    ours, theirs = run.read_metrics()[0], plain.read_metrics()[0]
    assert [p["d_loss"] for p in ours[:3]] == [p["d_loss"] for p in theirs[:3]]
    assert ours[3]["d_loss"] != theirs[3]["d_loss"]
    assert [p["images"] for p in ours] == [8, 16, 24, 40, 56, 72, 88, 96, 104, 112, 120, 128]
    state = load_state(run)["gan"]
    assert [state[name]["param_groups"][0]["lr"] for name in ("opt_G", "opt_D")] == [1e-3, 5e-4]
    assert all(torch.equal(state["ema"][name], value) for name, value in state["G"].items() if "weight" in name)
    assert run.config == plain.config  # config.json stays


@pytest.mark.parametrize("stops", [(3, 12), (4, 12), (5, 7, 9, 12)])
def test_a_resume_after_live_changes_is_exact(new_run, stops):
    whole, run = new_run("a"), new_run("b")
    play(whole, change_at(whole, SCHEDULE))
    for stop in stops:
        run.extend(stop)
        play(run, change_at(run, SCHEDULE))
    assert_same_end(run, whole)
    assert events(run) == events(whole)


@pytest.mark.parametrize("killed_at", [4, 6, 8])
def test_a_killed_run_knows_the_values_in_force(new_run, killed_at):
    """The state is saved at each change, whatever the interval between checkpoints."""
    whole, run = new_run("a", checkpoint_seconds=1000.0), new_run("b", checkpoint_seconds=1000.0)
    play(whole, change_at(whole, SCHEDULE))
    obey = change_at(run, SCHEDULE)

    class Killed(BaseException):
        pass

    def until(point) -> None:
        obey(point)
        if point["step"] == killed_at:
            raise Killed

    with pytest.raises(Killed):
        play(run, until)
    assert load_state(run)["step"] in (3, 7)
    play(run, obey)
    assert_same_end(run, whole)
    assert events(run) == events(whole)


def test_a_change_asked_for_while_nobody_trains_waits_for_the_resume(new_run):
    run = new_run("a")
    play_to(run, 5)
    live_settings.ask(run, {"lr_g": "0.01"})
    assert live_settings.in_force(run).lr_g == 0.01 and run.config.lr_g == 2e-4
    play_to(run, 8)
    assert events(run) == [{"step": 5, "event": "change", "lr_g": 0.01}]
    live_settings.ask(run, {"lr_g": 2e-4})  # and back
    play_to(run, 12)
    assert events(run)[1:] == [{"step": 8, "event": "change", "lr_g": 2e-4}]
    assert load_state(run)["gan"]["opt_G"]["param_groups"][0]["lr"] == 2e-4


def test_intervals_change_live(new_run):
    run = new_run("a", sample_every=10**6, checkpoint_seconds=1000.0)
    play(run, change_at(run, {8: {"sample_every": 2, "checkpoint_seconds": 0}}))
    assert run.samples() == [0, 8, 10, 12]
    assert run.kept_states() == [0, 8, 9, 10, 11, 12]


def test_a_decaying_rate_decays_from_its_new_value(new_run):
    run = new_run("a", lr_decay=0.1)
    play(run, change_at(run, {6: {"lr_g": 1e-3}}))
    assert load_state(run)["gan"]["opt_G"]["param_groups"][0]["lr"] == pytest.approx(1e-3 / (1 + 0.1 * 11))


BAD = {
    "a setting that is fixed": ({"batch_size": 9}, "^batch_size can't change in a run that has begun: fork the run"),
    "an unknown one": ({"mood": 1}, "^'mood' is not a setting"),
    "out of range": ({"lr_g": 7}, r"^lr_g must be at most 1.0, not 7.0\.$"),
    "no steps of D": ({"d_steps": 0}, r"^d_steps must be at least 1, not 0\.$"),
    "letters": ({"lr_d": "x"}, r"^lr_d must be a number, not 'x'\.$"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_change_is_one_sentence_and_writes_nothing(new_run, name):
    run = new_run("a")
    with pytest.raises(BadInput, match=BAD[name][1]):
        live_settings.ask(run, {"lr_g": 0.1} | BAD[name][0])
    assert not run.control_path.exists()


def test_nothing_new_is_no_change(new_run):
    run = new_run("a")
    assert live_settings.ask(run, {"lr_g": run.config.lr_g, "d_steps": 1}) == {}
    assert not run.control_path.exists()


def test_a_damaged_wish_is_none(new_run):
    run = new_run("a")
    run.control_path.write_text('{"lr_g": 50, "d_steps": 1.5}')
    assert play(run).state == "finished" and events(run) == []


def test_a_wish_for_something_else_keeps_the_change(new_run):
    run = new_run("a")
    live_settings.ask(run, {"lr_g": 0.5})
    run.ask("pause")
    run.extend(20)
    run.rename("New name")
    assert run.control().lr_g == 0.5 and run.control().num_steps == 20


def test_an_event_is_no_point_of_the_curves(new_run):
    run = new_run("a")
    play(run, change_at(run, SCHEDULE))
    assert [point["step"] for point in run.read_metrics()[0]] == list(range(1, 13))


def test_d_steps_is_a_setting_like_any_other(new_run, monkeypatch):
    run, calls = new_run("a", d_steps=3, num_steps=2), []
    real = GAN.step
    monkeypatch.setattr(GAN, "step", lambda *a, **k: (calls.append(k.get("train_g", True)), real(*a, **k))[1])
    status = play(run)
    assert calls == [False, False, True] * 2 and status.images == 48


def test_a_change_in_words():
    assert live_settings.words({"d_steps": 2, "lr_g": 1e-4}) == "lr_g 0.0001, d_steps 2"


def test_what_d_sees_changes_live_and_a_resume_goes_on_exactly(new_run):
    whole, parts = new_run("whole", augment="auto"), new_run("parts", augment="auto")
    schedule = {3: {"augment": "shift"}, 7: {"augment": "off"}}
    play(whole, change_at(whole, schedule))
    assert events(whole) == [
        {"step": 3, "event": "change", "augment": "shift"},
        {"step": 7, "event": "change", "augment": "off"},
    ]
    for step in (5, 9):
        parts.extend(step)
        play(parts, change_at(parts, schedule))
    parts.extend(whole.config.num_steps)
    play(parts)
    assert_same_end(parts, whole)
    with pytest.raises(BadInput, match="augment must be one of off, shift, on"):
        live_settings.ask(whole, {"augment": "sometimes"})
