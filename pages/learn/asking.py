"""Screen 6: what changes in the two players when a class can be asked for."""

import numpy as np
import streamlit as st

from pages.common.gallery import Card, gallery
from pages.common.words import escaped
from pages.learn.kept_discriminator import floats, kept_at, open_kept
from pages.learn.scene import Scene

ROWS, MOST = 3, 10  # z and classes that are shown
MIYATO = "[Miyato and Koyama 2018](https://arxiv.org/abs/1802.05637)"
MIRZA = "[Mirza and Osindero 2014](https://arxiv.org/abs/1411.1784)"


def draw(scene: Scene) -> None:
    st.markdown(
        "So far chance alone chose what G paints. With `classes=label` both players are told the class as well, and "
        "you can **ask for a sneaker**."
    )
    a, b, c = st.columns(3, gap="medium")
    a.markdown(
        "**G gets a place for each class.** Latent space has a learned centre for every class, and z is drawn around "
        "the one that is asked for. z then says *which* sneaker: a dark one, a high one. The first layer is linear, "
        f"so this is the same as feeding it the class as further inputs ({MIRZA})."
    )
    b.markdown(
        "**D judges two things.** Is this a real picture, and is it one *of that class*? It gives one number for the "
        "picture and one more for each class; that of the class that is claimed is added "
        f"({MIYATO}). A perfect bag that claims to be a sneaker is a fake."
    )
    c.markdown(
        "**Fakes claim the labels of the real batch.** So both kinds have the same mix of classes, none can be left "
        "out without D noticing, and each fake is compared with real pictures of its own kind."
    )
    names = scene.config.names_of_classes
    if scene.generator is None or not names:
        st.info(
            "Choose a run that knows classes above, or train one with the recipe quick-classes, and its classes are "
            "shown here at work.",
            icon=":material/category:",
        )
        return
    _same_z(scene, names[:MOST])
    _claims(scene, names[:MOST])


def _same_z(scene: Scene, names: tuple[str, ...]) -> None:
    """A column for each class, a row for each z."""
    import torch

    from dcgan.latent.class_centres import z_of
    from dcgan.latent.render import render

    assert scene.generator is not None
    st.markdown("**The same z in every class: what stays, and what the class decides**")
    labels = torch.arange(len(names)).repeat(ROWS)
    seeds = [seed for seed in range(ROWS) for _ in names]
    pictures = render(scene.generator, z_of(scene.generator, seeds, labels=labels))
    columns = [pictures[label :: len(names)] for label in range(len(names))]
    cards = [Card(list(column), name[:20], alt=name) for column, name in zip(columns, names, strict=True)]
    gallery(cards, columns=len(cards), phone=5)


def _claims(scene: Scene, names: tuple[str, ...]) -> None:
    """What D says of one real picture under the name of each class, where the run keeps its D."""
    found = open_kept(kept_at(scene.run)) if scene.run else None
    real = scene.real(64) if found is not None else None
    if found is None or real is None:
        return
    from dcgan.networks.inspection import claims

    logits = claims(found, floats(real))[0, : len(names)].numpy()
    st.markdown("**One real picture, claimed to be each class in turn: does D fall for it?**")
    left, right = st.columns([1, 6], gap="medium", vertical_alignment="center")
    with left:
        gallery([Card([real[0]], "a real picture", alt="A real picture")], 1, phone=1)
    told = [f"{logit:+.1f}".replace("-", "−") for logit in logits]
    best = int(np.argmax(logits))
    rows = [f"**{text}**" if place == best else text for place, text in enumerate(told)]
    head = " | ".join(escaped(name[:20]) for name in names)
    right.markdown(f"| as | {head} |\n|--|{'--:|' * len(names)}\n| D's logit | {' | '.join(rows)} |")
    right.caption(f"It is most convincing as {escaped(names[best])}. Positive means that D takes it for real.")
