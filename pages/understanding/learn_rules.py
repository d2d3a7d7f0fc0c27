"""Screen 5: the paper's rules, beside the layers of a preset."""

import streamlit as st

from dcgan.presets import PRESETS
from pages.common import address
from pages.understanding.learn_scene import RADFORD, Scene

PRESET_KEY = "learn-preset"
RULES = (
    (
        "Strided convolutions instead of pooling.",
        "D learns itself how to shrink, and G how to grow, instead of following a fixed rule such as “keep the "
        "largest of four”.",
    ),
    (
        "BatchNorm in both, but not at G's output and D's input.",
        "It keeps signals and gradients at a sound scale, and stopped G from giving one picture for every z. In all "
        "layers, though, it made the samples oscillate: the two ends have to see pixels as they are.",
    ),
    (
        "No fully connected hidden layers.",
        "z goes straight into a 4×4 map, and D's last maps straight into one number: a middle ground between "
        "stability and speed.",
    ),
    (
        "ReLU in G, tanh at its end.",
        "With a bounded output, G was quicker to reach full black and white and to cover the colours of the data.",
    ),
    (
        "LeakyReLU in D.",
        "A plain ReLU is silent below zero. The leak (slope 0.2) lets some gradient through everywhere, and G lives "
        "on D's gradient.",
    ),
)
CSS = """
<style>
.layers { width: 100%; border-collapse: collapse; font-size: 0.86rem; line-height: 1.25; }
.layers td { font-variant-numeric: tabular-nums; }
.layers th { text-align: left; font-weight: 600; opacity: 0.7; padding: 0 0.4rem 0.3rem 0; }
.layers td { padding: 0.24rem 0.4rem 0.24rem 0; }
.layers tr.begins td, .layers tr.total td { border-top: 1px solid rgba(128, 118, 104, 0.35); }
.layers tr.total td { font-weight: 600; }
.layers td:last-child, .layers th:last-child { text-align: right; padding-right: 0; }
</style>
"""


@st.cache_data(show_spinner=False)
def _tables(preset: str) -> dict[str, list[tuple[str, str, int]]]:
    from dcgan.anatomy import layer_tables

    def shape(sizes: tuple[int, ...]) -> str:
        return " × ".join(map(str, sizes))

    tables = layer_tables(PRESETS[preset].config)
    return {
        name: [(layer.name, shape(layer.shape), layer.parameters) for layer in layers]
        for name, layers in tables.items()
    }


def draw(scene: Scene) -> None:
    rules, layers = st.columns([6, 6], gap="medium")
    with rules:
        st.markdown(
            f"Earlier attempts to build GANs from convolutional networks often failed. {RADFORD}, section 3, found "
            "five rules that work:"
        )
        for number, (rule, why) in enumerate(RULES, 1):
            st.markdown(f"**{number}. {rule}** {why}")
        st.markdown(
            "From section 4: weights start as N(0, 0.02), and Adam runs with β₁ = 0.5 instead of 0.9, which calms "
            "the swings."
        )
    with layers:
        _layers(scene)


def _layers(scene: Scene) -> None:
    if address.just_arrived(PRESET_KEY):
        wishes = (st.query_params.get("preset"), scene.config.preset)
        st.session_state[PRESET_KEY] = next((wish for wish in wishes if wish in PRESETS), next(iter(PRESETS)))
    preset = st.segmented_control("Layers of the recipe", list(PRESETS), required=True, key=PRESET_KEY)
    assert preset is not None
    address.write({"preset": preset})
    tables = _tables(preset)
    totals = {name: sum(row[2] for row in rows) for name, rows in tables.items()}
    tabs = st.tabs([f"Generator · {totals['G']:,}", f"Discriminator · {totals['D']:,}"])
    for tab, name in zip(tabs, ("G", "D"), strict=True):
        with tab:
            _table(tables[name])
    st.caption(f"{PRESETS[preset].source}. {sum(totals.values()):,} trainable numbers in all.")


def _table(rows: list[tuple[str, str, int]]) -> None:
    """Every layer in order; a line above each convolution, where a new block begins."""
    lines = []
    for layer, shape, parameters in rows:
        begins = " class=begins" if layer.startswith("Conv") else ""
        number = f"{parameters:,}" if parameters else "–"
        lines.append(f"<tr{begins}><td>{layer}</td><td>{shape}</td><td>{number}</td></tr>")
    total = f"<tr class=total><td>Total</td><td></td><td>{sum(row[2] for row in rows):,}</td></tr>"
    head = (
        "<tr><th>Layer</th><th title='Maps × height × width for one picture'>Output shape</th><th>Parameters</th></tr>"
    )
    st.html(f"{CSS}<table class=layers>{head}{''.join(lines)}{total}</table>")
