"""Axes of latent space for the laboratory: kept with a run or measured, told in words, packed for the browser."""

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from dcgan.errors import BadInput
from dcgan.latent.axis_words import KINDS, LIKED, NAMED, PLAIN, packed, rows
from dcgan.runs.run import Run
from pages.common import address
from pages.common.loading import Opened, open_at
from pages.latent import marks, samples
from pages.latent.view import Directions, View

if TYPE_CHECKING:
    from dcgan.judges.judge import Judge
    from dcgan.latent.directions import Axis
    from dcgan.networks.models import Generator

AXES = "explore-axes"  # (run id, kind) -> Measured
STEPS = "explore-axes-steps"  # run id -> the step whose weights all axes of this visit are measured on


class Measured(NamedTuple):
    """The axes of one kind, the strongest first, and the step they were measured at."""

    step: int
    axes: "list[Axis]"


def kinds_for(run: Run) -> dict[str, tuple[str, str, str]]:
    """Of KINDS those there are now: not those in which nothing was found, and likes once there are enough marks."""
    empty = {kind for kind in KINDS if (measured := known(run, kind)) and not measured.axes}
    missing = empty | (set() if marks.enough(run) else {LIKED})
    return {kind: words for kind, words in KINDS.items() if kind not in missing}


def kind_of(view: View) -> str:
    """The kind that a view's moved sliders are of; axes before dimensions, and the named ones where none was moved."""
    plain = PLAIN if view.sliders else NAMED
    return next((kind for kind in KINDS if _moves(view, kind)), plain)


def needed(view: View, kind: str) -> list[str]:
    """The kinds whose axes the laboratory shows or the picture is made with."""
    return [name for name, (letters, *_) in KINDS.items() if letters and (name == kind or _moves(view, name))]


def _moves(view: View, kind: str) -> bool:
    """Whether a slider of this kind of axes was moved."""
    return any(isinstance(slider, str) and slider[0] in KINDS[kind][0] for slider, _ in view.sliders)


def known(run: Run, kind: str) -> Measured | None:
    """What was measured in this visit: axes must not change under the hand while a run trains on."""
    return st.session_state.get(AXES, {}).get((run.id, kind))


def measure(run: Run, opened: Opened, kind: str) -> None:
    """Measure a kind of axes, for the rest of the visit; all kinds of a run at the same step where it is kept."""
    opened = _at(run, opened)
    try:
        axes = _liked(run, opened) if kind == LIKED else _axes_of(run, opened, kind)
    except BadInput:
        axes = []  # what is liked and what isn't have one mean: there is no way from one to the other
    st.session_state.setdefault(AXES, {})[run.id, kind] = Measured(opened.step, axes)


def recall(run: Run, opened: Opened, kinds: list[str]) -> None:
    """Take over, for the visit, those of these kinds that are kept with the run: nobody has to wait for them."""
    from dcgan.latent.kept_axes import kept_axes

    for kind in kinds:
        if not known(run, kind):
            there = _at(run, opened)
            found = kept_axes(run, there.generator, kind, _judge(there.generator))
            if found is not None:
                st.session_state.setdefault(AXES, {})[run.id, kind] = Measured(there.step, found)


def _at(run: Run, opened: Opened) -> Opened:
    """The generator that this visit's axes are measured on, as exact as it is kept; else the one that is open."""
    step = st.session_state.setdefault(STEPS, {}).setdefault(run.id, opened.step)
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
    from dcgan.latent.directions import spread

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
    from dcgan.latent.directions import spread

    measured = known(run, kind)
    moved = directions_of(run, view, generator)
    directions = {id: base64.b64encode(vector.numpy().tobytes()).decode() for id, vector in moved.items()}
    directions |= packed(measured.axes, spread(generator.config.z_prior)) if measured else {}
    return {
        "kind": kind,
        "kinds": [[name, label, told] for name, (_, label, told) in kinds_for(run).items()],
        "rows": {kind: rows(measured.axes)} if measured else {},
        "directions": directions,
    }


def inside(run: Run, opened: Opened, kind: str, visit: "dict[str, Sequence[Axis]]") -> dict[str, Any]:
    """The axes that an exported page has, for which nobody can be asked later: all kinds, those of the visit first."""
    from dcgan.latent.axis_words import facts
    from dcgan.latent.directions import spread

    own = [name for name in KINDS if name not in (PLAIN, LIKED, *visit)]
    found = visit | {name: _axes_of(run, opened, name) for name in own}
    return facts(found, spread(opened.generator.config.z_prior), kind)


def of_visit(run: Run) -> "dict[str, Sequence[Axis]]":
    """What was measured of a run in this visit, by kind."""
    return {kind: measured.axes for (id, kind), measured in st.session_state.get(AXES, {}).items() if id == run.id}


def ranked_dims(run: Run, opened: Opened) -> list[tuple[int, float]]:
    """All dimensions of z as (dimension, strength in grey levels), strongest first; measured once per weights."""
    return _ranked_dims(opened.weights_hash, run, opened.generator)


@st.cache_data(max_entries=64, show_spinner="Measuring which numbers of z matter …")
def _ranked_dims(weights_hash: str, _run: Run, _generator: "Generator") -> list[tuple[int, float]]:
    from dcgan.latent.kept_axes import dims_for

    return dims_for(_run, _generator)


def _axes_of(run: Run, opened: Opened, kind: str) -> "list[Axis]":
    judge = _judge(opened.generator)
    return _named_by(opened.weights_hash, kind, judge.hash if judge else "", run, opened.generator, judge)


@st.cache_resource(max_entries=32, show_spinner=False)
def _named_by(
    weights_hash: str, kind: str, judge_hash: str, _run: Run, _generator: "Generator", _judge: "Judge | None"
) -> "list[Axis]":
    from dcgan.latent.kept_axes import axes_for

    return axes_for(_run, _generator, kind, _judge)


def _liked(run: Run, opened: Opened) -> "list[Axis]":
    """The axis from disliked to liked samples; none while there are too few marks."""
    if not marks.enough(run):
        return []
    config = opened.generator.config
    groups = [tuple(samples.fitting(marks.of(run, mark), config)) for mark in (marks.LIKE, marks.DISLIKE)]
    return _liked_axes(opened.weights_hash, groups[0], groups[1], opened.generator)


@st.cache_resource(max_entries=64, show_spinner=False)
def _liked_axes(
    weights_hash: str, liked: tuple[str, ...], disliked: tuple[str, ...], _generator: "Generator"
) -> "list[Axis]":
    from dcgan.latent.liked_axis import liked_axes

    z = [samples.z_of_tokens(list(group), _generator) for group in (liked, disliked)]
    return liked_axes(_generator, z[0], z[1], _judge(_generator))


def _judge(generator: "Generator") -> "Judge | None":
    """Who names the classes; None where nobody can be asked."""
    from dcgan.judges.judge import judge_of

    try:
        return judge_of(generator.config)
    except BadInput:
        return None
