"""The live latent laboratory: the generator runs in the visitor's browser, and the picture follows the hand.

Two components. The courier hands over the program and a model's weights; Streamlit sends a large message that a session
has had before as a reference only, so they travel once. The laboratory itself gets a small state and answers with a
message when a hand lets go: the view, the page of sliders, favourites, and single wishes.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from dcgan.runtime import bundle
from pages.common.view import View

if TYPE_CHECKING:
    from dcgan.models import Generator

_HERE = Path(__file__).parent
MAX_FAVOURITES = 60

_courier = st.components.v2.component(
    "latent_courier",
    js="\n".join((bundle.script(), (_HERE / "live_courier.js").read_text(encoding="utf-8"))),
    isolate_styles=False,
)
_lab = st.components.v2.component("latent_lab", css=bundle.style(), js=(_HERE / "live.js").read_text(encoding="utf-8"))


class Kept(NamedTuple):
    """A favourite: a view of a run at a step."""

    run: str
    step: int
    view: View


class Message(NamedTuple):
    """What the browser says; None for what it says nothing about."""

    number: int
    view: View | None = None
    page: int | None = None  # of the sliders, from 0
    favourites: list[Kept] | None = None
    goto: int | None = None  # a favourite of another run or step
    measure: bool = False  # measure the dimensions again


def hand_over(weights_hash: str, generator: "Generator") -> None:
    """Bring the program and this model's weights to the browser; call it on every run of the page that shows them."""
    name = weights_hash.encode()
    _courier(key="latent-courier", data=len(name).to_bytes(4, "little") + name + _packed(weights_hash, generator))


def lab(
    key: str, model: str, view: View, page: int, favourites: list[Kept], facts: dict[str, Any], number: int
) -> None:
    """Show the laboratory for the model with this weights hash.

    `facts` holds run, step, dims [(dimension, strength)], measured (when, in words) and canMeasure. `number` is that of
    the last message taken into account: older answers don't undo what a person did meanwhile.
    """
    header = {"seq": number, "model": model, "params": _plain(view), "page": page, "facts": facts}
    header["favourites"] = [{"run": kept.run, "step": kept.step, "params": _plain(kept.view)} for kept in favourites]
    _lab(key=key, data=header, on_message_change=lambda: None)


def read(value: object) -> Message | None:
    """The browser's message, or None if it is none; whatever can't be meant in it counts as not said."""
    if not isinstance(value, dict) or not isinstance(value.get("seq"), int):
        return None
    page, goto, favourites = value.get("page"), value.get("goto"), value.get("favourites")
    return Message(
        value["seq"],
        _view(value.get("params")),
        page if isinstance(page, int) and 0 <= page < 4096 else None,
        [kept for kept in map(_kept, favourites[:MAX_FAVOURITES]) if kept] if isinstance(favourites, list) else None,
        goto if isinstance(goto, int) and goto >= 0 else None,
        value.get("measure") is True,
    )


def _view(params: object) -> View | None:
    if not isinstance(params, dict) or not all(isinstance(text, str) for text in params.values()):
        return None
    return View.from_params(params)


def _kept(value: object) -> Kept | None:
    if not isinstance(value, dict):
        return None
    view, run, step = _view(value.get("params")), value.get("run"), value.get("step")
    good = isinstance(run, str) and isinstance(step, int) and step >= 0
    return Kept(run, step, view) if view and good else None  # type: ignore[arg-type]


def _plain(view: View) -> dict[str, str]:
    return {name: text for name, text in view.params().items() if text is not None}


@st.cache_resource(max_entries=8, show_spinner="Handing the generator to your browser …")
def _packed(weights_hash: str, _generator: "Generator") -> bytes:
    from dcgan.runtime.pack import pack

    return pack(_generator)
