"""Settings that can change while a run trains."""

from collections.abc import Mapping

import streamlit as st

from dcgan.config import LIVE
from dcgan.errors import BadInput
from dcgan.runs import live_settings
from dcgan.runs.run import Run
from pages.common import visitors
from pages.common.widgets import refuse
from pages.training import drawer, knobs

FORM = "settings"
HELP = "How fast G and D learn and more, without a stop; what changes is marked on the curves."


def offer(run: Run) -> None:
    """The button that opens the drawer."""
    if visitors.may_act() and st.button(
        "Change settings", icon=":material/tune:", width="stretch", key=f"live-{run.id}", help=HELP
    ):
        drawer.open_for(run, FORM)


def draw(run: Run, active: bool) -> None:
    """The drawer, if it is open; what is applied holds from the next step on, or from the resume on."""
    drawer.draw(run, FORM, "Change settings", ":material/tune:", lambda: _form(run, active))


def _form(run: Run, active: bool) -> str:
    now, key = live_settings.in_force(run), f"live-{run.id}"
    when = "the next step" if active else "the next resume"
    st.caption(f"Holds from {when} on, and is marked on the curves.")
    with st.form(f"form-{key}", border=False):
        values = knobs.speeds(now, key)
        with st.expander("More"):
            more = knobs.rest({name: getattr(now, name) for name in LIVE if name not in values}, key)
        if st.form_submit_button("Apply", type="primary", icon=":material/check:", width="stretch"):
            _apply(run, values | more, when)
    return f"{key}-lr_g-{now.lr_g}"


def _apply(run: Run, values: Mapping[str, object], when: str) -> None:
    try:
        visitors.check()
        changes = live_settings.ask(run, values)
    except BadInput as error:
        refuse(error)
        return
    if changes:
        st.toast(f"From {when} on: {live_settings.words(changes)}.", icon=":material/tune:")
    drawer.close()
    st.rerun()
