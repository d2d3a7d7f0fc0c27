"""Several runs on one chart: a figure of each over steps or time, and what sets their settings apart."""

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dcgan.config import NO_END, Config, describe, those
from dcgan.presets import PRESETS
from pages.charts.curves import calm_range, newest, smoothed
from pages.common.colours import CURVES, DASHES, RED, STONE

if TYPE_CHECKING:
    import plotly.graph_objects as go

DISTANCE = "distance"
PANELS = {  # figure -> its charts, one under the other: the quantity, what to look for
    DISTANCE: ((DISTANCE, "<b>Distance to real pictures:</b> lower is closer"),),
    "losses": (
        ("d_loss", "<b>D's loss:</b> long near 0, D wins"),
        ("g_loss", "<b>G's loss:</b> a steady wobble is healthy"),
    ),
    "verdicts": (
        ("d_real", "<b>What D believes of real pictures:</b> 1 is real"),
        ("d_fake", "<b>What D believes of fakes:</b> higher, G fools it"),
    ),
    "accuracy": (("d_accuracy", "<b>How often D is right:</b> lower, G fools it"),),
}
LIMITS = {"d_real": (-0.03, 1.03), "d_fake": (-0.03, 1.03), "d_accuracy": (0.3, 1.03)}  # of the y axis
SCORES = {  # where D's verdicts are no probabilities
    "d_real": "<b>D's scores of real pictures:</b> above those of fakes",
    "d_fake": "<b>D's scores of fakes:</b> close to those of real is good",
}
UNITS = (("hours", 3600.0, 5400.0), ("minutes", 60.0, 180.0), ("seconds", 1.0, 0.0))  # unit, seconds, from how many on
ONE, TWO = 460, 290  # pixels: the height of a chart alone, and of each of two
EDGES = 88  # pixels of a figure above its first chart and below its last
BADGE_PX = 19  # from one number at the end of a curve to the next
APART = 0.06  # of the longest curve: numbers farther from each other can't meet
KEY = "curves-together"  # of the chart on its page
CSS = f"""
<style>
.st-key-{KEY} .annotation rect.bg {{ fill: light-dark(#FBF9F6, #171512) !important; }}
</style>
"""  # the page shows around a number


class Curves(NamedTuple):
    """What is drawn of one run."""

    name: str  # told apart from all others
    columns: Mapping[str, np.ndarray]  # as `history_of` gives them
    distance: Mapping[str, Any] | None = None  # as `distance.chart_of` makes it; None: never measured
    scores: bool = False  # whether D gives scores, no probabilities


def style(i: int) -> tuple[str, str]:
    """The colour and the dash of the i-th run, from 0."""
    return CURVES[i % len(CURVES)], DASHES[i // len(CURVES) % len(DASHES)]


def figure(runs: Sequence[Curves], shown: str, by_time: bool = False) -> "go.Figure":
    """One of PANELS for all runs, over the step or the time of training; each ends in its number, from 1."""
    from plotly.subplots import make_subplots

    panels, scores = PANELS[shown], any(run.scores for run in runs)
    titles = [SCORES.get(quantity, title) if scores else title for quantity, title in panels]
    made = make_subplots(len(panels), 1, shared_xaxes=True, vertical_spacing=0.12, subplot_titles=titles)
    plot_height = ONE if len(panels) == 1 else TWO * len(panels)
    unit, seconds = unit_of(runs) if by_time else ("step", 1.0)
    for row, (quantity, _) in enumerate(panels, 1):
        lines = [_line(run, quantity, by_time, seconds) for run in runs]
        limits = _limits(quantity, lines, runs, scores)
        for i, (run, (x, y)) in enumerate(zip(runs, lines, strict=True)):
            colour, dash = style(i)
            said = f"{html.escape(run.name)}<br>{unit} %{{x:,.4~g}}: %{{y:.3f}}<extra></extra>"
            line = {"color": colour, "dash": dash, "width": 2.2}
            name = {"name": html.escape(run.name), "showlegend": False, "hovertemplate": said}
            made.add_scatter(x=x, y=y, mode="lines", line=line, row=row, col=1, **name)
            if quantity == DISTANCE and run.distance and run.distance["best"]:
                step, value = run.distance["best"]
                at = np.interp(step, run.distance["steps"], run.distance["times"]) / seconds if by_time else step
                cross = {"symbol": "x", "size": 10, "color": RED, "line": {"color": colour, "width": 1.5}}
                best = f"{html.escape(run.name)}<br>best: %{{y:.2f}} at step {step:,}<extra></extra>"
                made.add_scatter(x=[at], y=[value], mode="markers", marker=cross, hovertemplate=best, showlegend=False)
        if quantity == DISTANCE:
            for floor in sorted({run.distance["floor"] for run in runs if run.distance and run.distance["floor"]}):
                made.add_hline(y=floor, line_dash="dot", line_color=STONE, line_width=1.5, row=row, col=1)
            made.update_yaxes(type="log", dtick=1, tickformat="~g", row=row, col=1)
        made.update_yaxes(range=limits, row=row, col=1)
        _number(made, row, lines, limits, plot_height / len(panels) * 0.85, quantity == DISTANCE)
    ends = max((float(x[-1]) for trace in made.data if len(x := trace.x)), default=1.0)
    made.update_xaxes(range=[0, ends or 1.0], tickformat="~s" if not by_time else "", fixedrange=True)
    made.update_yaxes(fixedrange=True)
    made.update_xaxes(title_text=f"{unit} of training" if by_time else unit, row=len(panels), col=1)
    made.update_annotations(selector={"xref": "paper"}, x=0, xanchor="left", font_size=13)
    margin = {"l": 8, "r": 8 + BADGE_PX, "t": 40, "b": 8}
    made.update_layout(height=plot_height + EDGES, margin=margin, hovermode="closest", dragmode=False)
    return made


def unit_of(runs: Sequence[Curves]) -> tuple[str, float]:
    """The unit for times as long as those of the runs, and its seconds."""
    longest = max((float(run.columns["time_s"][-1]) for run in runs if len(run.columns["time_s"])), default=0.0)
    return next((unit, seconds) for unit, seconds, least in UNITS if longest >= least)


def in_words(runs: Sequence[Curves]) -> str:
    """What the figure shows, for who can't see it: the newest values of each run."""
    return "; ".join(
        f"{i}, {run.name}: {newest(run.columns, run.distance, run.scores)}" for i, run in enumerate(runs, 1)
    )


def _line(run: Curves, quantity: str, by_time: bool, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """x and y of a run's curve, both (N,): what was measured, or a moving average of at most 500 points."""
    if quantity == DISTANCE:
        if run.distance is None:
            return np.empty(0), np.empty(0)
        at = np.array(run.distance["times"], float) / seconds if by_time else np.array(run.distance["steps"], float)
        return at, np.array(run.distance["values"], float)
    x = run.columns["time_s"] / seconds if by_time else run.columns["step"]
    return smoothed(x, run.columns[quantity], run.columns.get("points each"))


def _limits(
    quantity: str, lines: Sequence[tuple[np.ndarray, np.ndarray]], runs: Sequence[Curves], scores: bool
) -> list[float]:
    """The ends of the y axis; of the distance, which is drawn on a logarithmic one, their logarithms."""
    if quantity == DISTANCE:
        ranges = [run.distance["range"] for run in runs if run.distance] or [[0.0, 2.0]]
        return [min(low for low, _ in ranges), max(high for _, high in ranges)]
    if quantity in LIMITS and not (scores and quantity in SCORES):
        return list(LIMITS[quantity])
    return calm_range(np.concatenate([y for _, y in lines]))


def _number(
    made: "go.Figure",
    row: int,
    lines: Sequence[tuple[np.ndarray, np.ndarray]],
    limits: Sequence[float],
    height: float,
    logarithmic: bool,
) -> None:
    """Each run's number at the end of its curve; numbers that would meet make room for each other."""
    drawn = [i for i, (x, _) in enumerate(lines) if len(x)]
    ends = [float(lines[i][1][-1]) for i in drawn]
    values = np.log10(np.maximum(ends, 1e-9)) if logarithmic else np.array(ends)
    wanted, at = (values - limits[0]) / (limits[1] - limits[0]), np.array([float(lines[i][0][-1]) for i in drawn])
    levels = np.zeros(len(drawn))
    order = np.argsort(at, kind="stable")
    far = np.flatnonzero(np.diff(at[order]) > APART * at.max(initial=0.0)) + 1  # curves that end elsewhere don't meet
    for group in np.split(order, far):
        levels[group] = spread(wanted[group], BADGE_PX / height)
    for i, level in zip(drawn, levels, strict=True):
        axis = "" if row == 1 else str(row)
        place = {"x": float(lines[i][0][-1]), "xref": f"x{axis}", "y": float(level), "yref": f"y{axis} domain"}
        frame = {"bordercolor": style(i)[0], "borderwidth": 1.5, "borderpad": 1, "bgcolor": "white"}
        word = {"text": f"{i + 1}", "font": {"size": 11}, "xanchor": "left", "xshift": 4, "yanchor": "middle"}
        made.add_annotation(**place, **frame, **word, showarrow=False)


def spread(wanted: np.ndarray, gap: float) -> list[float]:
    """Levels from 0 to 1, as near to the wanted ones (N,) and in their order as a gap between neighbours allows."""
    if not len(wanted):
        return []
    levels = np.clip(np.nan_to_num(wanted), 0.0, 1.0)
    order, gap = np.argsort(levels, kind="stable"), min(gap, 1.0 / max(1, len(levels) - 1))
    room = gap * np.arange(len(levels))
    groups: list[tuple[float, int]] = []  # mean and number of neighbours that would meet; they share the room
    for level in levels[order] - room:
        mean, number = float(level), 1
        while groups and groups[-1][0] > mean:
            other, count = groups.pop()
            mean, number = (mean * number + other * count) / (number + count), number + count
        groups.append((mean, number))
    placed = np.empty(len(levels))
    placed[order] = np.clip([mean for mean, number in groups for _ in range(number)], 0.0, 1.0 - room[-1]) + room
    return [float(level) for level in placed]


def own_settings(config: Config) -> list[tuple[str, object, object, str]]:
    """Settings that differ from the run's preset: name, the run's value, the preset's, what it means."""
    other = PRESETS[config.preset].config if config.preset in PRESETS else Config()
    return [(name, a, b, describe(name)) for name, (a, b) in differing([config, other]).items()]


def differing(configs: Sequence[Config]) -> dict[str, list[object]]:
    """The settings that are not the same in all Configs: name -> the value of each."""
    found = {name: [getattr(config, name) for config in configs] for name in those(own=True)}
    return {name: [_shown(name, value) for value in values] for name, values in found.items() if len(set(values)) > 1}


def _shown(name: str, value: object) -> object:
    return "no limit" if name == "num_steps" and value == NO_END else value


def nearest_kept(steps: Sequence[int], wanted: int) -> int | None:
    """The newest kept step that is not after `wanted`; the first one if all are after it; None if there are none."""
    return max((step for step in steps if step <= wanted), default=steps[0] if steps else None)
