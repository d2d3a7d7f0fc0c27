"""Alarms on the Train page: what is wrong, why, what to do, and one click back to before it."""

import time
from typing import Any

import streamlit as st

from dcgan.monitoring import alarm_words
from dcgan.monitoring.alarms import Alarm
from dcgan.runs import launch, live_settings
from dcgan.runs.kept_states import fork_points
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from pages.common import glossary, visitors
from pages.common.words import escaped
from pages.training import fork_form

STOP_SECONDS = 30.0  # how long a click waits for the run to end its step and to save


def draw(run: Run, status: Status, alarms: list[Alarm]) -> None:
    """The first alarm in full, for it is the likely cause of the others, which follow in a line each."""
    first, *others = alarms
    with st.container(border=True, key="alarm"):
        words = alarm_words.TELLS[first.name]
        since = f"since step {first.since:,}" if first.since else "from the start"
        st.markdown(f":red-badge[:material/notifications_active: {words.title}] {since}")
        st.markdown(f"**{escaped(alarm_words.seen(first))}**", help=alarm_words.HELP[first.name])
        st.markdown(f"{glossary.marker()(words.why)} {words.todo}")
        _way_back(run, status, first, min(alarm.healthy for alarm in alarms))
    for alarm in others:
        st.caption(
            f":material/notifications: **{alarm_words.title(alarm.name)}** since step {alarm.since:,}: "
            f"{escaped(alarm_words.seen(alarm))}"
        )


def badge(alarms: list[Alarm]) -> str:
    """The name of the first alarm, for the line at the top of the page; empty if none speaks."""
    return f" :red-badge[:material/notifications_active: {alarm_words.title(alarms[0].name)}]" if alarms else ""


def _way_back(run: Run, status: Status, alarm: Alarm, healthy: int) -> None:
    """The button that forks from the last kept state in which nothing was wrong, with what should be otherwise."""
    if alarm.name == "copies" or not visitors.may_act():
        return
    points = [step for step in fork_points(run) if step <= healthy]
    saved = fork_form.settings_of(run, max(points)) if points else None
    if saved is None:
        st.caption(f"No whole state up to step {healthy:,} is left to go back to: start a new run.")
        return
    step, values = max(points), alarm_words.remedy(alarm.name, saved, live_settings.in_force(run))
    active = status.state in launch.ACTIVE
    label = f"Fork from step {step:,}, the last healthy one" if step else "Fork from step 0, the beginning"
    if st.button(label, icon=":material/fork_right:", type="primary", key=f"back-{run.id}", help=alarm_words.FORK_HELP):
        _go_back(run, step, values)
    said = live_settings.spelled(values) or "the settings of that step, without what was changed since"
    nearest = f" A whole state was kept at step {step:,}; the game still looked well at {healthy:,}." * (healthy > step)
    st.caption(f"The fork trains with {said}.{' This run is stopped, and keeps all it has.' * active}{nearest}")


def _go_back(run: Run, step: int, values: dict[str, Any]) -> None:
    """Stop the run if it still trains, and go on from before the alarm."""
    visitors.check()
    if launch.observe(run).state in launch.ACTIVE:
        with st.spinner("Stopping this run …"):
            _stop(run)
    fork_form.begin(run, step, values, start=launch.active_run(run.path.parent) is None)


def _stop(run: Run) -> None:
    visitors.check()
    if launch.observe(run).state == "stalled":
        launch.kill(run)
        return
    run.ask("stop")
    deadline = time.monotonic() + STOP_SECONDS
    while launch.observe(run).state in launch.ACTIVE and time.monotonic() < deadline:
        time.sleep(0.1)
