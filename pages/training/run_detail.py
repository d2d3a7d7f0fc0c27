"""Below the shelf: one run in full."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dcgan.config import NO_END
from dcgan.presets import IMPORTED
from dcgan.runs import launch
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.runs.throughput import duration
from dcgan.system.names import data_title
from pages.charts import class_mix, compare, curves, distance, epochs
from pages.charts.history import history_of, marks_of, why_no_curves
from pages.common import run_rows
from pages.common.words import age, badge, escaped, sentence
from pages.training import as_published, disk_use, family, final_grid, fork_form, run_actions, run_grids, run_notes

CURVES_HEIGHT = 620
DISTANCE_HEIGHT = 180  # more, for the chart of the distance


def one(run: Run) -> None:
    """What it is; its pictures and beside them what can be done with it and its own settings; its curves below."""
    status = launch.observe(run)
    heading(run, status)
    run_notes.draw(run)
    picture, facts = st.columns(2, gap="large")
    with picture:
        run_grids.draw([run])
    with facts:
        run_actions.draw(run, status)
        fork_form.draw(run)
        own_settings(run)
        family.tree(run)
        st.caption(disk_use.words(run))
    columns, config = history_of(run), run_rows.config_of(run)
    final = None
    if config is not None:
        as_published.draw(run, config, status, columns)
        final = final_grid.place(run, config, status)
    if len(columns["step"]):
        rows, chart = distance.quality_of(run), distance.measured(run)
        height = CURVES_HEIGHT + DISTANCE_HEIGHT * bool(chart)
        scores = config is not None and config.scores
        curves.live_curves(f"curves-{run.id}", columns, height, marks=marks_of(run), distance=chart, scores=scores)
        curves.load_library()
        if rows:
            st.markdown(f":material/straighten: {distance.words(rows, status.best_step, status.best_distance)}")
        class_mix.draw(rows)
        losses_per_epoch(columns, marked=config is not None and config.preset in epochs.MARKING)
    else:
        st.caption(why_no_curves(config))
    if config is not None and final is not None:
        final_grid.fill(final, run, config)


def losses_per_epoch(columns: dict[str, np.ndarray], marked: bool) -> None:
    """One point per epoch, from the second on; the lowest is marked where the published system's own graph does so."""
    found = epochs.per_epoch(columns)
    if len(found.number) < 2:
        return
    st.markdown("##### Losses per epoch: the slow drift without the wobble")
    alt = (
        f"Mean losses of each of {len(found.number)} epochs; in epoch {found.number[-1]} the discriminator's is "
        f"{found.d_loss[-1]:.2f} and the adversarial one {found.g_loss[-1]:.2f}"
    )
    chart = epochs.figure(found, marked)
    st.plotly_chart(chart, key="per-epoch", config={"displayModeBar": False}, alt=alt)
    if marked:
        st.caption(
            "The ring is this published system's own mark, its lowest adversarial loss: there G fooled D most easily. "
            "How close the pictures are to real ones is told by the distance, whose best has the cross."
        )


def heading(run: Run, status: Status) -> None:
    """The name, and what there is to know in one line."""
    st.subheader(escaped(run.name), anchor=False)
    config = run_rows.config_of(run)
    about = [f"step {status.step:,}", f"made {age(run)}"]
    if config:
        colours = "grey" if config.channels == 1 else "colour"
        about[0] += f" of {config.num_steps:,}" if config.num_steps < NO_END else ""
        about = [config.preset, f"{data_title(config.data)} at {config.image_size} px, {colours}", *about]
    if status.time_s:
        where = f" on {status.device}" if status.device else ""  # a fork that hasn't begun has none
        about.append(f"trained for {duration(status.time_s)}{where}")
    st.markdown(f"{badge(status)} " + " · ".join(escaped(part) for part in about))
    if status.state == "failed":
        st.error(
            sentence(status.error) or "Training failed; log.txt in its folder has the details.", icon=":material/error:"
        )
    elif status.state in ("interrupted", "stalled"):
        st.warning(escaped(status.message), icon=":material/power_off:")


def own_settings(run: Run) -> None:
    """What sets the settings in force apart from the run's preset."""
    config = run_rows.config_of(run)
    if config is None:
        return  # said above already
    if config.preset == IMPORTED:
        st.caption("Another program trained it: its settings follow from its weights.")
        return
    rows = compare.own_settings(config)
    if rows:
        st.markdown("##### Other than in its preset")
        settings_list(rows, "instead of")
    else:
        st.caption(f"Its settings are those of the preset {escaped(config.preset)}.")


def settings_list(rows: Sequence[tuple[str, object, object, str]], between: str) -> None:
    """One line per setting, its meaning below it."""
    for name, a, b, meaning in rows:
        values = [escaped(str(value)) or "none" for value in (a, b)]
        st.markdown(f"{escaped(name)} **{values[0]}** {between} {values[1]}  \n:small[:gray[{escaped(meaning)}]]")
