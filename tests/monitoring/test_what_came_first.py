"""What came first: power spectra of made-up pictures, intervals between looks, and what is sure."""

import numpy as np
import pytest

from dcgan.images import encode, grids
from dcgan.monitoring.what_came_first import (
    CLASS,
    DETAIL,
    SHAPE,
    Came,
    Powers,
    before,
    came,
    grid_powers,
    of_classes,
    of_powers,
    powers,
    winner,
)
from dcgan.runs.run import Run

SIDE = 16


def waves(cycles: int, height: float = 100.0) -> np.ndarray:
    """Six pictures, uint8 (6, SIDE, SIDE), of so many waves across."""
    row = 128 + height * np.cos(2 * np.pi * cycles * np.arange(SIDE) / SIDE)
    return np.tile(np.rint(row).astype(np.uint8), (6, SIDE, 1))


def test_slow_waves_are_shape_and_fast_ones_detail():
    slow, fast = powers(waves(2)), powers(waves(7))
    assert slow.coarse == pytest.approx(waves(2).var(), rel=1e-3) and slow.fine < 1
    assert fast.fine == pytest.approx(waves(7).var(), rel=1e-3) and fast.coarse < 1
    assert powers(np.repeat(waves(2)[..., None], 3, axis=-1)) == pytest.approx(slow)


def test_the_pictures_of_a_grid_are_told_without_the_gaps_between_them(root, tiny):
    run = Run.create(tiny, root)
    run.sample_path(4).parent.mkdir()
    run.sample_path(4).write_bytes(encode.png_bytes(grids.grid(waves(2))))
    assert grid_powers(run, 4, SIDE) == pytest.approx(powers(waves(2)))
    with pytest.raises(OSError, match="no picture of 400 pixels"):
        grid_powers(run, 4, 400)


def test_what_goes_away_again_has_not_come():
    assert came([0, 8, 16, 32], [False, True, False, True]) == Came(16, 32)
    assert came([0, 8], [False, False]) == Came(8, None)
    assert came([300], [True]) == Came(0, 300)


def test_shapes_may_be_stronger_than_real_ones_and_detail_may_not():
    real = Powers(100, 10)
    found = of_powers([0, 8, 16], [Powers(1, 100), Powers(150, 20), Powers(90, 9)], real)
    assert found == {SHAPE: Came(0, 8), DETAIL: Came(8, 16)}


def test_classes_are_told_by_the_measurements_that_know_them():
    rows = [{"step": step, "classes": 10, "covered": covered} for step, covered in ((0, 1), (300, 9), (600, 10))]
    assert of_classes(rows) == {CLASS: Came(300, 600)}
    assert of_classes([{"step": 0, "classes": None, "covered": None}]) == {}


def test_the_first_is_named_only_once_nothing_else_can_have_been_before():
    found = {SHAPE: Came(64, 128), DETAIL: Came(200, 400), CLASS: Came(128, None)}
    assert winner(found, 255) is None and winner(found, 256) == SHAPE
    assert before(found, DETAIL, 256) == [SHAPE] and before(found, SHAPE, 9999) == []
    found[CLASS] = Came(100, 300)  # it may have come before the shapes
    assert winner(found, 9999) is None and before(found, CLASS, 9999) == []
