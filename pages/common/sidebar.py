"""The foot of the sidebar: what is training now, a run or a judge, seen from every page."""

import streamlit as st

from dcgan.judges import training_process
from dcgan.runs import launch
from dcgan.runs.run import Run
from dcgan.runs.throughput import time_left
from pages.common import run_rows, upkeep, visitors
from pages.common.words import escaped, state_word


@st.fragment(run_every=2.0)
def _card() -> None:
    run, judge = launch.active_run(), training_process.observe()
    if run is not None:
        _run(run)
    if judge.state == "running":
        _judge(judge)
    elif run is None:
        st.caption("No run is training." + " Start one on the Train page." * visitors.may_act())


def _judge(judge: training_process.Progress) -> None:
    st.markdown(f"**Judge for {escaped(judge.title)}** · training")
    st.progress(judge.share)
    st.caption(f"{escaped(judge.doing)}. See it on the Evaluate page.")


def _run(run: Run) -> None:
    status = launch.observe(run)
    st.markdown(f"**{escaped(run.name)}** · {escaped(state_word(status))}")
    if status.prepared is not None:
        st.progress(status.prepared)
        st.caption(escaped(status.message))
        return
    config = run_rows.config_of(run)
    if config:
        st.progress(upkeep.share_done(config, status))
    left = f" · {time_left(status.eta_s)} left" if status.eta_s is not None else ""
    st.caption(f"Step {status.step:,}{left}")


def now_training() -> None:
    """Draw the card and keep it fresh."""
    with st.sidebar, st.container(key="now-training", border=True):
        _card()
