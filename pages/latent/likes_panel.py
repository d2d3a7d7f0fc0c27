"""Likes on Explore: thumbs on samples make an axis from what is disliked to what is liked."""

from collections.abc import Callable

import streamlit as st

from dcgan.runs import Run
from pages.common import axes, taste
from pages.common.live import Kept
from pages.common.loading import Opened
from pages.common.view import View
from pages.latent import picking

KEY = "likes"


def draw(run: Run, opened: Opened, view: View, shelf: list[Kept], use: Callable[[str], None]) -> None:
    """The marks so far, and samples to mark; `use` shows the sliders of a kind of axes."""
    changes = picking.heard(KEY, taste.KINDS)
    if changes:
        before = taste.enough(run)
        taste.change(run, changes)
        axes.forget_liked(run)
        if before or taste.enough(run):
            st.rerun()  # the laboratory above has an axis more, less, or another one
    st.markdown(
        "Mark what you like and what you don't. The **Liked** slider above then leads from the one to the other.",
        help="The direction between the two means of z, weighed by how much the generator's first layer shows of each "
        "direction: so it says more after few marks. It is measured and told in words as the other axes are.",
    )
    likes, dislikes = len(taste.of(run, taste.LIKE)), len(taste.of(run, taste.DISLIKE))
    with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}-bar"):
        if lacking := taste.lacking(run):
            st.caption(lacking, width="content")
        else:
            if st.button("Show the Liked slider", type="primary", icon=":material/tune:", key=f"{KEY}-use"):
                use(axes.LIKED)
            st.caption(f"Made from {likes} liked and {dislikes} disliked.", width="content")
        if likes + dislikes and st.button("Forget all", key=f"{KEY}-empty", type="tertiary"):
            taste.marks(run).clear()
            axes.forget_liked(run)
            st.rerun()
    picking.picked(KEY, opened, taste.marks(run), taste.KINDS)
    picking.pool(KEY, run, opened, view, shelf, taste.marks(run), taste.KINDS)
