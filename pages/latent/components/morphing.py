"""The live morphs: the browser walks from picture to picture, and moves a point between four corners.

A message comes when a hand lets go.
"""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from dcgan.browser import bundle
from pages.common.courier import courier, parcel
from pages.latent.morph import Corners, Morph
from pages.latent.view import Directions, View

if TYPE_CHECKING:
    from dcgan.networks.models import Generator

_HERE = Path(__file__).parent
_courier = courier("latent_courier_morph", "morph")
_component = st.components.v2.component(
    "latent_morph", css=bundle.style("morph"), js=(_HERE / "morphing.js").read_text(encoding="utf-8")
)


class Message(NamedTuple):
    """What the browser says; None for what it says nothing about."""

    number: int
    morph: Morph | None = None
    corners: Corners | None = None


def hand_over(weights_hash: str, generator: "Generator") -> None:
    """Bring the program and this model's weights to the browser; call it on every run of the page that shows them."""
    _courier(key="latent-courier-morph", data=parcel(weights_hash, generator))


def show(
    key: str,
    kind: str,
    model: str,
    params: Mapping[str, str | None],
    number: int,
    directions: Directions,
    favourites: list[View],
) -> None:
    """Show a `Morph` or a square between `Corners`, by `kind`, for the model with this weights hash.

    `number` is that of the last message taken into account: older answers don't undo what a person did meanwhile.
    `directions` are those of the axes that keyframes and favourites use.
    """
    packed = {id: base64.b64encode(vector.numpy().tobytes()).decode() for id, vector in directions.items()}
    header = {"seq": number, "kind": kind, "model": model, "params": _plain(params), "facts": {"directions": packed}}
    header["favourites"] = [_plain(view.params()) for view in favourites]
    _component(key=key, data=header, on_message_change=lambda: None, on_picture_change=lambda: None)


def read(value: object) -> Message | None:
    """The browser's message, or None if it is none; whatever can't be meant in it counts as not said."""
    if not isinstance(value, Mapping) or not isinstance(value.get("seq"), int):
        return None
    walk, square = (_params(value.get(name)) for name in ("morph", "corners"))
    return Message(
        value["seq"],
        None if walk is None else Morph.from_params(walk),
        None if square is None else Corners.from_params(square),
    )


def read_picture(value: object) -> bytes | None:
    """The file that was dropped or chosen, or None."""
    data = value.get("data") if isinstance(value, Mapping) else None
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else None
    except (binascii.Error, ValueError):  # ValueError: what is no ASCII
        return None


def _params(value: Any) -> dict[str, str] | None:
    good = isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values())
    return dict(value) if good else None


def _plain(params: Mapping[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in params.items() if text is not None}
