"""Where a run comes from and what became of it: its parents and its forks."""

import streamlit as st

from dcgan.runs.fork import family
from dcgan.runs.run import Run, list_runs
from pages.common import address
from pages.common.words import escaped

RUNS, TRAIN = "pages/training/runs.py", "pages/training/train.py"


def origin(run: Run) -> None:
    """One line on where a fork began and what it does otherwise; nothing for a run that is no fork."""
    parent = run.parent()
    if not parent.run:
        return
    known = next((each for each in list_runs(run.path.parent) if each.id == parent.run), None)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        changes = parent.changes or "nothing changed"
        st.caption(f":material/fork_right: Forked at step {parent.step:,}: {escaped(changes)}.", width="content")
        if known is None:
            st.caption(f"Its parent {escaped(parent.run)} is gone.", width="content")
        else:
            label = f"From {escaped(known.name)}"
            st.page_link(TRAIN, label=label, icon=":material/arrow_upward:", query_params={"run": known.id})


def tree(run: Run) -> None:
    """The whole line of parents, and the run's own forks, each a link; nothing for a run without family."""
    runs = list_runs(run.path.parent)
    ancestors, forks = family(run, runs)
    if not ancestors and not forks:
        return
    st.markdown("##### Family")
    by_id = {each.id: each for each in runs}
    for run_id, step in ancestors:
        if run_id in by_id:
            _link(by_id[run_id], f"{escaped(by_id[run_id].name)}, left at step {step:,}", ":material/arrow_upward:")
        else:
            st.caption(f":material/arrow_upward: {escaped(run_id)}, left at step {step:,}; gone")
    for child, step in forks:
        changes = child.parent().changes or "nothing changed"
        _link(child, f"{escaped(child.name)}, from step {step:,}: {escaped(changes)}", ":material/fork_right:")


def _link(run: Run, label: str, icon: str) -> None:
    address.link(RUNS, label, icon, {"run": run.id})
