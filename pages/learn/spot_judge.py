"""D at the game of pairs: shown the same pictures as the person, one at a time."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dcgan.config import Config
from dcgan.evaluation.spot_pairs import PAIRS
from dcgan.runs.run import Run
from pages.common.loading import generator_of, modified
from pages.learn.kept_discriminator import Kept, floats, kept_at, open_kept, step_of

if TYPE_CHECKING:
    from dcgan.networks.models import Discriminator

MANY = 64  # real pictures, and fakes, of which every pair is counted


class Verdict(NamedTuple):
    found: list[bool]  # of each pair: whether D put the real one higher; empty where there is no D
    words: str  # how D did, or why it can't play; Markdown


def real_side(config: Config) -> tuple[np.ndarray, bool]:
    """Real pictures to play with, uint8 (N, H, W) or (N, H, W, 3), and whether they are held out, which they are where
    there are enough of them; raises BadInput without the data."""
    from dcgan.data.dataset import real_pictures

    test = real_pictures(config, "test")
    return (test, True) if len(test) >= PAIRS else (real_pictures(config, "train"), False)


def verdict(run: Run, step: int | None, number: int, seed: int, real: np.ndarray, fakes: np.ndarray) -> Verdict:
    """How the D of that step, or else the newest one, does on the pairs (real[i], fakes[i]), and on many more."""
    kept = kept_at(run, number)
    judge = open_kept(kept)
    if judge is None:
        return Verdict([], "**D** can't play: this run kept only G, no training state with its D (`state.pt`).")
    at = step_of(kept)
    found = [bool(higher > lower) for higher, lower in zip(_alone(judge, real), _alone(judge, fakes), strict=True)]
    many = _of_many(kept, step, modified(run, step), seed)
    more = "" if many is None else f", and in {many:.0%} of all pairs of {MANY} others"
    words = (
        f"**D** as of step {at:,} saw the same pictures one at a time and put the real one higher in {sum(found)} of "
        f"{len(found)} pairs{more}."
    )
    if at != number:
        words += f" It has trained on since G was as it was at step {number:,}: no whole state of that step is kept."
    return Verdict(found, words)


@st.cache_data(max_entries=32, show_spinner="D looks at the pictures …")
def _of_many(kept: Kept, step: int | None, modified: int, seed: int) -> float | None:
    """The share of all pairs of MANY real pictures and as many fakes in which D puts the real one higher."""
    from dcgan.evaluation.pixel_report import fake_pictures

    run = Run(kept.run_path)
    pictures, _ = real_side(run.config)
    judge = open_kept(kept)
    if judge is None or len(pictures) < MANY:
        return None
    rows = np.sort(np.random.default_rng(seed).permutation(len(pictures))[:MANY])
    real = _alone(judge, pictures[rows])
    fakes = _alone(judge, fake_pictures(generator_of(run, step), MANY, seed * MANY))
    return float(np.mean(real[:, None] > fakes[None, :]))


def _alone(judge: "Discriminator", pictures: np.ndarray) -> np.ndarray:
    """D's logits (N,) of uint8 pictures, each judged alone.

    BatchNorm takes its running statistics: those of a batch of one kind, as in training, would tell D the kind.
    """
    return judge(floats(pictures)).flatten().numpy()
