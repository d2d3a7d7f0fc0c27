"""What the URL says, read with patience: a person may have typed anything, so odd values count as absent."""

import math
from collections.abc import Mapping
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_afresh = st.components.v2.component(
    "address", js=(Path(__file__).parent / "address.js").read_text(encoding="utf-8"), isolate_styles=False
)
BY_LINK = "by-link"  # a parameter of links to the page that is open; it never stays in the address


def link(page: str, label: str, icon: str, params: Mapping[str, str]) -> None:
    """A link to the page it stands on, where widgets follow the address: they keep their values beyond such a link."""
    st.page_link(page, label=label, icon=icon, query_params={**params, BY_LINK: "1"})


def follow() -> None:
    """Let the browser's address bar show what this run of the page was asked for; call it before the page is drawn.

    A link to the page that is open sends its parameters here and leaves the bar as it was, so that the next click would
    bring the old ones back. Where the bar shows them already, the browser does nothing.
    """
    asked = {name: st.query_params.get_all(name) for name in st.query_params}
    st.session_state[BY_LINK] = asked.pop(BY_LINK, None) is not None
    st.query_params.from_dict(asked)
    with st.sidebar:
        _afresh(key="address", height=1)


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
    """Whether the URL decides what is shown: on coming to the page, by a link, and after Back and Forward.

    Otherwise the widgets decide, and the URL follows them. A widget's key is gone from the session's state as soon as
    another page is open.
    """
    context = get_script_run_ctx()
    by_link = st.session_state.get(BY_LINK) and not getattr(context, "fragment_ids_this_run", None)
    return bool(widget_key not in st.session_state or getattr(context, "is_history_navigation", False) or by_link)


def write(params: Mapping[str, str | None]) -> None:
    """Put parameters into the URL, None removes one; nothing is sent when nothing changed."""
    old = st.query_params.to_dict()
    new = {name: value for name, value in {**old, **params}.items() if value is not None}
    if new != old:
        st.query_params.from_dict(new)
