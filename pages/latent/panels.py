"""What stands folded under the laboratory: other ways to a z; the open one and what was picked are in the URL."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from dcgan.runs.run import Run
from pages.common import address
from pages.common.loading import Opened
from pages.latent import arithmetic_panel, likes_panel, marks, projection_panel
from pages.latent.components.laboratory import Kept
from pages.latent.view import View

PANELS = {"project": "A picture of yours", "arithmetic": "A − B + C", "likes": "Likes"}
_OPEN = "explore-panel"


def arrive(params: dict[str, str]) -> None:
    """On arrival: the open panel, and what was picked of the run."""
    st.session_state[_OPEN] = params.get("panel") if params.get("panel") in PANELS else None
    run_id = params.get("run", "")  # none: whichever is picked
    arithmetic_panel.arrive(run_id, params)
    marks.arrive(run_id, params)


@st.fragment
def draw(
    run: Run,
    opened: Opened,
    view: View,
    shelf: list[Kept],
    show_view: Callable[[View], None],
    show_kind: Callable[[str], None],
) -> None:
    """The choice of panels, and the open one; `show_view` and `show_kind` change the laboratory above."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom", key="explore-more"
    ):
        st.segmented_control(
            "More ways to a picture",
            list(PANELS),
            format_func=lambda name: PANELS[name],
            default=st.session_state.get(_OPEN),
            key=_OPEN,
            persist_state="session",
            help="**A picture of yours** finds the z that comes nearest to an upload. **A − B + C** is arithmetic with "
            "averages of samples. **Likes** makes a slider from what you like and dislike.",
        )
        where = {"part": "map", "run": run.id, "step": str(opened.step)}
        st.page_link("pages/learn/learn.py", label="Map of its samples", icon=":material/map:", query_params=where)
    chosen = st.session_state[_OPEN]
    if chosen == "project":
        projection_panel.draw(run, opened, _then(show_view))
    elif chosen == "arithmetic":
        arithmetic_panel.draw(run, opened, view, shelf, _then(show_view))
    elif chosen == "likes":
        likes_panel.draw(run, opened, view, shelf, _then(show_kind))
    address.write({"panel": chosen} | arithmetic_panel.params(run) | marks.params(run))


def _then(act: Callable[[Any], None]) -> Callable[[Any], None]:
    """The same, and the whole page is drawn again."""

    def both(value: Any) -> None:
        act(value)
        st.rerun()

    return both
