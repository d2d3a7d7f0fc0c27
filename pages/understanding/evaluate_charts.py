"""The figures of an evaluation as bars beside their floors."""

from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from dcgan.metrics.words import FIGURES as LABELS
from pages.common.colours import BLUE, RED, STONE, WARM

FIGURES = {  # name in the report -> label
    "mean": "Brightness",
    "spread": "Contrast",
    "per_pixel_spread": "Spread of<br>one pixel",
    "diversity": "Distance<br>of two",
}
SETS = {"fakes": ("fakes", WARM), "test": ("held-out real", BLUE), "train": ("training", STONE)}


def draw_bars(report: dict[str, Any]) -> None:
    """Brightness, contrast, spread and diversity: fakes, held-out and training pictures side by side."""
    figure = go.Figure()
    for name, (label, colour) in SETS.items():
        values = [report[key].get(name) for key in FIGURES]
        if any(value is not None for value in values):
            text = ["" if value is None else f"{value:.0f}" for value in values]
            hover = f"{label}: %{{y:.1f}}<extra></extra>"
            figure.add_bar(
                x=list(FIGURES.values()), y=values, name=label, text=text, hovertemplate=hover, marker_color=colour
            )
    figure.update_traces(textposition="outside", cliponaxis=False)
    figure.update_layout(barmode="group", bargap=0.3, bargroupgap=0.08)
    show(figure, "Grey levels of 255", "", "Pixel figures of fakes, held-out and training pictures as bars")


def draw_hills(pixels: dict[str, Any]) -> None:
    """How far the nearest training picture is, as a histogram in per cent of each set."""
    figure = go.Figure()
    hills, close = pixels["hills"], pixels["close"]
    edges = np.array(hills["edges"])
    centres = (edges[:-1] + edges[1:]) / 2
    for key, label, colour in (("fakes", "fakes", WARM), ("test", "held-out real", BLUE)):
        if hills[key] is not None:
            hover = f"{label}: %{{y:.1f}} % at %{{x:.0f}}<extra></extra>"
            style = {"line": {"color": colour, "width": 2, "shape": "hvh"}, "fill": "tozeroy", "mode": "lines"}
            share = hills[key]
            figure.add_scatter(x=centres, y=share, name=label, hovertemplate=hover, fillcolor=f"{colour}33", **style)
    if close is not None:
        at = close["threshold"]
        figure.add_vline(x=at, line_dash="dot", line_width=1.5, line_color="gray")
        where = {"x": at, "y": 1, "yref": "paper", "showarrow": False, "xanchor": "right", "xshift": -5}
        figure.add_annotation(text="closest 1% of real", **where)
    show(
        figure, "% of the pictures", "Grey levels to the nearest training picture", "Histogram of the nearest distances"
    )


def draw_ruler(report: dict[str, Any]) -> None:
    """The distance on a logarithmic line, between real pictures and real pictures made worse in known ways."""
    found = report["figures"]["distance"]
    floor, value = found["floor"]["mean"], max(found["value"], 1e-6)
    marks = [("real pictures", floor), *((mark["label"], mark["distance"]) for mark in report["ruler"])]
    marks = [(label, max(distance, 1e-6)) for label, distance in marks]
    figure = go.Figure()
    low, high = max(floor - 2 * found["floor"]["deviation"], floor / 3), floor + 2 * found["floor"]["deviation"]
    figure.add_vrect(x0=low, x1=high, fillcolor=BLUE, opacity=0.25, line_width=0)
    everything = [*(distance for _, distance in marks), value]
    ends = [min(everything) / 2.5, max(everything) * 4]
    figure.add_scatter(x=ends, y=[0, 0], mode="lines", line={"color": STONE, "width": 2}, hoverinfo="skip")
    for i, (label, distance) in enumerate(sorted(marks, key=lambda mark: mark[1])):
        figure.add_scatter(
            x=[distance],
            y=[0],
            mode="markers",
            marker={"symbol": "line-ns", "size": 16, "line": {"width": 2.5, "color": BLUE}},
            hovertemplate=f"{label}: %{{x:.3g}}<extra></extra>",
        )
        below = {"ay": (30, 50, 70)[i % 3], "ax": 0, "yanchor": "top"}
        _say(figure, label, distance, BLUE, **below)
    hover = f"these fakes: {value:.3g}<extra></extra>"
    dot = {"size": 20, "color": WARM, "symbol": "circle"}
    figure.add_scatter(x=[value], y=[0], mode="markers", marker=dot, hovertemplate=hover)
    _say(figure, f"<b>these fakes, {value:.2f}</b>", value, WARM, ay=-32, ax=0, yanchor="bottom")
    figure.update_xaxes(type="log", range=[float(np.log10(end)) for end in ends], visible=False)
    figure.update_yaxes(range=[-1.9, 1], visible=False)
    figure.update_layout(showlegend=False)
    theme(figure, height=180)
    st.plotly_chart(figure, config={"displayModeBar": False}, alt="The distance on a ruler of spoilt real pictures")


def _say(figure: go.Figure, text: str, x: float, colour: str, **place: Any) -> None:
    """A label with a thin line to its place on the ruler."""
    line = {"showarrow": True, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": colour}
    figure.add_annotation(x=float(np.log10(x)), y=0, text=text, font={"size": 13}, **line, **place)


def draw_shares(report: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Figures from 0 to about 1, fakes beside real pictures, whose error is drawn."""
    figure = go.Figure()
    shown = [key for key in keys if report["figures"][key] is not None]
    labels = [LABELS[key].label for key in shown]
    found = [report["figures"][key] for key in shown]
    style = {"texttemplate": "%{y:.2f}", "hovertemplate": "%{x}: %{y:.3f}<extra></extra>"}
    figure.add_bar(x=labels, y=[each["value"] for each in found], name="fakes", marker_color=WARM, **style)
    floors = [each["floor"] for each in found]
    if all(floors) and floors:
        error = {"type": "data", "array": [floor["deviation"] for floor in floors], "thickness": 1.5, "color": STONE}
        real = [floor["mean"] for floor in floors]
        figure.add_bar(x=labels, y=real, name="real pictures", marker_color=BLUE, error_y=error, **style)
    figure.update_traces(textposition="inside", insidetextanchor="start", textangle=0)
    figure.update_layout(barmode="group", bargap=0.3, bargroupgap=0.08)
    show(figure, "", "", "Precision, recall, density and coverage of fakes and of real pictures as bars")


def draw_classes(classes: dict[str, Any]) -> None:
    """The share of each class among fakes and real pictures; at most the 20 whose shares differ most."""
    rows = list(zip(classes["names"], classes["share"], classes["real_share"], strict=True))
    rows = [row for row in rows if row[1] or row[2]]
    most = sorted(rows, key=lambda row: -abs(row[1] - row[2]))[:20]
    rows = [row for row in rows if row in most]
    figure = go.Figure()
    names = [escape(name) for name, _, _ in rows]
    for at, label, colour in ((1, "fakes", WARM), (2, "real pictures", BLUE)):
        hover = f"%{{x}}, {label}: %{{y:.1f}} %<extra></extra>"
        figure.add_bar(x=names, y=[100 * row[at] for row in rows], name=label, marker_color=colour, hovertemplate=hover)
    figure.update_layout(barmode="group", bargap=0.25, bargroupgap=0.05)
    figure.update_xaxes(tickangle=-35)
    show(figure, "% of the pictures", "", "Shares of the classes among fakes and real pictures as bars")


def draw_over_steps(
    reports: dict[int, dict[str, Any]], keys: tuple[str, ...], log: bool = False, best: int | None = None
) -> None:
    """Figures over training steps, each with its floor as a dotted line; a cross marks the best step."""
    figure = go.Figure()
    steps = list(reports)
    for key, colour in zip(keys, (WARM, BLUE), strict=False):
        found = [report["figures"][key] for report in reports.values()]
        if None in found:
            continue
        label = LABELS[key].label
        values = [each["value"] for each in found]
        hover = f"step %{{x:,}}: {label} %{{y:.3f}}<extra></extra>"
        line = {"color": colour, "width": 2.2}
        figure.add_scatter(x=steps, y=values, name=label, mode="lines+markers", line=line, hovertemplate=hover)
        floor = found[-1]["floor"]
        if floor:
            figure.add_hline(y=floor["mean"], line_dash="dot", line_color=colour, line_width=1.5)
            spread = {"y0": floor["mean"] - floor["deviation"], "y1": floor["mean"] + floor["deviation"]}
            if not log or spread["y0"] > 0:
                figure.add_hrect(**spread, fillcolor=colour, opacity=0.15, line_width=0)
        if best is not None:
            cross = {"symbol": "x", "size": 13, "color": RED}
            at = {"x": [best], "y": [values[steps.index(best)]]}
            figure.add_scatter(
                **at, name="best", mode="markers", marker=cross, hovertemplate="best: %{y:.3f}<extra></extra>"
            )
    if log:
        figure.update_yaxes(type="log", dtick=1)
    show(figure, "", "training step", f"{', '.join(LABELS[key].label for key in keys)} over training steps")


def draw_runs(reports: dict[str, dict[str, Any]]) -> None:
    """The distance of each run as a bar, with the floor as a dotted line."""
    figure = go.Figure()
    names = [escape(name) for name in reports]
    values = [report["figures"]["distance"]["value"] for report in reports.values()]
    style = {"texttemplate": "%{x:.2f}", "hovertemplate": "%{y}: %{x:.3f}<extra></extra>"}
    figure.add_bar(x=values, y=names, orientation="h", marker_color=WARM, showlegend=False, **style)
    floors = [report["figures"]["distance"]["floor"] for report in reports.values()]
    if floors[0]:
        figure.add_vline(x=floors[0]["mean"], line_dash="dot", line_color=BLUE, line_width=2)
    figure.update_yaxes(autorange="reversed", fixedrange=True, automargin=True)
    ends = [min([*values, *(floor["mean"] for floor in floors if floor)]) / 2, 1.2 * max(values)]
    figure.update_xaxes(type="log", fixedrange=True, dtick=1, range=[float(np.log10(max(end, 1e-6))) for end in ends])
    theme(figure, height=90 + 44 * len(names))
    st.plotly_chart(figure, config={"displayModeBar": False}, alt="The distance of each run as a bar")


def show(figure: go.Figure, y_title: str, x_title: str, alt: str) -> None:
    """Draw one chart with its axes named."""
    figure.update_yaxes(title_text=y_title)
    figure.update_xaxes(title_text=x_title)
    theme(figure, height=255)
    st.plotly_chart(figure, config={"displayModeBar": False}, alt=alt)


def theme(figure: go.Figure, height: int) -> None:
    """Little margin, a legend on top, no accidental zoom; text and lines take their colours from the app's theme."""
    legend = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"}
    figure.update_layout(height=height, margin={"l": 8, "r": 8, "t": 8, "b": 8}, legend=legend, dragmode=False)
    figure.update_yaxes(fixedrange=True, automargin=True)
    figure.update_xaxes(fixedrange=True)
