"""Generators for the pages: loaded once per file and moment, shared by every visitor, never changed."""

import gc
import threading
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from dcgan.runs.run import Run

if TYPE_CHECKING:
    from dcgan.networks.models import Generator


class Opened(NamedTuple):
    """A generator and where it comes from: what a recipe needs to name it."""

    generator: "Generator"
    step: int
    weights_hash: str
    modified: int  # of its file, nanoseconds; another number means newer weights


def open_at(run: Run, step: int | None = None) -> Opened:
    """The run's generator at a kept step, or the newest, with its origin; raises BadInput when there is none."""
    return _load(str(run.path), step, modified(run, step))


def generator_of(run: Run, step: int | None = None) -> "Generator":
    """The run's generator at a kept step, or the newest; raises BadInput when there is none."""
    return open_at(run, step).generator


def modified(run: Run, step: int | None = None) -> int:
    """When the generator's file was written, in nanoseconds; 0 if it is missing."""
    path = run.generator_path if step is None else run.generators().get(step, run.snapshot_path(step))
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@st.cache_resource(show_spinner=False)
def prepare() -> None:
    """Load PyTorch beside what is drawn, once per server: whoever opens a first generator then waits for less."""
    threading.Thread(target=import_module, args=("dcgan.runs.checkpoint",), daemon=True).start()


@st.cache_resource(max_entries=8, show_spinner="Loading the generator …")
def _load(run_path: str, step: int | None, modified: int) -> Opened:
    from dcgan.runs.checkpoint import open_generator

    generator = open_generator(Run(run_path), step)
    assert generator.origin is not None  # it was read from a file
    _settle()
    return Opened(generator, *generator.origin, modified)


@st.cache_resource(show_spinner=False)
def _settle() -> None:
    """PyTorch's many objects need not be walked again by every collection; once, or later garbage would freeze too."""
    gc.collect()
    gc.freeze()
