"""The figures of an evaluation as bars beside their floors."""

import re
from html import escape, unescape
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.common.colours import BLUE, RED, STONE, WARM, theme

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
    each = [
        f"{plain(label)}: "
        + ", ".join(f"{SETS[name][0]} {report[key][name]:.0f}" for name in SETS if report[key].get(name) is not None)
        for key, label in FIGURES.items()
    ]
    show(figure, "Grey levels of 255", "", f"In grey levels of 255. {'; '.join(each)}.")


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
        most = max(share for name in SETS for share in hills.get(name) or ())
        line = {"dash": "dot", "width": 1.5, "color": "gray"}
        ends = {"x": [close["threshold"]] * 2, "y": [0, most]}
        figure.add_scatter(**ends, name="closest 1% of real", mode="lines", line=line, hoverinfo="skip")
    figure.update_xaxes(range=[0, float(edges[-1])])
    nearest = pixels["nearest"]
    halves = [
        f"{label} {nearest[name]['median']:.0f}" for name, label in (("fakes", "fakes"), ("test", "held-out pictures"))
    ]
    alt = f"Half of the pictures are nearer to a training picture than so many grey levels: {', '.join(halves)}."
    show(figure, "% of the pictures", "Grey levels to the nearest training picture", alt)


GAP = 4 * "\N{NO-BREAK SPACE}"  # between a dot and its value


class Row(NamedTuple):
    """One line of a ladder."""

    label: str
    value: float
    colour: str = BLUE
    error: float = 0.0


def draw_ruler(report: dict[str, Any]) -> None:
    """The distance between that of real pictures and those of real pictures made worse in known ways."""
    found = report["figures"]["distance"]
    floor = found["floor"]
    rows = [Row("real pictures", floor["mean"], error=floor["deviation"])]
    rows += [Row(f"real, {mark['label']}", mark["distance"]) for mark in report["ruler"]]
    rows.append(Row("<b>these fakes</b>", found["value"], WARM))
    draw_ladder(rows, "Distance from real")


def draw_ladder(rows: list[Row], what: str) -> None:
    """Distances from the smallest on, each a dot on a logarithmic line with its value beside it."""
    rows = by_value(rows)
    figure = go.Figure()
    room = (rows[-1].value / rows[0].value) ** 0.3  # for the last value beside its dot
    ends = [rows[0].value / 1.6, rows[-1].value * max(room, 1.6)]
    for at, row in enumerate(rows):
        line = {"color": f"{row.colour}66", "width": 2}
        figure.add_scatter(x=[ends[0], row.value], y=[at, at], mode="lines", line=line, hoverinfo="skip")
    figure.add_scatter(
        x=[row.value for row in rows],
        y=list(range(len(rows))),
        mode="markers",
        marker={"size": 13, "color": [row.colour for row in rows]},
        hovertemplate="%{x:.3g}<extra></extra>",
        cliponaxis=False,
    )
    texts = [f"{GAP}{row.value:.2f}" + (f" ± {row.error:.2f}" if row.error else "") for row in rows]
    beside = {"x": [row.value + row.error for row in rows], "y": list(range(len(rows))), "text": texts}
    style = {"mode": "text", "textposition": "middle right", "hoverinfo": "skip", "cliponaxis": False}
    figure.add_scatter(**beside, **style)
    figure.update_xaxes(type="log", range=[float(np.log10(end)) for end in ends], visible=False)
    names = {"tickvals": list(range(len(rows))), "ticktext": [row.label for row in rows]}
    figure.update_yaxes(**names, range=[len(rows) - 0.5, -0.5], showgrid=False, zeroline=False)
    _show_rows(figure, rows, what)


def by_value(rows: list[Row]) -> list[Row]:
    """From the smallest on; none is 0 or less, which a logarithmic line couldn't show."""
    return sorted((row._replace(value=max(row.value, 1e-6)) for row in rows), key=lambda row: row.value)


def draw_row_bars(rows: list[Row], what: str) -> None:
    """Figures from 0 to about 1, each a bar with its value behind it, in the given order."""
    figure = go.Figure()
    figure.add_bar(
        x=[row.value for row in rows],
        y=list(range(len(rows))),
        orientation="h",
        marker_color=[row.colour for row in rows],
        hovertemplate="%{x:.3f}<extra></extra>",
    )
    texts = [f"{GAP}{row.value:.2f}" for row in rows]
    beside = {"x": [row.value + row.error for row in rows], "y": list(range(len(rows))), "text": texts}
    figure.add_scatter(**beside, mode="text", textposition="middle right", hoverinfo="skip", cliponaxis=False)
    most = max(1.0, *(row.value + row.error for row in rows))
    figure.update_xaxes(range=[0, 1.25 * most], visible=False)
    names = {"tickvals": list(range(len(rows))), "ticktext": [row.label for row in rows]}
    figure.update_yaxes(**names, range=[len(rows) - 0.5, -0.5], showgrid=False, zeroline=False)
    figure.update_layout(bargap=0.4)
    _show_rows(figure, rows, what)


def _show_rows(figure: go.Figure, rows: list[Row], what: str) -> None:
    for at, row in enumerate(rows):
        if row.error:  # an error of none would still be drawn as an end
            error = {"type": "data", "array": [row.error], "thickness": 1.5, "color": STONE}
            figure.add_scatter(x=[row.value], y=[at], error_x=error, mode="markers", marker_opacity=0, hoverinfo="skip")
    figure.update_layout(showlegend=False)
    theme(figure, height=40 + 30 * len(rows))
    each = [
        f"{plain(row.label)} {row.value:.2f}" + (f" give or take {row.error:.2f}" if row.error else "") for row in rows
    ]
    st.plotly_chart(figure, config={"displayModeBar": False}, alt=f"{what}: {'; '.join(each)}.")


def plain(label: str) -> str:
    """A chart's label without its tags, to be read aloud."""
    return unescape(re.sub("<br>", " ", re.sub("</?b>", "", label)))


PLAIN = {  # figures from 0 to about 1, in everyday words above the field's
    "precision": "Look real<br>(precision)",
    "recall": "Variety<br>(recall)",
    "density": "Typical<br>(density)",
    "coverage": "Covered<br>(coverage)",
}


def draw_shares(report: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Figures from 0 to about 1, fakes beside real pictures, whose error is drawn."""
    shown = [key for key in keys if report["figures"][key] is not None]
    found = [report["figures"][key] for key in shown]
    draw_pairs(
        [PLAIN[key] for key in shown],
        [each["value"] for each in found],
        [each["floor"] for each in found],
        "Shares",
    )


def draw_class_precision(classes: dict[str, Any]) -> None:
    """The share of each class's fakes that look real, beside that of its real pictures; the 20 weakest."""
    floors = classes["real_precision"] or [None] * len(classes["names"])
    rows = [
        (escape(name), share, floor)
        for name, share, floor in zip(classes["names"], classes["precision"], floors, strict=True)
        if share is not None
    ]
    weakest = sorted(rows, key=lambda row: row[1] / max(row[2]["mean"], 1e-9) if row[2] else row[1])[:20]
    rows = [row for row in rows if row in weakest]
    draw_pairs([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows],
               "Share that looks real", tilt=True)  # fmt: skip


def draw_pairs(
    labels: list[str], fakes: list[float], floors: list[dict[str, float] | None], what: str, tilt: bool = False
) -> None:
    """Bars of fakes beside those of real pictures, whose error is drawn."""
    figure = go.Figure()
    style = {"texttemplate": "%{y:.2f}", "hovertemplate": "%{x}: %{y:.3f}<extra></extra>"}
    figure.add_bar(x=labels, y=fakes, name="fakes", marker_color=WARM, **style)
    if any(floors):
        deviations = [floor["deviation"] if floor else None for floor in floors]
        error = {"type": "data", "array": deviations, "thickness": 1.5, "color": STONE}
        real = [floor["mean"] if floor else None for floor in floors]
        figure.add_bar(x=labels, y=real, name="real pictures", marker_color=BLUE, error_y=error, **style)
    if tilt:
        figure.update_traces(texttemplate="")
        figure.update_xaxes(tickangle=-35)
    figure.update_traces(textposition="auto", insidetextanchor="start", textangle=0)
    figure.update_layout(barmode="group", bargap=0.3, bargroupgap=0.08)
    each = [
        f"{plain(label)}, fakes {value:.2f}" + (f", real pictures {floor['mean']:.2f}" if floor else "")
        for label, value, floor in zip(labels, fakes, floors, strict=True)
    ]
    show(figure, "", "", f"{what}. {'; '.join(each)}.")


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
    each = [f"{name}, fakes {share:.1%}, real pictures {real:.1%}" for name, share, real in rows]
    show(figure, "% of the pictures", "", f"Shares of the classes. {'; '.join(each)}.")


class Line(NamedTuple):
    """One figure over training steps, and that of real pictures, where it is known."""

    label: str
    steps: list[int]
    values: list[float]
    floor: float | None = None
    deviation: float = 0.0


def draw_over_steps(lines: list[Line], log: bool = False, best: int | None = None) -> None:
    """Figures over training steps, each with its floor as a dotted line; a cross marks the best step of the first."""
    figure = go.Figure()
    for line, colour in zip(lines, (WARM, BLUE), strict=False):
        hover = f"step %{{x:,}}: {line.label} %{{y:.3f}}<extra></extra>"
        style = {"mode": "lines+markers", "line": {"color": colour, "width": 2.2}, "hovertemplate": hover}
        figure.add_scatter(x=line.steps, y=line.values, name=line.label, **style)
        if line.floor is not None:
            figure.add_hline(y=line.floor, line_dash="dot", line_color=colour, line_width=1.5)
            spread = {"y0": line.floor - line.deviation, "y1": line.floor + line.deviation}
            if not log or spread["y0"] > 0:
                figure.add_hrect(**spread, fillcolor=colour, opacity=0.15, line_width=0)
    if best in lines[0].steps:
        cross = {"symbol": "x", "size": 13, "color": RED}
        at = {"x": [best], "y": [lines[0].values[lines[0].steps.index(best)]]}
        hover = "best: %{y:.3f}<extra></extra>"
        figure.add_scatter(**at, name="best", mode="markers", marker=cross, hovertemplate=hover)
    if log:
        figure.update_yaxes(type="log", dtick=1)
    show(figure, "", "training step", " ".join(_told(line, best) for line in lines))


def _told(line: Line, best: int | None) -> str:
    """A figure's course in a sentence, to be read aloud."""
    value = dict(zip(line.steps, line.values, strict=True))
    said = f"{line.label} over training steps: {line.values[-1]:.2f} at step {line.steps[-1]:,}, the newest"
    said += f"; {line.values[0]:.2f} at step {line.steps[0]:,}, the first"
    said += f"; {value[best]:.2f} at step {best:,}, the best" if best in value else ""
    return said + (f"; real pictures {line.floor:.2f}." if line.floor is not None else ".")


def show(figure: go.Figure, y_title: str, x_title: str, alt: str) -> None:
    """Draw one chart with its axes named."""
    figure.update_yaxes(title_text=y_title)
    figure.update_xaxes(title_text=x_title)
    theme(figure, height=255)
    st.plotly_chart(figure, config={"displayModeBar": False}, alt=alt)
