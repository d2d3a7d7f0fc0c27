"""Two runs side by side: their curves over the same axes, what sets their settings apart, the steps they share."""

import dataclasses
import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dcgan.config import Config, describe
from dcgan.presets import PRESETS
from pages.common.colours import BLUE, WARM
from pages.common.curves import calm_range, smoothed

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLOURS = (WARM, BLUE)  # first and second run
CHARTS = (  # title, the quantities (solid, dotted), limits of the y axis
    ("<b>Losses:</b> D solid, G dotted", ("d_loss", "g_loss"), None),
    ("<b>What D believes:</b> of real pictures solid, of fakes dotted", ("d_real", "d_fake"), (-0.03, 1.03)),
    ("<b>How often D is right:</b> lower means G fools it more", ("d_accuracy",), (0.3, 1.03)),
)
HIDDEN_SETTINGS = ("preset", "data_fingerprint", "schema")  # not a matter of taste


def figure(columns_of: Mapping[str, Mapping[str, np.ndarray]]) -> "go.Figure":
    """Moving averages of runs by name, each with columns as `history_of` gives them: three charts over one axis."""
    from plotly.subplots import make_subplots

    made = make_subplots(
        len(CHARTS), 1, shared_xaxes=True, vertical_spacing=0.09, subplot_titles=[title for title, _, _ in CHARTS]
    )
    for (name, columns), colour in zip(columns_of.items(), COLOURS, strict=False):
        for i, (_, quantities, _) in enumerate(CHARTS):
            for quantity, dash in zip(quantities, ("solid", "dot"), strict=False):
                x, y = smoothed(columns["step"], columns[quantity])
                line = {"color": colour, "width": 2.2, "dash": dash}
                first = {"showlegend": i == 0 and dash == "solid", "legendgroup": name, "name": html.escape(name)}
                hover = f"{quantity} %{{y:.3f}}"
                made.add_scatter(x=x, y=y, row=i + 1, col=1, mode="lines", line=line, hovertemplate=hover, **first)
    for i, (_, quantities, limits) in enumerate(CHARTS):
        values = [smoothed(columns["step"], columns[key])[1] for columns in columns_of.values() for key in quantities]
        made.update_yaxes(range=list(limits) if limits else calm_range(np.concatenate(values)), row=i + 1, col=1)
    made.update_xaxes(title_text="step", row=len(CHARTS), col=1)
    made.update_annotations(x=0, xanchor="left", font_size=13)
    legend = {"orientation": "h", "x": 0, "y": 1.07, "yanchor": "bottom", "font": {"size": 13}}
    made.update_layout(height=660, margin={"l": 8, "r": 8, "t": 70, "b": 8}, hovermode="x", legend=legend)
    return made


def own_settings(config: Config) -> list[tuple[str, object, object, str]]:
    """Settings that differ from the run's preset: name, the run's value, the preset's, what it means."""
    return apart(config, PRESETS[config.preset].config if config.preset in PRESETS else Config())


def apart(one: Config, other: Config) -> list[tuple[str, object, object, str]]:
    """Settings that differ between two Configs: name, both values, what it means."""
    names = [field.name for field in dataclasses.fields(Config) if field.name not in HIDDEN_SETTINGS]
    pairs = [(name, getattr(one, name), getattr(other, name)) for name in names]
    return [(name, a, b, describe(name)) for name, a, b in pairs if a != b]


def nearest_kept(steps: Sequence[int], wanted: int) -> int | None:
    """The newest kept step that is not after `wanted`; the first one if all are after it; None if there are none."""
    return max((step for step in steps if step <= wanted), default=steps[0] if steps else None)
