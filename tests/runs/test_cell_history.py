"""The history of one sample, cut from the grids that a run kept."""

import io

import numpy as np
import pytest
from PIL import Image

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.images import encode, grids
from dcgan.runs import cell_history
from dcgan.runs.cell_history import history_of
from dcgan.runs.run import Run

SIZE = 16


@pytest.fixture
def run(root, tiny: Config) -> Run:
    """Five kept grids of seven samples; sample i of the k-th has the level 10 k + i."""
    made = Run.create(tiny.replace(num_samples=7), root, "kept")
    made.sample_path(0).parent.mkdir()
    for k in range(5):
        put(made, 100 * k, np.arange(7) + 10 * k)
    made.snapshot_path(0).parent.mkdir()
    for step in (0, 290):
        made.snapshot_path(step).write_bytes(b"")
    return made


def put(run: Run, step: int, levels: np.ndarray, size: int = SIZE) -> None:
    pictures = np.broadcast_to(levels.astype(np.uint8)[:, None, None], (len(levels), size, size))
    run.sample_path(step).write_bytes(encode.png_bytes(grids.grid(pictures)))


def levels(png: bytes) -> list[int]:
    """The level of each picture of a strip, all of whose pixels must have it."""
    strip = np.asarray(Image.open(io.BytesIO(png)))
    pictures = np.split(strip, strip.shape[1] // SIZE, axis=1)
    assert all(np.ptp(picture) == 0 and picture.shape == (SIZE, SIZE) for picture in pictures)
    return [int(picture[0, 0]) for picture in pictures]


def test_a_sample_is_followed_through_the_kept_grids_in_order(run):
    for cell in range(7):
        found = history_of(run, cell)
        assert (found.steps, levels(found.png)) == ([0, 100, 200, 300, 400], [10 * k + cell for k in range(5)])
    assert found.opens == [0, 0, 290, 290, 290] and found.size == SIZE
    short = history_of(run, 6, most=3)
    assert short.steps[0] == 0 and short.steps[-1] == 400 and len(short.steps) == 3


def test_what_is_no_sample_is_refused_and_odd_grids_are_left_out(run):
    for cell in (-1, 7):
        with pytest.raises(BadInput, match="from 0 to 6"):
            history_of(run, cell)
    run.sample_path(100).write_bytes(b"no picture")
    put(run, 200, np.arange(7), size=20)
    run.sample_path(300).unlink()
    assert history_of(run, 3).steps == [0, 400]
    for step in (0, 400):
        run.sample_path(step).unlink()
    with pytest.raises(BadInput, match="no sample grid"):
        history_of(run, 3)


def test_a_grid_that_was_drawn_anew_is_read_anew_and_no_memory_is_filled(run, monkeypatch):
    assert levels(history_of(run, 0).png)[-1] == 40
    put(run, 400, np.arange(7) + 90)
    assert levels(history_of(run, 0).png)[-1] == 90
    one = (3 * (SIZE + 2) - 2) ** 2
    monkeypatch.setattr(cell_history, "MOST_BYTES", 2 * one)
    cell_history._grids.clear()
    with pytest.raises(BadInput):  # five of them would not fit
        history_of(run, 0)
    assert len(history_of(run, 0, most=2).steps) == 2 and len(cell_history._grids) == 2
