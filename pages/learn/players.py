"""Screen 1: the two players."""

import numpy as np
import streamlit as st

from pages.common import glossary
from pages.common.gallery import Card, gallery, picture_address
from pages.learn import network_diagram
from pages.learn.scene import GOODFELLOW, RADFORD, Scene
from pages.learn.tiles import fake_sample, sheet

BATCH = 16
COLUMNS = 8


def draw(scene: Scene) -> None:
    mark = glossary.marker()
    st.markdown(
        f"A GAN is a game between two networks ({GOODFELLOW}). A **DCGAN** plays it with convolutional networks, "
        f"built by a few rules that keep the game steady ({RADFORD})."
    )
    real = scene.real(BATCH)
    fakes = fake_sample(scene.generator, BATCH, 0) if scene.generator else None
    network_diagram.draw(_first(fakes), _first(real))
    a, b, c = st.columns(3, gap="medium")
    a.markdown(
        mark(
            f"**G, the generator,** is a forger who has never seen a real picture. It turns {scene.config.z_dim} "
            "random numbers, called *z*, into a picture."
        )
    )
    b.markdown(
        mark(
            "**D, the discriminator,** is a detective. It is shown real pictures and G's fakes, and says how likely "
            "each one is real."
        )
    )
    c.markdown(
        "**Both learn from the verdict.** D learns to tell them apart, G to be called real. All that G finds out "
        "comes back through D: for each pixel, which way to change it."
    )
    left, right = st.columns(2, gap="medium")
    with left:
        _batch(real, "A real batch", f"{BATCH} of the pictures that D is shown as real.")
    with right:
        if fakes is None:
            st.info("Fakes appear here once there is a trained generator.", icon=":material/hourglass_empty:")
        _batch(fakes, "A fake batch", f"What G makes of {BATCH} random z. No one chose them.")


def _first(pictures: np.ndarray | None) -> str:
    return picture_address(pictures[0]) if pictures is not None and len(pictures) else ""


def _batch(pictures: np.ndarray | None, title: str, caption: str) -> None:
    if pictures is not None:
        gallery([Card([sheet(pictures, COLUMNS)], caption, title, alt=title)], columns=1, phone=1)
