"""The second tab of Interpolate: a square of pictures between four seeds, and a point in it that a hand moves."""

import functools
from collections.abc import Mapping

import streamlit as st

from dcgan.runs.run import Run
from pages.common.loading import Opened
from pages.latent import morph_downloads
from pages.latent.components import morphing
from pages.latent.downloads import shown_in_name
from pages.latent.morph import Corners
from pages.latent.view import NO_DIRECTIONS, View

LAB = "corners-lab"
CORNERS, HEARD = "morph-corners", "corners-heard"


def chosen() -> Corners:
    return st.session_state[CORNERS]


def show(square: Corners) -> None:
    st.session_state[CORNERS] = square


def arrive(params: Mapping[str, str]) -> None:
    """On arrival the corners come from the URL, else from the last visit."""
    if "corners" in params or params.get("view") == "corners" or CORNERS not in st.session_state:
        st.session_state[CORNERS] = Corners.from_params(params)


def listen() -> None:
    """Take over what the browser said since the last look."""
    message = morphing.read((st.session_state.get(LAB) or {}).get("message"))
    if message is None or message.corners is None or message.number <= st.session_state.get(HEARD, 0):
        return
    st.session_state[HEARD] = message.number
    st.session_state[CORNERS] = message.corners


def draw(run: Run, opened: Opened) -> None:
    """The square with the live picture beside it, and the files."""
    listen()
    now, number = chosen(), st.session_state.setdefault(HEARD, 0)
    with st.container(key="latent-lab"):
        morphing.show(LAB, "Corners", opened.weights_hash, now.params(), number, NO_DIRECTIONS, [])
    config = opened.generator.config
    factor = max(1, 128 // config.image_size)
    keys = [View(seed, label=label) for seed, label in zip(now.seeds, now.labels, strict=True)]
    shown = "-".join(shown_in_name(key, config).removeprefix("seed-") for key in keys)
    name = f"{run.id}-step-{opened.step}-corners-{shown}"
    parts = "seeds, classes" if config.num_classes else "seeds"
    files = {
        "PNG of the square": (functools.partial(square_file, now, run, opened, factor), name),
        "PNG of the point": (
            functools.partial(morph_downloads.point_file, now, run, opened, 4 * factor),
            f"{name}-at-{'-'.join(f'{100 * share:.0f}' for share in now.at)}",
        ),
    }
    with st.container(horizontal=True, key="corners-files"):
        for label, (make, file) in files.items():
            st.download_button(
                label,
                make,
                f"{file}.png",
                "image/png",
                key=f"corners-png-{file == name}",
                icon=":material/download:",
                on_click="ignore",
                help=f"It carries its recipe: run, step, weights, {parts}, truncation.",
            )


def square_file(now: Corners, run: Run, opened: Opened, factor: int) -> bytes:
    return morph_downloads.corners_file(morph_downloads.corners_of(opened.generator, now), now, run, opened, factor)
