"""The discriminators that runs keep with their training states: loaded once per file and moment, never changed."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dcgan.errors import BadInput
from dcgan.runs import kept_states
from dcgan.runs.run import Run

if TYPE_CHECKING:
    import torch

    from dcgan.networks.models import Discriminator


class Kept(NamedTuple):
    """Which D of a run, to find it in the cache."""

    run_path: str
    step: int | None  # of a state that is kept under its step; None: the newest
    modified: int  # of its file, nanoseconds; another number means newer weights


def kept_at(run: Run, step: int | None = None) -> Kept:
    """The D of the whole state kept at a step, or else the newest there is, if there is one."""
    if step in run.kept_states():
        paths = [run.kept_state_path(step or 0)]
    else:
        step, paths = None, run.state_paths()
    try:
        return Kept(str(run.path), step, paths[0].stat().st_mtime_ns if paths else 0)
    except OSError:  # thinned out a moment ago
        return Kept(str(run.path), step, 0)


@st.cache_resource(max_entries=4, show_spinner="Fetching the discriminator …")
def open_kept(kept: Kept) -> "Discriminator | None":
    """The network, or None where no state holds one."""
    from dcgan.runs.checkpoint import open_discriminator

    return open_discriminator(Run(kept.run_path), kept.step)


def step_of(kept: Kept) -> int:
    """The step that it has been trained to."""
    if kept.step is not None:
        return kept.step
    run = Run(kept.run_path)
    for path in run.state_paths():
        try:
            return int(kept_states.facts(path)["step"])
        except BadInput:
            continue  # damaged: the one before it was opened
    return run.status().step


def floats(pictures: np.ndarray) -> "torch.Tensor":
    """uint8 pictures (N, H, W) or (N, H, W, 3) to (N, C, H, W) in [-1, 1]."""
    import torch

    x = torch.from_numpy(pictures.astype(np.float32) / 127.5 - 1)
    return x[:, None] if x.ndim == 3 else x.permute(0, 3, 1, 2)
