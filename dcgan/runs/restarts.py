"""torchrun --max-restarts starts all processes anew when one is lost: they go on with the run that they had begun."""

import os
from pathlib import Path

import psutil

from dcgan.runs.run import Run, list_runs


def starter() -> str:
    """Which torchrun started this process, by its id and start time; empty if none did."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return ""
    parent = psutil.Process(os.getppid())
    return f"{parent.pid} {parent.create_time():.2f}"


def begun_before(root: Path | None) -> Run | None:
    """The run under root that this process had begun before torchrun started it anew, or None."""
    if int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0)) == 0:
        return None
    return next((run for run in list_runs(root) if run.status().starter == starter()), None)
