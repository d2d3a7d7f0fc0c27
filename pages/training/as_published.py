"""A run of a published system beside the original: its figures, and its samples when the original shows them."""

import io
from collections.abc import Callable, Mapping

import numpy as np
import streamlit as st
from PIL import Image

from dcgan.config import Config
from dcgan.networks.layer_sizes import parameter_counts
from dcgan.presets import PRESETS
from dcgan.runs.cell_history import kept_of
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.runs.sample_grids import grid_of
from dcgan.runs.throughput import duration
from pages.common.gallery import Card, gallery
from pages.common.words import escaped
from pages.training.final_grid import ENDED
from pages.training.originals import ORIGINALS

Columns = Mapping[str, np.ndarray]
MOST = 10  # pictures
WIDEST = 300  # pixels of one
NEAR = 0.3  # of an epoch: how far from its end its picture may be
NO_SCORE = (
    "No Inception score of this run stands here. It is a score by Inception v3, a network trained on photographs, "
    "whose weights don't come with the studio; its own figures are by another judge, and scores of two judges can't be "
    "compared. Where Inception v3 is asked for, in a terminal, it comes with the score of the real pictures."
)

FIGURES: dict[str, Callable[[Config, Status, Columns], str]] = {
    "epochs": lambda config, status, columns: f"{status.epoch:.1f}",
    "steps": lambda config, status, columns: f"{status.step:,}",
    "time": lambda config, status, columns: f"{duration(status.time_s)} for {status.epoch:.1f} epochs",
    "samples": lambda config, status, columns: f"{config.num_samples}",
    "picture": lambda config, status, columns: f"{config.channels} × {config.image_size} × {config.image_size}",
    "pixels": lambda config, status, columns: f"{config.image_size} × {config.image_size}",
    "final": lambda config, status, columns: "4 × 8, below" if status.state in ENDED else "once it has ended",
    "inception": lambda config, status, columns: "none: see below",
    "first verdict": lambda config, status, columns: (
        f"{columns['d_fake'][0]:.2f} on fakes up to step {columns['step'][0]:,.0f}" if len(columns["step"]) else "–"
    ),
}
UNDER: dict[str, Callable[[Columns, int], str]] = {
    "": lambda columns, at: "",
    "accuracy": lambda columns, at: f"D right {columns['d_accuracy'][at]:.0%}, G loss {columns['g_loss'][at]:.2f}",
    "losses": lambda columns, at: (
        f"D {columns['d_loss'][at]:.2f}, G {columns['g_loss'][at]:.2f}, {columns['time_s'][at]:,.0f} s"
    ),
}


def draw(run: Run, config: Config, status: Status, columns: Columns) -> None:
    """Nothing for a run of any other preset; `columns` as `history_of` gives them."""
    original = ORIGINALS.get(config.preset)
    if original is None:
        return
    st.markdown(f"##### Beside the original: {original.title}")
    st.caption(f"It showed: {original.showed}")
    rows = [
        {"": fact.what, "Published": fact.published, "This run": own(fact.own, config, status, columns)}
        for fact in original.facts
    ]
    st.table(rows, hide_index=True, width="content")
    if any(fact.own == "inception" for fact in original.facts):
        st.caption(NO_SCORE)
    st.caption(f"The recipe here: {escaped(PRESETS[config.preset].source)}.")
    cards = [
        Card([picture], caption)
        for step, caption in moments(run.samples(), columns, original.pictures, original.under).items()
        if (picture := _picture(run, step)) is not None
    ]
    if cards:
        gallery(cards, min(5, len(cards)), phone=2)


def own(figure: str, config: Config, status: Status, columns: Columns) -> str:
    """This run's own figure for a published one; a dash where it has none."""
    if figure in FIGURES:
        return FIGURES[figure](config, status, columns)
    player, _, kind = figure.partition(" ")
    return f"{parameter_counts(config)[player][kind]:,}" if kind else "–"


def moments(samples: list[int], columns: Columns, kind: str, under: str) -> dict[int, str]:
    """Kept steps at which the original would show its samples, at most MOST, each with what stands under its picture.

    `kind` is epochs, steps or ends, or empty for none.
    """
    points = len(columns["step"])
    if not samples or not kind or not points:
        return {}
    if kind == "ends":
        return {step: "untrained" if step == 0 else f"step {step:,}" for step in (samples[0], samples[-1])}

    def told(step: int, name: str) -> str:
        at = max(0, int(np.searchsorted(columns["step"], step, side="right")) - 1)
        said = UNDER[under](columns, at) if step else ""
        return f"{name}: {said}" if said else name

    if kind == "steps":
        return {step: told(step, f"step {step:,}") for step in kept_of(tuple(samples), MOST)}
    of = {step: float(np.interp(step, columns["step"], columns["epoch"])) for step in samples if step}
    ends: dict[int, int] = {}  # epoch -> the kept step nearest to its end
    for step, epoch in of.items():
        number = round(epoch)
        if number and abs(epoch - number) <= min(NEAR, abs(of[ends[number]] - number) if number in ends else NEAR):
            ends[number] = step
    return {ends[number]: told(ends[number], f"epoch {number}") for number in kept_of(tuple(sorted(ends)), MOST)}


def _picture(run: Run, step: int) -> np.ndarray | None:
    """A sample grid, made smaller if it is wide, uint8 (H, W) or (H, W, 3); None if it is gone."""
    try:
        with Image.open(io.BytesIO(grid_of(run, step))) as grid:
            picture = grid.convert("L" if grid.mode in ("1", "L") else "RGB")
    except OSError:
        return None
    if picture.width > WIDEST:
        picture = picture.resize((WIDEST, round(picture.height * WIDEST / picture.width)), Image.Resampling.LANCZOS)
    return np.asarray(picture)
