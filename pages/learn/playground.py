"""The playground: a GAN on points in the plane that trains in the visitor's browser, and in no training process.

The program is `dcgan/browser/playground`; it is handed over when this part of Learn is opened, and what is set in it
comes back as one short text, which stands in the address.
"""

import functools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dcgan.browser import bundle
from pages.common import address

DESK, GAME, HEARD = "playground", "playground-game", "playground-heard"
TEXT = re.compile(r"[\w.:;-]{1,600}", re.ASCII)  # "collapse;rateG:0.005;seed:7"


class Message(NamedTuple):
    """What the browser says: which of its messages it is, and the game that is played."""

    number: int
    game: str


def draw(chooser: DeltaGenerator) -> None:
    """The playground; it needs no run."""
    st.markdown(
        "A GAN in the plane, trained in your browser: G moves random *z* to places, D says of every place how real it "
        "looks."
    )
    _desk()


@st.fragment
def _desk() -> None:
    if address.just_arrived(GAME):
        st.session_state[GAME] = game_in(st.query_params.get("game"))
    message = read((st.session_state.get(DESK) or {}).get("message"))
    if message and message.number > st.session_state.get(HEARD, 0):
        st.session_state[HEARD], st.session_state[GAME] = message
    game = st.session_state[GAME]
    data = {"game": game or "healthy", "seq": st.session_state.setdefault(HEARD, 0)}
    _component()(key=DESK, data=data, on_message_change=lambda: None)
    address.write({"game": game})


def read(value: object) -> Message | None:
    """The browser's message, or None if it is none."""
    if not isinstance(value, dict) or not isinstance(value.get("seq"), int):
        return None
    game = game_in(value.get("game"))
    return Message(value["seq"], game) if game else None


def game_in(value: object) -> str | None:
    """A game as it stands in an address, or None for what can't be one; the browser knows what it means."""
    return value if isinstance(value, str) and TEXT.fullmatch(value) else None


@functools.cache
def _component() -> Callable[..., Any]:
    js = bundle.script("playground") + (Path(__file__).parent / "playground.js").read_text(encoding="utf-8")
    return st.components.v2.component("playground", css=bundle.style("playground"), js=js)
