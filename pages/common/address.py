"""What the URL says, read with patience: a person may have typed anything, so odd values count as absent."""

import math
from collections.abc import Mapping

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def whole(params: Mapping[str, str], name: str, low: int, high: int, otherwise: int) -> int:
    """The whole number in a URL parameter, or `otherwise` if it is none or outside low to high."""
    value = read_whole(params.get(name, ""))
    return value if value is not None and low <= value <= high else otherwise


def number(params: Mapping[str, str], name: str, low: float, high: float, otherwise: float) -> float:
    """The finite number in a URL parameter, or `otherwise` if it is none or outside low to high."""
    value = read_number(params.get(name, ""))
    return value if value is not None and low <= value <= high else otherwise


def read_whole(text: str) -> int | None:
    """Up to ten plain digits as a number, or None; int() alone also takes ` 1_0 ` and other alphabets."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def read_number(text: str) -> float | None:
    """A finite number of at most 20 characters, or None."""
    try:
        value = float(text) if text.isascii() and len(text) <= 20 else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def just_arrived(widget_key: str) -> bool:
    """Whether the URL decides what is shown: on coming to the page, and after the browser's Back and Forward.

    Otherwise the widgets decide, and the URL follows them. A widget's key is gone from the session's state as soon as
    another page is open.
    """
    context = get_script_run_ctx()
    return widget_key not in st.session_state or bool(getattr(context, "is_history_navigation", False))


def write(params: Mapping[str, str | None]) -> None:
    """Put parameters into the URL, None removes one; nothing is sent when nothing changed."""
    old = st.query_params.to_dict()
    new = {name: value for name, value in {**old, **params}.items() if value is not None}
    if new != old:
        st.query_params.from_dict(new)
