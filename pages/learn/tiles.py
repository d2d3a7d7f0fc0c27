"""Real pictures, fakes and feature maps as small grey or colour tiles, kept for the next look."""

import io
import math
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dcgan.config import Config
from dcgan.runs.run import Run
from dcgan.runs.sample_grids import grid_of

if TYPE_CHECKING:
    from torch import Tensor

    from dcgan.networks.models import Generator

TILE = 32  # feature maps are enlarged to at least this, so that the gaps between them look alike


@st.cache_data(max_entries=16, show_spinner="Fetching real pictures …")
def real_sample(config_json: str, n: int, seed: int = 0) -> np.ndarray:
    """n training pictures chosen by the seed, uint8 (n, H, W) or (n, H, W, 3); raises BadInput without the data."""
    from dcgan.data.dataset import real_pictures

    pictures = real_pictures(Config.from_json(config_json), "train")
    return pictures[np.random.default_rng(seed).permutation(len(pictures))[:n]]


def fake_sample(generator: "Generator", n: int, seed: int) -> np.ndarray:
    """Pictures of the seeds seed, seed + 1, ..., uint8 (n, H, W) or (n, H, W, 3)."""
    from dcgan.evaluation.pixel_report import fake_pictures

    return fake_pictures(generator, n, seed)


def sheet(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Pictures in one grid with thin gaps."""
    from dcgan.images.grids import grid

    return grid(pictures, columns=columns)


def busiest_maps(maps: "Tensor", n: int) -> np.ndarray:
    """The n maps of (C, H, W) that vary most, in one square grid; each is stretched to its own range."""
    x = maps.float().numpy()
    kept = np.sort(np.argsort(-x.std(axis=(1, 2)), kind="stable")[:n])
    x = x[kept]
    low, high = x.min(axis=(1, 2), keepdims=True), x.max(axis=(1, 2), keepdims=True)
    tiles = np.rint(255 * (x - low) / np.maximum(high - low, 1e-9)).astype(np.uint8)
    factor = max(1, TILE // x.shape[1])
    return sheet(tiles.repeat(factor, axis=1).repeat(factor, axis=2), math.ceil(math.sqrt(len(tiles))))


def z_tile(z: "Tensor") -> np.ndarray:
    """The numbers of one z (D,) as squares, row by row: black is -2.5 and less, white 2.5 and more."""
    side = math.ceil(math.sqrt(len(z)))
    values = np.full(side * side, 40, np.uint8)
    values[: len(z)] = np.rint(np.clip(z.numpy() / 5 + 0.5, 0, 1) * 255).astype(np.uint8)
    return values.reshape(side, side)


@st.cache_data(max_entries=64, show_spinner=False)
def first_cells(run_path: str, step: int, modified: int, image_size: int, cells: int) -> list[np.ndarray]:
    """The first pictures of a kept sample grid: always the same z."""
    from PIL import Image

    with Image.open(io.BytesIO(grid_of(Run(run_path), step))) as opened:
        whole = np.asarray(opened.convert("L" if opened.mode == "L" else "RGB"))
    pitch = image_size + 2  # the gap of dcgan.images.grids.grid
    per_row = (whole.shape[1] + 2) // pitch
    corners = [(i // per_row * pitch, i % per_row * pitch) for i in range(cells)]
    found = [whole[top : top + image_size, left : left + image_size] for top, left in corners]
    return [cell for cell in found if cell.shape[:2] == (image_size, image_size)]
