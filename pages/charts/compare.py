"""Two runs side by side: their curves over the same axes, what sets their settings apart, the steps they share."""

import html
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from dcgan.config import NO_END, Config, describe, those
from dcgan.presets import PRESETS
from pages.charts.curves import calm_range, newest, smoothed
from pages.common.colours import BLUE, RED, WARM

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLOURS = (WARM, BLUE)  # first and second run
CHARTS = (  # title, the quantities (solid, dotted), limits of the y axis
    ("<b>Losses:</b> D solid, G dotted", ("d_loss", "g_loss"), None),
    ("<b>What D believes:</b> of real pictures solid, of fakes dotted", ("d_real", "d_fake"), (-0.03, 1.03)),
    ("<b>How often D is right:</b> lower means G fools it more", ("d_accuracy",), (0.3, 1.03)),
)
SCORES = ("<b>D's scores</b>, no probabilities: of real pictures solid, of fakes dotted", CHARTS[1][1], None)
DISTANCE = "<b>Distance to real pictures:</b> lower is closer, the cross the best"


def figure(
    columns_of: Mapping[str, Mapping[str, np.ndarray]],
    distance_of: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    scores: bool = False,
) -> "go.Figure":
    """Moving averages of runs by name, each with columns as `history_of` gives them: three charts over one axis.

    `distance_of` has the charts of those that were measured, as `distance.chart_of` makes them: a fourth one of all.
    With `scores` the D of a run gives scores.
    """
    from plotly.subplots import make_subplots

    charts = (CHARTS[0], SCORES, CHARTS[2]) if scores else CHARTS
    titles = [title for title, _, _ in charts] + [DISTANCE] * bool(distance_of)
    made = make_subplots(
        len(titles), 1, shared_xaxes=True, vertical_spacing=0.3 / len(titles) - 0.01, subplot_titles=titles
    )
    for (name, columns), colour in zip(columns_of.items(), COLOURS, strict=False):
        for i, (_, quantities, _) in enumerate(charts):
            for quantity, dash in zip(quantities, ("solid", "dot"), strict=False):
                x, y = smoothed(columns["step"], columns[quantity], columns.get("points each"))
                line = {"color": colour, "width": 2.2, "dash": dash}
                first = {"showlegend": i == 0 and dash == "solid", "legendgroup": name, "name": html.escape(name)}
                hover = f"{quantity} %{{y:.3f}}"
                made.add_scatter(x=x, y=y, row=i + 1, col=1, mode="lines", line=line, hovertemplate=hover, **first)
    for i, (_, quantities, limits) in enumerate(charts):
        values = [
            smoothed(columns["step"], columns[key], columns.get("points each"))[1]
            for columns in columns_of.values()
            for key in quantities
        ]
        made.update_yaxes(range=list(limits) if limits else calm_range(np.concatenate(values)), row=i + 1, col=1)
    if len(titles) > len(CHARTS):
        _draw_distances(made, columns_of, distance_of)
    made.update_xaxes(title_text="step", row=len(titles), col=1)
    made.update_annotations(x=0, xanchor="left", font_size=13)
    legend = {"orientation": "h", "x": 0, "y": 1.07, "yanchor": "bottom", "font": {"size": 13}}
    made.update_layout(height=220 * len(titles), margin={"l": 8, "r": 8, "t": 70, "b": 8}, hovermode="x", legend=legend)
    return made


def in_words(
    columns_of: Mapping[str, Mapping[str, np.ndarray]],
    distance_of: Mapping[str, Mapping[str, Any]],
    scores: bool = False,
) -> str:
    """What the figure shows, for who can't see it: the newest values of each run."""
    said = {name: newest(columns, distance_of.get(name), scores) for name, columns in columns_of.items()}
    return "; ".join(f"{name}: {words}" for name, words in said.items())


def _draw_distances(made: "go.Figure", names: Iterable[str], distance_of: Mapping[str, Mapping[str, Any]]) -> None:
    """The distance of each run on a logarithmic axis, its floor dotted, and a cross at its best."""
    at = {"row": len(CHARTS) + 1, "col": 1}
    for name, colour in zip(names, COLOURS, strict=False):
        if name not in distance_of:
            continue
        chart, common = distance_of[name], {"legendgroup": name, "showlegend": False, **at}
        style = {"mode": "lines", "line": {"color": colour, "width": 2.2}, "hovertemplate": "distance %{y:.2f}"}
        made.add_scatter(x=chart["steps"], y=chart["values"], name=html.escape(name), **style, **common)
        if chart["best"]:
            step, value = chart["best"]
            cross = {"mode": "markers", "marker": {"symbol": "x", "size": 11, "color": RED}}
            made.add_scatter(x=[step], y=[value], hovertemplate="best so far %{y:.2f}", **cross, **common)
        if chart["floor"]:
            made.add_hline(y=chart["floor"], line_dash="dot", line_color=colour, line_width=1.5, **at)
    made.update_yaxes(type="log", dtick=1, tickformat="~g", **at)


def own_settings(config: Config) -> list[tuple[str, object, object, str]]:
    """Settings that differ from the run's preset: name, the run's value, the preset's, what it means."""
    return apart(config, PRESETS[config.preset].config if config.preset in PRESETS else Config())


def apart(one: Config, other: Config) -> list[tuple[str, object, object, str]]:
    """Settings that differ between two Configs: name, both values, what it means."""
    pairs = [(name, getattr(one, name), getattr(other, name)) for name in those(own=True)]
    return [(name, _shown(name, a), _shown(name, b), describe(name)) for name, a, b in pairs if a != b]


def _shown(name: str, value: object) -> object:
    return "no limit" if name == "num_steps" and value == NO_END else value


def nearest_kept(steps: Sequence[int], wanted: int) -> int | None:
    """The newest kept step that is not after `wanted`; the first one if all are after it; None if there are none."""
    return max((step for step in steps if step <= wanted), default=steps[0] if steps else None)
