"""The figures of an evaluation as bars beside their floors."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

FIGURES = {  # name in the report -> label
    "mean": "Brightness",
    "spread": "Contrast",
    "per_pixel_spread": "Spread of<br>one pixel",
    "diversity": "Distance<br>of two",
}
WARM, BLUE, STONE = "#CC6A38", "#5A8FB8", "#A39B8F"  # to be read on a light and on a dark page
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


def draw_distances(fakes: np.ndarray, held_out: np.ndarray | None, close: dict[str, Any] | None) -> None:
    """How far the nearest training picture is, as a histogram in per cent of each set."""
    figure = go.Figure()
    everything = np.concatenate([fakes, held_out]) if held_out is not None else fakes
    edges = np.linspace(0, np.percentile(everything, 99.5) + 1, 33)
    for label, distances, colour in (("fakes", fakes, WARM), ("held-out real", held_out, BLUE)):
        if distances is not None:
            share = 100 * np.histogram(distances, edges)[0] / len(distances)
            hover = f"{label}: %{{y:.1f}} % at %{{x:.0f}}<extra></extra>"
            centres = (edges[:-1] + edges[1:]) / 2
            style = {"line": {"color": colour, "width": 2, "shape": "hvh"}, "fill": "tozeroy", "mode": "lines"}
            figure.add_scatter(x=centres, y=share, name=label, hovertemplate=hover, fillcolor=f"{colour}33", **style)
    if close is not None:
        figure.add_vline(x=close["threshold"], line_dash="dot", line_width=1.5, line_color="gray")
        figure.add_annotation(
            x=close["threshold"],
            y=1,
            yref="paper",
            text="closest 1% of real",
            showarrow=False,
            xanchor="right",
            xshift=-5,
        )
    show(
        figure, "% of the pictures", "Grey levels to the nearest training picture", "Histogram of the nearest distances"
    )


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
