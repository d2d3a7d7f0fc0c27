"""The Learn page: the story of a DCGAN, and what there is to play with."""

import streamlit as st

from pages.common import address
from pages.common.widgets import one_of, only
from pages.learn import failures, glossary_part, map_part, one_step, onward, playground, spot_the_fake, story

PART_KEY, SHOWN = "learn-part", "learn-part-shown"
OF_ALL = ("part", "run")  # parameters of every part; the others are one part's own
PARTS = {
    "story": ("The story", story.draw),
    "playground": ("Playground", playground.draw),
    "step": ("One step, slowly", one_step.draw),
    "failures": ("Failures", failures.draw),
    "spot": ("Spot the fake", spot_the_fake.draw),
    "map": ("The map", map_part.draw),
    "glossary": ("Glossary", glossary_part.draw),
}


def page() -> None:
    title, chooser = st.columns([7, 3], vertical_alignment="bottom")
    title.title("Learn", anchor=False)
    arrived = address.just_arrived(PART_KEY)
    part = _pick_part()
    if st.session_state.get(SHOWN, part) != part and not arrived:
        address.write({name: None for name in st.query_params if name not in OF_ALL})
    st.session_state[SHOWN] = part
    others = {} if part == "story" else {"screen": None}
    address.write({"part": None if part == "story" else part, **others})
    with only(part, PARTS):
        PARTS[part][1](chooser)
        onward.draw(part, {name: title for name, (title, _) in PARTS.items()}, _go)


def _go(part: str) -> None:
    st.session_state[PART_KEY] = part


def _pick_part() -> str:
    """The part that the address names on arrival, then the one chosen."""
    if address.just_arrived(PART_KEY):
        named = st.query_params.get("part", "")
        st.session_state[PART_KEY] = named if named in PARTS else "story"
    return one_of("Part", {part: PARTS[part][0] for part in PARTS}, PART_KEY)


page()
