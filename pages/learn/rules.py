"""Screen 5: the paper's rules, beside the layers of a preset and what it makes of the rules."""

import streamlit as st

from dcgan.config import Config
from dcgan.presets import PRESETS, PUBLISHED
from pages.common import address, network_tables
from pages.common.words import escaped
from pages.learn.scene import RADFORD, Scene

PRESET_KEY = "learn-preset"
WHY = (  # of each rule in dcgan.networks.paper_rules, in its order
    "D learns itself how to shrink, and G how to grow, instead of following a fixed rule such as “keep the largest of "
    "four”.",
    "It keeps signals and gradients at a sound scale, and stopped G from giving one picture for every z. In all "
    "layers, though, it made the samples oscillate: the two ends have to see pixels as they are.",
    "z goes straight into a 4×4 map, and D's last maps straight into one number: a middle ground between stability and "
    "speed.",
    "With a bounded output, G was quicker to reach full black and white and to cover the colours of the data.",
    "A plain ReLU is silent below zero. The leak (slope 0.2) lets some gradient through everywhere, and G lives on D's "
    "gradient.",
)


def draw(scene: Scene) -> None:
    rules, layers = st.columns([6, 6], gap="medium")
    with layers:
        preset = _pick_preset(scene)
        config = _config(preset, scene)
        network_tables.layers(config)
        whose = f"As trained in {escaped(scene.run.name)}. " if scene.run and config == scene.config else ""
        st.caption(f"{whose}{PRESETS[preset].source}.")
    with rules:
        _rules(preset, config)


def _config(preset: str, scene: Scene) -> Config:
    """The recipe as the run has it, if it is the run's, or would have it for pictures like the run's."""
    if preset == scene.config.preset:
        return scene.config
    recipe = PRESETS[preset]
    if recipe.group == PUBLISHED:
        return recipe.config  # with the numbers that its authors gave
    return recipe.config.replace(channels=scene.config.channels)


def _rules(preset: str, config: Config) -> None:
    st.markdown(
        f"Earlier attempts to build GANs from convolutional networks often failed. {RADFORD}, section 3, found five "
        f"rules that work. Below each: whether **{preset}** keeps it."
    )
    verdicts = network_tables.verdicts_of(config.to_json())
    for number, ((rule, kept, reason), why) in enumerate(zip(verdicts, WHY, strict=True), 1):
        st.markdown(f"**{number}. {rule}** {why}  \n:small[{network_tables.verdict(kept, reason)}]")
    st.markdown(
        "From section 4: weights start as N(0, 0.02), and Adam runs with β₁ = 0.5 instead of 0.9, which calms the "
        "swings."
    )


def _pick_preset(scene: Scene) -> str:
    """The preset that the address names on arrival, else that of the run, then the one chosen."""
    if address.just_arrived(PRESET_KEY):
        wishes = (st.query_params.get("preset"), scene.config.preset)
        st.session_state[PRESET_KEY] = next((wish for wish in wishes if wish in PRESETS), next(iter(PRESETS)))
    preset = st.selectbox(
        "Layers of the recipe",
        list(PRESETS),
        list(PRESETS).index(st.session_state[PRESET_KEY]),
        format_func=lambda name: f"{name} · {PRESETS[name].group.lower()}",
        key=PRESET_KEY,
        help="The recipes of the Train page: its own, the paper's, and systems that others published.",
    )
    address.write({"preset": preset})
    return preset
