"""Watching a run: figures, the growing picture, the curves, and the controls."""

import time

import numpy as np
import streamlit as st

from dcgan.errors import BadInput
from dcgan.monitoring.alarms import Alarm
from dcgan.presets import IMPORTED
from dcgan.runs import launch, live_settings
from dcgan.runs.grid_cells import MOST_ROWS
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.runs.sample_grids import grid_of
from dcgan.runs.throughput import duration, time_left
from dcgan.system.names import data_title
from pages.charts import asked_classes, class_mix, distance
from pages.charts.curves import live_curves, load_library
from pages.charts.history import alarms_of, history_of, marks_of, why_no_curves
from pages.common import glossary, loading, upkeep, visitors
from pages.common.widgets import refuse
from pages.common.words import badge, escaped, sentence
from pages.training import (
    alarm_view,
    change_settings,
    disk_use,
    family,
    fork_form,
    run_actions,
    sample_history,
    waiting_room,
)
from pages.training.health import judge

CHART_HEIGHT = 520
DISTANCE_HEIGHT = 150  # more, for the chart of the distance
NEWEST = "newest"
GRID = "pixels-samples"  # the container of the sample grid
LOOK_SECONDS = 3.0  # between looks whether a run that rests was started elsewhere
OBEY_SECONDS = 1.5  # how long a click waits to see its wish carried out


def draw(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(escaped(run.name), anchor=False, width="content")
        if visitors.may_act():
            st.page_link("pages/training/train.py", label="New run", icon=":material/add:", query_params={"new": "1"})
    if not _is_readable(run):
        return
    family.origin(run)
    active = launch.observe(run).state in launch.ACTIVE
    waits = active and waiting_room.is_open(run)  # settled here, so that no tick moves what is on the page
    sample_history.keep_room(GRID, run)
    st.fragment(_live, run_every=1.0 if active else None)(run, active, waits)
    if not active:
        st.fragment(_await_start, run_every=LOOK_SECONDS)(run)
    load_library()
    sample_history.watch([(GRID, run)])
    change_settings.draw(run, active)
    fork_form.draw(run)


def _await_start(run: Run) -> None:
    """Draw the page anew once somebody else, at another page or server, has started the run."""
    if launch.observe(run).state in launch.ACTIVE:
        st.rerun()


def _live(run: Run, ticking: bool, waits: bool) -> None:
    status = launch.observe(run)
    if ticking and status.state not in launch.ACTIVE:
        st.rerun()  # draw the whole page once more, without a timer
    if not _is_readable(run):
        return
    columns, alarms = history_of(run), alarms_of(run)
    _figures(run, status, alarms)
    # in places that are there always: what comes and goes above the curves would put new ones there, without their zoom
    notice, trouble = st.container(), st.container()
    if status.notice:
        notice.caption(sentence(status.notice))
    if status.state in ("failed", "interrupted", "stalled"):
        with trouble:
            _trouble(run, status)
    picture, curves = st.container(key="run-view").columns([6, 7], gap="medium")
    with picture.container(gap="small"):
        step = _samples(run, columns)
        if visitors.may_act():
            _controls(run, status)
            with st.container(horizontal=True):
                fork_form.offer(run, step, "stretch")
                if status.state in launch.ACTIVE or upkeep.can_resume(run, status):
                    change_settings.offer(run)
            if status.state == "paused":
                query, label = {"part": "step", "run": run.id}, "Look at the next step, slowly"
                icon = ":material/slow_motion_video:"
                st.page_link("pages/learn/learn.py", label=label, icon=icon, query_params=query)
            st.caption(disk_use.words(run))
    with curves:
        rows = distance.quality_of(run)
        best = status.best_step, status.best_distance
        measures = bool(rows) or (status.state in launch.ACTIVE and bool(live_settings.in_force(run).measure_images))
        if run.config.preset == IMPORTED:
            st.caption(why_no_curves(run.config))
        else:
            live_curves(
                f"curves-{run.id}",
                columns,
                CHART_HEIGHT + DISTANCE_HEIGHT * measures,
                growing=status.state in launch.ACTIVE,
                marks=marks_of(run),
                distance=distance.chart_of(rows, *best) if measures else None,
                scores=run.config.scores,
            )
        if rows:
            st.markdown(f":material/straighten: {distance.words(rows, *best)}")
        _words(run, status, columns, alarms)
    if waits:
        waiting_room.draw(run, live_settings.in_force(run), status)
    if rows and (asked := asked_classes.of_row(rows[-1])):
        asked_classes.draw(asked)
    class_mix.draw(rows)


def _is_readable(run: Run) -> bool:
    """Whether the run's settings can be read; if not, the page says why."""
    try:
        live_settings.in_force(run)
    except BadInput as error:
        refuse(error)
        return False
    return True


def _figures(run: Run, status: Status, alarms: list[Alarm]) -> None:
    where = f" on {status.device}" if status.device else ""
    config = live_settings.in_force(run)
    busy = status.message and status.state in ("starting", "running")
    note = f": {escaped(status.message)}" if busy else ""
    alarm = alarm_view.badge(alarms)
    what = escaped(f"{config.preset} on {data_title(config.data)}{where}")
    st.markdown(f"{badge(status)}{alarm} {what}{note}")
    cells = st.grid(5, min_column_width=100)
    cells.metric(
        "Step",
        f"{status.step:,}",
        help=f"A step trains D {'once' if config.d_steps == 1 else f'{config.d_steps} times'} and G once, each time on "
        f"{config.batch_size} pictures. The run ends {upkeep.end_in_words(config)}.",
    )
    cells.metric("Epoch", f"{status.epoch:.2f}", help=f"{glossary.says('epoch')} So many until now.")
    shown = status.images_per_s
    if not shown and status.state not in launch.ACTIVE:
        shown = status.images / status.time_s if status.time_s else 0.0
    cells.metric("Images/s", f"{shown:,.0f}" if shown else "–", help="Real pictures trained on per second.")
    left = time_left(status.eta_s) if status.state in launch.ACTIVE else duration(status.time_s)
    cells.metric("Time left" if status.state in launch.ACTIVE else "Time trained", left, help="Pauses are not counted.")
    if config.measure_images or status.distance is not None:
        rows = distance.quality_of(run)
        far = f"{status.distance:.2f}" if status.distance is not None else "–"
        cells.metric("Distance", far, help=distance.tooltip(rows[-1] if rows else None))
    st.progress(upkeep.share_done(config, status) if status.prepared is None else status.prepared)


def _trouble(run: Run, status: Status) -> None:
    """Say what went wrong and offer the way on."""
    if status.state == "failed":
        kept = " Nothing up to the last checkpoint is lost." if run.state_path.exists() else ""
        st.error(f"{sentence(status.error) or 'Training failed.'}{kept}", icon=":material/error:")
        if visitors.may_act() and (log := upkeep.end_of_log(run)):
            with st.popover("What the log says", type="tertiary", icon=":material/description:"):
                st.code(log, language=None, wrap_lines=True)
    else:
        st.warning(f"{escaped(status.message)} Nothing up to the last checkpoint is lost.", icon=":material/power_off:")


def _samples(run: Run, columns: dict[str, np.ndarray]) -> int | None:
    """The grid of the fixed z, with a slider back to the first step; it follows the newest until moved.

    Returns the step that is shown. Under the picture stand the figures of that moment.
    """
    steps = run.samples()
    if not steps:
        st.skeleton(height=CHART_HEIGHT - 120)
        st.caption("The first picture comes as soon as the networks stand.")
        return None
    kept = st.session_state.get(f"sample-step-{run.id}", NEWEST)
    step = kept if kept in steps else steps[-1]
    with st.container(key=GRID):
        try:
            content = grid_of(run, step)
            st.image(content, output_format="PNG", width="stretch", alt=f"Samples at step {step:,}")
        except OSError:
            st.info("This grid is damaged, or was thinned out a moment ago.", icon=":material/hide_image:")
    if len(steps) > 1:
        loading.prepare()  # Explore may be next; before, the training's own beginning needs the cores
        st.select_slider(
            f"Samples at step {step:,}",
            [*steps[:-1], NEWEST],  # a constant end: the slider follows the training without being moved by us
            NEWEST,
            key=f"sample-step-{run.id}",
            format_func=lambda kept: kept if kept == NEWEST else f"{kept:,}",
            help="The same z at every kept step: drag back to the beginning. At the right end it follows the training.",
        )
    else:
        st.caption(f"Samples at step {step:,}")
    if figures := _figures_at(columns, step):
        st.caption(figures)
    if names := run.config.names_of_classes:
        listed = ", ".join(map(escaped, names[:MOST_ROWS]))
        st.caption(f"A row is a class and a column one z. From the top: {listed}.")
    return step


def _figures_at(columns: dict[str, np.ndarray], step: int) -> str:
    """How the game stood when the picture of a step was made."""
    at = int(np.searchsorted(columns["step"], step, side="right")) - 1
    if at < 0 or step == 0:
        return ""
    epoch, accuracy, g_loss = (columns[name][at] for name in ("epoch", "d_accuracy", "g_loss"))
    return f"Epoch {epoch:.1f} · D right {accuracy:.0%} · G loss {g_loss:.2f}"


def _controls(run: Run, status: Status) -> None:
    """Pause or Resume, Step, Stop: each acts within a step."""
    active, paused = status.state in launch.ACTIVE, status.state == "paused"
    with st.container(horizontal=True, key="controls"):
        if active and not paused:
            if st.button("Pause", icon=":material/pause:", width="stretch", disabled=status.state != "running"):
                _ask(run, "pause")
        else:
            over = not paused and not upkeep.can_resume(run, status)
            if st.button("Resume", icon=":material/play_arrow:", width="stretch", type="primary", disabled=over):
                if paused:
                    _ask(run, "run")
                else:
                    run_actions.begin(run)
        if st.button(
            "Step",
            icon=":material/skip_next:",
            width="stretch",
            disabled=status.state not in ("running", "paused"),
            help="Train one single step, then wait.",
        ):
            _ask(run, "step")
        if st.button(
            "Stop",
            icon=":material/stop:",
            width="stretch",
            disabled=not active,
            help="Save and end the process; it can be resumed later, exactly.",
        ):
            _stop(run, status)


def _ask(run: Run, command: str) -> None:
    """Write the wish and give the worker a moment, so that the page already shows it obeyed."""
    visitors.check()
    run.ask(command)
    serial, deadline = run.control().serial, time.monotonic() + OBEY_SECONDS
    while time.monotonic() < deadline:
        status = launch.observe(run)
        if status.obeyed >= serial or status.state not in launch.ACTIVE:
            break
        time.sleep(0.03)
    st.rerun()


def _stop(run: Run, status: Status) -> None:
    visitors.check()
    if status.state == "stalled":
        launch.kill(run)
        st.rerun()
    _ask(run, "stop")


def _words(run: Run, status: Status, columns: dict[str, np.ndarray], alarms: list[Alarm]) -> None:
    """What is happening, for somebody who sees it for the first time; then where to go next."""
    if status.prepared is not None and status.state in launch.ACTIVE:
        st.markdown(
            ":material/photo_library: The pictures are made square and shrunk once, and kept: the next run on them "
            "begins at once. Stop whenever you like, it goes on where it was."
        )
        return
    if alarms:
        alarm_view.draw(run, status, alarms)
    elif status.state in launch.ACTIVE:
        verdict = judge(columns, status, run.config.scores)
        icon = ":material/favorite:" if verdict.level == "good" else ":material/visibility:"
        st.markdown(glossary.marker()(f"{icon} {verdict.text}"))
    if status.state not in launch.ACTIVE and run.generator_path.is_file():
        run_actions.onward(run, status)
