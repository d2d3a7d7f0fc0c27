"""Colours of charts that plotly draws in Python: to be read on a light and on a dark page."""

import plotly.graph_objects as go

WARM, BLUE, STONE = "#CF6F3C", "#5A93BF", "#A39B8F"
RED = "#D62728"  # the cross at the best
# several runs side by side, each beside its name; BLUE stays that of real pictures
RUNS = ("#CF6F3C", "#2B8A62", "#B83184", "#7A5BC4", "#8F8A00", "#96502F", "#C9758F", "#6F7F86")

# curves of several runs: four colours that no common colour blindness confuses, each with every one of the dashes
CURVES = ("#CF6F3C", "#1199CC", "#B01EF0", "#776666")
DASHES = ("solid", "dash", "dot", "dashdot")


def theme(figure: go.Figure, height: int) -> None:
    """Little margin, a legend on top, no accidental zoom; text and lines take their colours from the app's theme."""
    legend = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 1, "xanchor": "right"}
    figure.update_layout(height=height, margin={"l": 8, "r": 8, "t": 8, "b": 8}, legend=legend, dragmode=False)
    figure.update_yaxes(fixedrange=True, automargin=True)
    figure.update_xaxes(fixedrange=True)
