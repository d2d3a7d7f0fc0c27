"""The few rules of looks that the theme can't express."""

import streamlit as st

CSS = """
<style>
/* pictures of 32 pixels are shown as they are: crisp */
[class*="st-key-pixels"] img, .pixels { image-rendering: pixelated; width: 100%; }
/* figures that tick stay in their columns */
[data-testid="stMetricValue"], [data-testid="stTable"], .tabular { font-variant-numeric: tabular-nums; }
[data-testid="stMainBlockContainer"] { padding-top: 3.2rem; padding-bottom: 3rem; max-width: 1320px; }
/* a fragment that refreshes itself must not fade */
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding-left: 1rem; padding-right: 1rem; padding-top: 3.5rem; }
}
</style>
"""


def apply() -> None:
    """Put the rules on the page; they hold no user text."""
    st.html(CSS)
