"""The map on the page: the browser draws its pictures, and says which samples a person opens."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dcgan.browser import bundle
from pages.common.courier import courier, parcel
from pages.common.loading import Opened

if TYPE_CHECKING:
    from dcgan.latent.sample_map import SampleMap

MOST_KEYS = 8  # samples of a line
_courier = courier("map_courier", "map")
_map = st.components.v2.component(
    "sample_map", css=bundle.style("map"), js=(Path(__file__).parent / "map_mount.js").read_text(encoding="utf-8")
)


def show(key: str, opened: Opened, made: "SampleMap") -> None:
    """Show the map of these weights; raises BadInput for a generator that can't run in a browser."""
    from dcgan.latent.sample_map import SIDE

    delivery = parcel(opened.weights_hash, opened.generator)
    facts = {"model": opened.weights_hash, "name": f"{opened.weights_hash} {made.first}", "first": made.first}
    places = [number for place in made.places for number in place]
    facts |= {"places": places, "side": SIDE, "classes": made.classes, "names": list(made.class_names)}
    _map(key=key, data=facts, on_open_change=lambda: None)
    _courier(key="map-courier", data=delivery)  # last, so that what can't be seen takes no room above


def opened_seeds(key: str, made: "SampleMap") -> list[int]:
    """The seeds that a person opened just now: one to explore, several to morph through; empty for none."""
    value = (st.session_state.get(key) or {}).get("open")
    seeds = value.get("seeds") if isinstance(value, dict) else None
    if not isinstance(seeds, list) or not 1 <= len(seeds) <= MOST_KEYS:
        return []
    return seeds if all(type(seed) is int and made.index_of(seed) is not None for seed in seeds) else []
