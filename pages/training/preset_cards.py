"""The choice of a recipe: cards to start with, and the published systems behind one of them."""

import streamlit as st

from dcgan.presets import PAPER, PRESETS, PUBLISHED, START, in_group
from dcgan.runs import speeds

CARDS_KEY, SYSTEM_KEY, PICTURES_KEY = "preset-cards", "published-system", "pictures"
FOLLOWED_KEY = "pictures-of-preset"
CLASSES_KEY, WITH_CLASSES = "preset-classes", "-classes"  # the end of the name of a recipe that also knows classes
OTHERS = "published systems"  # the card that opens the list
CARDS = [*(name for name in in_group(START) if not name.endswith(WITH_CLASSES)), *in_group(PAPER), OTHERS]
DEFAULT_PICTURES = PRESETS[CARDS[0]].config.data


def pick() -> str:
    """Draw the choice and return the name of the chosen preset."""
    systems, rates = in_group(PUBLISHED), speeds.known()
    about = f"{len(systems)} recipes of public DCGAN projects, layer by layer and with their own optimisers."
    card = st.radio(
        "Recipe",
        CARDS,
        captions=[about if name == OTHERS else f"{PRESETS[name].title} {speeds.words(name, rates)}" for name in CARDS],
        horizontal=True,
        key=CARDS_KEY,
        on_change=_bring_pictures,
        width="stretch",
        help="A complete set of settings. Everything in it can be changed under Advanced.",
    )
    if card + WITH_CLASSES in PRESETS:
        asked = st.toggle(
            "Classes that you can ask for",
            key=CLASSES_KEY,
            help="For pictures that have classes: each row of the samples is one, and later you ask for a sneaker. "
            "Knowing them, both networks learn faster, too.",
        )
        return card + WITH_CLASSES if asked else card
    if card != OTHERS:
        return card
    with st.container(border=True):
        chooser, words = st.columns([4, 8], gap="medium", vertical_alignment="center")
        system = chooser.selectbox(
            "Published system", systems, key=SYSTEM_KEY, on_change=_bring_pictures, help="Its networks are exact."
        )
        preset = PRESETS[system]
        words.markdown(f"{preset.title} {speeds.words(system, rates)}  \n:small[:gray[{preset.source}.]]")
    return system


def classes_key(kind: str) -> str:
    return f"classes-{kind}"


def _bring_pictures() -> None:
    """Choose the pictures that the recipe was made for, unless the person has chosen others already."""
    state = st.session_state
    name = state[CARDS_KEY]
    if name == OTHERS:
        name = state.get(SYSTEM_KEY) or in_group(PUBLISHED)[0]
    if _chosen_pictures() != state.get(FOLLOWED_KEY, DEFAULT_PICTURES):
        return
    spec = PRESETS[name].config.data
    kind, _, classes = spec.partition(":")
    state[PICTURES_KEY], state[FOLLOWED_KEY] = kind, spec
    state[classes_key(kind)] = [int(each) for each in classes.split(",")] if classes else []


def _chosen_pictures() -> str:
    kind = st.session_state.get(PICTURES_KEY, DEFAULT_PICTURES)
    classes = st.session_state.get(classes_key(kind)) or []
    return f"{kind}:{','.join(map(str, sorted(classes)))}" if classes else kind
