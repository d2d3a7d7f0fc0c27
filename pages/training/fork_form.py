"""Fork from here: a new run that goes on from a kept step, with other settings."""

import shlex
from collections.abc import Iterable
from typing import Literal

import streamlit as st

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.runs import launch
from dcgan.runs.fork import doubled, fork, settings_at
from dcgan.runs.kept_states import facts, fork_points
from dcgan.runs.run import Run
from pages.common import glossary, visitors
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.training import disk_use, drawer, knobs

REST = ("d_steps", "batch_size", "ema_half_life_images", "num_steps")
TRAIN = "pages/training/train.py"
FORM = "fork"
HELP = glossary.says("fork")
LARGER = (
    "Twice as high and wide: each network gets a layer that changes nothing yet, and what is new in larger pictures is "
    "learned from here on. In the same time that draws better than to begin at this size."
)


def offer(run: Run, wanted: int | None = None, width: Literal["stretch", "content"] = "content") -> None:
    """The button that opens the drawer; its form begins at the kept step before `wanted`, or at the newest."""
    points = fork_points(run)
    if visitors.may_act() and st.button(
        "Fork from here",
        icon=":material/fork_right:",
        disabled=not points,
        width=width,
        key=f"fork-{run.id}",
        help=HELP if points else "This run kept no training state to begin with.",
    ):
        before = [step for step in points if wanted is None or step <= wanted]
        drawer.open_for(run, FORM, offered=max(before, default=min(points)))


def draw(run: Run) -> None:
    """The drawer, if it is open."""
    drawer.draw(run, FORM, "Fork from here", ":material/fork_right:", lambda offered: _form(run, offered))


def _form(run: Run, offered: int) -> str:
    steps = sorted({*fork_points(run), offered}, reverse=True)  # one that is thinned away meanwhile is refused in words
    chooser = f"fork-step-{run.id}-{offered}"
    st.caption(f"{HELP} {escaped(run.name)} stays as it is.")
    step = st.selectbox(
        "Begin at step",
        steps,
        steps.index(offered),
        format_func=lambda step: f"{step:,}",
        key=chooser,
        help="Steps whose whole training state was kept: weights, optimisers, position in the data, randomness.",
    )
    saved = settings_of(run, step)
    if saved is None:
        st.warning("The state of this step can't be read: pick another.", icon=":material/broken_image:")
        return chooser
    busy, key = launch.active_run(run.path.parent), f"fork-{run.id}-{step}"
    with st.form(f"form-{key}", border=False):
        values: dict[str, object] = {**knobs.speeds(saved, key)}
        if can_double(saved) and st.toggle(f"Go on at {2 * saved.image_size} pixels", key=f"larger-{key}", help=LARGER):
            values["image_size"] = 2 * saved.image_size
        with st.expander("More"):
            values |= knobs.rest({name: getattr(saved, name) for name in REST} | {"num_steps": _end(saved, step)}, key)
            others = st.text_input(
                "Other settings",
                key=f"fork-others-{run.id}",
                placeholder="beta1=0.4 label_noise=0.1 data=mnist",
                help="By the names that Advanced shows. Networks, optimiser and seed stay; other pictures are allowed.",
            )
            name = st.text_input("Name", key=f"fork-name-{run.id}", placeholder="chosen by itself", max_chars=80)
        changed = {name: value for name, value in values.items() if value != getattr(saved, name)}
        label = "Make the fork" if busy else "Start the fork"
        if st.form_submit_button(label, type="primary", icon=":material/fork_right:", width="stretch"):
            begin(run, step, changed, others, name, start=busy is None)
    if busy:
        st.caption(f"{escaped(busy.name)} is in training. The fork waits: press Resume on it when the other has ended.")
    st.caption(f"Left as it is, a fork repeats its parent bit for bit. {disk_use.words(run)}")
    return chooser


def begin(run: Run, step: int, values: dict[str, object], others: str = "", name: str = "", start: bool = True) -> None:
    """Make the fork, start it unless something else trains, and go and watch it; or say why not."""
    try:
        visitors.check()
        with st.spinner("Forking …"):
            made = fork(run, step, values | _pairs(others), name=name.strip())
            if start:
                try:
                    launch.start(made)
                except BadInput:
                    made.delete()
                    raise
    except BadInput as error:
        refuse(error)
        return
    drawer.close()
    st.switch_page(TRAIN, query_params={"run": made.id})


def settings_of(run: Run, step: int) -> Config | None:
    """The settings that were in force at a kept step."""
    try:
        return settings_at(run, facts(fork_points(run)[step]))
    except (BadInput, KeyError):
        return None


def can_double(saved: Config) -> bool:
    """Whether a fork may go on with pictures twice as high and wide."""
    try:
        doubled(saved)
    except BadInput:
        return False
    return True


def _end(saved: Config, step: int) -> int:
    """The parent's end, or as many steps again where it had reached it."""
    return saved.num_steps if saved.num_steps > step else 2 * max(1, step)


def _pairs(text: str) -> dict[str, object]:
    try:
        words: Iterable[str] = shlex.split(text)
    except ValueError:
        words = text.split()
    pairs: dict[str, object] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise BadInput(f"Other settings take FIELD=VALUE, not {word!r}.")
        pairs[name] = value
    return pairs
