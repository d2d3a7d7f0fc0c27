import json

import numpy as np
import pytest

from dcgan.monitoring.curve_history import History
from dcgan.monitoring.thinned_curves import COLUMNS
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from pages.charts.curves import CURVES, MAX_BUCKETS, pack, smoothed, thinned
from pages.training.health import judge


def made_columns(n: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    columns = {name: rng.random(n) for name in COLUMNS}
    columns["step"] = np.arange(n) * 5.0
    return columns


def test_thinning_keeps_every_spike_and_the_ends_of_the_range() -> None:
    x, y = np.arange(100_000.0), np.zeros(100_000)
    y[[123, 50_001, 99_998]] = 7.0, -3.0, 9.0
    thin_x, thin_y = thinned(x, y)
    assert len(thin_x) <= 2 * MAX_BUCKETS
    assert {7.0, -3.0, 9.0} <= set(thin_y)
    assert (np.diff(thin_x) > 0).all()


def test_short_curves_are_left_alone() -> None:
    x, y = np.arange(50.0), np.random.default_rng(0).random(50)
    np.testing.assert_array_equal(thinned(x, y)[1], y)


@pytest.mark.parametrize("n", [0, 1, 2, 3, 40, 5_000])
def test_the_smooth_line_of_a_constant_is_that_constant(n: int) -> None:
    x, y = smoothed(np.arange(float(n)), np.full(n, 2.5))
    assert len(x) == len(y) == min(n, 500)
    np.testing.assert_allclose(y, 2.5)


def test_the_smooth_line_counts_the_points_that_one_stands_for() -> None:
    y, points = np.repeat([0.0, 1.0], [7_950, 50]), np.repeat([32.0, 1.0], [7_950, 50])
    assert smoothed(np.arange(8_000.0), y, points)[1][-1] == pytest.approx(50 / (50 + 51 * 32))


def test_packed_curves_unpack_to_what_went_in() -> None:
    columns = made_columns(300)
    data = pack("me", columns, 560)
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    assert (4 + length) % 4 == 0
    numbers = np.frombuffer(data[4 + length :], "<f4")
    assert header["alt"].startswith("Curves of the training, step 1,495: D loss 0.")
    assert header["identity"] == "me" and header["height"] == 560
    low, high = header["losses"]
    assert low == 0 and 1 <= high < 2  # of values from 0 to 1
    assert [name for name, _ in header["arrays"]] == [n for curve in CURVES for n in (curve, f"{curve}~")]
    assert len(numbers) == 2 * sum(count for _, count in header["arrays"])
    np.testing.assert_allclose(numbers[:300], columns["step"])
    np.testing.assert_allclose(numbers[300:600], columns["d_loss"], rtol=1e-6)


def test_scores_have_a_range_of_their_own_and_are_told_as_numbers() -> None:
    columns = made_columns(300)
    columns["d_real"], columns["d_fake"] = columns["d_real"] + 40, columns["d_fake"] - 20
    columns["g_loss"] = columns["g_loss"] - 30
    for scores in (False, True):
        data = pack("me", columns, 560, scores=scores)
        header = json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])
        assert header["losses"][0] < -30, "a loss below 0 stays in the picture"
        if scores:
            low, high = header["scores"]
            assert low < -20 and high > 41 and "%" not in header["alt"].split("D right")[0]
        else:
            assert header["scores"] is None


def test_the_word_on_a_game_of_scores_speaks_of_a_lead_and_of_no_probability() -> None:
    columns = {name: np.full(100, 0.5) for name in COLUMNS} | {"d_real": np.full(100, 3.0), "d_accuracy": np.ones(100)}
    said = judge(columns, Status(step=1000), scores=True).text
    assert "puts real pictures 2.5 above fakes" in said and "gives the fakes" not in said


def test_packing_a_hundred_thousand_points_stays_small() -> None:
    assert len(pack("me", made_columns(100_000), 560)) < 150_000


def test_history_reads_on_from_where_it_was_and_anew_after_a_rewrite(tmp_path) -> None:
    run = Run(tmp_path)
    history = History(run)
    assert len(history.refresh()["step"]) == 0
    point = {name: 0.5 for name in COLUMNS}
    run.metrics_path.write_text("".join(json.dumps(point | {"step": step}) + "\n" for step in (5, 10)))
    assert list(history.refresh()["step"]) == [5, 10]
    with open(run.metrics_path, "a") as file:
        file.write(json.dumps(point | {"step": 15}) + "\n" + '{"step": 20, "d_lo')  # torn by a crash
    assert list(history.refresh()["step"]) == [5, 10, 15]
    shorter = tmp_path / "shorter"
    shorter.write_text(json.dumps(point | {"step": 5}) + "\n")
    shorter.replace(run.metrics_path)  # as a resume does it
    assert list(history.refresh()["step"]) == [5]
