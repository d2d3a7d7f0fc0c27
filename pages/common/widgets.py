"""What our pages do with Streamlit's widgets again and again."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from dcgan.config import Config, describe
from dcgan.errors import BadInput
from dcgan.images import encode
from pages.common.words import sentence

T = TypeVar("T")


def hold(key: str, value: object) -> None:
    """Make a widget show a value; one that does so already is left alone, lest it be sent anew.

    Its value belongs into the widget's call as well: a browser that is slow enough to miss the first run of a page, and
    draws the widget as the second sends it, shows what the call says and sends that back as if a hand had set it.
    """
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def one_of(label: str, options: Mapping[T, str], key: str) -> T:
    """A row of words of which one is chosen, that which `key` holds in the session; returns its option."""
    chosen = st.segmented_control(
        label,
        list(options),
        format_func=options.__getitem__,
        default=st.session_state[key],
        key=key,
        required=True,
        label_visibility="collapsed",
    )
    return st.session_state[key] if chosen is None else chosen


def setting(
    place: "st.delta_generator.DeltaGenerator", name: str, value: float | str, key: str, label: str = ""
) -> float | str | None:
    """A field for a setting of Config, with its line of help: a choice, or a number, whole where `value` is one.

    Under a `label` in plain words the help tells the setting's name.
    """
    help = f"**{name}**: {describe(name)}" if label else describe(name)
    if isinstance(value, str):
        choices = Config.__dataclass_fields__[name].metadata["choices"]
        held = st.session_state.get(key, value)  # another widget may have chosen already
        index = choices.index(held) if held in choices else 0
        return place.selectbox(label or name, choices, index, help=help, key=key)
    if isinstance(value, int):
        return place.number_input(label or name, value=value, step=1, help=help, key=key)
    return place.number_input(label or name, value=value, format="%g", step=None, help=help, key=key)


def only(view: str, views: Iterable[str]) -> "st.delta_generator.DeltaGenerator":
    """The place of one of a page's views. What another of them drew is gone at once.

    Where views follow one another in the same place, Streamlit leaves the last one's elements there until the new one
    is drawn to its end, so that on a busy machine it comes up below the old one for seconds, and jumps. The place of
    the view that is shown is never emptied: drawn again, the page would be blank in between.
    """
    places = {name: st.container() if name == view else st.empty() for name in views}
    return places[view]


def refuse(error: BadInput, show: Callable[..., Any] = st.error, icon: str = ":material/block:") -> None:
    """Show the sentence of a refusal to somebody at a page: paths and names in it are no formatting."""
    show(sentence(error.on_page), icon=icon)


def show(picture: np.ndarray, alt: str) -> None:
    """A picture, uint8 (H, W) or (H, W, 3), as it is: without output_format Streamlit would make a JPEG of it."""
    st.image(encode.png_bytes(picture), width="stretch", output_format="PNG", alt=alt)
