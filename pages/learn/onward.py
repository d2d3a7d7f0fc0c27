"""Where to next: at the foot of each part of Learn the one that follows, and an hour's path through all of them."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import streamlit as st

HOUR = 60  # minutes
_to_top = st.components.v2.component(
    "learn_onward", js=(Path(__file__).parent / "onward.js").read_text(encoding="utf-8")
)


class Stop(NamedTuple):
    minutes: int
    what: str  # there is to do


PATH = {  # part -> what it is on the path, in order; a part that isn't in the studio is left out
    "story": Stop(6, "how the two players learn, with a run's real pictures and numbers."),
    "playground": Stop(15, "a game on points in the plane to play, to steer and to break."),
    "step": Stop(8, "one training step of a real run, number by number."),
    "failures": Stop(10, "runs that went wrong: say which, and why."),
    "spot": Stop(8, "ten pairs: do you find the fake, and does D?"),
    "map": Stop(8, "two thousand pictures of a generator, laid out by how alike they are."),
    "glossary": Stop(5, "every word of these pages, one sentence each."),
}


def stops(parts: Iterable[str]) -> list[str]:
    """The parts there are in the order of the path; those that are not on it come last."""
    there = list(parts)
    return [part for part in PATH if part in there] + [part for part in there if part not in PATH]


def following(part: str, parts: Iterable[str]) -> str | None:
    """The part after this one; None after the last."""
    order = stops(parts)
    at = order.index(part) + 1
    return order[at] if at < len(order) else None


def draw(part: str, titles: dict[str, str], go: Callable[[str], None]) -> None:
    """One line that leads on, and the whole path under it; `titles` are those of the parts there are."""
    next_part = following(part, titles)
    with st.container(key="learn-onward", gap="small"):
        st.divider()
        if next_part is not None:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**Where to next:** {_about(next_part)}", width="content")
                st.button(
                    titles[next_part],
                    key="learn-next-part",
                    icon=":material/arrow_forward:",
                    icon_position="right",
                    on_click=go,
                    args=(next_part,),
                )
        st.caption(_path(part, titles))
        _to_top(key="learn-onward-top", data={"part": part}, height=1)


def _about(part: str) -> str:
    return PATH[part].what if part in PATH else ""


def _path(part: str, titles: dict[str, str]) -> str:
    """All parts with their minutes in a line; the one that is shown is bold."""
    total = sum(PATH[each].minutes for each in titles if each in PATH)
    each = [
        f"{'**' * (stop == part)}{titles[stop]}{'**' * (stop == part)}"
        + (f" {PATH[stop].minutes}\N{NO-BREAK SPACE}min" if stop in PATH else "")
        for stop in stops(titles)
    ]
    name = "An hour's path" if total == HOUR else f"A path of {total} minutes"
    return f"{name}: {' → '.join(each)}"
