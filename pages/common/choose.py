"""Picking a run and a step; the choice lives in the URL, and a run stays chosen from page to page."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from dcgan.runs import launch
from dcgan.runs.quality_log import newest_quality
from dcgan.runs.run import SHIPPED, Run, list_runs
from pages.common import address, run_rows, visitors
from pages.common.widgets import hold
from pages.common.words import state_word

RUN_KEY = "picked-run"
LAST_RUN = "last-picked-run"  # outlives the page, as a widget's key does not
UNASKED = "unasked-run"  # the one that a page opened on by itself; any other that is shown was named or picked
ENOUGH = 1000  # fakes, and held-out real pictures, from which on distances over other data may be set side by side

STYLE = """
<style>
/* the way to one's own run stands in the line of the select box's label */
.st-key-run-choice { position: relative; }
.st-key-own-run.stElementContainer, [data-testid="stLayoutWrapper"]:has(> .st-key-own-run) {
  position: absolute !important; top: -2px; right: 0; width: auto !important; max-width: 75%;
}
.st-key-own-run button { min-height: 0; height: 1.4rem; padding: 0; text-decoration: underline; }
.st-key-own-run button, .st-key-own-run button * { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
</style>
"""


def pick_run(label: str = "Run", fits: Callable[[Run], bool] = lambda run: True) -> Run | None:
    """A select box over the runs that have a generator and that `fits` takes, newest first.

    Where there are none: None, and a word on what is missing, with the way to Train.

    On arrival the URL's `run` wins, then the run picked on another page. A page that nobody named a run for opens on
    the best measured one, with a way to one's own.
    """
    runs = {id: run for id, run in _with_generator().items() if fits(run)}
    if nothing_yet(runs):
        return None
    wishes = [st.session_state.get(RUN_KEY), st.session_state.get(LAST_RUN)]
    if address.just_arrived(RUN_KEY):
        asked = st.query_params.get("run")
        wishes.insert(0, asked)
        if asked in runs:
            st.session_state.pop(UNASKED, None)
    chosen = next((wish for wish in wishes if wish in runs), None)
    if chosen is None:
        chosen = (best_measured(runs.values()) or next(iter(runs.values()))).id
        st.session_state[UNASKED] = chosen
    st.session_state[RUN_KEY] = chosen
    names = titles(runs.values())

    def title(run_id: str) -> str:
        return f"{names[run_id]} ({state_word(launch.observe(runs[run_id]))})"

    with st.container(key="run-choice"):
        wanted = st.selectbox(label, list(runs), list(runs).index(chosen), format_func=title, key=RUN_KEY)
        if wanted != st.session_state.get(UNASKED):
            st.session_state.pop(UNASKED, None)
            st.session_state[LAST_RUN] = wanted
        _way_to_own(runs, wanted)
    address.write({"run": wanted})
    return runs[wanted]


def best_measured(runs: Iterable[Run]) -> Run | None:
    """The run whose fakes came closest to real pictures when they were last measured; None where none was.

    On the same data and by the same judge that is the lowest distance. Over different data distances can't be
    compared, so there it is the one that is the fewest times that of real pictures, among those measured with enough
    pictures; without such, the newest run's data decide.
    """
    best: dict[
        tuple[Any, ...], tuple[Run, dict[str, Any]]
    ] = {}  # of each data set and judge, that of the newest run first
    for run in runs:
        row = newest_quality(run)
        if row is None:
            continue
        config = run_rows.config_of(run)
        kind = (config and config.data_fingerprint, row["judge_hash"], row["reference"], row["n"])
        if kind not in best or row["distance"] < best[kind][1]["distance"]:
            best[kind] = (run, row)
    if not best:
        return None
    fair = [(run, row) for run, row in best.values() if _is_fair(row)]
    if not fair:
        return next(iter(best.values()))[0]
    return min(fair, key=lambda each: each[1]["distance"] / each[1]["distance_floor"])[0]


def _is_fair(row: dict[str, Any]) -> bool:
    """Whether a measurement may be set beside one over other data: few pictures make any fakes look near."""
    enough = row["reference"] == "test" and min(row["n"], row["reference_n"]) >= ENOUGH
    return enough and (row["distance_floor"] or 0) > 0


def _way_to_own(runs: dict[str, Run], shown: str) -> None:
    """From a run that a page opened on by itself, or that came with the studio, the way to one's own newest; or a word
    that this is it."""
    own = [run for run in runs.values() if run.id not in SHIPPED]
    if not own or len(runs) == 1 or (shown not in SHIPPED and shown != st.session_state.get(UNASKED)):
        return
    st.html(STYLE)
    mine = next((run for run in own if launch.observe(run).state in launch.ACTIVE), own[0])
    if mine.id == shown:
        with st.container(key="own-run"):
            st.caption("Your run")
        return
    label = f"Your {'newest ' if len(own) > 1 else ''}run, step {mine.status().step:,}"
    st.button(label, key="own-run", type="tertiary", on_click=go_to, args=(mine, None))


def titles(runs: Iterable[Run]) -> dict[str, str]:
    """What to call each run, by its id: the name, and where several share it the id, too.

    A widget tells its options apart by their words alone.
    """
    names = {run.id: run.name for run in runs}
    times = Counter(names.values())
    return {id: name if times[name] == 1 or name == id else f"{name} [{id}]" for id, name in names.items()}


def pick_step(run: Run, label: str = "Training step") -> int | None:
    """A slider over the kept generators; None stands for the newest, and moves on with a run in training.

    On arrival the URL's `step` wins if it was kept.
    """
    snapshots, best = run.snapshots(), run.best_step()
    steps = [step for step in run.generators() if step <= max(snapshots, default=0)]
    if len(steps) < 2:
        address.write({"step": None})
        return None
    key, newest_key = _step_key(run.id), f"newest-{run.id}"
    if address.just_arrived(key):
        text = st.query_params.get("step", "")
        asked = best if text == "best" else address.read_whole(text)
        value = asked if asked in steps else steps[-1]
    else:
        value = st.session_state[key]
        if value not in steps or value == st.session_state.get(newest_key):
            value = steps[-1]  # thinned away in the meantime, or following the newest
    hold(key, value)
    st.session_state[newest_key] = steps[-1]

    def title(step: int) -> str:
        return f"{step:,} · best" if step == best else f"{step:,}"

    help = "Rewind to any kept moment of training; the best is where the fakes came closest to real pictures."
    step = st.select_slider(label, steps, value, format_func=title, key=key, help=help)
    address.write({"step": None if step == steps[-1] else str(step)})
    return None if step == steps[-1] else step


def go_to(run: Run, step: int | None) -> None:
    """Choose a run and a step from a callback, as if a person had picked them."""
    st.session_state[RUN_KEY] = run.id
    steps = list(run.generators())
    if steps:
        st.session_state[_step_key(run.id)] = step if step in steps else steps[-1]


def _step_key(run_id: str) -> str:
    return f"picked-step-{run_id}"


def nothing_yet(runs: dict[str, Run] | None = None) -> bool:
    """Whether there is no generator at all; if so, say what to do. A page may ask before it lays out its columns."""
    if _with_generator() if runs is None else runs:
        return False
    with st.container(border=True, key="nothing-yet"):
        st.subheader("No generator yet", anchor=False)
        if visitors.may_act():
            st.write("This page needs a trained generator. Train one first: clothes appear after about a minute.")
            st.page_link("pages/training/train.py", label="Go to Train", icon=":material/model_training:")
        else:
            st.write("This page needs a trained generator, and nothing has been trained here yet.")
    return True


def _with_generator() -> dict[str, Run]:
    """The runs that have a generator by id, newest first."""
    return {run.id: run for run in list_runs() if run.generator_path.is_file()}
