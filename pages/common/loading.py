"""Generators for the pages: loaded once per file and moment, shared by every visitor, never changed."""

import gc
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dcgan.runs import Run

if TYPE_CHECKING:
    import torch

    from dcgan.models import Generator


def generator_of(run: Run, step: int | None = None) -> "Generator":
    """The run's generator at a kept step, or the newest; raises BadInput when there is none."""
    path = run.generator_path if step is None else run.snapshot_path(step)
    modified = path.stat().st_mtime_ns if path.exists() else 0
    return _load(str(run.path), step, modified)


@st.cache_resource(max_entries=8, show_spinner="Loading the generator …")
def _load(run_path: str, step: int | None, modified: int) -> "Generator":
    from dcgan.checkpoint import open_generator

    generator = open_generator(Run(run_path), step)
    gc.collect()
    gc.freeze()  # PyTorch's many objects need not be walked again by every collection
    return generator


def render(generator: "Generator", z: "torch.Tensor") -> np.ndarray:
    """Latents z (N, z_dim) -> uint8 pictures (N, H, W), or (N, H, W, 3) for colour; a pure function."""
    import torch

    from dcgan.images import to_uint8

    with torch.inference_mode():
        return np.concatenate([to_uint8(generator(part).numpy()) for part in z.split(64)])
