"""The head of Explore and Interpolate: the title, then run and step; and how wide their pages are."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

STYLE = """
<style>
.st-key-latent-head > :first-child { flex: 1 1 10rem; }
.st-key-latent-head > :not(:first-child) { flex: 1 1 14rem; max-width: 24rem; }
.st-key-latent-lab { --above: 3.8rem; }
/* room for what the browser is about to draw: nothing below it jumps far */
@media (min-width: 1200px) { .st-key-latent-lab { min-height: 66vh; } }
@media (max-width: 640px) { .st-key-latent-lab { min-height: 100vh; } }
@media (min-width: 1500px) {
  [data-testid="stMainBlockContainer"] { max-width: 1640px; }
}
@media (max-width: 640px) {
  .st-key-latent-head > :first-child { flex-basis: 100%; }
  .st-key-latent-head > :not(:first-child) { flex: 1 1 9rem; min-width: 0; max-width: none; }
}
</style>
"""


def head(title: str) -> DeltaGenerator:
    """The row with the title; what is put into it, run and step, stands beside the title, on a phone under it."""
    row = st.container(horizontal=True, vertical_alignment="bottom", key="latent-head")
    with row:
        st.title(title, anchor=False)
    return row
