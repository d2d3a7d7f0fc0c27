"""Before a run: choose a recipe and pictures, press Start training."""

import contextlib
import io
from collections.abc import Callable

import numpy as np
import streamlit as st

from dcgan.errors import BadInput
from dcgan.images import encode, grids
from dcgan.runs import launch
from dcgan.runs.new_run import order
from dcgan.runs.run import Run, list_runs
from dcgan.runs.sample_grids import grid_of
from pages.common import visitors
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.training import advanced, go_on, needs, pick_pictures, preset_cards, shape

ELSEWHERE = (  # for who can't start a run
    ("pages/latent/explore.py", "Move through what a run has learned", ":material/tune:"),
    ("pages/training/runs.py", "See every run", ":material/inventory_2:"),
    ("pages/learn/learn.py", "Learn how it works", ":material/school:"),
)
LOOK_SECONDS = 2.0  # between looks at what stands in the way of a start


def draw() -> None:
    _hero()
    if not visitors.may_act():
        for place, (page, label, icon) in zip(st.columns(len(ELSEWHERE)), ELSEWHERE, strict=True):
            place.container(border=True).page_link(page, label=label, icon=icon, width="stretch")
        return
    busy = launch.active_run()
    if busy is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(
                f"{escaped(busy.name)} is in training; one run trains at a time.",
                icon=":material/model_training:",
                width="stretch",
            )
            st.page_link(
                "pages/training/train.py", label="Watch it", icon=":material/visibility:", query_params={"run": busy.id}
            )
    else:
        go_on.offer()

    preset = preset_cards.pick()
    spec, named, usable = pick_pictures.pick(shape.chosen(preset))
    shape.draw(preset, spec)
    values = advanced.draw(preset, spec)
    fits = needs.draw(preset, values, spec)
    refused = False
    cannot = spec is None or not fits
    foot = st.container(key="start", gap="small")
    problem = foot.empty()
    if foot.button("Start training", type="primary", icon=":material/play_arrow:", width="stretch", disabled=cannot):
        assert spec is not None
        try:
            with foot, st.spinner("Checking the pictures and starting …"):
                run = _start(preset, values, spec)
        except BadInput as error:
            refuse(error, problem.error)
            refused = True
        else:
            st.query_params.from_dict({"run": run.id})
            st.rerun()

    def obstacles() -> tuple[object, ...]:
        active = launch.active_run()
        return active and active.id, pick_pictures.usable(named), needs.fit(preset, values, spec)

    seen = (busy and busy.id, usable, fits)  # as they were when the page spoke of them: they may be gone by now
    if refused or seen != (None, True, True) or (named and not spec):
        st.fragment(_look_again, run_every=LOOK_SECONDS)(seen, obstacles)


def _look_again(seen: tuple[object, ...], obstacles: Callable[[], tuple[object, ...]]) -> None:
    """Draw the page anew once something that stood in the way is gone: what was said of it must not outlive it."""
    if obstacles() != seen:
        st.rerun()


def _start(preset: str, values: dict[str, object], spec: str) -> Run:
    """Check everything, make the run directory, start its process; raises BadInput and leaves nothing behind."""
    visitors.check()
    config = order(preset, values, spec)
    run = Run.create(config, name=str(st.session_state.get("run-name", "")).strip())
    try:
        launch.start(run)
    except BadInput:
        run.delete()
        raise
    return run


def _hero() -> None:
    st.title("Train a GAN", anchor=False)
    words, strip = st.columns([5, 7], vertical_alignment="center", gap="medium")
    words.markdown(
        "Two networks play against each other: **G** draws clothes from noise, **D** tells drawn from real. "
        + ("Press **Start training** and watch G learn." if visitors.may_act() else "No run is in training now.")
    )
    picture = _showpiece()
    if picture:
        with strip.container(key="pixels-hero"):
            st.image(picture, output_format="PNG", width="stretch", alt="Clothes drawn by a trained generator")


def _showpiece() -> bytes | None:
    """A strip of the shipped model's samples, or of any finished run's."""
    for run in sorted(list_runs(), key=lambda run: run.id != "quick-fashion"):
        steps = run.samples()
        if steps and run.status().state in ("finished", "stopped"):
            with contextlib.suppress(BadInput, OSError):  # one that can't be read has no picture here
                return _strip(str(run.path), steps[-1], run.config.image_size)
    return None


@st.cache_data(max_entries=8, show_spinner=False)
def _strip(run_path: str, step: int, image_size: int) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(grid_of(Run(run_path), step))) as grid:
        return encode.png_bytes(grids.corner(np.asarray(grid), image_size, 12, 2))
