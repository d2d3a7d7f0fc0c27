"""Fork from here: a new run that goes on from a kept step, with other settings."""

import shlex
from collections.abc import Iterable
from typing import Literal

import streamlit as st

from dcgan import launch
from dcgan.config import BadInput, Config
from dcgan.fork import fork, settings_at
from dcgan.runs import Run
from dcgan.states import facts, fork_points
from pages.common import kept
from pages.common.widgets import refuse, setting
from pages.common.words import escaped

SHOWN = ("lr_g", "lr_d", "d_steps", "batch_size", "ema_half_life_images", "num_steps")
TRAIN = "pages/training/train.py"


def offer(run: Run, wanted: int | None = None, width: Literal["stretch", "content"] = "content") -> None:
    """A button that opens the form; it begins at the kept step before `wanted`, or at the newest."""
    points = fork_points(run)
    opened = f"fork-at-{run.id}"  # the step that was offered when the form opened: training goes on, the form stays
    popover = st.popover(
        "Fork from here",
        icon=":material/fork_right:",
        disabled=not points,
        width=width,
        key=f"fork-{run.id}",
        help="A new run that goes on from a kept step of this one, with other settings."
        if points
        else "This run kept no training state to begin with.",
        on_change="rerun",
    )
    if not points or not popover.open:
        st.session_state.pop(opened, None)
        return
    if opened not in st.session_state:
        st.session_state[opened] = max(
            (step for step in points if wanted is None or step <= wanted), default=min(points)
        )
    with popover:
        _form(run, list(points), st.session_state[opened])


def _form(run: Run, steps: list[int], offered: int) -> None:
    steps = sorted({*steps, offered}, reverse=True)  # one that is thinned away meanwhile is refused in words
    step = st.selectbox(
        "Begin at step",
        steps,
        steps.index(offered),
        format_func=lambda step: f"{step:,}",
        key=f"fork-step-{run.id}-{offered}",
        help="Steps whose whole training state was kept: weights, optimisers, position in the data, randomness.",
    )
    saved = settings_of(run, step)
    if saved is None:
        st.warning("The state of this step can't be read: pick another.", icon=":material/broken_image:")
        return
    busy = launch.active_run(run.path.parent)
    with st.form(f"fork-form-{run.id}-{step}", border=False):
        cells = st.grid(3, min_column_width=130)
        values: dict[str, object] = {}
        for name in SHOWN:
            before = _end(saved, step) if name == "num_steps" else getattr(saved, name)
            value = setting(cells, name, before, f"fork-{name}-{run.id}-{step}")
            if value is not None and value != getattr(saved, name):
                values[name] = value
        texts = st.grid(2, min_column_width=200)
        others = texts.text_input(
            "Other settings",
            key=f"fork-others-{run.id}",
            placeholder="beta1=0.4 label_noise=0.1 data=mnist",
            help="FIELD=VALUE, as with --set. Networks, optimiser and seed stay; other pictures are allowed.",
        )
        name = texts.text_input("Name", key=f"fork-name-{run.id}", placeholder="chosen by itself", max_chars=80)
        label = "Make the fork" if busy else "Start the fork"
        if st.form_submit_button(label, type="primary", icon=":material/fork_right:", width="stretch"):
            begin(run, step, values, others, name, start=busy is None)
    if busy:
        st.caption(f"{escaped(busy.name)} is in training. The fork waits: press Resume on it when the other has ended.")
    st.caption(f"Left as it is, a fork repeats its parent bit for bit. {kept.words(run)}")


def begin(run: Run, step: int, values: dict[str, object], others: str = "", name: str = "", start: bool = True) -> None:
    """Make the fork, start it unless something else trains, and go and watch it; or say why not."""
    try:
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
    st.switch_page(TRAIN, query_params={"run": made.id})


def settings_of(run: Run, step: int) -> Config | None:
    """The settings that were in force at a kept step."""
    try:
        return settings_at(run, facts(fork_points(run)[step]))
    except (BadInput, KeyError):
        return None


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
