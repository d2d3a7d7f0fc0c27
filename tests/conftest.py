"""What the tests of the core share: a tiny recipe, a few pictures, and a place for runs that is not the project's."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # networks this small only wait for a second thread

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from PIL import Image  # noqa: E402

from dcgan.config import Config  # noqa: E402
from dcgan.data import sources  # noqa: E402


@pytest.fixture
def pictures(tmp_path) -> Path:
    """A folder of small grey pictures."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(26):  # no multiple of the batch size, so that batches straddle the ends of epochs
        Image.fromarray(rng.integers(0, 256, (20, 20), dtype=np.uint8)).save(folder / f"{i:02d}.png")
    return folder


@pytest.fixture
def tiny(pictures) -> Config:
    """A recipe whose step takes a few milliseconds."""
    return Config(
        preset="tiny",
        data=str(pictures),
        image_size=16,
        z_dim=8,
        ngf=4,
        ndf=4,
        batch_size=8,
        num_steps=12,
        log_every=1,
        sample_every=4,
        num_samples=4,
        device="cpu",
        num_threads=1,
    )


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """An empty folder for runs, also the default of every process started here; prepared pictures stay out, too."""
    folder = tmp_path / "runs"
    folder.mkdir()
    monkeypatch.setenv("DCGAN_ROOT", str(folder))
    monkeypatch.setenv("DCGAN_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    return folder
