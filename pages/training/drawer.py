"""The drawer at the side of a run's page: one form at a time.

It is opened by a word in the session and drawn by the page itself, outside the part that ticks every second: what a
tick draws, the next one takes away.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dcgan.runs.run import Run

KEY = "drawer"


def open_for(run: Run, form: str, **facts: Any) -> None:
    """Open the drawer with a form of a run, now; `facts` are what the form should know of this moment."""
    st.session_state[KEY] = {"run": run.id, "form": form, "facts": facts}
    st.rerun()


def close() -> None:
    """Shut the drawer; the next run of the page draws none."""
    st.session_state.pop(KEY, None)


def draw(run: Run, form: str, title: str, icon: str, fill: Callable[..., str]) -> None:
    """Draw the drawer if it is open with this form of this run.

    `fill(**facts)` draws its fields and returns the key of one of them, by which a drawer is known that was left by way
    of another page and should be shut by now.
    """
    opened = st.session_state.get(KEY)
    if opened is None or (opened["run"], opened["form"]) != (run.id, form):
        return
    if "field" in opened and opened["field"] not in st.session_state:
        close()
        return

    def content() -> None:
        opened["field"] = fill(**opened["facts"])

    st.dialog(title, position="right", icon=icon, on_dismiss=close)(content)()
