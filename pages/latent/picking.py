"""Picking samples: where they come from, and the walls on which they are marked."""

import streamlit as st

from dcgan.latent.axis_words import PLAIN
from dcgan.runs.run import Run
from pages.common.loading import Opened
from pages.latent import samples, visit_axes
from pages.latent.components.laboratory import Kept
from pages.latent.components.wall import Marks, listen, wall
from pages.latent.view import NUM_NEIGHBOURS, View, neighbours_z

SHOWN = 24
SEEDS, FAVOURITES, NEIGHBOURS = "Seeds", "Favourites", "Neighbours"
Kinds = list[tuple[str, str, str]]
Named = list[tuple[str, str]]  # sample, and in a few words where it comes from


def heard(key: str, kinds: Kinds) -> dict[str, str | None]:
    """What was marked on both walls since the last look."""
    return listen(f"{key}-picked", kinds) | listen(f"{key}-pool", kinds)


def picked(key: str, opened: Opened, marks: Marks, kinds: Kinds) -> None:
    """The wall of those that are marked, kind by kind."""
    order = [kind for kind, *_ in kinds]
    those = samples.fitting(sorted(marks, key=lambda sample: order.index(marks[sample])), opened.generator.config)
    if those:
        st.caption(f"Marked: {len(those)}. Click a mark again to take it off.")
        names = [_name(sample) for sample in those]
        wall(f"{key}-picked", samples.pictures_of(opened, those), those, names, kinds, marks)


def pool(key: str, run: Run, opened: Opened, view: View, shelf: list[Kept], marks: Marks, kinds: Kinds) -> None:
    """The wall of those to choose from: random samples, favourites, or what lies around the picture."""
    mine = [kept for kept in shelf if kept.run == run.id]
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{key}-from"):
        source = st.segmented_control(
            "Choose from",
            [SEEDS, FAVOURITES, NEIGHBOURS],
            default=SEEDS,
            required=True,
            key=f"{key}-source",
            help="Random samples, the favourites you kept of this run, or the picture above with its neighbours.",
        )
        if source == SEEDS:
            st.button("Others", icon=":material/casino:", key=f"{key}-others", on_click=_turn, args=(key,))
    first = st.session_state.get(f"{key}-first", 0)
    if source == FAVOURITES:
        named = [(_kept_token(run, opened, kept), f"favourite {i + 1}") for i, kept in enumerate(mine)]
    elif source == NEIGHBOURS:
        named = _around(run, opened, view)
    else:
        named = [(str(first + i), f"seed {first + i}") for i in range(SHOWN)]
    named = list(dict(named).items())  # a sample may be there twice
    if not named:
        st.info("No favourites of this run yet: **Keep** beside the picture puts it here.", icon=":material/bookmark:")
        return
    those = [sample for sample, _ in named]
    wall(f"{key}-pool", samples.pictures_of(opened, those), those, [name for _, name in named], kinds, marks)


def _turn(key: str) -> None:
    st.session_state[f"{key}-first"] = st.session_state.get(f"{key}-first", 0) + SHOWN


def _kept_token(run: Run, opened: Opened, kept: Kept) -> str:
    for kind in visit_axes.needed(kept.view, PLAIN):
        if not visit_axes.known(run, kind):
            visit_axes.measure(run, opened, kind)
    return samples.token_of(kept.view, opened.generator, visit_axes.directions_of(run, kept.view, opened.generator))


def _around(run: Run, opened: Opened, view: View) -> Named:
    from dcgan.latent.codes import code_of

    along = visit_axes.directions_of(run, view, opened.generator)
    around = neighbours_z(view, opened.generator, NUM_NEIGHBOURS, along)[1:]
    here = (samples.token_of(view, opened.generator, along), "the picture above")
    return [here, *((f"z{code_of(z)}", f"neighbour {i + 1}") for i, z in enumerate(around))]


def _name(sample: str) -> str:
    return "a given z" if sample.startswith("z") else f"seed {sample}"
