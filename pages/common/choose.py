"""Picking a run and a step; the choice lives in the URL."""

import streamlit as st

from dcgan import launch
from dcgan.runs import Run, list_runs
from pages.common.words import state_word


def pick_run(label: str = "Run") -> Run | None:
    """A select box over the runs that have a generator, newest first; the URL's `run` wins; None if there are none."""
    runs = [run for run in list_runs() if run.generator_path.exists()]
    if not runs:
        st.info("There is no trained generator yet. Train one first: it takes about a minute.", icon=":material/info:")
        st.page_link("pages/training/train.py", label="Go to Train", icon=":material/model_training:")
        return None
    by_id = {run.id: run for run in runs}
    if st.query_params.get("run") not in by_id:
        st.query_params["run"] = runs[0].id

    def title(run_id: str) -> str:
        return f"{by_id[run_id].name} ({state_word(launch.observe(by_id[run_id]))})"

    wanted = st.selectbox(label, list(by_id), list(by_id).index(st.query_params["run"]), format_func=title)
    st.query_params["run"] = wanted
    return by_id[wanted]


def pick_step(run: Run, label: str = "Training step") -> int | None:
    """A slider over the kept generators; None stands for the newest, and moves on with a run in training."""
    steps = run.snapshots()
    if len(steps) < 2:
        return None
    asked = st.query_params.get("step", "")
    value = int(asked) if asked.isdigit() and int(asked) in steps else steps[-1]
    step = st.select_slider(label, steps, value, format_func=lambda step: f"{step:,}", help="Rewind to any kept moment of training.")
    if step == steps[-1]:
        st.query_params.pop("step", None)
        return None
    st.query_params["step"] = str(step)
    return step
