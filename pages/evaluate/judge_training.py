"""Who judges a run's data, and the button that trains a better judge: a classifier of the data's own classes."""

from typing import Any

import streamlit as st

from dcgan.config import Config
from dcgan.data import source_pictures, sources
from dcgan.errors import BadInput
from dcgan.judges import training_process
from dcgan.runs.run import Run
from pages.common import visitors
from pages.common.widgets import refuse
from pages.common.words import escaped


def judge_box(run: Run, report: dict[str, Any] | None) -> None:
    """The judge in training, what became of it, or the offer to train one; nothing where there is nothing to do."""
    try:
        config = run.config
        source, out = sources.resolve(config.data), training_process.path_for(config)
    except BadInput:
        return  # without its data nothing can be measured either, which is said elsewhere
    if source.title == "Fashion-MNIST":
        return  # its judge came with the studio
    found = training_process.observe()
    if found.state == "running":
        if found.out == str(out):
            with st.container(border=True):
                st.fragment(_watch, run_every=1.0)()
        elif not out.exists():
            st.caption(f":material/school: A judge for {escaped(found.title)} is in training; then another can follow.")
        return
    if found.out == str(out):
        _ended(found, report)
    if not out.exists() and visitors.may_act():
        _offer(config, source)


def _watch() -> None:
    """The bar of the judge in training; the whole page is drawn anew when it ends."""
    found = training_process.observe()
    if found.state != "running":
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="center", gap="medium")
    left.progress(found.share, text=f"**Training a judge for {escaped(found.title)}** · {escaped(found.doing)} …")
    if visitors.may_act() and right.button("Cancel", icon=":material/close:", width="stretch", key="cancel-judge"):
        visitors.check()
        training_process.cancel()
        st.rerun()
    st.caption("It goes on when you leave this page. What is measured before its end is judged by edges.")


def _ended(found: training_process.Progress, report: dict[str, Any] | None) -> None:
    """What became of the last training for these data."""
    if found.state == "finished":
        if report is None:
            st.success(
                f"The judge of {escaped(found.title)} is ready: it names {found.accuracy:.1%} of held-out pictures "
                "right. Press Measure to have the fakes judged by it.",
                icon=":material/school:",
            )
    elif found.state == "failed":
        refuse(BadInput(found.error))
    elif found.state == "interrupted":
        refuse(BadInput("The process that trained the judge ended without a word, often for memory: try again."))


def _offer(config: Config, source: source_pictures.Source) -> None:
    title = escaped(source.title)
    if reason := training_process.why_not(source):
        st.caption(f":material/school: No judge here knows classes, so fixed filters judge. {escaped(reason)}")
        return
    with st.container(border=True):
        left, right = st.columns([5, 2], vertical_alignment="center", gap="medium")
        classes = sources.class_names(source) or tuple(source_pictures.folder_classes(source.path))
        left.markdown(
            f"**{title} has {len(classes)} classes but no judge that knows them yet**  \n"
            ":small[Until then fixed filters judge: they see light, colour and edges, not what a thing is. A small "
            "classifier, trained in one to three minutes on two free cores, also tells which classes are "
            "missing or weak.]"
        )
        if right.button("Train a judge", icon=":material/school:", width="stretch"):
            try:
                visitors.check()
                with st.spinner("Starting …"):
                    training_process.start(config)
            except BadInput as error:
                refuse(error)
                return
            st.rerun()
