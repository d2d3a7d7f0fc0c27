"""The map: two thousand samples of a generator in the plane, those that look alike side by side."""

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dcgan.errors import BadInput
from dcgan.runs import launch
from dcgan.runs.run import Run
from pages.common import address, visitors
from pages.common.choose import nothing_yet, pick_run, pick_step
from pages.common.jobs import Job
from pages.common.loading import Opened, open_at
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.learn import map_view, map_words

if TYPE_CHECKING:
    from dcgan.latent.sample_map import SampleMap

KEY, FIRST_KEY = "map", "map-first"
MAKING, MADE, HELD = "map-making", "map-made", "map-held"
MAX_SEED = 2**32 - 1
MOST_MADE = 6  # maps that a visit remembers, which need not be kept with their runs
POLL_S = 0.5
EXPLORE, INTERPOLATE = "pages/latent/explore.py", "pages/latent/interpolate.py"
TSNE = "[t-SNE](https://jmlr.org/papers/v9/vandermaaten08a.html) (van der Maaten & Hinton 2008)"
START = "[Kobak & Berens 2019](https://doi.org/10.1038/s41467-019-13056-x)"

STYLE = """
<style>
.st-key-map-choice { flex-wrap: nowrap !important; }
.st-key-map-choice > :first-child:not(:last-child) { flex: 1 1 10rem; min-width: 0; }
.st-key-map-choice > :last-child { flex: 0 0 9.4rem; min-width: 0; }
</style>
"""

Name = tuple[str, str, int]  # of a map: its weights, who told what looks alike, and the first seed


class Making(NamedTuple):
    """A map that is being made beside the page."""

    name: Name
    job: Job  # whose result is a SampleMap


def draw(chooser: DeltaGenerator) -> None:
    """The map of the run picked in `chooser`, at a step and from a first seed on."""
    if nothing_yet():
        return
    with chooser:
        run = pick_run("Map of")
    if run is None:
        return
    st.html(STYLE)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large", key="map-choice"):
        step = pick_step(run)
        first = _pick_first()
    try:
        opened = _held(run, step)
        _draw_map(run, opened, step, first)
    except BadInput as error:
        refuse(error)


def _pick_first() -> int:
    if address.just_arrived(FIRST_KEY):
        st.session_state[FIRST_KEY] = address.whole(st.query_params.to_dict(), "first", 0, MAX_SEED, otherwise=0)
    help = (
        "The map shows the samples of this seed and of the 1,999 after it. Other seeds, another map of the same land."
    )
    first = st.number_input(
        "First seed", 0, MAX_SEED, st.session_state[FIRST_KEY], step=2000, key=FIRST_KEY, help=help, width=150
    )
    address.write({"first": str(first) if first else None})
    return int(first)


def _held(run: Run, step: int | None) -> Opened:
    """The generator to map: that of a run in training stays, or its map would be old before it is there."""
    opened = newest = open_at(run, step)
    held: tuple[str, Opened] | None = st.session_state.get(HELD)
    is_older = held and held[0] == run.id and held[1].weights_hash != newest.weights_hash
    if held and is_older and step is None and launch.observe(run).state in launch.ACTIVE:
        opened = held[1]
        with st.container(horizontal=True, vertical_alignment="center", key="map-newer"):
            st.caption(
                f"The weights of step {opened.step:,}; the run has come to step {newest.step:,}.", width="content"
            )
            st.button("Take the newest", type="tertiary", on_click=lambda: st.session_state.pop(HELD, None))
    st.session_state[HELD] = (run.id, opened)
    return opened


def _draw_map(run: Run, opened: Opened, step: int | None, first: int) -> None:
    """The map, or the way to it."""
    from dcgan.latent.sample_map import namer

    name = (opened.weights_hash, namer(opened.generator).hash, first)
    made = _known(run, opened, name)
    if made is None:
        _make(run, opened, name)
        return
    _go(run, opened, step, made)
    map_view.show(KEY, opened, made)
    _told(made)


def _known(run: Run, opened: Opened, name: Name) -> "SampleMap | None":
    """A map that was made in this visit, or is kept with its run."""
    from dcgan.latent.sample_map import kept_map

    known: dict[Name, SampleMap] = st.session_state.setdefault(MADE, {})
    if name not in known:
        making: Making | None = st.session_state.get(MAKING)
        found = making.job.result if making and making.name == name else None
        found = found or kept_map(run, opened.generator, name[2])
        if found is None:
            return None
        known[name] = found
        while len(known) > MOST_MADE:
            del known[next(iter(known))]
    return known[name]


def _make(run: Run, opened: Opened, name: Name) -> None:
    """Where there is no map yet: make it, or see how far it is."""
    making: Making | None = st.session_state.get(MAKING)
    making = making if making and making.name == name else None
    running = making is not None and making.job.running
    if not running:
        _invite(run, opened, name)
    if making:
        st.fragment(_watch, run_every=POLL_S if running else None)(making, running)


def _invite(run: Run, opened: Opened, name: Name) -> None:
    if not visitors.may_act():
        st.info("Nobody has made a map of these weights yet: another step or run may have one.", icon=":material/map:")
        return
    st.markdown(
        "Two thousand samples are drawn, looked at, and laid out so that those that look alike lie side by side. "
        "That takes about ten seconds of a free core, and is kept with the run."
    )
    if launch.active_run() is not None:
        st.caption("A run is training: the map gets only what that leaves of the cores, and takes some minutes.")
    if st.button("Make the map", type="primary", icon=":material/map:", key="map-make"):
        _start(run, opened, name)


def _start(run: Run, opened: Opened, name: Name) -> None:
    from dcgan.latent.sample_map import map_for

    visitors.check()
    if (before := st.session_state.get(MAKING)) is not None:
        before.job.stop()
    job = Job(lambda tick: map_for(run, opened.generator, tick, name[2]), gently=True)
    st.session_state[MAKING] = Making(name, job)
    st.rerun()


def _watch(making: Making, running: bool) -> None:
    """How far it is; drawn again and again while it was `running` at first."""
    job = making.job
    if job.running:
        with st.container(horizontal=True, vertical_alignment="center", key="map-progress"):
            st.progress(min(1.0, job.share), text=f"{job.doing or 'Beginning'} …")
            st.button("Stop", key="map-stop", on_click=job.stop)
    elif running:
        st.rerun()  # the map is there, was stopped, or failed
    elif job.error:
        refuse(job.error)


def _go(run: Run, opened: Opened, step: int | None, made: "SampleMap") -> None:
    """To Explore at the sample that was opened, or to Interpolate along several."""
    opened_now = map_view.opened_seeds(KEY, made)
    if not opened_now:
        return
    moment = {} if step is None and launch.observe(run).state not in launch.ACTIVE else {"step": str(opened.step)}
    where = {"part": "map", "run": run.id, **moment}  # Back shows this page with it before the one that it came from
    if len(opened_now) == 1:
        st.switch_page(EXPLORE, query_params=where | {"seed": str(opened_now[0])})
    st.switch_page(INTERPOLATE, query_params=where | {"seeds": "_".join(map(str, opened_now)), "loop": "0"})


def _told(made: "SampleMap") -> None:
    """How to read it, where it comes from, and the same in words."""
    who = f"the classifier {escaped(made.features)}" if made.class_names else f"the fixed filters {made.features}"
    st.caption(
        f"What lies together looks alike to {who}, whose features are laid out by exact {TSNE}, begun from principal "
        f"components ({START}). Near means alike; how far groups are apart, and how large they are, means little. "
        "A gap is what this generator doesn't blend; a lone dot is a kind that it rarely makes."
    )
    with st.expander("The map in words", icon=":material/table_rows:"):
        st.markdown(map_words.table(made))
