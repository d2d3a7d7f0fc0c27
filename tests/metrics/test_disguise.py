"""A picture is found again after it was moved, turned over, or lit otherwise."""

import numpy as np
import pytest

from dcgan.metrics.disguise import undisguised

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(40, 16, 16), (40, 17, 12), (40, 16, 16, 3)])
def test_place_side_and_light_make_no_difference(shape):
    pictures = RNG.integers(0, 120, shape, dtype=np.uint8)
    expected = undisguised(pictures)
    assert expected.shape == shape and expected.dtype == np.uint8
    for moved in (np.roll(pictures, (3, -2), (1, 2)), pictures[:, :, ::-1], np.roll(pictures[:, :, ::-1], 1, 1)):
        assert (undisguised(np.ascontiguousarray(moved)) == expected).mean() > 0.97  # but for a half pixel rounded up
    lit = undisguised(pictures * 2 + 10)
    assert (np.abs(lit.astype(int) - expected) <= 1).all()


def test_other_pictures_stay_others_and_flat_ones_flat():
    pictures = RNG.integers(0, 256, (50, 16, 16), dtype=np.uint8)
    laid = undisguised(pictures).reshape(50, -1).astype(float)
    apart = np.abs(laid[:, None] - laid[None]).mean(2) + np.eye(50) * 1e9
    assert apart.min() > 20
    assert (undisguised(np.full((2, 8, 8), 77, np.uint8)) == 128).all()


def test_none_are_none():
    assert undisguised(np.zeros((0, 8, 8), np.uint8)).shape == (0, 8, 8)
