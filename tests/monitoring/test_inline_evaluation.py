"""Measuring during a training changes nothing of it, keeps to its share of the time, and keeps the best generator."""

import errno
import itertools
import json
import os
import sys
import time

import numpy as np
import pytest
import torch

from dcgan.compute import devices
from dcgan.config import Config
from dcgan.errors import BadInput, Halted
from dcgan.evaluation.reference import Reference
from dcgan.metrics import enough
from dcgan.monitoring import alarms, inline_evaluation, quick_figures, real_side
from dcgan.monitoring.inline_evaluation import InlineEvaluation, best_of
from dcgan.networks.generator_file import generator_bytes, load_generator
from dcgan.runs.checkpoint import load_state, open_generator
from dcgan.runs.fork import fork
from dcgan.runs.quality_log import FIELDS, read_quality
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.training import loop, session
from tests.files import refuse, write_mnist
from tests.training.test_gan import assert_same
from tests.training.test_loop import curves, play, play_to

CLOCKS = ("time_s", "seconds")  # the only values that differ between two equal measurements


@pytest.fixture
def measured(root, tmp_path, monkeypatch) -> Config:
    """A recipe on digits with held-out ones; all steps have time for a piece, and few fakes are looked at."""
    write_mnist(tmp_path / "data" / "mnist", num_images=64)
    monkeypatch.setattr(inline_evaluation, "SHARE", 1e9)
    monkeypatch.setattr(inline_evaluation, "SHARE_ONCE", 1e9)
    monkeypatch.setattr(inline_evaluation, "SHARE_AT_END", 1e9)
    monkeypatch.setattr(quick_figures, "N", 24)
    monkeypatch.setattr(enough, "ENOUGH", 16)
    return Config(
        preset="tiny", data="mnist", image_size=16, z_dim=8, ngf=4, ndf=4, batch_size=8, num_steps=60, log_every=1,
        sample_every=4, num_samples=4, device="cpu", num_threads=1, measure_images=8,
        dropout=0.2, label_noise=0.1,
    )  # fmt: skip


def make(root, config: Config, name: str = "run", **values) -> Run:
    return Run.create(config.replace(**values), root, name)


def timeless(rows: list[dict]) -> list[dict]:
    return [{name: value for name, value in row.items() if name not in CLOCKS} for row in rows]


def test_not_a_bit_of_the_training_is_other_than_without(root, measured):
    ours, theirs = make(root, measured, "with"), make(root, measured, "without", measure_images=0)
    ends = []
    for run in (ours, theirs):
        torch.manual_seed(1)
        np.random.seed(1)
        assert play(run).state == "finished"
        ends.append((torch.random.get_rng_state().tolist(), np.random.get_state()[1].tolist()))
    assert ends[0] == ends[1]
    assert len(read_quality(ours)) >= 3 and not theirs.quality_path.exists() and not theirs.best_path.exists()
    for key in ("gan", "stream", "step", "images"):
        assert_same(load_state(ours)[key], load_state(theirs)[key])
    assert curves(ours) == curves(theirs)
    assert ours.samples() == theirs.samples()
    for step in ours.snapshots():
        assert_same(open_generator(ours, step).state_dict(), open_generator(theirs, step).state_dict())


def test_a_row_says_all_that_it_should(root, measured):
    run = make(root, measured)
    status = play(run)
    rows = [json.loads(line) for line in run.quality_path.read_bytes().splitlines()]
    assert all(row.keys() == FIELDS.keys() for row in rows) and read_quality(run) == rows
    row = rows[-1]
    assert row["step"] == 60 and row["images"] == 480, "the last generator is measured at the end"
    assert (row["n"], row["seed"], row["judge"], row["reference"], row["reference_n"]) == (
        16,
        0,
        "edges-v1",
        "test",
        20,
    )
    assert row["weights"] == "EMA" and row["class_names"] == [] and row["score"] is None
    assert 0 < row["distance_floor"] < row["distance"] and row["distance_floor_deviation"] > 0
    assert 0 < row["d_train"] < 1 and 0 < row["d_test"] < 1 and row["d_train"] != row["d_test"]
    assert row["seconds"] > 0 and row["judge_hash"]
    assert all(r["step"] in run.samples() for r in rows)
    best = min(rows, key=lambda r: r["distance"])
    assert (row["best_step"], row["best_distance"]) == (best["step"], best["distance"])
    facts = (status.distance, status.distance_floor, status.best_step, status.best_distance)
    assert facts == (row["distance"], row["distance_floor"], row["best_step"], row["best_distance"])


def test_the_figures_are_those_that_evaluate_gives(root, measured):
    from dcgan.evaluation.report import evaluate

    run = make(root, measured)
    play(run)
    row = read_quality(run)[-1]
    report = evaluate(open_generator(run), n=24)
    for name in ("distance", "kernel"):
        assert row[name] == pytest.approx(report["figures"][name]["value"], rel=1e-3, abs=1e-5)
        assert row[f"{name}_floor"] == pytest.approx(report["figures"][name]["floor"]["mean"], rel=1e-3, abs=1e-5)
    assert row["weights_hash"] == report["weights_hash"]


def test_the_best_generator_is_kept_as_a_file_and_can_be_opened(root, measured):
    run = make(root, measured)
    play(run)
    best = open_generator(run, "best")
    assert best.origin.step == run.status().best_step == run.best_step()
    row = next(row for row in read_quality(run) if row["step"] == best.origin.step)
    assert best.origin.weights_hash == row["weights_hash"]
    assert_same(best.state_dict(), load_generator(run.best_path).state_dict())
    run.snapshot_path(best.origin.step).unlink()  # thinned away
    assert open_generator(run, best.origin.step).origin.weights_hash == row["weights_hash"]


def test_the_best_is_never_replaced_by_a_worse_one_and_outlives_a_resume(root, measured):
    run = make(root, measured, num_steps=24)
    play(run)
    rows = read_quality(run)
    generator = open_generator(run)
    excellent = {"distance": "0.001", "judge_hash": rows[-1]["judge_hash"], "n": "16"}
    run.best_path.write_bytes(generator_bytes(generator, 20, facts=excellent))
    content = run.best_path.read_bytes()
    assert play_to(run, 48).state == "finished"
    assert run.best_path.read_bytes() == content
    newer = read_quality(run)
    assert newer[: len(rows)] == rows and newer[-1]["step"] == 48
    assert {(row["best_step"], row["best_distance"]) for row in newer[len(rows) :]} == {(20, 0.001)}
    assert run.status().best_step == 20
    run.best_path.write_bytes(generator_bytes(generator, 20, facts=excellent | {"distance": "1e9"}))
    play_to(run, 56)
    assert best_of(run)["distance"] < 1e9 and run.best_step() > 48
    run.best_path.write_bytes(generator_bytes(generator, 20, facts=excellent | {"n": "24"}))
    play_to(run, 64)
    assert run.best_step() > 48, "one measured on another number of fakes at a time is no rival"


def test_an_interrupted_run_forgets_rows_after_its_state_and_gets_to_the_same_end(root, measured, monkeypatch):
    class Killed(BaseException):
        pass

    run, whole = make(root, measured, "run", checkpoint_seconds=0.0), make(root, measured, "whole")
    play(whole)

    def die(point):
        if point["step"] == 30:
            raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(session, "save_state", _every(2, session.save_state))  # the state is older than the rows
        play(run, die)
    later = read_quality(run)[-1]
    with open(run.quality_path, "ab") as file:
        file.write(json.dumps(later | {"step": 29, "distance": 0.0}).encode() + b"\n{torn")
    state = load_state(run)["step"]
    assert play(run).state == "finished"
    rows = read_quality(run)
    assert state < 29 and 29 not in [row["step"] for row in rows] and b"torn" not in run.quality_path.read_bytes()
    assert_same(load_state(run)["gan"], load_state(whole)["gan"])
    assert timeless(rows)[-1].items() >= {"step": 60, "distance": read_quality(whole)[-1]["distance"]}.items()


def _every(n, save):
    calls = iter(range(10**6))
    return lambda run, state: save(run, state) if next(calls) % n == 0 else None


def test_a_fork_keeps_the_curve_and_begins_its_own_best(root, measured):
    parent = make(root, measured, num_steps=40, checkpoint_seconds=0.0)
    play(parent)
    step = parent.kept_states()[-2]
    child = fork(parent, step, {"num_steps": 90})
    assert read_quality(child) == [row for row in read_quality(parent) if row["step"] <= step]
    assert not child.best_path.exists() and child.best_step() is None
    play(child)
    own = [row for row in read_quality(child) if row["step"] > step]
    assert own and child.best_step() > step
    assert {row["best_step"] for row in own} <= {row["step"] for row in own}


def test_a_paused_training_measures_on_afterwards(root, measured):
    run = make(root, measured)

    def pause(point):
        if point["step"] == 10:
            run.ask("pause")
            threading_wait(run)

    play(run, pause)
    assert read_quality(run)[-1]["step"] == 60


def threading_wait(run: Run) -> None:
    import threading

    def go_on():
        while run.status().state != "paused":
            time.sleep(0.02)
        run.ask("run")

    threading.Thread(target=go_on, daemon=True).start()


@pytest.mark.parametrize("error", [BadInput("The judge is damaged."), MemoryError("no memory"), ValueError("odd")])
def test_a_measurement_that_fails_ends_the_measuring_and_says_so(root, measured, monkeypatch, error):
    def fail(*_):
        raise error
        yield

    monkeypatch.setattr(inline_evaluation, "figures_in_pieces", fail)
    run = make(root, measured)
    status = play(run)
    assert (status.state, status.distance) == ("finished", None) and not run.quality_path.exists()
    assert "is not measured" in status.notice and str(error) in status.notice


def test_where_memory_is_short_fakes_are_measured_in_parts(root, measured, monkeypatch):
    whole, real, seen = make(root, measured, "whole"), quick_figures.folded, list[int]()
    play(whole)

    def folded(generator):
        def run(z):
            seen.append(len(z))
            if len(z) > 5:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return real(generator)(z)

        return run

    monkeypatch.setattr(quick_figures, "folded", folded)
    status = play(run := make(root, measured, "parts"))
    assert status.notice == "" and seen[:4] == [24, 12, 6, 3]
    ours, theirs = read_quality(run)[-1], read_quality(whole)[-1]
    assert ours["distance"] == pytest.approx(theirs["distance"], rel=1e-3)


def test_what_ends_a_training_is_not_taken_for_a_failed_measurement(root, measured, monkeypatch):
    def lost(*_):
        raise Halted("Another process is gone.")
        yield

    monkeypatch.setattr(inline_evaluation, "figures_in_pieces", lost)
    with pytest.raises(Halted, match="gone"):
        play(make(root, measured))


@pytest.fixture
def on_gpu(monkeypatch):
    """Lets what measures believe that a device other than the CPU trains; returns what it did, in order."""
    seen, real = list[str](), inline_evaluation.InlineEvaluation

    class Helper:
        polls = 3

        def poll(self):
            self.polls -= 1
            seen.append("poll")
            return None if self.polls else 0

    def start(run):
        seen.append("start")
        return Helper()

    def pieces(*about):
        work = figures_in_pieces(*about)
        while True:
            seen.append("piece")
            try:
                next(work)
            except StopIteration as end:
                return end.value
            yield

    figures_in_pieces = quick_figures.figures_in_pieces
    monkeypatch.setattr(loop, "InlineEvaluation", lambda *about: real(*about[:-1], torch.device("meta")))
    monkeypatch.setattr(devices, "wait", lambda device: seen.append("wait") if device.type == "meta" else None)
    monkeypatch.setattr(inline_evaluation, "figures_in_pieces", pieces)
    monkeypatch.setattr(real_side, "start", start)
    return seen


def test_beside_a_gpu_another_process_looks_at_the_real_pictures_once(root, measured, on_gpu):
    seen = on_gpu
    play(run := make(root, measured))
    assert seen[:4] == ["start", "poll", "poll", "poll"] and "start" not in seen[4:]
    assert len(read_quality(run)) >= 3
    seen.clear()
    play(make(root, measured, "second"))
    assert seen and "start" not in seen and "poll" not in seen, "what is kept needs no process"


def test_the_time_of_steps_is_not_taken_for_that_of_measuring(root, measured, on_gpu):
    seen = on_gpu
    play(make(root, measured))
    assert "piece" in seen
    assert all(before == "wait" for before, now in itertools.pairwise(seen) if now == "piece")


def test_without_another_process_it_is_done_between_the_steps(root, measured, on_gpu, monkeypatch):
    def none(run):
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(real_side, "start", none)
    status = play(run := make(root, measured))
    assert len(read_quality(run)) >= 3 and status.notice == ""


def test_the_other_process_leaves_what_the_training_needs(root, measured, monkeypatch):
    run = make(root, measured)
    monkeypatch.setattr(real_side, "start_detached", lambda command, log: command)
    command = real_side.start(run)
    monkeypatch.setattr(real_side.sys, "argv", command[2:])
    assert command[:3] == [sys.executable, "-m", "dcgan.monitoring.real_side"]
    assert not Reference.is_kept(run.config)
    threads = torch.get_num_threads()
    real_side.main()
    torch.set_num_threads(threads)
    assert Reference.is_kept(run.config)


def test_a_full_disk_costs_a_row_and_not_the_run(root, measured, monkeypatch):
    def full(path, content, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(inline_evaluation, "publish", full)
    run = make(root, measured)
    status = play(run)
    assert status.state == "finished" and status.notice == "" and read_quality(run) == []


def test_data_too_few_to_tell_have_a_distance_to_follow_and_no_floor(root, measured, monkeypatch):
    monkeypatch.setattr(enough, "ENOUGH", 17)
    status = play(run := make(root, measured))
    row = read_quality(run)[-1]
    assert (row["n"], row["reference"], row["distance_floor"], row["kernel_floor"]) == (24, "test", None, None)
    assert status.distance == row["distance"] > 0 and status.distance_floor is None


def test_little_data_without_held_out_pictures_has_no_floor(root, tiny, measured):
    run = make(root, measured, data=tiny.data)
    play(run)
    row = read_quality(run)[-1]
    assert row["reference"] == "train" and row["distance"] > 0
    nothing = ("distance_floor", "kernel_floor", "d_train", "d_test", "score_real")
    assert [row[name] for name in nothing] == [None] * 5


@pytest.mark.parametrize("known", [False, True])
def test_it_stays_within_its_share_of_the_time(root, tiny, monkeypatch, known):
    """Whatever the pieces cost: none begins before there is time for it. Real pictures are known once and for all."""
    run = make(root, tiny, measure_images=8)
    ours = InlineEvaluation(
        run, tiny.replace(measure_images=8), np.zeros((4, 1, 16, 16), np.uint8), 0, torch.device("cpu")
    )
    now = [0.0]
    monkeypatch.setattr(inline_evaluation.time, "monotonic", lambda: now[0])

    def pieces():
        while True:
            now[0] += 0.25
            yield

    ours._standard = "known" if known else None
    share = inline_evaluation.SHARE if known else inline_evaluation.SHARE_ONCE
    ours._pieces, most = pieces(), 0.0
    for step in range(10_000):
        before = ours.spent_s
        ours.work(elapsed_s=0.1 * step)
        if ours.spent_s > before:
            assert before <= share * 0.1 * step + inline_evaluation.HEAD_START_S
        most = max(most, ours.spent_s)
    assert 0.9 * share * 1000 < most < share * 1000 + inline_evaluation.HEAD_START_S + 0.25


def test_what_the_real_pictures_took_is_not_counted_against_the_first_measurement(root, tiny, monkeypatch):
    """Three seconds of them, and the first fakes are measured at once; not only when 4 % of the time is as much."""
    run = make(root, tiny, measure_images=8)
    ours = InlineEvaluation(
        run, tiny.replace(measure_images=8), np.zeros((4, 1, 16, 16), np.uint8), 0, torch.device("cpu")
    )
    begun = []
    monkeypatch.setattr(ours, "_begin", lambda *moment: begun.append(moment))
    ours._spend(3.0, once=True)
    ours._standard = "known"
    ours.look(None, 100, 10_000, 20.0, elapsed_s=20.0)
    assert len(begun) == 1
    ours._spend(3.0, once=False)
    ours.look(None, 200, 20_000, 21.0, elapsed_s=21.0)
    assert len(begun) == 1


def test_it_waits_for_enough_pictures_and_measures_at_kept_samples_only(root, measured):
    run = make(root, measured, measure_images=200)
    play(run)
    steps = [row["step"] for row in read_quality(run)]
    assert steps[0] >= 4 and all(step in run.samples() for step in steps)
    seen = [row["images"] for row in read_quality(run)][:-1]  # the last is measured in any case
    assert all(b - a >= 25 for a, b in zip(seen, seen[1:], strict=False)), seen


def test_a_status_from_before_there_were_figures_has_none(root, tiny):
    run = make(root, tiny)
    run.write_status(Status())
    text = json.loads(run.status_path.read_text())
    for name in ("distance", "distance_floor", "best_step", "best_distance"):
        assert text.pop(name) is None
    run.status_path.write_text(json.dumps(text))
    assert run.status().distance is None and run.best_step() is None and run.generators() == {}
    with refuse("no best generator yet", "--history"):
        open_generator(run, "best")
    assert os.listdir(run.path)


def test_a_class_that_stays_away_is_an_alarm_of_the_status_also_after_a_resume(root, measured, monkeypatch):
    figures = inline_evaluation.figures_in_pieces

    def without_bags(*arguments):
        found = yield from figures(*arguments)
        return found | {"class_names": ["bag", "coat"], "shares": [0.0, 1.0], "real_shares": [0.5, 0.5]}

    monkeypatch.setattr(inline_evaluation, "figures_in_pieces", without_bags)
    monkeypatch.setattr(alarms, "SETTLED_IMAGES", 100)
    run = make(root, measured)
    assert "missing" in play_to(run, 40).alarms.split(", ")
    monkeypatch.setattr(inline_evaluation, "figures_in_pieces", figures)  # no row speaks of classes from here on
    assert "missing" in play(run).alarms.split(", ")


def test_classes_that_are_all_there_raise_no_alarm(root, measured, monkeypatch):
    monkeypatch.setattr(alarms, "SETTLED_IMAGES", 0)
    assert "missing" not in play(make(root, measured)).alarms
