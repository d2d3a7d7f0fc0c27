"""The live curves: one Plotly figure that stays alive in the browser and is updated in place.

`st.plotly_chart` takes its figure down at every change of data, with zoom and hover. This component keeps it. The
library itself comes from the installed plotly package and goes to the browser once per visit.
"""

import functools
import gzip
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

MAX_BUCKETS = 400  # each gives its lowest and its highest point, so that no spike is lost
CURVES = ("d_loss", "g_loss", "d_real", "d_fake", "d_accuracy")
REDRAW_SECONDS = 2.0  # drawing costs the browser, and so a small machine's training, more than all else here
LINE_WINDOWS = 40  # a smooth line averages a fortieth of the run

_JS = (Path(__file__).parent / "curves.js").read_text(encoding="utf-8")
_LIBRARY_JS = (Path(__file__).parent / "plotly_library.js").read_text(encoding="utf-8")
_library = st.components.v2.component("plotly_library", js=_LIBRARY_JS, isolate_styles=False)
_chart = st.components.v2.component(
    "curves",
    html="<div class='curves'></div>",
    css=".curves { width: 100%; height: 100%; }",
    js=_JS,
    isolate_styles=False,
)


def load_library() -> None:
    """Hand plotly.js to the browser; call it outside the part of the page that ticks.

    Streamlit sends a large message that a session has had before as a reference only, and the script runs once.
    """
    _library(key="plotly-library", data=_packed_library(), height=1)


def live_curves(
    key: str,
    columns: dict[str, np.ndarray],
    height: int,
    growing: bool = False,
    marks: Sequence[tuple[int, str]] = (),
    distance: Mapping[str, Any] | None = None,
    scores: bool = False,
) -> None:
    """Draw losses, D's verdicts and D's accuracy over the step, one under the other.

    `columns` maps step and the names in CURVES to arrays (N,); `marks` are steps with a word on what changed;
    `distance`, as `distance.chart_of` makes it, is a chart of its own above them, which adds to the height. With
    `scores` D's verdicts are no probabilities. Zoom and hover survive every update. Curves that are `growing` may be
    shown a moment late; others are drawn as they are.
    """
    drawn_at, data = st.session_state.get(f"drawn-{key}", (0.0, b""))
    if not (data and growing) or time.monotonic() - drawn_at >= REDRAW_SECONDS:
        drawn_at, data = time.monotonic(), pack(key, columns, height, marks, distance, scores)
        st.session_state[f"drawn-{key}"] = (drawn_at, data)
    _chart(key=key, data=data, height=height)


def pack(
    identity: str,
    columns: dict[str, np.ndarray],
    height: int,
    marks: Sequence[tuple[int, str]] = (),
    distance: Mapping[str, Any] | None = None,
    scores: bool = False,
) -> bytes:
    """Thinned curves as bytes: a 4-byte header length, a JSON header, then little-endian float32 arrays.

    The header holds the figure in words, the ranges of the losses and of D's `scores`, the marks, the distance's floor
    and best, and lists [name, number of points] in order; each name has its steps first, then its values, and `name~`
    is the moving average.
    """
    names: list[tuple[str, int]] = []
    arrays: list[np.ndarray] = []
    lines: dict[str, np.ndarray] = {}
    steps = columns["step"]
    for name in CURVES:
        x, y = thinned(steps, columns[name], *envelope(columns, name))
        smooth_x, smooth_y = smoothed(steps, columns[name], columns.get("points each"))
        for label, xs, ys in ((name, x, y), (f"{name}~", smooth_x, smooth_y)):
            names.append((label, len(xs)))
            arrays += [xs, ys]
        lines[name] = smooth_y
    shown = None
    if distance is not None:
        shown = {name: distance[name] for name in ("floor", "deviation", "best", "range")}
        names.append(("distance", len(distance["steps"])))
        arrays += [np.array(distance["steps"], float), np.array(distance["values"], float)]
    losses = calm_range(np.concatenate([lines["d_loss"], lines["g_loss"]]))
    said = np.concatenate([lines["d_real"], lines["d_fake"]])
    facts = {
        "alt": f"Curves of the training, {newest(columns, distance, scores)}",
        "identity": identity,
        "height": height,
        "losses": losses,
        "scores": calm_range(said) if scores else None,
        "marks": list(marks),
        "arrays": names,
        "distance": shown,
    }
    header = json.dumps(facts).encode()
    header += b" " * (-len(header) % 4)
    body = np.concatenate(arrays).astype("<f4").tobytes()
    return len(header).to_bytes(4, "little") + header + body


def newest(columns: Mapping[str, np.ndarray], distance: Mapping[str, Any] | None = None, scores: bool = False) -> str:
    """The newest values of the lines in words; a picture of curves says nothing to who can't see it."""
    steps = columns["step"]
    if not len(steps):
        return "no points yet"
    d_loss, g_loss, d_real, d_fake, right = (
        smoothed(steps, columns[name], columns.get("points each"))[1][-1] for name in CURVES
    )
    verdict = f"D believes real pictures {d_real:.0%} and fakes {d_fake:.0%}"
    if scores:
        verdict = f"D gives real pictures {d_real:.2f} and fakes {d_fake:.2f}"
    said = (
        f"step {steps[-1]:,.0f}: D loss {d_loss:.2f}, G loss {g_loss:.2f}, {verdict}, D right {right:.0%} of the time"
    )
    if distance and distance["values"]:
        said += f", distance to real pictures {distance['values'][-1]:.2f} at step {distance['steps'][-1]:,}"
        if distance["best"]:
            step, value = distance["best"]
            said += f", best {value:.2f} at step {step:,}"
    return said


def envelope(columns: Mapping[str, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest of what each point of a curve stands for, arrays (N,); mostly the curve itself."""
    return columns.get(f"{name} low", columns[name]), columns.get(f"{name} high", columns[name])


def thinned(
    x: np.ndarray, y: np.ndarray, low: np.ndarray | None = None, high: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """At most 2 * MAX_BUCKETS points: of each stretch of the curve its lowest and its highest.

    `low` and `high` are arrays (N,) where a point of the curve stands for several.
    """
    if len(x) <= 2 * MAX_BUCKETS:
        return x, y
    low, high = y if low is None else low, y if high is None else high
    edges = np.linspace(0, len(x), MAX_BUCKETS + 1).astype(int)
    picked: set[tuple[int, float]] = set()
    for begin, end in zip(edges[:-1], edges[1:], strict=True):
        lowest, highest = begin + int(low[begin:end].argmin()), begin + int(high[begin:end].argmax())
        picked.update(((lowest, float(low[lowest])), (highest, float(high[highest]))))
    order = sorted(picked)
    return x[[at for at, _ in order]], np.array([value for _, value in order])


def smoothed(x: np.ndarray, y: np.ndarray, points: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """A centred moving average over a fortieth of the curve, at most 500 points.

    `points` (N,) says how many points of the run each one of the curve stands for; without it, one.
    """
    if len(x) < 3:
        return x, y
    reach = max(1, len(x) // (2 * LINE_WINDOWS))
    total = np.concatenate([[0.0], np.cumsum(y if points is None else y * points)])
    number = np.arange(len(x) + 1) if points is None else np.concatenate([[0.0], np.cumsum(points)])
    centres = np.unique(np.linspace(0, len(x) - 1, min(len(x), 500)).round().astype(int))
    low, high = np.maximum(centres - reach, 0), np.minimum(centres + reach + 1, len(x))
    return x[centres], (total[high] - total[low]) / (number[high] - number[low])


def calm_range(values: np.ndarray) -> list[float]:
    """From 0 to above all but the highest 3 % of values: a loss that starts at a hundred must not flatten the rest.

    Below 0, where the losses and scores of some games go, likewise.
    """
    if not len(values):
        return [0.0, 4.0]
    low, high = (1.25 * float(np.quantile(values, share)) for share in (0.03, 0.97))
    return [min(0.0, low), max(1.0, high)]


@functools.cache
def _packed_library() -> bytes:
    from plotly.offline import get_plotlyjs

    return gzip.compress(get_plotlyjs().encode(), compresslevel=6)
