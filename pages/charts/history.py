"""The curves and alarms of runs, kept between visits."""

import numpy as np
import streamlit as st

from dcgan.config import Config
from dcgan.monitoring.alarms import Alarm
from dcgan.monitoring.curve_history import History
from dcgan.presets import IMPORTED
from dcgan.runs.run import Run


@st.cache_resource(max_entries=32, show_spinner=False)
def _history(run_path: str) -> History:
    return History(Run(run_path))


def history_of(run: Run) -> dict[str, np.ndarray]:
    """The run's curves so far, by column name."""
    return _history(str(run.path)).refresh()


def alarms_of(run: Run) -> list[Alarm]:
    """The alarms that speak now, causes before their consequences."""
    history = _history(str(run.path))
    history.refresh()
    return history.alarms()


def marks_of(run: Run) -> list[tuple[int, str]]:
    """What should be marked on the run's curves: where it was forked, what was changed, and where alarms began."""
    history, parent = _history(str(run.path)), run.parent()
    history.refresh()
    return sorted([(parent.step, "fork")] * bool(parent.run) + history.marks())


def why_no_curves(config: Config | None) -> str:
    """What is said in place of curves that have no points."""
    if config is not None and config.preset == IMPORTED:
        return "No curves: another program trained this generator, and its file tells nothing of them."
    return "No curves yet: their first points come with the first steps."
