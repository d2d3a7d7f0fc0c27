"""The few rules of looks that the theme can't express."""

import streamlit as st

PAPER = ("#FBF9F6", "#171512")  # the background of a light and of a dark page, as the theme has it
# on a light and on a dark page; the contrast of every pair with its background is at least 4.5 to 1
QUIET = ("#655F59", "#A59D92")  # notes, icons, the labels of charts
CHOSEN = ("#9A4420", "#EBA079")  # words that the accent marks: as a background for white it is too dark, or too light

CSS = """
<style>
/* pictures of 32 pixels are shown as they are: crisp */
[class*="st-key-pixels"] img, .pixels { image-rendering: pixelated; width: 100%; }
/* what comes a moment later has its room already, so that nothing below it jumps */
.st-key-pixels-hero { aspect-ratio: 4; }
.st-key-pixels-preview { aspect-ratio: 9; }
.st-key-preset-cards { min-height: 16rem; }
/* figures that tick stay in their columns */
[data-testid="stMetricValue"], [data-testid="stTable"], .tabular { font-variant-numeric: tabular-nums; }
[data-testid="stMainBlockContainer"] { padding: 2.2rem clamp(1.5rem, 3.5vw, 4rem) 2rem; max-width: 1760px; }
[data-testid="stHeading"] h1 { padding-top: 0; }
/* what is read keeps lines that an eye can follow, however wide the page */
[data-testid="stMainBlockContainer"] [data-testid="stMarkdownContainer"] > p { max-width: 60rem; }
/* the newest samples leave room for their slider and the controls under them, and what is left to the curves */
@media (min-width: 1000px) {
  .st-key-run-view > * > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:first-child {
    flex: 0 0 clamp(24rem, calc(100vh - 30rem), 46%);
  }
  .st-key-run-view > * > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:last-child { flex: 1 1 0; }
}
/* the recipes are cards, all of which can be clicked */
.st-key-preset-cards [role="radiogroup"] {
  display: grid; gap: 0.8rem; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); align-items: stretch;
}
.st-key-preset-cards [role="radiogroup"] > div {
  position: relative; border: 1px solid color-mix(in srgb, currentColor 18%, transparent); border-radius: 0.6rem;
  padding: 0.9rem 1rem; justify-content: flex-start;
}
.st-key-preset-cards [role="radiogroup"] > div[data-selected="true"] {
  border-color: #C8622F; box-shadow: inset 0 0 0 1px #C8622F;
}
.st-key-preset-cards [role="radiogroup"] label { font-weight: 600; }
.st-key-preset-cards [role="radiogroup"] label::after { content: ""; position: absolute; inset: 0; }
/* the button that starts is in view from the first moment, however long the form or small the screen */
:has(> .st-key-start) {
  position: sticky; bottom: 0; z-index: 5; padding: 0.6rem 0 1rem; margin-bottom: -1rem;
  background: linear-gradient(transparent, light-dark(PAPER) 0.6rem);
}
[data-testid="stMain"]:has(.st-key-start) { scroll-padding-bottom: 5rem; } /* what gets the focus is not under it */
/* the theme has no words for these: what it makes of its colours is too faint to read */
[data-testid="stCaptionContainer"], [data-testid="stSliderTickBar"],
[data-testid="stSidebarNavLink"]:not([aria-current]) [data-testid="stIconMaterial"] {
  color: light-dark(QUIET) !important; opacity: 1 !important;
}
[data-testid="stPlotlyChart"] :is(text:not(.bartext-inside), tspan) { fill: light-dark(QUIET) !important; }
:is([role="radiogroup"] button[data-selected="true"], [role="tab"][aria-selected="true"]),
[data-testid="stSliderThumbValue"] { color: light-dark(CHOSEN) !important; }
/* a word of the glossary: its sentence is the link's title, which the keyboard's focus shows, too */
a[href*="part=glossary&word="] {
  color: inherit !important; text-decoration: underline dotted !important; text-underline-offset: 0.22em; cursor: help;
  position: relative;
}
a[href*="part=glossary&word="]:focus-visible::after {
  content: attr(title); position: absolute; left: 0; top: 1.7em; z-index: 10; width: max-content;
  max-width: min(20rem, 70vw); padding: 0.5rem 0.7rem; border-radius: 0.5rem; font-size: 0.85rem; line-height: 1.4;
  font-weight: 400; color: light-dark(#2A2622, #EDE6DC); background: light-dark(#F2EDE5, #221F1B);
  border: 1px solid color-mix(in srgb, currentColor 25%, transparent);
}
@media (max-width: 640px) {
  a[href*="part=glossary&word="]:focus-visible::after {
    position: fixed; inset: auto 1rem 1rem 1rem; width: auto; max-width: none;
  }
}
/* a fragment that refreshes itself must not fade */
[data-stale="true"] { opacity: 1 !important; transition: none !important; }
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding-left: 1rem; padding-right: 1rem; padding-top: 3.5rem; }
  /* every choice is in sight, on two lines if need be */
  [data-testid="stButtonGroup"] [role="radiogroup"] { flex-wrap: wrap; row-gap: 0.3rem; }
  [data-testid="stButtonGroup"] button { padding-left: 0.55rem; padding-right: 0.55rem; }
}
</style>
"""
for name, colours in {"PAPER": PAPER, "QUIET": QUIET, "CHOSEN": CHOSEN}.items():
    CSS = CSS.replace(name, ", ".join(colours))


def apply() -> None:
    """Put the rules on the page; they hold no user text."""
    st.html(CSS)
