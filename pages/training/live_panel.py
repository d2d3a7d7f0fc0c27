"""Settings that can change while a run trains."""

import streamlit as st

from dcgan import live
from dcgan.config import BadInput
from dcgan.runs import Run
from pages.common.widgets import refuse, setting


def offer(run: Run, active: bool) -> None:
    """A button that opens the form; what is applied holds from the next step on, or from the resume on."""
    with st.popover(
        "Change settings",
        icon=":material/tune:",
        width="stretch",
        key=f"live-{run.id}",
        help="Learning rates, steps of D, averaging, what D sees, intervals, without a stop; marked on the curves.",
    ):
        now = live.in_force(run)
        with st.form(f"live-form-{run.id}", border=False):
            cells, values = st.grid(3, min_column_width=130), {}
            for name in live.LIVE:
                value, key = getattr(now, name), f"live-{name}-{run.id}-{getattr(now, name)}"
                values[name] = setting(cells, name, value, key)
            if st.form_submit_button("Apply", type="primary", icon=":material/check:", width="stretch"):
                _apply(run, {name: value for name, value in values.items() if value is not None}, active)
        st.caption("From the next step on." if active else "From the next resume on.")


def _apply(run: Run, values: dict[str, object], active: bool) -> None:
    try:
        changes = live.ask(run, values)
    except BadInput as error:
        refuse(error)
        return
    if changes:
        when = "the next step" if active else "the next resume"
        st.toast(f"From {when} on: {live.words(changes)}.", icon=":material/tune:")
        st.rerun(scope="fragment" if active else "app")
