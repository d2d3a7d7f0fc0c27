"""Interpolate: walk from picture to picture; the URL holds the walk."""

import dataclasses
import functools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from dcgan import images
from dcgan.config import BadInput
from dcgan.runs import Run
from pages.common import address, choose, morph
from pages.common.loading import Opened, open_at
from pages.common.morph import Morph
from pages.common.player import player
from pages.common.view import MAX_SEED
from pages.common.widgets import hold, refuse, show
from pages.latent import corners

MORPH, TABS, ARRIVED = "morph", "morph-tabs", "morph-truncation"
TAB_NAMES = {"morph": "Morph", "corners": "Four corners"}
MODE_HELP = (
    "How z goes from one keyframe to the next. **slerp**: along the sphere on which nearly all z lie, so that every "
    "picture on the way is as plausible as its ends. **lerp**: straight, through the emptier middle; pictures on "
    "the way are paler. **even**: along the sphere, re-timed so that the picture changes equally from frame to frame."
)
STRIP = (2, 8)  # rows and columns of the filmstrip

PHONE = """
<style>
/* one column, in the order player, keyframes, settings, run */
@media (max-width: 640px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-latent-head), .st-key-latent-head,
  [data-testid="stLayoutWrapper"]:has(> .st-key-morph-stage), .st-key-morph-stage,
  .st-key-morph-stage > [data-testid="stLayoutWrapper"],
  .st-key-morph-stage > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] { display: contents; }
  .st-key-morph-tabs { order: 1; }
  .st-key-latent-head > .stElementContainer:not(:first-child) { order: 2; width: 100%; }
  .st-key-morph-stage > * > * > [data-testid="stColumn"] { width: 100%; flex: none; }
  .st-key-morph-stage > * > * > [data-testid="stColumn"]:first-child { order: -1; }
  .st-key-morph-stage > * > * > [data-testid="stColumn"]:last-child { order: 1; }
  .st-key-morph-keyframes { flex-wrap: nowrap; overflow-x: auto; }
  .st-key-morph-keyframes > * { flex: none; }
}
</style>
"""


# what the controls do: each changes the plain values that the page is drawn from


def walk() -> Morph:
    return st.session_state[MORPH]


def change(new: Morph) -> None:
    st.session_state[MORPH] = new


def setting(name: str) -> Callable[[], None]:
    """A callback that carries a widget's value into the morph."""

    def carry() -> None:
        if st.session_state[f"morph-{name}"] is not None:
            change(dataclasses.replace(walk(), **{name: st.session_state[f"morph-{name}"]}))

    return carry


def type_seed(at: int) -> None:
    if st.session_state[f"morph-seed-{at}"] is not None:
        change(walk().with_key(at, st.session_state[f"morph-seed-{at}"]))


# the page


def arrive() -> None:
    """On arrival the walk comes from the URL, else from the last visit."""
    if MORPH not in st.session_state or address.just_arrived(ARRIVED):
        params = st.query_params.to_dict()
        if "seeds" in params or MORPH not in st.session_state:
            st.session_state[MORPH] = Morph.from_params(params)
        corners.arrive(params)
        st.session_state[TABS] = TAB_NAMES.get(params.get("view", ""), TAB_NAMES["morph"])


@st.fragment
def lab() -> None:
    arrive()
    head = st.container(horizontal=True, vertical_alignment="bottom", key="latent-head")
    with head:
        st.title("Interpolate", anchor=False)
    if choose.nothing_yet():
        return
    with head:
        run = choose.pick_run()
        if run is None:
            return
        step = choose.pick_step(run)
    first, second = st.tabs(list(TAB_NAMES.values()), key=TABS, on_change="rerun")
    in_corners = st.session_state[TABS] == TAB_NAMES["corners"]
    try:
        opened = open_at(run, step)
        with second if in_corners else first:
            if in_corners:
                corners.draw(run, opened, walk().truncation, draw_truncation)
            else:
                draw_morph(run, opened)
    except BadInput as error:
        refuse(error)
    params = walk().params() | corners.chosen().params()
    address.write(params | {"view": "corners" if in_corners else None})


@st.cache_data(max_entries=16, show_spinner="Walking from picture to picture …")
def frames(weights_hash: str, walk: Morph, _opened: Opened) -> np.ndarray:
    """A walk's frames, made once per weights and walk."""
    return morph.frames_of(_opened.generator, walk)


def draw_morph(run: Run, opened: Opened) -> None:
    draw_keyframes(opened)
    same_speed = dataclasses.replace(walk(), fps=Morph.fps)  # another speed makes no other frames
    moving = frames(opened.weights_hash, same_speed, opened)
    with st.container(key="morph-stage"):
        left, right = st.columns([5, 7], gap="large")
        with left:
            seeds = ", ".join(map(str, walk().seeds))
            player("morph-player", moving, walk().fps, f"A morph through the seeds {seeds}")
        with right:
            draw_settings()
            draw_strip(moving)
            draw_downloads(run, opened, moving)


def draw_keyframes(opened: Opened) -> None:
    """The seeds that the walk passes, each with its picture."""
    now = walk()
    pictures = morph.keyframes_of(opened.generator, now.seeds, now.truncation)
    last = len(now.seeds) - 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="morph-keyframes"):
        for at, (seed, picture) in enumerate(zip(now.seeds, pictures, strict=True)):
            with st.container(width=112, gap="xsmall", key=f"pixels-key-{at}"):
                show(picture, f"Keyframe {at + 1}: seed {seed}")
                hold(f"morph-seed-{at}", seed)
                st.number_input(
                    f"Seed of keyframe {at + 1}",
                    0,
                    MAX_SEED,
                    key=f"morph-seed-{at}",
                    on_change=type_seed,
                    args=(at,),
                    label_visibility="collapsed",
                )
                with st.container(horizontal=True, horizontal_alignment="distribute", gap=None):
                    icon_button("left", at, "chevron_left", "Move left", at == 0, now.swapped, at, at - 1)
                    icon_button("remove", at, "close", "Remove", last < 2, now.without, at)
                    icon_button(
                        "right", at, "chevron_right", "Move right", at == last, now.swapped, at, min(at + 1, last)
                    )
        st.button(
            "Add",
            icon=":material/add:",
            key="morph-add",
            disabled=len(now.seeds) >= morph.MAX_KEYS,
            help="One more keyframe, with a random seed.",
            on_click=lambda: change(walk().added(random.randrange(100_000))),
        )


def icon_button(
    name: str, at: int, icon: str, help: str, disabled: bool, make: Callable[..., Morph], *args: Any
) -> None:
    st.button(
        "",
        icon=f":material/{icon}:",
        key=f"morph-{name}-{at}",
        type="tertiary",
        help=help,
        disabled=disabled,
        on_click=lambda: change(make(*args)),
    )


def draw_settings() -> None:
    now = walk()
    one, two = st.columns([2, 1], gap="medium", vertical_alignment="bottom")
    hold("morph-mode", now.mode)
    one.segmented_control(
        "Path", morph.MODES, key="morph-mode", on_change=setting("mode"), required=True, help=MODE_HELP
    )
    hold("morph-loop", now.loop)
    two.toggle(
        "Close the loop",
        key="morph-loop",
        on_change=setting("loop"),
        help="A last leg leads back to the first keyframe.",
    )
    one, two, three = st.columns(3, gap="medium")
    hold("morph-frames", now.frames)
    one.slider(
        "Frames",
        *morph.FRAMES,
        step=12,
        key="morph-frames",
        on_change=setting("frames"),
        help="In all, shared among the legs.",
    )
    hold("morph-fps", now.fps)
    two.slider(
        "Frames per second", 1, 50, key="morph-fps", on_change=setting("fps"), help="In the player and in the files."
    )
    with three:
        draw_truncation()


def draw_truncation() -> None:
    hold("morph-truncation", round(walk().truncation, 2))
    st.slider(
        "Truncation",
        0.0,
        2.0,
        step=0.05,
        key="morph-truncation",
        on_change=setting("truncation"),
        help="Multiplies z. Below 1: more typical pictures, less variety.",
    )


def draw_strip(moving: np.ndarray) -> None:
    with st.container(key="pixels-strip"):
        picked = np.linspace(0, len(moving) - 1, STRIP[0] * STRIP[1]).round().astype(int)
        strip = images.grid(moving[np.minimum(picked, len(moving) - 1)], columns=STRIP[1], gap=1)
        show(strip, f"{len(picked)} frames of the morph, evenly picked, from first to last")


def draw_downloads(run: Run, opened: Opened, moving: np.ndarray) -> None:
    now, side = walk(), moving.shape[1]
    sizes = [side * times for times in (1, 2, 4, 8, 16) if side * times <= 512]
    with st.container(horizontal=True, vertical_alignment="bottom", key="morph-files"):
        size = st.selectbox(
            "Size of the files",
            sizes,
            min(3, len(sizes) - 1),
            format_func=lambda size: f"{size} px",
            width=150,
            key=f"morph-size-{side}",
            help="Enlarged in crisp squares.",
        )
        name = f"{run.id}-step-{opened.step}-morph-{'-'.join(map(str, now.seeds[:4]))}"
        for kind, label in (("gif", "GIF"), ("webp", "WebP"), ("png", "PNG strip")):
            st.download_button(
                label,
                functools.partial(morph.morph_file, kind, moving, now, run, opened, size // side),
                f"{name}.{kind}",
                f"image/{kind}",
                key=f"morph-{kind}",
                icon=":material/download:",
                on_click="ignore",
                help="Made when you click. It carries its recipe: run, step, weights, seeds, path, frames, loop, "
                "truncation.",
            )


st.html(PHONE)
lab()
