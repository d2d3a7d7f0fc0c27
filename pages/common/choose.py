"""Picking a run and a step; the choice lives in the URL, and a run stays chosen from page to page."""

from collections import Counter
from collections.abc import Iterable

import streamlit as st

from dcgan import launch
from dcgan.runs import Run, list_runs
from pages.common import address
from pages.common.widgets import hold
from pages.common.words import state_word

RUN_KEY = "picked-run"
LAST_RUN = "last-picked-run"  # outlives the page, as a widget's key does not


def pick_run(label: str = "Run") -> Run | None:
    """A select box over the runs that have a generator, newest first; None, and the way to Train, if there are none.

    On arrival the URL's `run` wins, then the run chosen on another page, then the newest.
    """
    runs = _with_generator()
    if nothing_yet(runs):
        return None
    wishes = [st.session_state.get(RUN_KEY), st.session_state.get(LAST_RUN)]
    if address.just_arrived(RUN_KEY):
        wishes.insert(0, st.query_params.get("run"))
    chosen = next((wish for wish in wishes if wish in runs), next(iter(runs)))
    st.session_state[RUN_KEY] = chosen
    names = titles(runs.values())

    def title(run_id: str) -> str:
        return f"{names[run_id]} ({state_word(launch.observe(runs[run_id]))})"

    wanted = st.selectbox(label, list(runs), format_func=title, key=RUN_KEY)
    st.session_state[LAST_RUN] = wanted
    address.write({"run": wanted})
    return runs[wanted]


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
    step = st.select_slider(label, steps, format_func=title, key=key, help=help)
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
        st.write("This page needs a trained generator. Train one first: clothes appear after about a minute.")
        st.page_link("pages/training/train.py", label="Go to Train", icon=":material/model_training:")
    return True


def _with_generator() -> dict[str, Run]:
    """The runs that have a generator by id, newest first."""
    return {run.id: run for run in list_runs() if run.generator_path.exists()}
