"""The animation player: all frames travel to the browser once, and it plays them on a canvas by itself."""

import hashlib
from pathlib import Path

import numpy as np
import streamlit as st

from pages.common.sprites import packed, script

_HERE = Path(__file__).parent
_player = st.components.v2.component(
    "morph_player",
    css=(_HERE / "player.css").read_text(encoding="utf-8"),
    js=script("player.js"),
)


def player(key: str, frames: np.ndarray, fps: float, label: str) -> None:
    """Play frames (T, H, W[, 3]) over and over at `fps`; `label` says to a screen reader what is seen.

    New frames take the place of the old without losing the position; whoever asked their system for less motion
    starts with a still picture.
    """
    identity = hashlib.sha256(frames.tobytes() + str(frames.shape).encode()).hexdigest()[:16]
    _player(key=key, data=packed(frames, fps=fps, label=label, identity=identity))
