"""Sample grids of one run or several over a slider of the steps that were kept."""

from collections.abc import Sequence

import streamlit as st

from dcgan.runs.run import Run
from dcgan.runs.sample_grids import grid_of
from pages.charts.compare import nearest_kept
from pages.common import address
from pages.common.words import escaped
from pages.training import sample_history

HELP = "Every kept sample grid, from the first on. The same z at every step."
GRID = "grid-of-run"  # the container of a grid, with its number
ACROSS, LEAST_PX = 4, 150  # grids beside each other, and how wide each is at least


def draw(runs: Sequence[Run], names: Sequence[str] = ()) -> None:
    """One grid per run, titled with its name if names are given, over a slider of all steps kept by any of them."""
    kept = [run.samples() for run in runs]
    steps = sorted({step for each in kept for step in each})
    if not steps:
        st.info("No sample grid yet: the first appears when training begins.", icon=":material/hourglass_empty:")
        return
    above = st.container() if names else None  # on a phone two grids would push the slider far down
    pictures = st.container(key="pixels-runs")
    with above or st.container():
        wanted = step_slider(steps, "-".join(run.id for run in runs))
    if len(runs) > 2:
        cells = pictures.grid(min(len(runs), ACROSS), min_column_width=LEAST_PX, gap="medium")
        places = [cells.container() for _ in runs]
    else:
        places = list(pictures.columns(len(runs), gap="medium")) if names else [pictures]
    for i, (place, run, each) in enumerate(zip(places, runs, kept, strict=True)):
        with place:
            if names:
                st.subheader(escaped(names[i]), anchor=False)
            sample_history.keep_room(f"{GRID}-{i}", run)
            with st.container(key=f"{GRID}-{i}"):
                _one(run, nearest_kept(each, wanted))
    sample_history.watch([(f"{GRID}-{i}", run) for i, run in enumerate(runs)])


def _one(run: Run, step: int | None) -> None:
    if step is None:
        st.info("No sample grid yet.")
        return
    try:
        picture = grid_of(run, step)
    except OSError:
        st.info("This grid is damaged, or was thinned out a moment ago: pick another step.")
        return
    title = f"Samples at step {step:,}"
    st.image(picture, title, output_format="PNG", width="stretch", alt=title)


def step_slider(steps: list[int], name: str) -> int:
    """A slider over kept steps; the newest until somebody moves it, and then in the URL."""
    if len(steps) < 2:
        st.query_params.pop("step", None)
        return steps[0]
    key = f"step-{name}"
    if address.just_arrived(key) or st.session_state[key] not in steps:
        asked = address.read_whole(st.query_params.get("step", ""))
        st.session_state[key] = asked if asked in steps else steps[-1]
    step = st.select_slider(
        "Step", steps, st.session_state[key], key=key, format_func=lambda step: f"{step:,}", help=HELP
    )
    if step == steps[-1]:
        st.query_params.pop("step", None)
    else:
        st.query_params["step"] = str(step)
    return step
