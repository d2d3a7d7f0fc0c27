"""Axes of latent space for the laboratory: measured once per weights, told in words, packed for the browser."""

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from dcgan.config import BadInput
from dcgan.runs import Run
from dcgan.told import KINDS, LIKED, PLAIN, packed, rows
from pages.common import address, samples, taste
from pages.common.loading import Opened, open_at
from pages.common.view import Directions, View

if TYPE_CHECKING:
    from dcgan.axes import Axis
    from dcgan.metrics.judge import Judge
    from dcgan.models import Generator

AXES = "explore-axes"  # (run id, kind) -> Measured
STEPS = "explore-axes-steps"  # run id -> the step whose weights all axes of this visit are measured on


class Measured(NamedTuple):
    """The axes of one kind, the strongest first, and the step they were measured at."""

    step: int
    axes: "list[Axis]"


def kinds_for(run: Run, generator: "Generator") -> dict[str, tuple[str, str, str]]:
    """Of KINDS those there are now: the model's own, and likes once there are enough marks."""
    return _kinds_of(generator) | ({LIKED: KINDS[LIKED]} if taste.enough(run) else {})


def _kinds_of(generator: "Generator") -> dict[str, tuple[str, str, str]]:
    """Of KINDS those that a model has by itself; classes need a classifier of its data."""
    judge = _judge(generator)
    there = {"classes": bool(judge and judge.class_names), LIKED: False}
    return {kind: words for kind, words in KINDS.items() if there.get(kind, True)}


def needed(view: View, kind: str) -> list[str]:
    """The kinds whose axes the laboratory shows or the picture is made with."""
    letters = {slider[0] for slider, _ in view.sliders if isinstance(slider, str)}
    return [name for name, (letter, *_) in KINDS.items() if letter and (name == kind or letter in letters)]


def known(run: Run, kind: str) -> Measured | None:
    """What was measured in this visit: axes must not change under the hand while a run trains on."""
    return st.session_state.get(AXES, {}).get((run.id, kind))


def measure(run: Run, opened: Opened, kind: str) -> None:
    """Measure a kind of axes, for the rest of the visit; all kinds of a run at the same step where it is kept."""
    step = st.session_state.setdefault(STEPS, {}).setdefault(run.id, opened.step)
    try:
        opened = _at(run, step, opened)
        axes = _liked(run, opened) if kind == LIKED else _axes_of(opened.weights_hash, kind, opened.generator)
    except BadInput:
        axes = []  # no classifier: the kind isn't offered either
    st.session_state.setdefault(AXES, {})[run.id, kind] = Measured(opened.step, axes)


def _at(run: Run, step: int, opened: Opened) -> Opened:
    """The generator of a step, as exact as it is kept; else the one that is open."""
    if step != opened.step and (newest := open_at(run)).step == step:
        return newest
    return open_at(run, step) if step != opened.step and step in run.snapshots() else opened


def forget(run_id: str) -> None:
    """Have the axes of a run measured again, at the step that is shown then."""
    st.session_state.setdefault(STEPS, {}).pop(run_id, None)
    kept: dict[tuple[str, str], Measured] = st.session_state.get(AXES, {})
    st.session_state[AXES] = {key: value for key, value in kept.items() if key[0] != run_id}


def forget_liked(run: Run) -> None:
    """Have the direction of likes made anew: the marks have changed."""
    st.session_state.get(AXES, {}).pop((run.id, LIKED), None)


def directions_of(run: Run, view: View, generator: "Generator") -> Directions:
    """What the moved sliders of axes stand for."""
    from dcgan.axes import spread

    scale, moved = spread(generator.config.z_prior), {slider for slider, _ in view.sliders}
    found = [measured for kind in needed(view, PLAIN) if (measured := known(run, kind))]
    return {axis.id: scale * axis.direction for measured in found for axis in measured.axes if axis.id in moved}


def measured_at(run: Run, view: View) -> int | None:
    """The step whose weights the axes of a view's moved sliders were measured on; None if it moved none."""
    steps = {measured.step for kind in needed(view, PLAIN) if (measured := known(run, kind))}
    return min(steps) if steps else None


def directions_of_all(run: Run, views: list[View], generator: "Generator") -> Directions:
    """What the moved sliders of axes stand for, in any of these views."""
    found = [directions_of(run, view, generator) for view in views]
    return {axis: vector for directions in found for axis, vector in directions.items()}


def arrive(params: Mapping[str, str]) -> None:
    """The step that a run's axes were measured at, from the URL."""
    measured = address.whole(params, "measured", 0, 10**9, -1)
    if measured >= 0 and "run" in params and params["run"] not in st.session_state.setdefault(STEPS, {}):
        st.session_state[STEPS][params["run"]] = measured


def measured_for(run: Run, views: list[View], opened: Opened) -> int | None:
    """The step of these views' axes where it isn't the one that is shown: what `arrive` has to know."""
    steps = {measured.step for kind in _used_by(views) if (measured := known(run, kind))}
    return min(steps) if steps - {opened.step} else None


def measure_missing(run: Run, opened: Opened, views: list[View]) -> None:
    """Measure the axes that these views use, once everything else is on its way to the browser."""
    missing = [kind for kind in _used_by(views) if not known(run, kind)]
    for kind in missing:
        measure(run, opened, kind)
    if missing:
        st.rerun()


def _used_by(views: list[View]) -> list[str]:
    return [kind for kind in KINDS if any(kind in needed(view, PLAIN) for view in views)]


def facts_of(run: Run, generator: "Generator", view: View, kind: str) -> dict[str, Any]:
    """What the laboratory needs of axes: the choice of kinds, the shown kind's sliders, and directions."""
    from dcgan.axes import spread

    measured = known(run, kind)
    moved = directions_of(run, view, generator)
    directions = {id: base64.b64encode(vector.numpy().tobytes()).decode() for id, vector in moved.items()}
    directions |= packed(measured.axes, spread(generator.config.z_prior)) if measured else {}
    return {
        "kind": kind,
        "kinds": [[name, label, told] for name, (_, label, told) in kinds_for(run, generator).items()],
        "rows": {kind: rows(measured.axes)} if measured else {},
        "directions": directions,
    }


def inside(opened: Opened, kind: str, visit: "dict[str, Sequence[Axis]]") -> dict[str, Any]:
    """The axes that an exported page has, for which nobody can be asked later: all kinds, those of the visit first."""
    from dcgan.export import axes_inside

    judged = _kinds_of(opened.generator)
    missing = [name for name, (letter, *_) in judged.items() if letter and name not in visit]
    return axes_inside(
        opened.generator,
        visit | {name: _axes_of(opened.weights_hash, name, opened.generator) for name in missing},
        kind,
    )


def of_visit(run: Run) -> "dict[str, Sequence[Axis]]":
    """What was measured of a run in this visit, by kind."""
    return {kind: measured.axes for (id, kind), measured in st.session_state.get(AXES, {}).items() if id == run.id}


@st.cache_resource(max_entries=32, show_spinner=False)
def _axes_of(weights_hash: str, kind: str, _generator: "Generator") -> "list[Axis]":
    from dcgan.axes import axes_of

    return axes_of(_generator, kind, _judge(_generator))


def _liked(run: Run, opened: Opened) -> "list[Axis]":
    """The axis from disliked to liked samples; none while there are too few marks."""
    if not taste.enough(run):
        return []
    config = opened.generator.config
    groups = [tuple(samples.fitting(taste.of(run, mark), config)) for mark in (taste.LIKE, taste.DISLIKE)]
    return _liked_axes(opened.weights_hash, groups[0], groups[1], opened.generator)


@st.cache_resource(max_entries=64, show_spinner=False)
def _liked_axes(
    weights_hash: str, liked: tuple[str, ...], disliked: tuple[str, ...], _generator: "Generator"
) -> "list[Axis]":
    from dcgan.liked import liked_axes

    z = [samples.z_of_tokens(list(group), _generator.config) for group in (liked, disliked)]
    return liked_axes(_generator, z[0], z[1], _judge(_generator))


def _judge(generator: "Generator") -> "Judge | None":
    """Who names the classes; None where nobody can be asked."""
    from dcgan.metrics.judge import judge_of

    try:
        return judge_of(generator.config)
    except BadInput:
        return None
