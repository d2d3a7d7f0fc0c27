"""What there is to do while the first run is young: what one sees, a guess, a finished run to play with."""

import numpy as np
import streamlit as st

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.monitoring.what_came_first import (
    CLASS,
    DETAIL,
    SHAPE,
    Came,
    Powers,
    before,
    grid_powers,
    of_classes,
    of_powers,
    powers,
    winner,
)
from dcgan.runs import launch
from dcgan.runs.records import Status
from dcgan.runs.run import SHIPPED, Run, list_runs
from pages.charts.distance import quality_of
from pages.common.words import escaped

YOUNG = 2000  # steps
REAL = 256  # pictures that shapes and details are compared with
DIM = 25.0  # variance of grey levels below which a grid looks like one grey: five levels of 255
HEIGHT = 190  # pixels: what the cards say changes, their place doesn't
AWAY, GUESSES = "waiting-away", "waiting-guesses"  # in the session: put away; run id -> guess
CHOICES = {SHAPE: "shapes", CLASS: "all classes", DETAIL: "details"}
MEANS = {
    SHAPE: "areas of light and dark as strong as in real pictures",
    CLASS: "every class among the fakes",
    DETAIL: "as much fine detail as in real pictures",
}


def is_open(run: Run) -> bool:
    """Whether the run, in training, is the first here and young, or has a guess to be answered."""
    if st.session_state.get(AWAY) or run.id in SHIPPED:
        return False
    others = [other for other in list_runs() if other.id != run.id and other.id not in SHIPPED]
    first = not any(launch.observe(other).state == "finished" for other in others)
    return first and (run.status().step < YOUNG or run.id in st.session_state.get(GUESSES, {}))


def draw(run: Run, config: Config, status: Status) -> None:
    """The three cards, as high at every tick; nothing once they were put away."""
    if st.session_state.get(AWAY):
        return
    with st.container(key="waiting-room"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown("**While you wait**", width="content")
            st.button("Put these away", type="tertiary", icon=":material/close:", key="waiting-close", on_click=_close)
        see, guess, play = (column.container(border=True, height=HEIGHT) for column in st.columns(3, gap="small"))
        with see:
            st.markdown(":material/visibility: **What you see**")
            st.markdown(_seen(run, config, status))
        with guess:
            _guess(run, config, status)
        with play:
            _play()


def _close() -> None:
    st.session_state[AWAY] = True


def _seen(run: Run, config: Config, status: Status) -> str:
    """One sentence on the newest pictures, by what was measured of them."""
    steps = run.samples()
    if status.state == "starting" or not steps:
        return "Nothing yet: the pictures and the two networks are being made ready."
    step = steps[-1]
    rows = [row for row in quality_of(run) if row["classes"] and row["step"]]
    if rows and rows[-1]["step"] >= step / 2:
        row = rows[-1]
        kinds = f"{row['covered']} of {row['classes']} classes occur"
        return (
            f"At step {row['step']:,}, {kinds} among {row['n']:,} fakes, by a judge's count: look which you can name."
        )
    try:
        now = _of_grid(str(run.path), step, _changed(run, step), config.image_size)
    except OSError:
        return "The newest pictures can't be read."
    if now.coarse + now.fine < DIM:
        return f"At step {step:,}: nearly one grey. G's weights are still close to random, and every z looks alike."
    if now.fine > now.coarse:
        return f"At step {step:,}: specks. Neighbouring pixels differ more than whole areas do, so z means little yet."
    return f"At step {step:,}: large light and dark areas that differ from z to z. G has begun to lay out pictures."


def _guess(run: Run, config: Config, status: Status) -> None:
    st.markdown(":material/psychology_alt: **Guess what comes first**")
    guesses: dict[str, str] = st.session_state.setdefault(GUESSES, {})
    if run.id not in guesses:
        key = f"guess-{run.id}"
        st.segmented_control(
            "What comes first?", list(CHOICES), format_func=CHOICES.__getitem__, key=key, on_change=_keep,
            args=(run.id, key), label_visibility="collapsed",
        )  # fmt: skip
        st.caption("This run's own pictures and figures will say if it was so.")
        return
    st.markdown(f"You guessed **{CHOICES[guesses[run.id]]}**. {_answer(run, config, status, guesses[run.id])}")


def _keep(run_id: str, key: str) -> None:
    if st.session_state[key] in CHOICES:
        st.session_state[GUESSES][run_id] = st.session_state[key]


def _answer(run: Run, config: Config, status: Status, guess: str) -> str:
    """Whether the guess was right, or why that can't be said yet, or at all."""
    try:
        real = _of_real(config.to_json())
    except BadInput:
        return "It can't be checked: the real pictures are no longer here."
    steps, found = [], []
    for step in run.samples():
        try:
            found.append(_of_grid(str(run.path), step, _changed(run, step), config.image_size))
            steps.append(step)
        except OSError:  # thinned out a moment ago
            continue
    if not steps:
        return "The first pictures will tell."
    times = of_powers(steps, found, real) | of_classes(quality_of(run))
    if CLASS not in times and guess == CLASS:
        return "It can't be said: nothing here measures the classes of these pictures."
    first = winner(times, status.step)
    if first is not None:
        by = times[first].by
        said = "**Right:**" if first == guess else f"It was **{CHOICES[first]}**:"
        return f"{said} {MEANS[first]} by step {by:,}; {_rest(times, first)}."
    if sooner := before(times, guess, status.step):
        others = " and ".join(CHOICES[name] for name in sooner)
        return f"**No:** {others} came before step {times[guess].after:,}, when {CHOICES[guess]} were not there yet."
    if all(each.by is not None for each in times.values()):
        spans = "; ".join(f"{CHOICES[name]} between steps {t.after:,} and {t.by:,}" for name, t in times.items())
        return f"It can't be said, too little was kept between: {spans}."
    return "Too early to say."


def _rest(times: dict[str, Came], first: str) -> str:
    """When the others came."""
    told = [
        f"{CHOICES[name]} {'not yet' if t.by is None else f'after step {t.after:,}'}"
        for name, t in times.items()
        if name != first
    ]
    return ", ".join(told)


def _play() -> None:
    st.markdown(":material/tune: **Play with a finished one**")
    shipped = [run for run in list_runs() if run.id in SHIPPED and run.generator_path.is_file()]
    if shipped:
        st.page_link(
            "pages/latent/explore.py", label=f"Explore {escaped(shipped[0].name)}", icon=":material/tune:",
            query_params={"run": shipped[0].id},
        )  # fmt: skip
    st.page_link("pages/learn/learn.py", label="Learn how it works", icon=":material/school:")
    st.caption("Your run trains on meanwhile; the sidebar shows it.")


def _changed(run: Run, step: int) -> int:
    return run.sample_path(step).stat().st_mtime_ns


@st.cache_data(max_entries=400, show_spinner=False)
def _of_grid(run_path: str, step: int, modified: int, side: int) -> Powers:
    return grid_powers(Run(run_path), step, side)


@st.cache_data(max_entries=4, show_spinner=False)
def _of_real(config_json: str) -> Powers:
    """Those of some training pictures; raises BadInput without the data."""
    from dcgan.data.dataset import real_pictures

    pictures = real_pictures(Config.from_json(config_json), "train")
    rows = np.sort(np.random.default_rng(0).permutation(len(pictures))[:REAL])
    return powers(pictures[rows])
