"""The losses epoch by epoch: the way the custom-loop system shows its training, which marks its lowest loss."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pages.common.colours import BLUE, STONE, WARM

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLOURS = (BLUE, WARM)  # D and G
MANY = 400  # epochs, past which their points would touch
MARKING = ("custom-loop",)  # published systems whose own graph marks the epoch of the lowest adversarial loss


class Epochs(NamedTuple):
    number: np.ndarray  # 1, 2, ...: whole epochs only
    d_loss: np.ndarray  # their mean losses
    g_loss: np.ndarray

    @property
    def lowest(self) -> int:
        """The epoch with the lowest adversarial loss: G fooled D most easily, which says little of its pictures."""
        return int(self.number[self.g_loss.argmin()])


def per_epoch(columns: Mapping[str, np.ndarray]) -> Epochs:
    """Mean losses of each whole epoch that has points; `columns` maps curve names to arrays (N,)."""
    of = np.ceil(np.maximum(columns["epoch"], 1e-9)).astype(int)  # a point at 1.0 ends the first epoch
    order = np.argsort(of, kind="stable")
    number, begins = np.unique(of[order], return_index=True)
    number = number[number <= columns["epoch"].max() + 1e-9]
    parts = [np.split(columns[name][order], begins[1:])[: len(number)] for name in ("d_loss", "g_loss")]
    d_loss, g_loss = (np.array([part.mean() for part in each]) for each in parts)
    return Epochs(number, d_loss, g_loss)


def figure(epochs: Epochs, marked: bool = False) -> "go.Figure":
    """Both losses over the epoch; if `marked`, a ring around the lowest adversarial loss."""
    import plotly.graph_objects as go

    made = go.Figure()
    named = (("discriminator loss", epochs.d_loss), ("adversarial loss", epochs.g_loss))
    mode = "lines+markers" if len(epochs.number) <= MANY else "lines"
    for (name, losses), colour in zip(named, COLOURS, strict=True):
        line, hover = {"color": colour, "width": 2.2}, f"{name} %{{y:.3f}}<extra></extra>"
        made.add_scatter(x=epochs.number, y=losses, name=name, mode=mode, line=line, hovertemplate=hover)
    if marked:
        ring = {"symbol": "circle-open", "size": 16, "color": STONE, "line": {"width": 2.5}}
        where = {"x": [epochs.lowest], "y": [epochs.g_loss.min()]}
        name = f"lowest adversarial loss: epoch {epochs.lowest}"
        made.add_scatter(**where, name=name, mode="markers", marker=ring, hoverinfo="skip")
    made.update_xaxes(title_text="epoch", rangemode="tozero")
    made.update_yaxes(title_text="loss", rangemode="tozero")
    legend = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}
    made.update_layout(height=340, margin={"l": 8, "r": 8, "t": 40, "b": 8}, hovermode="x", legend=legend)
    return made
