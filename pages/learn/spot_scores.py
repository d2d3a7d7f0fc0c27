"""The scores of this visit at spot-the-fake: remembered, compared with guessing, drawn over the steps of training."""

import dataclasses

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from dcgan.evaluation.spot_pairs import PAIRS
from dcgan.metrics.guessing import at_least, at_most, interval
from dcgan.runs.run import Run
from pages.charts.history import history_of
from pages.common.colours import BLUE, WARM, theme

GAMES = "spot-games"  # what this visit has played: (run, step, draw) -> Played
RIGHT, WRONG = ":material/check_circle:", ":material/cancel:"
POINTS, REACH = 80, 1.2  # of D's line: how many, and over what factor of the step each is a mean
SURE = 0.05  # a score that guessing reaches in fewer games is no luck


@dataclasses.dataclass
class Played:
    found: list[bool] = dataclasses.field(default_factory=list)  # of each pair so far, whether the fake was found
    open: bool = False  # whether the last answer is being shown
    new: bool = False  # whether the game has just come to its end

    @property
    def at(self) -> int:
        """The pair that is shown; PAIRS once all are done."""
        return len(self.found) - self.open


def played(run: Run, step: int, seed: int) -> Played:
    """How far the visitor is with a game: a game is played once, for its pairs are known then."""
    games: dict[tuple[str, int, int], Played] = st.session_state.setdefault(GAMES, {})
    return games.setdefault((run.id, step, seed), Played())


def totals(run: Run) -> dict[int, tuple[int, int]]:
    """Of each step that whole games were played at, rising: fakes found, and pairs."""
    found: dict[int, tuple[int, int]] = {}
    for (run_id, step, _), game in st.session_state.get(GAMES, {}).items():
        if run_id == run.id and len(game.found) == PAIRS:
            right, n = found.get(step, (0, 0))
            found[step] = right + sum(game.found), n + PAIRS
    return dict(sorted(found.items()))


def words(right: int, n: int) -> str:
    """What a score says, beside guessing; Markdown."""
    low, high = interval(right, n)
    range_ = f"Behind {n} pairs the true share may be anything from {low:.0%} to {high:.0%} (95% interval)."
    if 2 * right == n:
        return f"That is what guessing gives on average. {range_}"
    if 2 * right > n:
        luck = at_least(right, n)
        said = f"Guessing gives {n // 2} on average, and {right} or more in {_percent(luck)} of games: "
        said += "you can tell these fakes." if luck < SURE else "this may be luck. Play another ten to know."
    else:
        luck = at_most(right, n)
        said = f"Guessing gives {n // 2} on average, and {right} or fewer in {_percent(luck)} of games: "
        said += (
            "you see a difference, but take the fakes for the real ones."
            if luck < SURE
            else "no better than guessing, and that may be bad luck. Play another ten to know."
        )
    return f"{said} {range_}"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share < 0.1 else f"{share:.0%}"


def in_training(run: Run, step: int) -> str:
    """What share of single pictures D told rightly about a step, by the curves; empty where they don't know."""
    at, share = _accuracy(run)
    if not len(at) or not at[0] <= step <= at[-1]:
        return ""
    near = float(np.interp(step, at, share))
    return (
        f"In training, about step {step:,}, D named {near:.0%} of single pictures rightly, half of them real: it saw "
        "them in batches of one kind, which helps it."
    )


def _accuracy(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Steps (N,), evenly spread on a logarithmic scale, and the mean of d_accuracy over a fifth around each."""
    columns = history_of(run)
    at, share = columns["step"], columns["d_accuracy"]
    known = at > 0
    at, share = at[known], share[known]
    if not len(at):
        return at, share
    steps = np.unique(np.geomspace(at[0], at[-1], POINTS).round())
    low, high = np.searchsorted(at, steps / REACH), np.searchsorted(at, steps * REACH, side="right")
    total = np.concatenate([[0.0], np.cumsum(share)])
    filled = high > low
    return steps[filled], ((total[high] - total[low])[filled] / (high - low)[filled])


def draw(run: Run) -> None:
    """The chart of this visit's scores at a run; without any, how to come by one."""
    yours, (steps, share) = totals(run), _accuracy(run)
    st.markdown(
        "**Do you find fewer fakes of a later G?**",
        help="Your points are shares of the pairs played in this visit, with their 95% intervals: ten pairs leave "
        "much open. The line is how many single pictures D named rightly in training, a moving average.",
    )
    figure = go.Figure()
    if len(steps):
        figure.add_scatter(
            x=np.maximum(steps, 1),
            y=share,
            name="D in training",
            line={"color": BLUE, "width": 2},
            hovertemplate="D right %{y:.0%} at step %{x:,}<extra></extra>",
        )
    if yours:
        shares = [right / n for right, n in yours.values()]
        ends = [interval(right, n) for right, n in yours.values()]
        figure.add_scatter(
            x=[max(step, 1) for step in yours],
            y=shares,
            name="you",
            mode="markers",
            marker={"color": WARM, "size": 11},
            error_y={
                "array": [high - mid for mid, (_, high) in zip(shares, ends, strict=True)],
                "arrayminus": [mid - low for mid, (low, _) in zip(shares, ends, strict=True)],
                "color": WARM,
            },
            customdata=[[step, right, n] for step, (right, n) in yours.items()],
            hovertemplate="%{customdata[1]} of %{customdata[2]} at step %{customdata[0]:,}<extra></extra>",
        )
    figure.add_hline(y=0.5, line_dash="dot", line_width=1, line_color="gray")
    figure.update_yaxes(range=[0, 1.04], tickformat=".0%", title_text="right")
    figure.update_xaxes(type="log", title_text="training step", exponentformat="none", separatethousands=True)
    theme(figure, height=290)
    each = [f"{right} of {n} at step {step}" for step, (right, n) in yours.items()]
    alt = f"Your scores: {', '.join(each) or 'none yet'}; dotted: guessing; line: D in training."
    st.plotly_chart(figure, key="spot-chart", config={"displayModeBar": False}, alt=alt)
    if not yours:
        st.caption("Your score appears here after ten pairs. Dotted: guessing.")
    else:
        st.caption("Dotted: guessing. Move the step to an early G, play again, and see where you begin to miss them.")
