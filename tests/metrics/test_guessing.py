"""A score beside guessing: tails against Pascal's triangle, the interval against its defining equation."""

import math

import pytest

from dcgan.metrics.guessing import Z, at_least, at_most, interval


def test_tails_are_those_of_a_fair_coin():
    assert [round(1024 * at_least(k, 10)) for k in (0, 5, 8, 9, 10)] == [1024, 638, 56, 11, 1]
    assert at_most(2, 10) == at_least(8, 10) and at_most(10, 10) == 1.0
    assert at_least(6, 10) + at_most(5, 10) == 1.0


@pytest.mark.parametrize(("right", "n"), [(0, 10), (5, 10), (8, 10), (10, 10), (17, 20), (1, 1)])
def test_the_ends_of_the_interval_lie_as_far_from_the_score_as_their_own_deviations_say(right, n):
    for end in interval(right, n):
        assert 0 <= end <= 1
        assert abs(right / n - end) == pytest.approx(Z * math.sqrt(end * (1 - end) / n), abs=1e-7)


def test_more_pairs_leave_less_open():
    (low, high), (lower, higher) = interval(80, 100), interval(8, 10)
    assert lower < low < 0.8 < high < higher
