"""A run of very many lines: little memory, few points for the chart, and the same words as of all its lines."""

import functools
import json
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from dcgan.monitoring import curve_history, thinned_curves
from dcgan.monitoring.alarms import watch
from dcgan.monitoring.curve_history import History
from dcgan.monitoring.thinned_curves import COLUMNS, Thinned
from dcgan.runs import metrics_blocks
from dcgan.runs.metrics_blocks import columns_of, events_of, read_blocks
from dcgan.runs.metrics_log import read_lines
from dcgan.runs.run import Run
from pages.charts.curves import envelope, smoothed
from pages.charts.curves import thinned as for_chart

MANY = 60_000


def lines(n: int, first: int = 1) -> list[str]:
    """A training whose D wins for a while, with a look every tenth point and some changes."""
    rng = random.Random(first)
    made = []
    for i in range(first, first + n):
        step, won = 5 * i, n // 2 < i < n // 2 + n // 8
        point = {"step": step, "images": 64 * step, "epoch": round(step / 937, 4), "d_loss": round(rng.random(), 6)}
        point |= {"d_real": 0.8, "d_fake": 0.2, "d_accuracy": 0.999 if won else round(rng.uniform(0.6, 0.9), 6)}
        point |= {
            "g_loss": 7.5 if won else round(rng.random() + 1, 6),
            "time_s": round(i / 7, 3),
            "images_per_s": 455.5,
        }
        if i % 10 == 0:
            point |= {"grad_g": 1.5, "grad_d": 2.5, "update_g": 3e-06 if i > n - 60 else 0.0004, "weight_g": 0.1}
            point |= {"weight_d": 0.1, "spread": round(rng.random() + 0.5, 6), "nearest": 1.0, "grid": 0.001}
            point |= {"held_gap": round(rng.random() / 9, 6)}
        made.append(json.dumps(point))
        if i % 7_001 == 0:
            made.append(json.dumps({"step": step, "event": "change", "lr_g": 0.0001 * (1 + i % 5)}))
    return made


@functools.cache
def many_lines() -> str:
    text = lines(MANY)
    for at, value in ((123, 77.0), (31_234, -5.0), (58_001, 99.0)):
        point = json.loads(text[at])
        text[at] = json.dumps(point | {"d_loss": value})
    return "\n".join(text) + "\n"


@pytest.fixture
def long_run(tmp_path) -> Run:
    Run(tmp_path).metrics_path.write_text(many_lines())
    return Run(tmp_path)


def peak_of(run: Run) -> int:
    """Bytes that the first look takes at most."""
    tracemalloc.start()
    try:
        History(run).refresh()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def as_rows(path: Path) -> list[dict]:
    """What `read_blocks` gives, all of it as rows."""
    rows: list[dict] = []
    for block, _ in read_blocks(path):
        if isinstance(block, list):
            rows += block
        else:
            each = zip(*(block[name].tolist() for name in block), strict=True)
            rows += [{name: v for name, v in zip(block, values, strict=True) if v == v} for values in each]
    return rows


def test_the_first_look_at_many_lines_takes_little_memory(long_run, tmp_path) -> None:
    small = Run(tmp_path / "small")
    small.path.mkdir()
    small.metrics_path.write_text("\n".join(lines(3_000)) + "\n")
    peak_of(small)  # what is loaded once is not counted
    assert peak_of(long_run) - peak_of(small) < 60_000_000  # as rows they take 93 MB


def test_the_curves_of_many_points_are_few_and_keep_every_spike(long_run) -> None:
    columns = History(long_run).refresh()
    assert len(columns["step"]) < thinned_curves.MOST + thinned_curves.NEWEST < MANY
    assert (np.diff(columns["step"]) > 0).all() and columns["step"][-1] == 5 * MANY
    x, y = for_chart(columns["step"], columns["d_loss"], *envelope(columns, "d_loss"))
    assert len(x) == len(y) <= 800 and {77.0, -5.0, 99.0} <= set(y.tolist())
    points = [row for row in read_lines(long_run.metrics_path)[0] if "event" not in row]
    assert columns["g_loss"][-200:].tolist() == [point["g_loss"] for point in points[-200:]]
    assert columns["d_real"].mean() == pytest.approx(0.8)
    _, line = smoothed(columns["step"], columns["g_loss"], columns["points each"])
    _, whole = smoothed(np.arange(len(points)), np.array([point["g_loss"] for point in points]))
    assert line[0] == pytest.approx(whole[0], abs=0.03) and line[-1] == pytest.approx(whole[-1], abs=0.03)


def test_alarms_and_marks_of_many_lines_are_those_of_all_lines(long_run) -> None:
    history, rows = History(long_run), read_lines(long_run.metrics_path)[0]
    history.refresh()
    assert [alarm.name for alarm in history.alarms()] == ["g_dead"] and history.alarms() == watch(rows)
    changes = [(row["step"], "lr_g") for row in rows if "event" in row]
    assert [(step, words[:4]) for step, words in history.marks()][: len(changes)] == changes and len(changes) == 8
    assert history.marks()[len(changes) :][0][1] == "D wins"


def test_an_ordinary_run_is_shown_point_for_point(tmp_path) -> None:
    run = Run(tmp_path)
    run.metrics_path.write_text("\n".join(lines(5_000)) + "\n")
    points = [row for row in read_lines(run.metrics_path)[0] if "event" not in row]
    columns = History(run).refresh()
    assert list(columns) == list(COLUMNS)
    for name in COLUMNS:
        assert columns[name].tolist() == [point[name] for point in points]


@pytest.mark.parametrize("portions", [(1,), (7, 400, 3), (90,)])
def test_what_is_kept_depends_on_the_points_not_on_their_portions(portions, monkeypatch) -> None:
    monkeypatch.setattr(thinned_curves, "MOST", 16)
    monkeypatch.setattr(thinned_curves, "NEWEST", 5)
    points = np.random.default_rng(0).random((513, len(COLUMNS)))
    whole, pieces = Thinned(), Thinned()
    whole.add(points)
    begin = 0
    while begin < len(points):
        for size in portions:
            pieces.add(points[begin : begin + size])
            begin += size
    assert whole.stride == pieces.stride == 32
    for name, values in whole.columns().items():
        np.testing.assert_array_equal(values, pieces.columns()[name])
    assert whole.means[0, 1] == pytest.approx(points[:32, 1].mean()) and whole.highs[0, 1] == points[:32, 1].max()


ODD = (
    *('{"step": 7, "g_loss": NaN}', '{"step": 8.5, "g_loss": 1.0}', '{"step": 9, "g_loss": 1.0, "x": "text"}', "{", ""),
    *('{"step": 10, "g_loss": 1}{"step": 11, "g_loss": 1}', '{"step": 12, "g_loss": 2e30}', '{"step": 13}', "[]"),
    *('{"step": 14, "g_loss": 1.0, "step": 15}', '{"step": 16, "g_loss": true}', '{"step": 17, "g_loss": 1, "a": [1]}'),
    *('{"step": 18, "g_loss": 1,\r"d_loss": 2}', '{"step": 19, "\\u0065vent": "gap", "g_loss": 1}', '{"st\x00ep": 1}'),
    *('{"step": 20, "g_loss": 1.0, "d_loss": null}', '{"step": 21, "g_loss": Infinity}', "{}"),
    *('{"step": 22, "g_loss": -1e999}', '{"step": 23, "event": "gap", "until": 30}'),
)


@pytest.mark.parametrize("odd", ODD)
def test_blocks_say_what_the_lines_say_whatever_stands_between_them(odd, tmp_path, monkeypatch) -> None:
    for name in ("LONG_BYTES", "FEW_BYTES"):
        monkeypatch.setattr(metrics_blocks, name, 1_000)
    monkeypatch.setattr(metrics_blocks, "CHUNK_BYTES", 20_000)
    path, text = tmp_path / "metrics.jsonl", lines(400)
    path.write_bytes("\n".join([*text[:130], odd, *text[130:], '{"step": 5000, "g_lo']).encode())
    rows, offset = read_lines(path)
    assert as_rows(path) == rows and len(rows) >= 400
    found = list(read_blocks(path))
    assert found[-1][1] == offset and any(not isinstance(block, list) for block, _ in found)


def test_a_summary_saves_the_next_reader_the_way(long_run, monkeypatch) -> None:
    first = History(long_run)
    first.refresh()
    assert (long_run.path / "curves.json").is_file()
    with open(long_run.metrics_path, "a") as file:
        file.write("\n".join(lines(500, MANY + 1)) + "\n")
    read = []
    monkeypatch.setattr(curve_history, "read_blocks", lambda path, at: read.append(at) or read_blocks(path, at))
    second, columns = History(long_run), first.refresh()
    for name, values in second.refresh().items():
        np.testing.assert_array_equal(values, columns[name])
    assert read[-1] > 10_000_000 and columns["step"][-1] == 5 * (MANY + 500)
    assert second.marks() == first.marks() and second.alarms() == first.alarms()
    assert second._watcher.facts() == first._watcher.facts()


def test_the_summary_of_another_file_counts_for_nothing(long_run) -> None:
    History(long_run).refresh()
    long_run.metrics_path.write_text("\n".join(lines(MANY, 2)) + "\n")  # as a resume from an earlier step leaves it
    again = History(long_run)
    assert again.refresh()["d_loss high"].max() < 77 and again.alarms() == watch(read_lines(long_run.metrics_path)[0])


@pytest.mark.parametrize(
    "damage",
    [
        lambda facts: facts | {"means": facts["means"][:-400]},
        lambda facts: facts | {"stride": 3},
        lambda facts: facts | {"newest": 5},
        lambda facts: facts | {"offset": -1},
        lambda facts: facts | {"watcher": facts["watcher"] | {"sizes": {"weight_g": "much"}}},
        lambda facts: facts | {"watcher": facts["watcher"] | {"since": {}}},
        lambda facts: facts | {"watcher": facts["watcher"] | {"gaps": [None]}},
        lambda facts: facts | {"watcher": {**facts["watcher"], "states": {"nan": {"raised": 5}}}},
        lambda facts: facts | {"watcher": {**facts["watcher"], "raisings": [["<b>", 1, 1, 1, {}]]}},
        lambda facts: facts | {"events": [5]},
        lambda facts: [facts],
    ],
)
def test_a_damaged_summary_is_read_as_if_there_were_none(damage, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(curve_history, "FAR_BYTES", 100_000)
    run = Run(tmp_path)
    run.metrics_path.write_text("\n".join(lines(3_000)) + "\n")
    whole = History(run)
    columns, path = whole.refresh(), run.path / "curves.json"
    path.write_text(json.dumps(damage(json.loads(path.read_text()))))
    again = History(run)
    np.testing.assert_array_equal(again.refresh()["d_loss"], columns["d_loss"])
    assert again.marks() == whole.marks() and again.alarms() == whole.alarms()


def test_a_folder_that_cannot_be_written_to_is_shown_all_the_same(long_run, monkeypatch) -> None:
    def full(*_, **__) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(curve_history, "publish", full)
    assert len(History(long_run).refresh()["step"]) and not (long_run.path / "curves.json").exists()


def test_figures_of_all_points_are_those_of_the_lines(long_run) -> None:
    rows = read_lines(long_run.metrics_path)[0]
    points = [row for row in rows if "event" not in row]
    found = columns_of(long_run.metrics_path, "step", "spread")
    assert found["step"].tolist() == [point["step"] for point in points]
    assert [value for value in found["spread"].tolist() if value == value] == [
        point["spread"] for point in points if "spread" in point
    ]
    assert events_of(long_run.metrics_path) == [row for row in rows if "event" in row]


@pytest.mark.parametrize("step", [0, 5 * 1_000, 5 * 31_000, 5 * MANY])
def test_the_lines_up_to_a_step_are_as_they_stand(step, long_run) -> None:
    with open(long_run.metrics_path, "a") as file:
        file.write('{"step": 1, "torn\n{"step": 2, "to')
    each = long_run.metrics_path.read_bytes().splitlines(keepends=True)[:-2]
    assert long_run.metrics_until(step) == b"".join(line for line in each if json.loads(line)["step"] <= step)
