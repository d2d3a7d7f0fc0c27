"""Rows are read with patience, filled in for runs that have none, and said in plain words."""

import json
import struct

import numpy as np
import pytest

from dcgan.cli.main import main
from dcgan.errors import BadInput
from dcgan.monitoring import backfill, quick_figures
from dcgan.monitoring.thinned_curves import COLUMNS
from dcgan.runs import launch
from dcgan.runs.quality_log import FIELDS, lines_until, newest_quality, read_quality
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from pages.charts import class_mix, compare, distance
from pages.charts.curves import pack
from tests.files import refuse, write_mnist
from tests.training.test_loop import play


def line(step: int, far: float, **more) -> dict:
    return FIELDS | {"step": step, "distance": far, "judge_hash": "j", "best_step": step, "best_distance": far} | more


def write(run: Run, *rows: dict, tail: bytes = b"") -> None:
    run.quality_path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows) + tail)


@pytest.fixture
def run(root, tiny) -> Run:
    return Run.create(tiny, root, "run")


def test_rows_come_by_rising_step_and_the_last_of_a_step_counts(run):
    assert read_quality(run) == [] and newest_quality(run) is None
    write(run, line(8, 3.0), line(4, 5.0), line(8, 2.0))
    assert [(row["step"], row["distance"]) for row in read_quality(run)] == [(4, 5.0), (8, 2.0)]
    assert newest_quality(run)["step"] == 8


@pytest.mark.parametrize(
    "damage",
    [b'{"step": 9, "distance": 1', b"\xff\xfe\n", b"[1]\n", b'{"step": "x", "distance": 1}\n', b'{"step": 9}\n'],
)
def test_damaged_lines_are_left_out(run, damage):
    write(run, line(4, 5.0), tail=damage)
    assert [row["step"] for row in read_quality(run)] == [4]
    assert lines_until(run.quality_path, 100).count(b"\n") == 1


def test_a_value_of_the_wrong_kind_is_none(run):
    write(run, line(4, 5.0, shares=[0.5, None], class_names=["a", "b"], score="high", judge=3, covered=True))
    row = read_quality(run)[0]
    assert (row["shares"], row["class_names"], row["score"], row["judge"], row["covered"]) == (
        [],
        ["a", "b"],
        None,
        "",
        None,
    )


# -- runs that were trained without


@pytest.fixture
def older(root, tiny, tmp_path, monkeypatch) -> Run:
    """A finished run that measured nothing."""
    write_mnist(tmp_path / "data" / "mnist", num_images=64)
    monkeypatch.setattr(quick_figures, "N", 24)
    run = Run.create(tiny.replace(data="mnist", measure_images=0), root, "older")
    play(run)
    return run


def test_history_measures_every_kept_step_once_and_keeps_the_best(older, capsys, monkeypatch):
    assert main(["evaluate", older.id, "--history", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    rows = read_quality(older)
    assert [row["step"] for row in rows] == older.snapshots() == [0, 4, 8, 12]
    assert [row["images"] for row in rows] == [0, 32, 64, 96] and facts["rows"][0].keys() == FIELDS.keys()
    best = min(rows, key=lambda row: row["distance"])
    assert (facts["best_step"], facts["best_distance"]) == (best["step"], best["distance"])
    lowest = np.minimum.accumulate([row["distance"] for row in rows]).tolist()
    assert [row["best_distance"] for row in rows] == lowest
    status = older.status()
    assert (status.state, status.distance, status.best_step) == ("finished", rows[-1]["distance"], best["step"])

    content = older.quality_path.read_bytes(), older.best_path.read_bytes()
    monkeypatch.setattr(backfill, "figures_in_pieces", None)  # nothing is left to be measured
    assert main(["evaluate", older.id, "--history"]) == 0
    assert (older.quality_path.read_bytes(), older.best_path.read_bytes()) == content
    assert f"best: step {best['step']}" in capsys.readouterr().out


def test_the_best_can_be_drawn_exported_and_evaluated_from_the_command_line(older, tmp_path, capsys):
    out = str(tmp_path / "x.png")
    assert main(["sample", older.id, "--step", "best", "--out", out]) == 2
    assert "--history" in capsys.readouterr().err
    main(["evaluate", older.id, "--history"])
    capsys.readouterr()
    step = older.best_step()
    for arguments in (
        ["sample", older.id, "--n", "4", "--out", out],
        ["export", older.id, "--to", str(tmp_path / "x.safetensors")],
        ["evaluate", older.id, "--n", "20"],
    ):
        assert main([*arguments, "--step", "best", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["step"] == step
    assert main(["runs", "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["runs"][0]
    assert row["best_step"] == step and row["distance"] == read_quality(older)[-1]["distance"]
    assert main(["sample", older.id, "--step", "worst", "--out", out]) == 2


def test_history_is_refused_while_a_run_is_trained_and_with_other_options(older, capsys):
    with launch.hold(older, parallel=True):
        assert main(["evaluate", older.id, "--history"]) == 2
    assert "being trained" in capsys.readouterr().err
    for option in (["--step", "4"], ["--n", "50"], ["--seed", "3"], ["--inception"], ["--out", "x.html"]):
        assert main(["evaluate", older.id, "--history", *option]) == 2
        assert option[0] in capsys.readouterr().err
    assert not older.quality_path.exists()


def test_history_says_what_is_missing(root, tiny):
    from dcgan.monitoring.backfill import fill_history

    with refuse("generator.safetensors is missing"):
        fill_history(Run.create(tiny, root, "empty"))
    with pytest.raises(BadInput):
        main_run = Run.create(tiny, root, "gone")
        main_run.delete()
        fill_history(main_run)


# -- what the pages make of it


def test_words_say_whether_it_is_closer_than_before():
    rows = [line(100, 9.0), line(200, 4.0, distance_floor=0.2, distance_floor_deviation=0.04)]
    assert distance.words([], None, None) == ""
    few = distance.words(rows[:1], 100, 9.0)
    assert "best so far" in few and "Too few real pictures" in few and "Too few" in distance.tooltip(rows[0])
    assert "Too few" not in distance.words(rows, 200, 4.0) + distance.tooltip(rows[1])
    said = distance.words(rows, 200, 4.0)
    assert "At step 200" in said and "best so far**, closer than at step 100 (9.00)" in said and "0.20" in said
    rows.append(line(300, 4.05, distance_floor=0.2, distance_floor_deviation=0.04))
    assert "within the error" in distance.words(rows, 200, 4.0)
    rows.append(line(400, 9.0))
    assert "it was better before" in distance.words(rows, 200, 4.0)
    assert "The best so far is step 200 (4.00)" in distance.words([*rows[:3], line(500, 5.0)], 200, 4.0)


def test_the_chart_gets_points_floor_and_cross(run):
    rows = [line(100, 9.0), line(200, 4.0, distance_floor=0.2, distance_floor_deviation=0.04)]
    chart = distance.chart_of(rows, 200, 4.0)
    assert (chart["steps"], chart["values"], chart["floor"], chart["best"]) == ([100, 200], [9.0, 4.0], 0.2, [200, 4.0])
    assert 10 ** chart["range"][0] < 0.2 and 10 ** chart["range"][1] > 9
    columns = {name: np.arange(5.0) for name in COLUMNS}
    packed = pack("x", columns, 600, (), chart)
    (length,) = struct.unpack("<I", packed[:4])
    header = json.loads(packed[4 : 4 + length])
    assert header["distance"]["best"] == [200, 4.0] and header["arrays"][-1] == ["distance", 2]
    assert np.frombuffer(packed[4 + length :], "<f4")[-4:].tolist() == [100, 200, 9, 4]
    assert distance.chart_of([], None, None)["best"] is None
    write(run, line(4, 5.0, judge_hash="another"), line(5, 5.0, n=7), *rows)
    assert [row["step"] for row in distance.quality_of(run)] == [100, 200], "figures of another judge are no neighbours"


def test_runs_are_compared_by_their_distance_where_they_have_one():
    columns = {name: np.arange(9.0) for name in COLUMNS}
    rows = [line(3, 9.0, time_s=30.0, distance_floor=0.2), line(6, 4.0, time_s=90.0, distance_floor=0.2)]
    drawn = [compare.Curves("a", columns, distance.chart_of(rows, 6, 4.0)), compare.Curves("b", columns)]
    made = compare.figure(drawn, "distance")
    assert made.layout.yaxis.type == "log" and len(made.layout.shapes) == 1
    line_of_a, cross, nothing = made.data
    assert list(line_of_a.x) == [3, 6] and list(cross.x) == [6] and cross.marker.symbol == "x" and not len(nothing.x)
    by_time = compare.figure(drawn, "distance", by_time=True)
    assert list(by_time.data[0].x) == [30, 90] and list(by_time.data[1].x) == [90]
    said = compare.in_words(drawn)
    assert said.startswith("1, a: step 8: D loss ") and "best 4.00 at step 6; 2, b: step 8: " in said


def test_the_mix_of_classes_is_shown_with_what_is_missing():
    def mix(step, shares, missing):
        names = ["<b>bag</b>", "shoe"]
        return line(step, 1.0, shares=shares, class_names=names, real_shares=[0.5, 0.5], missing=missing, classes=2)

    rows = [mix(8, [0.0, 1.0], ["<b>bag</b>"]), mix(16, [0.4, 0.6], [])]
    page = class_mix.html(rows)
    assert "<b>" not in page and "&lt;b&gt;bag" in page and page.count("<figure>") == 2 and "40%" in page
    assert "aria-label='Shares of the classes at step 8: &lt;b&gt;bag&lt;/b&gt; 0%, shoe 100%'" in page
    assert "<figure>" not in class_mix.html(rows[:1]) and "class=gone" in class_mix.html(rows[:1])
    assert "all 2 classes" in class_mix.words(rows[1]) and "any of 1 of the 2" in class_mix.words(rows[0])
    assert "\\<b\\>" in class_mix.words(rows[0])


def test_a_status_that_knows_the_best_shows_it_among_the_generators(run):
    run.write_status(Status(best_step=7))
    assert run.best_step() is None
    run.best_path.write_bytes(b"x")
    assert run.generators() == {7: run.best_path}
