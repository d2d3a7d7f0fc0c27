"""Images per second over the last seconds, and the time that is left."""

import time

import pytest

from dcgan.config import Config
from dcgan.rate import Rate, Stopwatch, seconds_left


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
