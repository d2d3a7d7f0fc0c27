"""Screen 3: what D looks at."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.charts.history import history_of
from pages.common import glossary
from pages.common.gallery import Card, gallery
from pages.learn.kept_discriminator import floats, kept_at, open_kept
from pages.learn.scene import Scene
from pages.learn.tiles import busiest_maps, fake_sample

if TYPE_CHECKING:
    from dcgan.networks.models import Discriminator

BATCH = 64
_LOGIT = """, the logit**. Above 0 means “real”, below 0 “fake”. The logistic function turns it into a probability."""
_SCORE = """, its score**. This run's loss makes no probability of it: higher means “more real”, and only the gap
between two scores says something."""
_ORIGINALS = """ Here it is shown what each picture of {0} px was enlarged from, at 32 px: it would tell real from fake
by traces of the enlarging alone."""
MAPS = 16
ROW = 6


def draw(scene: Scene) -> None:
    words, numbers = st.columns([7, 5], gap="medium")
    words.markdown(
        glossary.marker()(
            """
D is G in reverse. A filter of 4×4 weights slides over the picture **two pixels at a time** (stride 2), so that each
round halves the size and doubles the number of maps, from edges to parts to whole things. Nothing is thrown away by a
fixed rule; D learns itself how to shrink."""
            + (_ORIGINALS.format(scene.config.image_size) if scene.config.seen_size < scene.config.image_size else "")
            + """

At 4×4 one last convolution weighs everything into **a single number"""
            + (_SCORE if scene.config.scores else _LOGIT)
        )
    )
    with numbers:
        _explain_numbers(scene)
    real = scene.real(BATCH)
    if real is None or not len(real):
        return
    judge = None
    if scene.run is not None and scene.generator is not None:
        judge = open_kept(kept_at(scene.run))
    if judge is not None and scene.generator is not None and len(real) > 1:
        _at_work(judge, real, fake_sample(scene.generator, BATCH, 0), scene.config.scores)
    else:
        _by_hand(real)


def _explain_numbers(scene: Scene) -> None:
    if scene.config.scores:
        _explain_scores(scene)
        return
    rows = "\n".join(f"| {logit} | {1 / (1 + np.exp(-logit)):.0%} |" for logit in (-4, -2, 0, 2, 4)).replace("-", "−")
    left, right = st.columns([2, 3], gap="medium")
    left.markdown(f"| logit | real? |\n|--:|--:|\n{rows}")
    columns = history_of(scene.run) if scene.run else None
    if columns is None or not len(columns["step"]):
        right.markdown("**D(x)** is D's verdict on real pictures, **D(G(z))** on fakes, each averaged over a batch.")
        return
    newest = slice(-200, None)
    a, b = float(columns["d_real"][newest].mean()), float(columns["d_fake"][newest].mean())
    right.metric(
        "D(x), on real pictures", f"{a:.0%}", help="D's mean verdict on real pictures: the last 200 points of this run."
    )
    right.metric(
        "D(G(z)), on fakes", f"{b:.0%}", help="D's mean verdict on G's fakes: the last 200 points of this run."
    )
    right.caption("Both at 50%: D can only guess.")


def _explain_scores(scene: Scene) -> None:
    """The mean scores of the newest points."""
    columns = history_of(scene.run) if scene.run else None
    if columns is None or not len(columns["step"]):
        st.markdown("**D(x)** is D's score of real pictures, **D(G(z))** of fakes, each averaged over a batch.")
        return
    real, fake = (float(columns[name][-200:].mean()) for name in ("d_real", "d_fake"))
    st.metric("D(x), on real pictures", f"{real:.2f}", help="D's mean score of real pictures: the last 200 points.")
    st.metric("D(G(z)), on fakes", f"{fake:.2f}", help="D's mean score of G's fakes: the last 200 points.")
    st.caption("Both alike: D can only guess.")


def _at_work(judge: "Discriminator", real: np.ndarray, fakes: np.ndarray, scores: bool) -> None:
    """D's maps for one real picture and one fake, and the fakes that it believed most and least."""
    from dcgan.networks.inspection import verdicts

    on_real, real_logits = verdicts(judge, floats(real))
    on_fakes, fake_logits = verdicts(judge, floats(fakes))
    left, right = st.columns([7, 5], gap="medium")
    with left:
        order = fake_logits.argsort(descending=True).tolist()
        for pictures, maps, logits, at, name in (
            (real, on_real, real_logits, 0, "A real picture"),
            (fakes, on_fakes, fake_logits, order[len(order) // 2], "A typical fake"),
        ):
            logit = float(logits[at])
            said = f"score {logit:+.1f}" if scores else f"logit {logit:+.1f}, {_percent(logit)} real"
            cards = [Card([pictures[at]], said.replace("-", "−"), name, alt=name)]
            for block in maps:
                channels, size = block.shape[1], block.shape[2]
                cards.append(
                    Card([busiest_maps(block[at], MAPS)], f"{channels} maps", f"{size}×{size}", alt="D's maps")
                )
            gallery(cards, columns=len(cards), phone=2)
    with right:
        believed, exposed = order[:ROW], order[::-1][:ROW]
        for rows, title in ((believed, "The fakes it believes most"), (exposed, "The fakes it sees through")):
            st.markdown(f"**{title}**")
            told = [f"{float(fake_logits[i]):+.1f}" if scores else _percent(float(fake_logits[i])) for i in rows]
            gallery([Card([fakes[i]], said, alt="A fake") for i, said in zip(rows, told, strict=True)], ROW, phone=ROW)
        both = (real_logits, fake_logits)
        means = [f"{float(x.mean()):.2f}" if scores else f"{float(x.sigmoid().mean()):.0%}" for x in both]
        st.caption(
            f"The D of the last checkpoint judged {len(real)} real pictures and {len(fakes)} fakes, each kind as one "
            f"batch, as in training: {means[0]} and {means[1]} on average. The fakes are those of the averaged G; the "
            "curves come from the G of the moment."
        )


def _by_hand(real: np.ndarray) -> None:
    """What one strided convolution does, with hand-made filters, where no discriminator was kept."""
    from dcgan.networks.inspection import edge_maps

    names = ("edges to the right", "edges downward", "diagonals", "spots")
    picture = real[min(4, len(real) - 1)]
    cards = [Card([picture], f"{picture.shape[0]}×{picture.shape[1]}", "A real picture", alt="A real picture")]
    for name, tile in zip(names, edge_maps(floats(picture[None])[:, :1])[0], strict=True):
        cards.append(Card([busiest_maps(tile[None], 1)], name, f"{tile.shape[0]}×{tile.shape[1]}", alt=name))
    gallery(cards, columns=len(cards), phone=2)
    st.caption(
        "No discriminator is kept with this run, so these are four hand-made filters with stride 2: the kind of thing "
        "that a first layer finds. A run trained here keeps its own, and shows it in this place."
    )


def _percent(logit: float) -> str:
    return f"{1 / (1 + np.exp(-logit)):.0%}"
