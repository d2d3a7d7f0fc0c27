"""Many small pictures in one PNG with a header, as our components take them; and pictures that can be clicked."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

_HERE = Path(__file__).parent


def script(name: str) -> str:
    """The JavaScript of a component that takes `packed` pictures, with the function that unpacks them."""
    return "\n".join((_HERE / part).read_text(encoding="utf-8") for part in ("packed.js", name))


_tiles = st.components.v2.component(
    "picture_tiles",
    css=(_HERE / "tiles.css").read_text(encoding="utf-8"),
    js=script("tiles.js"),
)


def packed(pictures: np.ndarray, **header: Any) -> bytes:
    """Pictures (N, H, W[, 3]) as bytes: a 4-byte header length, a JSON header, one PNG with the pictures row by row.

    The header says how many there are, their width and height, and what was given besides.
    """
    from dcgan import images

    columns = math.ceil(math.sqrt(len(pictures)))
    facts = {"count": len(pictures), "columns": columns, "width": pictures.shape[2], "height": pictures.shape[1]}
    text = json.dumps(facts | header).encode()
    return len(text).to_bytes(4, "little") + text + images.png_bytes(images.grid(pictures, columns, gap=0))


def tiles(key: str, pictures: np.ndarray, labels: list[str], columns: int, on_pick: Callable[[int], None]) -> None:
    """Small pictures in rows of `columns`, each a button with its label; `on_pick` gets the number of the clicked one.

    It runs as a callback: before the page is drawn again.
    """

    def picked() -> None:
        choice = st.session_state[key].get("picked")
        number = choice.get("index") if isinstance(choice, dict) else None
        if isinstance(number, int) and 0 <= number < len(labels):  # a browser may send anything
            on_pick(number)

    _tiles(key=key, data=packed(pictures, labels=labels, per_row=columns), on_picked_change=picked)
