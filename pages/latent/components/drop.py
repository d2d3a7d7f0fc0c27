"""Opening a picture: a button for the file, and the whole page as a place to drop it."""

import base64
import binascii
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from dcgan.errors import BadInput
from dcgan.images.decode import shown

MAX_BYTES = 16_000_000  # of a picture; it comes through the page's own connection

_HERE = Path(__file__).parent
_drop = st.components.v2.component(
    "open_picture",
    js=(_HERE / "drop.js").read_text(encoding="utf-8"),
    css=(_HERE / "drop.css").read_text(encoding="utf-8"),
)


class Picture(NamedTuple):
    """A file from the visitor."""

    name: str
    content: bytes


def open_picture(key: str) -> None:
    """Show the button; `opened` with the same key tells of a picture at the beginning of the next run."""
    _drop(key=key, data={"most": MAX_BYTES}, width="content", on_picture_change=lambda: None)


def opened(key: str) -> Picture | None:
    """The picture that was chosen or dropped since the last look; raises BadInput for one that is too large."""
    value = (st.session_state.get(key) or {}).get("picture")
    number = value.get("number") if isinstance(value, dict) else None
    if number is None or number == st.session_state.get(f"{key}-taken"):
        return None
    st.session_state[f"{key}-taken"] = number
    return read(value)


def read(value: object) -> Picture | None:
    """What the browser sent as a picture, or None if it is none; raises BadInput for one that is too large."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str) or not isinstance(value.get("data"), str):
        return None
    name = shown(value["name"]) or "the file"
    if value.get("large") is True or len(value["data"]) > 1.4 * MAX_BYTES:
        raise BadInput(
            f"{name} has more than the {MAX_BYTES // 10**6} MB that can be opened here: "
            "`python -m dcgan sample --recipe` takes larger ones."
        )
    try:
        return Picture(name, base64.b64decode(value["data"], validate=True))
    except (binascii.Error, ValueError):
        return None
