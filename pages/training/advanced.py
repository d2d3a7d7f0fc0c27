"""Every setting of a recipe to change, and on request the networks that they make."""

import streamlit as st

from dcgan.config import GROUPS, Config
from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.presets import PRESETS
from dcgan.system.names import run_name
from pages.common.widgets import refuse, setting

COLUMNS = 4


def setting_key(preset: str, name: str) -> str:
    """What a setting of a recipe is called in the session."""
    return f"set-{preset}-{name}"


def draw(preset: str, spec: str | None) -> dict[str, object]:
    """The settings that differ from the preset's; anything can be typed, Config refuses what can't be used."""
    defaults = PRESETS[preset].config
    changed: dict[str, object] = {}
    with st.expander("Advanced", icon=":material/tune:"):
        st.text_input(
            "Name of the run", key="run-name", placeholder=run_name(spec or "") or "chosen by itself", max_chars=80
        )
        for tab, names in zip(st.tabs(list(GROUPS)), GROUPS.values(), strict=True):
            columns = tab.columns(COLUMNS, gap="medium")
            for i, name in enumerate(names):
                column = columns[i // -(-len(names) // COLUMNS)]  # down one column, then the next
                value = setting(column, name, getattr(defaults, name), setting_key(preset, name))
                if value is not None and value != getattr(defaults, name):
                    changed[name] = value
        if st.toggle(
            "Layers and rules",
            key="show-networks",
            help="Every layer of the two networks with these settings, and which of the paper's rules they keep.",
        ):
            _networks(defaults, changed, spec)
    return changed


def _networks(defaults: Config, changed: dict[str, object], spec: str | None) -> None:
    """What is about to be trained; only here, when asked for, torch is loaded."""
    from pages.common import network_tables

    try:
        config = defaults.replace(**changed)
        if spec is not None:
            config = _in_the_colours_of(spec, config)
    except BadInput as error:
        refuse(error)
        return
    left, right = st.columns([5, 7], gap="medium")
    with left:
        network_tables.rules(config)
    with right:
        network_tables.layers(config)


def _in_the_colours_of(spec: str, config: Config) -> Config:
    """Grey or colour is decided by the pictures, as at the start of a run; by the recipe where they aren't here."""
    try:
        return config.replace(channels=sources.default_channels(sources.resolve(spec)))
    except BadInput:
        return config
