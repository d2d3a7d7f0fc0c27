"""Measure generators against real pictures they were not trained on: one moment, a run over its steps, several runs."""

import streamlit as st

from pages.common import address
from pages.common.choose import nothing_yet
from pages.common.widgets import one_of
from pages.evaluate.one_generator import one_moment
from pages.evaluate.over_steps import over_steps
from pages.evaluate.several_runs import several_runs

VIEWS = {"moment": "One generator", "steps": "A run over its steps", "runs": "Several runs"}
VIEW_KEY = "evaluate-view"


def page() -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title("Evaluate", anchor=False, width="content")
        view = _pick_view()
    if nothing_yet():
        return
    {"moment": one_moment, "steps": over_steps, "runs": several_runs}[view]()


def _pick_view() -> str:
    if address.just_arrived(VIEW_KEY):
        asked = st.query_params.get("view")
        st.session_state[VIEW_KEY] = asked if asked in VIEWS else "moment"
    view = one_of("What to look at", VIEWS, VIEW_KEY)
    address.write({"view": None if view == "moment" else view})
    return view


page()
