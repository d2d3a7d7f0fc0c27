"""Whether the fakes are what was asked for, and how far each class is from real ones: a row for each class."""

from html import escape
from typing import Any

import streamlit as st

from dcgan.evaluation.asked_words import in_words, weakest
from pages.common.words import sentence

CSS = """
<style>
.asked { display: grid; grid-template-columns: max-content minmax(4rem, 1fr) max-content max-content;
  gap: 0.25rem 0.8rem; align-items: center; font-size: 0.82rem; font-variant-numeric: tabular-nums; max-width: 46rem; }
.asked .head { opacity: 0.7; font-size: 0.76rem; }
.asked .track { position: relative; height: 0.62rem; background: color-mix(in srgb, currentColor 9%, transparent); }
.asked .share { position: absolute; inset: 0 auto 0 0; background: #CF6F3C; }
.asked .number { text-align: right; }
.asked .weakest { font-weight: 600; }
</style>
"""
HELP = (
    "Of each class fakes are asked for, and a small network that knows real pictures names them. The distance is that "
    "of the fakes of one class to its real pictures, as a multiple of what as many real pictures have among themselves."
)


def draw(asked: dict[str, Any]) -> None:
    """What `dcgan.evaluation.asked.as_asked` says; names of classes are a person's text and escaped."""
    st.markdown("**Is it what was asked for?**", help=HELP)
    st.html(CSS + html(asked))
    st.caption(sentence(in_words(asked)))


def of_row(row: dict[str, Any]) -> dict[str, Any] | None:
    """The same from a row of quality.jsonl; None where it says nothing of asked classes."""
    columns = [row[name] for name in ("asked_names", "asked_each", "class_distances", "class_floors")]
    if row["named_as_asked"] is None or not columns[0] or len({*map(len, columns)}) > 1:
        return None
    each, distances, floors = ([None if value < 0 else value for value in column] for column in columns[1:])
    facts = {name: row[name] for name in ("named_as_asked", "real_named_right")}
    return {"names": columns[0], "each": each, "distances": distances, "floors": floors, **facts}


def html(asked: dict[str, Any]) -> str:
    """A row for each class: its name, the share that is named as asked, and its distance in floors."""
    found = weakest(asked)
    cells = ["<span class=head>asked for</span><span class=head>named so by the judge</span>"]
    cells.append("<span class='head number'></span><span class='head number'>distance</span>")
    rows = zip(asked["names"], asked["each"], asked["distances"], asked["floors"], strict=True)
    for name, share, distance, floor in rows:
        mark = " class=weakest" if found and name == found[0] else ""
        width = 0 if share is None else 100 * share
        far = "–" if distance is None or not floor else f"{distance / floor:.1f} floors"
        cells.append(
            f"<span{mark}>{escape(name[:40])}</span>"
            f"<span class=track><span class=share style='width:{width:.1f}%'></span></span>"
            f"<span class=number>{'–' if share is None else f'{share:.0%}'}</span>"
            f"<span class=number>{far}</span>"
        )
    return f"<div class=asked>{''.join(cells)}</div>"
