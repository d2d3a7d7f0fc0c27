"""The second tab of Interpolate: a square of pictures between four seeds."""

import dataclasses
import random
from collections.abc import Callable, Mapping

import streamlit as st

from dcgan import images
from dcgan.runs import Run
from pages.common import morph
from pages.common.loading import Opened
from pages.common.morph import Corners
from pages.common.view import MAX_SEED
from pages.common.widgets import hold, show

CORNERS = "morph-corners"
NAMES = ("Top left", "Top right", "Bottom left", "Bottom right")


def chosen() -> Corners:
    return st.session_state[CORNERS]


def change(**values: object) -> None:
    st.session_state[CORNERS] = dataclasses.replace(chosen(), **values)  # type: ignore[arg-type]


def arrive(params: Mapping[str, str]) -> None:
    """On arrival the corners come from the URL, else from the last visit."""
    if "corners" in params or CORNERS not in st.session_state:
        st.session_state[CORNERS] = Corners.from_params(params)


def type_corner(at: int) -> None:
    seed, seeds = st.session_state[f"corner-seed-{at}"], chosen().seeds
    if seed is not None:
        change(seeds=(*seeds[:at], seed, *seeds[at + 1 :]))


def draw(run: Run, opened: Opened, truncation: float, draw_truncation: Callable[[], None]) -> None:
    """The square, and beside it what decides it; the truncation is that of the morph."""
    now = dataclasses.replace(chosen(), truncation=truncation)
    pictures = morph.corners_of(opened.generator, now)
    left, right = st.columns([3, 2], gap="large")
    with left.container(key="pixels-corners"):
        seeds = ", ".join(map(str, now.seeds))
        show(images.grid(pictures, now.n, gap=1), f"{now.n} by {now.n} pictures between the seeds {seeds}")
    with right:
        st.caption(
            "Every corner is a seed. Between them the pictures go along the sphere of z: down both sides, then across."
        )
        for row in (0, 2):
            for at, column in zip((row, row + 1), st.columns(2, gap="medium"), strict=True):
                hold(f"corner-seed-{at}", now.seeds[at])
                column.number_input(NAMES[at], 0, MAX_SEED, key=f"corner-seed-{at}", on_change=type_corner, args=(at,))
        st.button(
            "Randomize",
            icon=":material/shuffle:",
            type="primary",
            on_click=lambda: change(seeds=tuple(random.randrange(100_000) for _ in range(4))),
            help="Four other seeds.",
        )
        hold("corner-n", now.n)
        st.slider(
            "Pictures per side",
            *morph.CORNERS,
            key="corner-n",
            on_change=lambda: change(n=st.session_state["corner-n"]),
        )
        draw_truncation()
        factor = max(1, 128 // pictures.shape[1])
        st.download_button(
            "PNG",
            lambda: morph.corners_file(pictures, now, run, opened, factor),
            f"{run.id}-step-{opened.step}-corners-{'-'.join(map(str, now.seeds))}.png",
            "image/png",
            key="corners-png",
            icon=":material/download:",
            on_click="ignore",
            help="It carries its recipe: run, step, weights, seeds, truncation.",
        )
