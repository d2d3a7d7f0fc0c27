"""Interpolate: walk from picture to picture; the URL holds the walk.

The morph plays in the visitor's browser (components/morphing.py). What is set there comes back when the hand
lets go, and the URL and the downloads follow.
"""

import functools

import numpy as np
import streamlit as st

from dcgan.errors import BadInput
from dcgan.runs.run import Run
from pages.common import address, choose
from pages.common.loading import Opened, open_at
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.latent import corners, dropped_picture, head, morph_downloads, visit_axes
from pages.latent.components import morphing
from pages.latent.components.laboratory import Kept
from pages.latent.downloads import file
from pages.latent.morph import Morph
from pages.latent.view import Directions, View

LAB, TABS = "morph-lab", "morph-tabs"
MORPH, HEARD = "morph", "morph-heard"  # the morph, and the number of the newest message taken into account
SHELF = "explore-shelf"  # favourites that were kept on Explore
TAB_NAMES = {"morph": "Keyframes", "corners": "Four corners"}
FILES = {"gif": "GIF", "webp": "WebP", "mp4": "MP4", "png": "PNG sheet"}

# what comes from outside: the URL on arrival, then the browser's messages


def arrive() -> None:
    """On arrival the walk comes from the URL, else from the last visit."""
    if MORPH not in st.session_state or address.just_arrived(TABS):
        params = st.query_params.to_dict()
        if "seeds" in params or MORPH not in st.session_state:
            st.session_state[MORPH] = Morph.from_params(params)
        corners.arrive(params)
        visit_axes.arrive(params)
        st.session_state[TABS] = TAB_NAMES.get(params.get("view", ""), TAB_NAMES["morph"])


def listen() -> None:
    """Take over what the browser said since the last look."""
    state = st.session_state.get(LAB) or {}
    message = morphing.read(state.get("message"))
    if message is not None and message.number > st.session_state.get(HEARD, 0):
        st.session_state[HEARD] = message.number
        if message.morph is not None:
            st.session_state[MORPH] = message.morph
    picture = morphing.read_picture(state.get("picture"))
    if picture is not None:
        take_picture(picture)


def take_picture(data: bytes) -> None:
    try:
        found, recipe = dropped_picture.taken(st.session_state[MORPH], data)
    except BadInput as error:
        refuse(error, st.toast)
        return
    if isinstance(found, Morph):
        st.session_state[MORPH] = found
    else:
        corners.show(found)
        st.session_state[TABS] = TAB_NAMES["corners"]
    origin = (recipe.get("run"), recipe.get("step"))
    if origin != (st.query_params.get("run"), shown_step()) and all(part is not None for part in origin):
        told = f"Run {origin[0]} made this picture at step {origin[1]}. Here the chosen model draws the same z."
        st.toast(escaped(told), icon=":material/info:")


def shown_step() -> int | None:
    return st.session_state.get("morph-step")


# the page


@st.fragment
def lab() -> None:
    row = head.head("Interpolate")
    if choose.nothing_yet():
        return
    arrive()
    listen()
    with row:
        run = choose.pick_run()
        if run is None:
            return
        step = choose.pick_step(run)
    first, second = st.tabs(list(TAB_NAMES.values()), key=TABS, on_change="rerun")
    in_corners = st.session_state[TABS] == TAB_NAMES["corners"]
    views = [*st.session_state[MORPH].keys, *favourites(run)]
    try:
        opened = open_at(run, step)
        st.session_state["morph-step"] = opened.step
        with second if in_corners else first:
            if in_corners:
                corners.draw(run, opened)
            else:
                draw_morph(run, opened, visit_axes.directions_of_all(run, views, opened.generator))
        morphing.hand_over(
            opened.weights_hash, opened.generator
        )  # last, so that what can't be seen takes no room above
    except BadInput as error:
        refuse(error)
        return
    write_address(in_corners, visit_axes.measured_for(run, views, opened))
    visit_axes.measure_missing(run, opened, views)


def favourites(run: Run) -> list[View]:
    """What was kept of this run; another run's axes are others."""
    shelf: list[Kept] = st.session_state.get(SHELF, [])
    return [kept.view for kept in shelf if kept.run == run.id]


def write_address(in_corners: bool, measured: int | None) -> None:
    walk, square = st.session_state[MORPH].params(), corners.chosen().params()
    params = square | walk | {"truncation": (square if in_corners else walk)["truncation"]}
    params |= {"view": "corners" if in_corners else None}
    address.write(params | {"measured": None if measured is None else str(measured)})


def draw_morph(run: Run, opened: Opened, directions: Directions) -> None:
    walk = st.session_state[MORPH]
    number = st.session_state.setdefault(HEARD, 0)
    with st.container(key="latent-lab"):
        morphing.show(LAB, "Morph", opened.weights_hash, walk.params(), number, directions, favourites(run))
    draw_downloads(run, opened, walk, directions)


@st.cache_data(max_entries=8, show_spinner="Walking from picture to picture …")
def frames(weights_hash: str, walk: Morph, along: list[str], _opened: Opened, _along: Directions) -> np.ndarray:
    """A walk's frames, made once per weights and walk."""
    return morph_downloads.frames_of(_opened.generator, walk, _along)


def file_of(kind: str, walk: Morph, run: Run, opened: Opened, factor: int, directions: Directions) -> bytes:
    told = [f"{name} {vector.sum()}" for name, vector in directions.items()]
    moving = frames(opened.weights_hash, walk, told, opened, directions)
    return morph_downloads.morph_file(kind, moving, walk, run, opened, factor, directions)


def draw_downloads(run: Run, opened: Opened, walk: Morph, directions: Directions) -> None:
    side = opened.generator.config.image_size
    sizes = [side * times for times in (1, 2, 4, 8, 16) if side * times <= 512]
    with st.container(horizontal=True, vertical_alignment="bottom", key="morph-files"):
        size = st.selectbox(
            "Size of the files",
            sizes,
            min(3, len(sizes) - 1),
            format_func=lambda size: f"{size} px",
            width=120,
            key=f"morph-size-{side}",
            label_visibility="collapsed",
        )
        name = f"{run.id}-step-{opened.step}-interpolation-{'-'.join(map(str, walk.seeds[:4]))}"
        for kind, label in FILES.items():
            file(
                label,
                functools.partial(file_of, kind, walk, run, opened, size // side, directions),
                f"{name}.{kind}",
                f"morph-{kind}",
                ":material/download:",
                "Made when you click, enlarged in crisp squares. It carries its recipe: run, step, weights, "
                "keyframes, pace, frames, loop, truncation.",
                needs="av" if kind == "mp4" else "",
            )


st.html(head.STYLE)
lab()
