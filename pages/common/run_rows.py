"""The runs as rows of a table, remembered by the time of their files so that a hundred of them stay quick."""

import base64
import datetime
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.images import encode, grids
from dcgan.runs import launch, live_settings, notes
from dcgan.runs.run import Run
from dcgan.runs.sample_grids import grid_of
from dcgan.system.names import data_title
from pages.common.words import state_word

MOST = 12  # runs on one chart: as many as its colours and dashes tell apart with ease
THUMBNAIL = (3, 2)  # pictures of the sample grid, across and down


def row(run: Run) -> dict[str, Any]:
    """The run's row by column; what is unknown is None."""
    parent = run.parent()
    status, point = launch.observe(run), run.newest_point()
    try:
        config, problem = live_settings.in_force(run), ""
    except BadInput as error:
        config, problem = None, error.on_page
    return {
        "Samples": newest_thumbnail(run),
        "Name": run.name,
        "State": state_word(status),
        "Steps": status.step,
        "D loss": point.get("d_loss"),
        "G loss": point.get("g_loss"),
        "Distance": status.distance,
        "Preset": config.preset if config else "unreadable",
        "Data": data_title(config.data) if config else problem,
        "Note": notes.first_line(run) or None,
        "Made": datetime.datetime.fromtimestamp(run.created(), datetime.UTC),
        "Size": size_of(run) / 1e6,
        "Forked from": f"{parent.run} @ {parent.step:,}" if parent.run else None,
    }


def config_of(run: Run) -> Config | None:
    """The run's settings as they are in force, or None when its config.json can't be used."""
    try:
        return live_settings.in_force(run)
    except BadInput:
        return None


def newest_thumbnail(run: Run) -> str | None:
    """A few pictures of the newest sample grid as a data URI, or None."""
    steps = run.samples()
    if not steps:
        return None
    path, config = run.sample_path(steps[-1]), config_of(run)
    try:
        return _thumbnail(str(run.path), steps[-1], path.stat().st_mtime_ns, config.image_size if config else 32)
    except OSError:  # thinned away, or damaged
        return None


def size_of(run: Run) -> int:
    """Bytes on disk; counted again only after the directory has changed."""
    try:
        return _size(str(run.path), run.path.stat().st_mtime_ns)
    except OSError:
        return 0


def in_order(before: list[int], ticked: list[int]) -> list[int]:
    """The ticked rows in the order they were ticked, at most MOST: one more takes the place of the first."""
    kept = [row for row in before if row in ticked]
    return (kept + [row for row in ticked if row not in kept])[-MOST:]


@st.cache_data(max_entries=1000, show_spinner=False)
def _thumbnail(run_path: str, step: int, modified: int, image_size: int) -> str:
    """The grid's top left corner, enlarged by a whole number so that pixels stay squares."""
    across, down = THUMBNAIL
    with Image.open(io.BytesIO(grid_of(Run(run_path), step))) as grid:
        corner = grids.corner(np.asarray(grid), image_size, across, down)
    corner = grids.upscale(corner, max(1, math.ceil(128 / len(corner))))
    return "data:image/png;base64," + base64.b64encode(encode.png_bytes(corner)).decode()


@st.cache_data(max_entries=1000, show_spinner=False)
def _size(path: str, modified: int) -> int:
    return Run(Path(path)).size_bytes()
