"""Projection on Explore: an uploaded picture becomes the z that comes nearest."""

import dataclasses
from collections.abc import Callable

import numpy as np
import streamlit as st

from dcgan.errors import BadInput
from dcgan.images.formats import SUFFIXES
from dcgan.runs.run import Run
from pages.common import glossary, visitors
from pages.common.jobs import Job
from pages.common.loading import Opened
from pages.common.widgets import refuse, show
from pages.common.words import sentence
from pages.latent import samples
from pages.latent.view import View

KEY = "project"
POLL_S = 0.5
MAX_MB = 50
_SEARCH = "explore-search"
_SEEN = "explore-upload"  # the upload, and the run, for which the swap was preset


@dataclasses.dataclass
class Search:
    """One upload on its way to a z."""

    run: Run
    opened: Opened  # the weights it began with; a run in training has others by the time it ends
    target: np.ndarray  # as the model sees it
    job: Job  # whose result is a Projection
    beside: Job | None = None  # whose result are the distances of held-out pictures
    shown: bool = False  # whether the laboratory has gone there

    @property
    def running(self) -> bool:
        return self.job.running or (self.beside is not None and self.beside.running)

    def stop(self) -> None:
        for job in (self.job, self.beside):
            if job:
                job.stop()


def draw(run: Run, opened: Opened, go: Callable[[View], None]) -> None:
    """The upload, the search, and what it found."""
    st.markdown(
        glossary.marker()(
            "Upload a picture, and the studio looks for the z whose picture comes nearest. You can then explore it "
            "like any other."
        ),
        help="The best of some hundred random z, and a guess made from all of them, walk downhill (Levenberg and "
        "Marquardt's least squares), held near the sphere on which nearly all z lie, so that what is found stays a "
        "picture that the model could have drawn.",
    )
    if not visitors.may_act():
        st.caption("Visitors of this studio watch: to upload a picture takes its key, at the foot of the sidebar.")
        return
    left, right = st.columns([5, 7], gap="large")
    with left:
        target = _target(run, opened)
        search: Search | None = st.session_state.get(_SEARCH)
        if search and search.run.id != run.id:
            search = None
        busy = bool(search and search.job.running)
        if target is not None:
            st.button(
                "Find its z",
                type="primary",
                icon=":material/my_location:",
                key=f"{KEY}-start",
                disabled=busy,
                on_click=_start,
                args=(run, opened, target),
            )
    with right:
        if search:
            running = busy or search.running  # what the button was told
            st.fragment(_watch, run_every=POLL_S if running else None)(search, go, running)
        elif target is not None:
            with st.container(width=160, key=f"pixels-{KEY}-alone"):
                show(target, "Your picture as the model would see it")
                st.caption("Yours, as the model sees it")


def _target(run: Run, opened: Opened) -> np.ndarray | None:
    """The uploaded picture in the model's size, or None with what is wrong."""
    from dcgan.latent.framing import background_of_file, is_swapped, target_of

    upload = st.file_uploader(
        "A picture",
        type=[suffix.lstrip(".") for suffix in SUFFIXES],
        max_upload_size=MAX_MB,
        key=f"{KEY}-file",
        help="Any size, grey or colour: it is cut and resized as the data set's own pictures were. It stays in this "
        "session and is not kept.",
    )
    config, key, other = opened.generator.config, f"{KEY}-inverted", False
    try:
        if upload is not None:
            own = background_of_file(upload.getvalue(), upload.name, config)
            other = is_swapped(own, samples.pictures_of(opened, [str(seed) for seed in range(24)]))
            if (run.id, upload.file_id) != st.session_state.get(_SEEN):
                st.session_state[_SEEN] = (run.id, upload.file_id)
                st.session_state[key] = other
        inverted = st.toggle(
            "Swap light and dark",
            key=key,
            help="For a picture on white paper and a model that learned things on black, or the other way round.",
        )
        if upload is None:
            return None
        if other:
            _say_swapped(inverted, own > 127, key)
        return target_of(upload.getvalue(), upload.name, config, inverted)
    except BadInput as error:
        refuse(error)
        return None


def _say_swapped(inverted: bool, is_light: bool, key: str) -> None:
    """Why light and dark were swapped, with the way back."""
    words = ("light", "dark") if is_light else ("dark", "light")
    reason = f"its background is {words[0]}, this model's are {words[1]}."
    if not inverted:
        st.caption(f"Not swapped, though {reason}")
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}-swapped"):
        st.caption(f"Swapped: {reason}", width="content")
        st.button("Undo", key=f"{KEY}-unswap", type="tertiary", icon=":material/undo:", on_click=_unswap, args=(key,))


def _unswap(key: str) -> None:
    st.session_state[key] = False


def _start(run: Run, opened: Opened, target: np.ndarray) -> None:
    from dcgan.latent.projection import project

    visitors.check()
    if before := st.session_state.get(_SEARCH):
        before.stop()
    generator = opened.generator
    job = Job(lambda tick: project(generator, target, lambda share: tick(share, "Looking for the nearest z")))
    st.session_state[_SEARCH] = Search(run, opened, target, job)


def _compare(search: Search) -> None:
    from dcgan.latent.projection import held_out_distances

    doing = "The same search for held-out real pictures, to compare"
    search.beside = Job(
        lambda tick: held_out_distances(search.run, search.opened.generator, lambda share: tick(share, doing))
    )


def _watch(search: Search, go: Callable[[View], None], running: bool) -> None:
    """How far the search is, or what it found; drawn again and again while it was `running` at first."""
    from dcgan.latent.codes import code_of

    found = search.job.result
    _pictures(search.target, None if found is None else found.picture)
    if found is not None and not search.shown:
        search.shown = True
        _compare(search)
        go(View(z=code_of(found.z)))
    if search.job.error:
        refuse(search.job.error)
    if found is not None:
        _verdict(search, go, View(z=code_of(found.z)))
    job = search.job if found is None else search.beside
    if job and job.running:
        with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}-progress"):
            st.progress(min(1.0, job.share), text=f"{job.doing or 'Waiting for another search'} …")
            st.button("Stop", key=f"{KEY}-stop", on_click=job.stop)
    elif running:
        st.rerun()  # nothing has to be looked at again and again any more


def _pictures(target: np.ndarray, found: np.ndarray | None) -> None:
    with st.container(horizontal=True, gap="medium", key=f"pixels-{KEY}"):
        for picture, words in ((target, "Yours, as the model sees it"), (found, "The nearest it can draw")):
            with st.container(width=160):
                if picture is not None:
                    show(picture, words)
                    st.caption(words)


def _verdict(search: Search, go: Callable[[View], None], there: View) -> None:
    from dcgan.latent.projection import beside

    found, held_out = search.job.result, search.beside
    st.markdown(
        f"**{found.distance:.1f} grey levels away.** The best random z was {found.start:.1f} away.",
        help="Root mean square difference of the pixels, in grey levels of 255.",
    )
    if held_out and held_out.error:
        st.caption(f"Not compared with held-out pictures: {sentence(held_out.error.on_page)}")
    elif held_out and held_out.result is not None:
        words = beside(found.distance, held_out.result)
        st.markdown(f"That is {words}." if words else "This data set has no held-out pictures to compare with.")
    if st.button("Explore it", icon=":material/explore:", key=f"{KEY}-go"):
        go(there)
