"""Likes on Explore: thumbs on samples make an axis from what is disliked to what is liked."""

from collections.abc import Callable

import streamlit as st

from dcgan.latent.axis_words import LIKED
from dcgan.runs.run import Run
from pages.common import glossary
from pages.common.loading import Opened
from pages.latent import marks, picking, visit_axes
from pages.latent.components.laboratory import Kept
from pages.latent.view import View

KEY = "likes"


def draw(run: Run, opened: Opened, view: View, shelf: list[Kept], use: Callable[[str], None]) -> None:
    """The marks so far, and samples to mark; `use` shows the sliders of a kind of axes."""
    changes = picking.heard(KEY, marks.KINDS)
    if changes:
        before = marks.enough(run)
        marks.change(run, changes)
        visit_axes.forget_liked(run)
        if before or marks.enough(run):
            st.rerun()  # the laboratory above has an axis more, less, or another one
    st.markdown(
        glossary.marker()(
            "Mark what you like and what you don't: z then moves along the **Liked** slider above, from one to the "
            "other."
        ),
        help="The direction between the two means of z, weighed by how much the generator's first layer shows of each "
        "direction: so it says more after few marks. It is measured and told in words as the other axes are.",
    )
    likes, dislikes = len(marks.of(run, marks.LIKE)), len(marks.of(run, marks.DISLIKE))
    with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}-bar"):
        if lacking := marks.lacking(run):
            st.caption(lacking, width="content")
        else:
            if st.button("Show the Liked slider", type="primary", icon=":material/tune:", key=f"{KEY}-use"):
                use(LIKED)
            st.caption(f"Made from {likes} liked and {dislikes} disliked.", width="content")
        if likes + dislikes and st.button("Forget all", key=f"{KEY}-empty", type="tertiary"):
            marks.marks(run).clear()
            visit_axes.forget_liked(run)
            st.rerun()
    picking.picked(KEY, opened, marks.marks(run), marks.KINDS)
    picking.pool(KEY, run, opened, view, shelf, marks.marks(run), marks.KINDS)
