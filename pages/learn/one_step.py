"""The part of Learn on one training step: the next step of a run in five frames, with that step's own numbers."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dcgan.errors import BadInput
from dcgan.runs import kept_states, launch
from dcgan.runs.records import Status
from dcgan.runs.run import Run, list_runs
from dcgan.runs.step_frames import StepFrames, next_step
from pages.common import visitors
from pages.common.choose import pick_run
from pages.common.widgets import refuse
from pages.learn import step_words

SHOWN_KEY = "one-step-shown"  # (id of the run, StepFrames)
ASKED_KEY = "one-step-asked"  # the id of a run that was asked to take the step

_HERE = Path(__file__).parent
_frames_component = st.components.v2.component(
    "slow_frames",
    css=(_HERE / "slow_frames.css").read_text(encoding="utf-8"),
    js=(_HERE / "slow_frames.js").read_text(encoding="utf-8"),
)


def draw(chooser: DeltaGenerator) -> None:
    """The run that is picked in `chooser`, and its next step once it is asked for."""
    if not any(_has_state(run) for run in list_runs()):
        st.info("No run here has a saved state to take a step from: train one first.", icon=":material/footprint:")
        if visitors.may_act():
            st.page_link("pages/training/train.py", label="Go to Train", icon=":material/model_training:")
        return
    with chooser:
        run = pick_run("Step of", _has_state)
    if run is None:
        return
    step = kept_states.newest_facts(run).get("step")
    shown = st.session_state.get(SHOWN_KEY)
    frames: StepFrames | None = shown[1] if shown and shown[0] == run.id else None
    if frames is None:
        _offer(run, step)
        return
    _frames_component(key="slow-frames", data=_packed(run.id, frames))
    if frames.facts["exact"]:
        _beside(run, frames)
    else:
        st.caption("This state was saved on another device, so the run's own step rounds otherwise in the last digits.")


def _has_state(run: Run) -> bool:
    return bool(run.state_paths()) and run.generator_path.is_file()


def _offer(run: Run, step: int | None) -> None:
    """What there will be to see, and the button that works it out."""
    st.markdown(
        "A training is thousands of repetitions of one step, and takes each in the blink of an eye. Here one is taken "
        "apart: **the z that are drawn, the fakes, D's verdicts, the gradient that comes back to each pixel, and the "
        "picture before and after.** It is the run's own next step, on a copy: the same weights, the same z, the same "
        "real pictures."
    )
    which = f"Show step {step + 1:,}" if isinstance(step, int) else "Show the next step"
    if st.button(which, icon=":material/slow_motion_video:", type="primary"):
        _work_out(run)


def _work_out(run: Run) -> None:
    """Take the step in a process beside the page, and show it."""
    try:
        with st.spinner("Taking the step on a copy …"):
            frames = _frames(str(run.path), _modified(run))
    except BadInput as error:
        refuse(error)
        return
    st.session_state[SHOWN_KEY] = (run.id, frames)
    st.session_state.pop(ASKED_KEY, None)
    st.rerun()


@st.cache_data(max_entries=8, show_spinner=False)
def _frames(run_path: str, modified: tuple[int, int]) -> StepFrames:
    return next_step(Run(run_path))


@st.cache_data(max_entries=8, show_spinner=False)
def _hashes(run_path: str, modified: tuple[int, int]) -> dict[str, str]:
    """Those of the weights in the run's newest state."""
    from dcgan.runs.checkpoint import load_state, network_hashes

    return network_hashes(load_state(Run(run_path))["gan"])


def _modified(run: Run) -> tuple[int, int]:
    """When the newest state was written and its settings wished for, in nanoseconds."""

    def of(path: Path) -> int:
        return path.stat().st_mtime_ns if path.exists() else 0

    return of(run.state_path), of(run.control_path)


# ---- the run itself


def _beside(run: Run, frames: StepFrames) -> None:
    """What the run itself does: the button to take the step, and whether it was the same."""
    status = launch.observe(run)
    step = kept_states.newest_facts(run).get("step", 0)
    coming = st.session_state.get(ASKED_KEY) == run.id and step == frames.facts["step"] and status.state == "paused"
    if coming:
        st.fragment(_await_step, run_every=0.5)(run, step)
    else:  # no fragment: one that is drawn again alone would be told how the run stood before
        _stand(run, frames, status, step)


def _await_step(run: Run, step: int) -> None:
    st.caption("The run takes the step …")
    if kept_states.newest_facts(run).get("step", 0) != step or launch.observe(run).state not in launch.ACTIVE:
        st.rerun()


def _stand(run: Run, frames: StepFrames, status: Status, step: int) -> None:
    if step == frames.facts["step"] + 1:
        _compare(run, frames)
    elif step == frames.facts["step"] and status.state == "paused":
        if visitors.may_act():
            st.button("Take this step", icon=":material/skip_next:", on_click=_take, args=(run,))
            st.caption("The run is paused before this step. Here, or by Step on Train, it takes it for real.")
        else:
            st.caption("The run is paused before this step.")
    elif status.state in launch.ACTIVE:
        st.caption(f"The run trains on; this was the step after its state of step {frames.facts['step']:,}.")
        if visitors.may_act():
            st.caption("Pause it on Train to walk through its steps one by one.")
    else:
        st.caption("The step was taken on a copy: nothing in the run's folder has changed.")
    if step != frames.facts["step"]:
        with st.container(horizontal=True, vertical_alignment="center"):  # the spinner comes beside it, in sight
            if st.button("Show the next step", icon=":material/slow_motion_video:"):
                _work_out(run)


def _compare(run: Run, frames: StepFrames) -> None:
    """Say whether the run, which has taken the step, got the weights that were shown."""
    taken = frames.facts["step"] + 1
    try:
        with st.spinner("Comparing the weights …"):  # the first time it loads PyTorch
            same = _hashes(str(run.path), _modified(run)) == frames.facts["after"]
    except BadInput as error:
        refuse(error)
        return
    if same:
        st.success(
            f"The run has taken step {taken:,}: every weight of G and D is, bit for bit, what you saw here.",
            icon=":material/check:",
        )
    else:
        st.warning(f"The run took step {taken:,} otherwise: its settings or threads were changed in between.")


def _take(run: Run) -> None:
    """Let the paused run take one step, by the same wish as Step on Train."""
    visitors.check()
    run.ask("step")
    st.session_state[ASKED_KEY] = run.id


# ---- to the browser


def _packed(run_id: str, frames: StepFrames) -> bytes:
    """Frames as bytes: a 4-byte header length, a JSON header, then arrays, each named in it with its length.

    Pictures are uint8 (n, S, S, C); z, gradient and change are float32, the last two (n, S, S): over the colours the
    gradient is summed and the change, in grey levels of 255, averaged.
    """
    arrays: dict[str, np.ndarray] = {
        "z": frames.z.astype("<f4"),
        **{name: _levels(getattr(frames, name)) for name in ("real", "fakes", "after")},
        "gradient": frames.gradient.sum(1).astype("<f4"),
        "change": (127.5 * (frames.after - frames.fakes)).mean(1).astype("<f4"),
    }
    header: dict[str, Any] = {
        "identity": f"{run_id} {frames.facts['step']} {frames.facts['after']['G'][:12]}",
        "count": len(frames.z),
        "size": frames.real.shape[2],
        "channels": frames.real.shape[1],
        "scores": frames.facts["scores"],
        "scales": {"z": 3.0, **{name: _scale(arrays[name]) for name in ("gradient", "change")}},
        "frames": step_words.frames(frames.facts, len(frames.z)),
        "arrays": [[name, values.nbytes] for name, values in arrays.items()],
    }
    for name in ("on_real", "on_fake", "judged", "was", "became"):
        header[name] = [round(float(value), 4) for value in getattr(frames, name)]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *(values.tobytes() for values in arrays.values())])


def _levels(pictures: np.ndarray) -> np.ndarray:
    """Pictures (n, C, S, S) in [-1, 1] as grey levels (n, S, S, C)."""
    levels = np.rint(np.clip(np.nan_to_num(pictures), -1, 1) * 127.5 + 127.5).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(0, 2, 3, 1))


def _scale(values: np.ndarray) -> float:
    """What is drawn in full colour: a round number that all but one value in 50 stay within."""
    top = float(np.quantile(np.abs(np.nan_to_num(values)), 0.98)) or 1e-12
    digit = 10.0 ** math.floor(math.log10(top))
    return digit * next(step for step in (1, 2, 5, 10) if step * digit >= top)
