"""Images per second over the last seconds, and the time that is left."""

import time

import pytest

from dcgan.config import Config
from dcgan.runs.throughput import STEADY_SECONDS, Rate, Stopwatch, seconds_left, time_left


def test_the_rate_is_that_of_the_last_seconds(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    rate = Rate()
    assert rate.images_per_s() == 0
    for _ in range(50):
        now[0] += 1.0
        rate.count(64)
    assert rate.images_per_s() == pytest.approx(64)
    for _ in range(10):
        now[0] += 2.0
        rate.count(64)
    assert rate.images_per_s() == pytest.approx(32)
    rate.reset()
    assert rate.images_per_s() == 0


def test_the_time_left_is_the_nearer_of_both_limits():
    assert seconds_left(Config(batch_size=10), 100, 50.0, 0.0) == 20
    assert seconds_left(Config(batch_size=10, num_minutes=1), 100, 50.0, 55.0) == 5
    assert seconds_left(Config(), 100, 0.0, 0.0) is None


def test_a_machine_that_is_busy_for_a_moment_moves_the_time_left_by_little(monkeypatch):
    """From 1,100 to 90 images a second and back: two views that look two seconds apart must not differ by hours."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    quick, steady = Rate(), Rate(STEADY_SECONDS)
    looks: dict[Rate, list[float]] = {quick: [], steady: []}
    for second in range(600):
        now[0] += 1.0
        for rate in (quick, steady):
            rate.count(1100 if second % 20 < 10 else 90)
            looks[rate].append(1 / max(1.0, rate.images_per_s()))
    far = {rate: max(b / a for a, b in zip(seen[200:], seen[202:], strict=False)) for rate, seen in looks.items()}
    assert far[quick] > 1.5 and far[steady] < 1.05


def test_the_first_step_which_makes_everything_ready_does_not_count(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    rate = Rate()
    now[0] += 30.0
    rate.count(64)
    assert rate.images_per_s() == 0
    now[0] += 1.0
    rate.count(64)
    assert rate.images_per_s() == pytest.approx(64)


@pytest.mark.parametrize(
    ("eta_s", "said"),
    [(None, "–"), (0.2, "0 s"), (43, "45 s"), (199, "3 min 20 s"), (1234.5, "21 min"), (16_400, "4 h 35 min")],
)
def test_the_time_left_is_said_as_roughly_as_it_is_known(eta_s, said):
    assert time_left(eta_s) == said


def test_a_stopwatch_adds_up_what_is_done_inside_it_whatever_happens_there(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    watch = Stopwatch()
    with watch:
        now[0] += 2
    now[0] += 5
    with pytest.raises(OSError), watch:
        now[0] += 3
        raise OSError
    assert watch.spent_s == 5
