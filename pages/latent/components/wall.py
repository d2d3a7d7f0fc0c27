"""A wall of small pictures, each with a few marks to put on it: at most one mark to a picture."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

_HERE = Path(__file__).parent
_wall = st.components.v2.component(
    "picture_wall",
    css=(_HERE / "wall.css").read_text(encoding="utf-8"),
    js=(_HERE / "wall.js").read_text(encoding="utf-8"),
)
Kinds = list[tuple[str, str, str]]  # mark, its letter or icon, what it does
Marks = dict[str, str]  # sample -> its mark


def wall(key: str, pictures: np.ndarray, samples: list[str], names: list[str], kinds: Kinds, marks: Marks) -> None:
    """Show pictures (N, H, W[, 3]) that can be given `kinds` of marks; call `listen` before.

    `names` say in a few words where each picture comes from.
    """
    tiles = [{"id": sample, "name": name} for sample, name in zip(samples, names, strict=True)]
    now = {sample: marks[sample] for sample in samples if sample in marks}
    header = {"tiles": tiles, "kinds": kinds, "marks": now, "seq": st.session_state.get(f"{key}-heard", 0)}
    _wall(key=key, data=_packed(pictures, **header), on_message_change=lambda: None)


def listen(key: str, kinds: Kinds) -> dict[str, str | None]:
    """What was marked on a wall since the last look: sample -> mark, or None for one that was taken off."""
    message = (st.session_state.get(key) or {}).get("message")
    if not isinstance(message, dict) or not isinstance(message.get("seq"), int):
        return {}
    if message["seq"] <= st.session_state.get(f"{key}-heard", 0) or not isinstance(message.get("marks"), dict):
        return {}
    st.session_state[f"{key}-heard"] = message["seq"]
    known = [None, *(kind for kind, *_ in kinds)]
    return {str(sample): mark for sample, mark in message["marks"].items() if mark in known}


def _packed(pictures: np.ndarray, **header: Any) -> bytes:
    """Pictures (N, H, W[, 3]) as bytes: a 4-byte header length, a JSON header, one PNG with the pictures row by row.

    The header says how many there are, their width and height, and what was given besides.
    """
    from dcgan.images import encode, grids

    columns = math.ceil(math.sqrt(len(pictures)))
    facts = {"count": len(pictures), "columns": columns, "width": pictures.shape[2], "height": pictures.shape[1]}
    text = json.dumps(facts | header).encode()
    return len(text).to_bytes(4, "little") + text + encode.png_bytes(grids.grid(pictures, columns, gap=0))
