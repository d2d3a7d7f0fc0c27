"""Explore: one picture that follows the hand, and its neighbours; the URL holds all of it.

The picture is drawn in the visitor's browser (components/laboratory.py). What is set there comes back when the hand
lets go, and the URL and the downloads follow.
"""

import dataclasses
from typing import Any

import streamlit as st

from dcgan.errors import BadInput
from dcgan.latent.axis_words import KINDS, NAMED, PLAIN
from dcgan.runs import launch
from dcgan.runs.run import Run
from pages.common import address, choose
from pages.common.loading import Opened, modified, open_at
from pages.common.widgets import refuse
from pages.common.words import escaped, sentence
from pages.latent import head, opened_picture, panels, restore, visit_axes
from pages.latent.components import laboratory
from pages.latent.components.laboratory import Kept, Message
from pages.latent.downloads import OPEN, take_away
from pages.latent.opened_picture import Refused
from pages.latent.restore import Target
from pages.latent.view import View, offset_of

LAB = "explore-lab"
VIEW, PAGE, SHOWN, DIMS, SHELF = "explore-view", "explore-dims-page", "explore-shown", "explore-dims", "explore-shelf"
KIND = "explore-axes-kind"  # what the sliders act on, one of axes.KINDS
FILM = "explore-film"  # (run id, steps) of the film of training that was asked for
HEARD = "explore-heard"  # number of the newest message taken into account
PAGES = {"interpolate": "pages/latent/interpolate.py", "train": "pages/training/train.py"}
AWAY = "explore-away"  # where a picture leads that another page shows: a Target
EXPECTED = "explore-expected"  # what the axes of a picture that was opened have to add to z
REFUSED = "explore-refused"  # why a picture could not be shown: a Refused
NEAR = "explore-near"  # that one, once somebody wants to see it with other weights

# what comes from outside: the URL on arrival, then the browser's messages


def arrive() -> None:
    """On arrival the view comes from the URL, else from the last visit."""
    if VIEW not in st.session_state or address.just_arrived(LAB):
        params = st.query_params.to_dict()
        if "seed" in params or VIEW not in st.session_state:
            st.session_state[VIEW] = View.from_params(params)
        st.session_state[PAGE] = address.whole(params, "dims", 1, 4096, 1) - 1
        arrive_at_axes(params)
        panels.arrive(params)


def arrive_at_axes(params: dict[str, str]) -> None:
    """The kind of axes, and the step they were measured at, from the URL."""
    kind = params.get("axes")
    st.session_state[KIND] = kind if kind in KINDS else visit_axes.kind_of(st.session_state[VIEW])
    visit_axes.arrive(params)


def listen() -> None:  # before run and step are picked: a message may change them
    """Take over what the browser said since the last look."""
    state = st.session_state.get(LAB)
    message = laboratory.read(state.get("message")) if state else None
    if message is None or message.number <= st.session_state.get(HEARD, 0):
        return
    st.session_state[HEARD] = message.number
    if message.view is not None:
        st.session_state[VIEW] = message.view
    if message.page is not None:
        st.session_state[PAGE] = message.page
    if message.axes is not None:
        st.session_state[KIND] = message.axes
    if message.favourites is not None:
        st.session_state[SHELF] = message.favourites
    if message.measure:
        st.session_state.pop(DIMS, None)
        if shown := st.session_state.get(SHOWN):
            visit_axes.forget(shown[0].id)
    if message.film is not None:
        st.session_state[FILM] = "asked" if message.film else None
    shown = st.session_state.get(SHOWN)
    if message.step is not None and shown:
        choose.go_to(shown[0], message.step)
    go_to_favourite(message)


def show_view(view: View) -> None:
    """Go to what a panel found; the neighbours keep their distance."""
    now = st.session_state[VIEW]
    st.session_state[VIEW] = dataclasses.replace(view, distance=now.distance, around=now.around)


def show_kind(kind: str) -> None:
    st.session_state[KIND], st.session_state[PAGE] = kind, 0


def go_to_favourite(message: Message) -> None:
    """To a favourite of another run or step."""
    shelf: list[Kept] = st.session_state.get(SHELF, [])
    if message.goto is None or message.goto >= len(shelf):
        return
    kept = shelf[message.goto]
    try:
        choose.go_to(Run.named(kept.run), kept.step)
    except BadInput as error:  # deleted in the meantime
        refuse(error, st.toast)
        return
    st.session_state[VIEW] = kept.view


# a picture with a recipe inside, chosen or dropped


def take_picture() -> None:
    """Go where the picture that came just now leads, or the refused one with the weights that come nearest."""
    wanted = st.session_state.pop(NEAR, None)
    found = opened_picture.with_near(wanted) if wanted else opened_picture.arrived(OPEN)
    if isinstance(found, Refused):
        st.session_state[REFUSED] = found
    elif isinstance(found, Target):
        go_to(found)
    elif found is not None:
        st.session_state[SHELF] = opened_picture.with_favourites(st.session_state.get(SHELF, []), found)
        st.session_state.pop(REFUSED, None)


def take_near() -> None:
    st.session_state[NEAR] = st.session_state.pop(REFUSED)


def go_to(target: Target) -> None:
    """Set all that a picture says, as if a person had."""
    st.session_state.pop(REFUSED, None)
    if target.view is None:
        st.session_state[AWAY] = target
        return
    run = target.model.run
    choose.go_to(run, target.model.step)
    st.session_state[VIEW], st.session_state[PAGE] = target.view, 0
    if target.offset is not None:
        visit_axes.forget(run.id)
        if target.measured is not None:
            st.session_state[visit_axes.STEPS][run.id] = target.measured
        st.session_state[KIND] = visit_axes.kind_of(target.view)
        st.session_state[EXPECTED] = target.offset
    st.toast(escaped(f"From the picture: {target.told}"), icon=":material/image:")


def check_axes(run: Run, opened: Opened) -> None:
    """Say so if the axes that a picture was moved along aren't the same here: it would be another picture."""
    now = st.session_state[VIEW]
    if EXPECTED not in st.session_state or not all(
        visit_axes.known(run, kind) for kind in visit_axes.needed(now, PLAIN)
    ):
        return
    expected = st.session_state.pop(EXPECTED)
    found = offset_of(now, visit_axes.directions_of(run, now, opened.generator)) or []
    if len(found) != len(expected) or any(abs(a - b) > 1e-5 for a, b in zip(found, expected, strict=True)):
        why = f"The axes that this picture was moved along can't be found again in {run.id}: {restore.ANYWAY}"
        st.session_state[REFUSED] = Refused(why)


def draw_refused() -> None:
    refused: Refused | None = st.session_state.get(REFUSED)
    if refused is None:
        return
    st.error(sentence(refused.why), icon=":material/broken_image:")
    with st.container(horizontal=True, key="explore-refused"):
        if refused.near:
            st.button(f"Show it with step {refused.near.step:,}", on_click=take_near, type="primary")
        st.button("Dismiss", on_click=lambda: st.session_state.pop(REFUSED, None))


# the page


@st.fragment
def lab() -> None:
    take_picture()
    if target := st.session_state.pop(AWAY, None):
        st.switch_page(PAGES[target.page], query_params=target.params)
    listen()
    row = head.head("Explore")
    if choose.nothing_yet():
        return
    arrive()
    with row:
        run = choose.pick_run()
        if run is None:
            return
        step = choose.pick_step(run)
    place = st.container()
    try:
        opened = open_at(run, step)
        visit_axes.recall(run, opened, visit_axes.needed(st.session_state[VIEW], st.session_state[KIND]))
        check_axes(run, opened)
        with place:
            draw_refused()
        shelf, heard = st.session_state.setdefault(SHELF, []), st.session_state.setdefault(HEARD, 0)
        facts, film = facts_of(run, opened), film_of(run, opened)
        with st.container(key="latent-lab"):
            laboratory.lab(
                LAB, opened.weights_hash, st.session_state[VIEW], st.session_state[PAGE], shelf, facts, heard, film
            )
        take_away(run, opened, st.session_state[VIEW], st.session_state[KIND], shelf)
        panels.draw(run, opened, st.session_state[VIEW], shelf, show_view, show_kind)
        laboratory.hand_over(
            opened.weights_hash, opened.generator
        )  # last, so that what can't be seen takes no room above
        if film:
            laboratory.hand_over_film(run, film)
    except BadInput as error:
        refuse(error)
        return
    st.session_state[SHOWN] = (run, step, opened.modified)
    write_address(run, opened)
    measure_axes(run, opened)


def write_address(run: Run, opened: Opened) -> None:
    """Everything that was set, and the step of the axes where it isn't the one that is shown."""
    page, kind, view = st.session_state[PAGE], st.session_state[KIND], st.session_state[VIEW]
    steps = {known.step for name in visit_axes.needed(view, kind) if (known := visit_axes.known(run, name))}
    params: dict[str, str | None] = {"dims": str(page + 1) if page else None}
    params["axes"] = None if kind == NAMED == visit_axes.kind_of(view) else kind
    if steps or not visit_axes.needed(view, kind):
        params["measured"] = str(min(steps)) if steps - {opened.step} else None
    address.write(view.params() | params)


def measure_axes(run: Run, opened: Opened) -> None:
    """Measure the axes that are asked for, once everything else is on its way to the browser."""
    missing = [
        name
        for name in visit_axes.needed(st.session_state[VIEW], st.session_state[KIND])
        if not visit_axes.known(run, name)
    ]
    for kind in missing:
        visit_axes.measure(run, opened, kind)
    if missing:
        st.rerun()


def facts_of(run: Run, opened: Opened) -> dict[str, Any]:
    """What the laboratory says about the model."""
    there = visit_axes.kinds_for(run)
    kind = st.session_state[KIND] = st.session_state[KIND] if st.session_state[KIND] in there else next(iter(there))
    dims, measured_at = stable_dims(run, opened) if kind == PLAIN else ([], opened.step)
    if known := visit_axes.known(run, kind):
        measured_at = known.step
    return {
        "run": run.id,
        "step": opened.step,
        "numSteps": len(run.snapshots()),
        "dims": dims,
        "axes": visit_axes.facts_of(run, opened.generator, st.session_state[VIEW], kind),
        "measured": "at this step" if measured_at == opened.step else f"at step {measured_at:,}",
        "canMeasure": measured_at != opened.step,
    }


def film_of(run: Run, opened: Opened) -> tuple[int, ...]:
    """The steps of the film of training, if one was asked for; they stay while others are kept or thinned away."""
    asked = st.session_state.get(FILM)
    if asked == "asked":
        size = laboratory.num_bytes(opened.weights_hash, opened.generator)
        asked = st.session_state[FILM] = (run.id, laboratory.moments_of(run.snapshots(), size))
    if not asked or asked[0] != run.id or not set(asked[1]) <= set(run.snapshots()):
        st.session_state.pop(FILM, None)
        return ()
    return asked[1]


def stable_dims(run: Run, opened: Opened) -> tuple[list[tuple[int, float]], int]:
    """The ranked dimensions and the step they were measured at.

    The sliders must not change places under the hand while a run trains on or a person goes through its steps.
    """
    kept = st.session_state.get(DIMS)
    if kept and kept[0] == run.id:
        return kept[1], kept[2]
    dims = visit_axes.ranked_dims(run, opened)
    st.session_state[DIMS] = (run.id, dims, opened.step)
    return dims, opened.step


@st.fragment(run_every=3.0)
def follow() -> None:
    """While a run trains: when the shown file has newer weights, draw the page again."""
    if launch.active_run() is None:
        st.rerun()
    shown = st.session_state.get(SHOWN)
    if shown and modified(shown[0], shown[1]) != shown[2]:
        st.rerun()


st.html(head.STYLE)
lab()
if launch.active_run() is not None:
    follow()
