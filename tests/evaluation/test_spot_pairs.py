"""Pairs of a real picture and a fake: the same for the same numbers, none twice, no side preferred."""

import pytest

from dcgan.errors import BadInput
from dcgan.evaluation.spot_pairs import PAIRS, draw_pairs


def test_the_same_numbers_draw_the_same_pairs_and_others_do_not():
    assert draw_pairs(1000, 3, 400) == draw_pairs(1000, 3, 400)
    assert len({tuple(draw_pairs(1000, seed, step)) for seed in (3, 4) for step in (400, 800)}) == 4


def test_no_picture_comes_twice_and_no_side_gives_the_fake_away():
    games = [draw_pairs(PAIRS, seed, 0) for seed in range(200)]
    for pairs in games:
        assert sorted(pair.real for pair in pairs) == list(range(PAIRS))
        assert len({pair.seed for pair in pairs}) == PAIRS and all(0 <= pair.seed < 2**32 for pair in pairs)
    left = sum(pair.fake == 0 for pairs in games for pair in pairs) / (200 * PAIRS)
    assert abs(left - 0.5) < 0.045  # four deviations
    assert len({tuple(pair.fake for pair in pairs) for pairs in games}) > 150


def test_too_few_real_pictures_are_refused():
    with pytest.raises(BadInput, match="takes 10 real pictures, and this run's data has 9"):
        draw_pairs(PAIRS - 1, 0, 0)
