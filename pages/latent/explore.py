"""Explore: one picture, the numbers behind it, and its neighbours; the URL holds all of it."""

import dataclasses
import functools
import random
from typing import Any

import numpy as np
import streamlit as st

from dcgan import images, launch
from dcgan.config import BadInput
from dcgan.runs import Run
from pages.common import address, choose, widgets
from pages.common.loading import Opened, modified, open_at, ranked_dims
from pages.common.sprites import tiles
from pages.common.view import MAX_SEED, NUM_NEIGHBOURS, View, base_z, pictures_of, png_of, slider_range
from pages.common.widgets import hold, refuse

SLIDERS = 8
SEED, TRUNCATION, DISTANCE = "explore-seed", "explore-truncation", "explore-distance"
VIEW, PAGE, SHOWN, DIMS, SHELF = "explore-view", "explore-dims-page", "explore-shown", "explore-dims", "explore-shelf"


# what the controls do: each changes the view, and the page is drawn from the view


def view() -> View:
    return st.session_state[VIEW]


def change(**values: Any) -> None:
    st.session_state[VIEW] = dataclasses.replace(view(), **values)


def start_from(seed: int) -> None:
    """A new seed is a new start: the walk ends and the sliders go where its z is."""
    change(seed=seed, hops=(), sliders=())


def randomize() -> None:
    start_from(random.randrange(100_000))


def type_seed() -> None:
    if st.session_state[SEED] is not None:
        start_from(st.session_state[SEED])


def move_slider(dim: int) -> None:
    st.session_state[VIEW] = view().moved(dim, st.session_state[_slider_key(dim)])


def go_to_neighbour(tile: int) -> None:
    st.session_state[VIEW] = view().gone_to(tile + 1)


def turn_page(pages: int) -> None:
    st.session_state[PAGE] = (st.session_state[PAGE] + 1) % pages


def keep(run: Run, step: int | None, picture: np.ndarray) -> None:
    """Put the picture on the shelf, which lasts as long as the tab."""
    st.session_state.setdefault(SHELF, []).append((run, step, view(), picture))


def take_from_shelf(number: int) -> None:
    run, step, kept, _ = st.session_state[SHELF][number]
    choose.go_to(run, step)
    st.session_state[VIEW] = kept


# the page


def arrive() -> None:
    """On arrival the view comes from the URL, else from the last visit."""
    if VIEW not in st.session_state or address.just_arrived(SEED):
        params = st.query_params.to_dict()
        if "seed" in params or VIEW not in st.session_state:
            st.session_state[VIEW] = View.from_params(params)
        st.session_state[PAGE] = address.whole(params, "dims", 1, 4096, 1) - 1


@st.fragment
def lab() -> None:
    if choose.nothing_yet():
        return
    arrive()
    left, right = st.columns([10, 11], gap="large")
    with right:
        first, second = st.columns(2, gap="medium")
        with first:
            run = choose.pick_run()
        if run is None:
            return
        with second:
            step = choose.pick_step(run)
    try:
        opened = open_at(run, step)
        pictures = pictures_of(opened.generator, view())
        with left:
            show(run, opened, pictures)
        with right:
            control(run, step, opened, pictures[0])
    except BadInput as error:
        refuse(error, right.error)
        return
    st.session_state[SHOWN] = (run, step, opened.modified)
    page = st.session_state[PAGE]
    address.write(view().params() | {"dims": str(page + 1) if page else None})


def show(run: Run, opened: Opened, pictures: np.ndarray) -> None:
    """The picture, and its neighbours under it."""
    now = view()
    with st.container(key="pixels-explore", gap="xsmall"):
        alt = f"What seed {now.seed} gives at step {opened.step:,}"
        widgets.show(pictures[0], alt)
    with st.container(horizontal=True, vertical_alignment="bottom", key="explore-around"):
        hold(DISTANCE, now.distance)
        st.slider(
            "Neighbours: click one to go there",
            5,
            100,
            step=5,
            format="%d %%",
            key=DISTANCE,
            on_change=lambda: change(distance=st.session_state[DISTANCE]),
            help="How far they are from the picture, each in a direction of its own. "
            "At 100 % they are as different as pictures of unrelated seeds.",
        )
        st.button(
            "Others",
            icon=":material/casino:",
            key="explore-others",
            help="Neighbours in other directions.",
            on_click=lambda: change(around=random.randrange(100_000)),
        )
        st.button(
            "Back",
            icon=":material/undo:",
            key="explore-back",
            disabled=not now.hops,
            help="Back to where you were before the last neighbour.",
            on_click=lambda: change(hops=view().hops[:-1]),
        )
    labels = [f"Go to neighbour {i + 1}" for i in range(NUM_NEIGHBOURS)]
    tiles("explore-neighbours", pictures[1:], labels, NUM_NEIGHBOURS // 2, go_to_neighbour)


def control(run: Run, step: int | None, opened: Opened, picture: np.ndarray) -> None:
    """Seed, sliders, truncation, and what can be taken away."""
    now = view()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        hold(SEED, now.seed)
        st.number_input(
            "Seed",
            0,
            MAX_SEED,
            key=SEED,
            on_change=type_seed,
            help="Fixes the z that the picture starts from: the same seed gives the same picture, "
            "here and in the terminal.",
        )
        st.button("Randomize", icon=":material/shuffle:", type="primary", on_click=randomize, help="Another seed.")
    draw_sliders(run, step, opened)
    hold(TRUNCATION, round(now.truncation, 2))
    st.slider(
        "Truncation",
        0.0,
        2.0,
        step=0.05,
        key=TRUNCATION,
        on_change=lambda: change(truncation=st.session_state[TRUNCATION]),
        help="Multiplies z. Below 1: more typical pictures, less variety; 0 is the middle of everything. "
        "Above 1: bolder, and sooner broken.",
    )
    take_away(run, step, opened, picture)


def draw_sliders(run: Run, step: int | None, opened: Opened) -> None:
    """Eight dimensions of z, the strongest first; an untouched slider stands where the seed's z is."""
    config, now = opened.generator.config, view()
    dims, measured_at = stable_dims(run, step, opened)
    pages = -(-len(dims) // SLIDERS)
    page = st.session_state[PAGE] = st.session_state[PAGE] % pages
    shown = dims[page * SLIDERS : (page + 1) * SLIDERS]
    when = "just now" if measured_at == opened.step else f"at step {measured_at:,}"
    first = page * SLIDERS + 1
    which = f"The {len(shown)} of" if page == 0 else f"Places {first} to {first + len(shown) - 1} among"
    st.caption(
        f"{which} {config.z_dim} dimensions of z that change this model's pictures most, measured {when}; "
        "beside each, by how many of 255 grey levels."
    )
    z, limit, moved = base_z(now, config), slider_range(config.z_prior), dict(now.sliders)
    halves = st.columns(2, gap="medium")
    for place, (dim, strength) in enumerate(shown):
        value = round(min(max(moved.get(dim, z[dim].item()), -limit), limit), 2)
        with halves[place * 2 // max(2, len(shown))].container(key=f"explore-slider-{place}", gap=None):
            hold(_slider_key(dim), value)
            st.slider(
                f"**z[{dim}]** · {strength:.1f}",
                -limit,
                limit,
                step=0.05,
                key=_slider_key(dim),
                on_change=move_slider,
                args=(dim,),
            )
    with st.container(horizontal=True, key="explore-sliders-foot"):
        many = f" {len(moved)} moved" if moved else ""
        st.button(
            f"Reset{many}",
            icon=":material/restart_alt:",
            key="explore-reset",
            disabled=not moved,
            on_click=lambda: change(sliders=()),
            help="Puts every slider back to where the seed has it.",
        )
        st.button(
            f"Next {SLIDERS}" if page + 1 < pages else "The strongest",
            icon=":material/arrow_forward:" if page + 1 < pages else ":material/first_page:",
            key="explore-next",
            disabled=pages < 2,
            on_click=turn_page,
            args=(pages,),
            help=f"Sliders {page + 1} of {pages}. What you moved stays moved.",
        )
        if measured_at != opened.step:
            st.button(
                "Measure again",
                icon=":material/straighten:",
                key="explore-measure",
                on_click=lambda: st.session_state.pop(DIMS, None),
                help="The model has learned on since its sliders were chosen.",
            )


def stable_dims(run: Run, step: int | None, opened: Opened) -> tuple[list[tuple[int, float]], int]:
    """The ranked dimensions and the step they were measured at.

    While the newest weights of a run in training are followed, the sliders must not change places under the hand.
    """
    kept = st.session_state.get(DIMS)
    if kept and step is None and kept[0] == run.id and launch.observe(run).state in launch.ACTIVE:
        return kept[1], kept[2]
    dims = ranked_dims(opened.weights_hash, opened.generator)
    st.session_state[DIMS] = (run.id, dims, opened.step)
    return dims, opened.step


def take_away(run: Run, step: int | None, opened: Opened, picture: np.ndarray) -> None:
    """Files with their recipe inside, and the shelf of favourites."""
    now, side = view(), picture.shape[0]
    factor = max(1, 512 // side)
    name = f"{run.id}-step-{opened.step}-seed-{now.seed}"
    inside = "The file carries its recipe: run, step, weights, seed, walk, sliders and truncation."
    with st.container(horizontal=True, key="explore-take"):
        for size, times in ((side, 1), (side * factor, factor)):
            st.download_button(
                f"PNG {size} px",
                functools.partial(png_of, run, opened, now, times),
                f"{name}-{size}px.png",
                "image/png",
                key=f"explore-png-{times}",
                icon=":material/download:",
                on_click="ignore",
                help=inside,
            )
        st.button(
            "Keep",
            icon=":material/bookmark_add:",
            key="explore-keep",
            on_click=keep,
            args=(run, step, picture),
            help="Puts this picture on your shelf, for as long as this tab is open.",
        )
        shelf = st.session_state.get(SHELF, [])
        if shelf:
            with st.popover(f"Shelf {len(shelf)}", icon=":material/bookmarks:"):
                st.caption("Click a picture to go back to it, with its run, step and sliders.")
                labels = [f"{kept.id}, seed {that.seed}" for kept, _, that, _ in shelf]
                pictures = np.stack([thumbnail(item[3]) for item in shelf])
                tiles("explore-shelf-tiles", pictures, labels, 4, take_from_shelf)


def thumbnail(picture: np.ndarray, side: int = 64) -> np.ndarray:
    """Any picture as (64, 64, 3), so that pictures of different runs stand side by side."""
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    if picture.shape[0] > side:
        return picture[:: picture.shape[0] // side, :: picture.shape[0] // side]
    return images.upscale(picture, side // picture.shape[0])


def _slider_key(dim: int) -> str:
    return f"explore-dim-{dim}"


@st.fragment(run_every=3.0)
def follow() -> None:
    """While a run trains: when the shown file has newer weights, draw the page again."""
    if launch.active_run() is None:
        st.rerun()
    shown = st.session_state.get(SHOWN)
    if shown and modified(shown[0], shown[1]) != shown[2]:
        st.rerun()


st.title("Explore", anchor=False)
lab()
if launch.active_run() is not None:
    follow()
