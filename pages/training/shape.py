"""For oblong pictures: what each way of making them square leaves of them, and the choice between these."""

from collections.abc import Hashable

import streamlit as st

from dcgan.data import oblong, source_pictures, sources
from dcgan.data.picture_files import listing
from dcgan.errors import BadInput
from dcgan.presets import PRESETS
from pages.training import pick_pictures
from pages.training.advanced import setting_key

WAYS = {
    "square": "cut about the centre",
    "whole": "all of it, squeezed",
    "pad": "all of it, between borders",
    "178x208": "cut a little and squeezed, as published",
}


def chosen(preset: str) -> str:
    """The `crop` that is chosen now, in Advanced or here."""
    return str(st.session_state.get(setting_key(preset, "crop"), PRESETS[preset].config.crop))


def draw(preset: str, spec: str | None) -> None:
    """Draw the ways and their buttons, if the pictures are here and oblong."""
    if spec is None:
        return
    try:
        source = sources.resolve(spec)
        lost = oblong.share_cut_off(source)
    except BadInput:  # said where the pictures are chosen
        return
    if lost < oblong.LITTLE:
        return
    crop = chosen(preset)
    ways = [way for way in WAYS if way in ("square", "whole", "pad", crop, PRESETS[preset].config.crop)]
    with st.container(border=True):
        st.caption(
            f":material/crop: These pictures are oblong, and the networks draw squares: cutting squares out of them "
            f"loses about {lost:.0%} of each. This is `crop` under Advanced."
        )
        for way, column in zip(ways, st.columns(len(ways), gap="medium"), strict=True):
            with column:
                alt = f"Three of the pictures, {WAYS[way]}"
                st.image(_strip(source, listing(source.path).stamp, way), output_format="PNG", width="stretch", alt=alt)
                st.button(
                    f"{way}: {WAYS[way]}",
                    type="primary" if way == crop else "secondary",
                    key=f"shape-{way}",
                    width="stretch",
                    on_click=_choose,
                    args=(preset, way),
                )


def _choose(preset: str, way: str) -> None:
    st.session_state[setting_key(preset, "crop")] = way


@st.cache_data(max_entries=16, show_spinner=False)
def _strip(source: source_pictures.Source, stamp: Hashable, crop: str) -> bytes:
    """Three pictures in a row, as one PNG."""
    return pick_pictures.row_of(oblong.examples(source, crop))
