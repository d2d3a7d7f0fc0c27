"""The way back to the run that was stopped last, from the page that starts a new one."""

import streamlit as st

from dcgan.config import NO_END
from dcgan.errors import BadInput
from dcgan.runs import launch
from dcgan.runs.records import Status
from dcgan.runs.run import Run, list_runs
from pages.common import run_rows, upkeep, visitors
from pages.common.words import escaped, state_word
from pages.training import run_actions


def offer() -> None:
    """One line that names the run and goes on with it; nothing where the last run here was not stopped on its way."""
    found = last_stopped() if visitors.may_act() else None
    if found is None:
        return
    run, status = found
    with st.container(horizontal=True, vertical_alignment="center", key="go-on"):
        config = run_rows.config_of(run)
        end = f" of {config.num_steps:,}" if config and config.num_steps < NO_END else ""
        st.info(
            f"**{escaped(run.name)}**: {escaped(state_word(status))} at step {status.step:,}{end}.",
            icon=":material/play_circle:",
            width="stretch",
        )
        if st.button("Go on with it", icon=":material/play_arrow:", help="Exactly from its last checkpoint."):
            run_actions.begin(run)


def last_stopped() -> tuple[Run, Status] | None:
    """The run that trained here last, with its status, if it could go on; None if another trained or ended since."""
    seen = [(run, launch.observe(run)) for run in list_runs()]
    if not seen:
        return None
    run, status = max(seen, key=lambda pair: pair[1].heartbeat)
    try:
        return (run, status) if status.step and upkeep.can_resume(run, status) else None
    except BadInput:  # its settings can't be read
        return None
