"""Screen 4: why the curves wobble."""

import math

import numpy as np
import streamlit as st
from plotly.subplots import make_subplots

from dcgan.runs.run import Run
from pages.charts.curves import calm_range, envelope, smoothed, thinned
from pages.charts.history import history_of
from pages.common import glossary
from pages.common.colours import BLUE, WARM, theme
from pages.common.gallery import Card, gallery
from pages.learn.scene import Scene
from pages.learn.tiles import first_cells

MOMENTS = 12  # pictures in the filmstrip
ROWS = 2
CURVES = {  # name -> (label, row, colour)
    "d_loss": ("D's loss", 1, BLUE),
    "g_loss": ("G's loss", 1, WARM),
    "d_real": ("D(x)", 2, BLUE),
    "d_fake": ("D(G(z))", 2, WARM),
}

SCORES = {  # what the curves mean where D(x) is no probability
    "hinge": "**This run plays with the hinge loss:** D's verdicts are scores. D wants real pictures above 1 and fakes "
    "below −1 and no farther, so that its loss is 2 where it can only guess; G's loss is minus the fakes' score.",
    "wgan-gp": "**This run plays for Wasserstein's distance:** D's verdicts are scores without a zero. Minus D's loss, "
    "without its penalty on slopes other than 1, is how far real and fake are apart: it should fall, slowly.",
    "lsgan": "**This run plays with least squares:** D's verdicts are scores. D wants 1 for real pictures and −1 for "
    "fakes, and its loss is 1 where it can only guess; G wants its fakes at 0, between the two.",
    "relativistic": "**This run plays relatively:** D's verdicts are scores without a zero. D only says which of two "
    "pictures is the more real one; both losses are 0.69 where it can only guess.",
}


def draw(scene: Scene) -> None:
    columns = history_of(scene.run) if scene.run else None
    chart, words = st.columns([6, 5], gap="medium")
    with words:
        mark = glossary.marker()
        st.markdown(
            mark("""
Elsewhere a loss falls, and lower is better. Here each player's task is **made by the other**: G finds a trick and D's
loss jumps; D sees through it and G's loss jumps. A loss says who is ahead, not how good the pictures are.

**Healthy:** both losses wobble within bounds, and both verdicts keep clear of 0 and 1, D(x) above D(G(z)).

**D too strong:** D(x) near 1, D(G(z)) near 0, G's loss climbs on and on. G gets hardly any hint.

**D only guesses:** all curves lie on the dotted lines. Superb fakes, or a D that has given up; the pictures tell which.
""")
        )
        if scene.config.scores:
            st.markdown(mark(SCORES[scene.config.loss]))
        if columns is not None and len(columns["step"]) >= 20:
            st.markdown(_this_run(columns, scene.config.scores))
    with chart:
        if columns is None or not len(columns["step"]):
            st.info("This run has no curves yet.", icon=":material/show_chart:")
        else:
            st.markdown("**Look for a wobble without a drift: neither player leaves the other behind**")
            _chart(columns, scene.config.scores)
    if scene.run is not None:
        _filmstrip(scene.run, scene.config.image_size)


def _this_run(columns: dict[str, np.ndarray], scores: bool) -> str:
    last = max(1, len(columns["step"]) // 10)
    real, fake, loss = (float(columns[name][-last:].mean()) for name in ("d_real", "d_fake", "g_loss"))
    swing = float(columns["g_loss"][-last:].std())
    verdict = f"D gives real pictures {real:.0%} and fakes {fake:.0%}"
    if scores:
        verdict = f"D's mean score is {real:.2f} for real pictures and {fake:.2f} for fakes"
    return (
        f"**In this run**, over its last tenth: {verdict}; G's loss is {loss:.1f}, give or take {swing:.1f} from one "
        f"point to another. {'' if scores else _trend(columns, last)}"
    )


def _trend(columns: dict[str, np.ndarray], last: int) -> str:
    """Whether D's lead, the gap between its two verdicts, has grown or shrunk since the middle of the run."""
    lead = columns["d_real"] - columns["d_fake"]
    middle = len(lead) // 2
    change = float(lead[-last:].mean() - lead[middle - last : middle].mean())
    if abs(change) < 0.05:
        return "D's lead has hardly changed since halfway."
    return f"D's lead has slowly {'grown' if change > 0 else 'shrunk'} since halfway."


def _chart(columns: dict[str, np.ndarray], scores: bool) -> None:
    """Losses above, verdicts below; every point faint, the moving average bold, dotted where D can only guess.

    Scores have no place where D can only guess, and neither they nor their losses have bounds.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.07)
    steps = columns["step"]
    for name, (label, row, colour) in CURVES.items():
        x, y = thinned(steps, columns[name], *envelope(columns, name))
        figure.add_scatter(
            x=x,
            y=y,
            row=row,
            col=1,
            line={"color": colour, "width": 0.7},
            opacity=0.3,
            showlegend=False,
            hoverinfo="skip",
        )
        x, y = smoothed(steps, columns[name], columns.get("points each"))
        hover = f"{label} %{{y:.2f}} at step %{{x:,}}<extra></extra>"
        figure.add_scatter(
            x=x, y=y, row=row, col=1, name=label, line={"color": colour, "width": 2.2}, hovertemplate=hover
        )
    if scores:
        for row, names in ((1, ("d_loss", "g_loss")), (2, ("d_real", "d_fake"))):
            shown = calm_range(np.concatenate([columns[name] for name in names]))
            figure.update_yaxes(range=shown, row=row, col=1, title_text=("loss", "D's score")[row - 1])
    else:
        for level, row in ((2 * math.log(2), 1), (math.log(2), 1), (0.5, 2)):  # D's and G's loss and verdict of a guess
            figure.add_hline(y=level, row=row, col=1, line_dash="dot", line_width=1, line_color="gray")
        top = float(np.percentile(np.concatenate([columns["d_loss"], columns["g_loss"]]), 99.5)) * 1.1
        figure.update_yaxes(range=[0, top], row=1, col=1, title_text="loss")
        figure.update_yaxes(range=[0, 1], row=2, col=1, tickformat=".0%", title_text="D says real")
    figure.update_xaxes(title_text="training step", row=2, col=1)
    theme(figure, height=345)
    st.plotly_chart(
        figure, config={"displayModeBar": False}, alt="Losses of both players, and D's verdicts, over training"
    )


def _filmstrip(run: Run, image_size: int) -> None:
    """The same z at kept steps, closer together early on, when most changes."""
    steps = _moments(run.samples(), MOMENTS)
    cards = []
    for step in steps:
        try:
            cells = first_cells(str(run.path), step, run.sample_path(step).stat().st_mtime_ns, image_size, ROWS)
        except OSError:  # thinned out since the listing
            continue
        if cells:
            cards.append(Card(cells, f"{step:,}", alt=f"The same z at step {step}"))
    if len(cards) > 1:
        st.markdown("**The pictures tell what the curves can't: the same z, from the first steps to the newest**")
        gallery(cards, columns=len(cards), phone=4)


def _moments(steps: list[int], n: int) -> list[int]:
    """At most n of the rising steps, evenly spread over the square root of the step."""
    if len(steps) <= n:
        return steps
    wanted = np.linspace(math.sqrt(steps[0]), math.sqrt(steps[-1]), n) ** 2
    return sorted({steps[int(np.abs(np.array(steps) - step).argmin())] for step in wanted})
