"""The next step of a run, worked out beside it and looked at closely; no torch.

A process of its own takes the step from a copy of the run's newest state (`dcgan/training/slow_step.py`) and sends what
it saw through its output. Nothing in the run's folder changes, and a training that is paused stays where it is.
"""

import io
import json
import os
import subprocess
import sys
from typing import Any, NamedTuple

import numpy as np

from dcgan.errors import DONE, REFUSED, BadInput
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT
from dcgan.system.processes import NICE

SHOWN = 12  # pictures of the batch, at most
SECONDS = 300.0  # for a step of the largest networks on a busy machine
ARRAYS = ("z", "real", "fakes", "gradient", "after", "on_real", "on_fake", "judged", "was", "became")


class StepFrames(NamedTuple):
    """What one step did to the first n of its batch's pictures; pictures are float32 (n, C, S, S) in [-1, 1].

    Where G draws fresh z for its own move, `z` and `fakes` are those, and `on_fake` is of others. D's verdicts (n,) are
    logits, or scores where the loss makes no probability of them.
    """

    z: np.ndarray  # (n, z_dim)
    real: np.ndarray  # the batch's pictures as they are, before D may see them changed
    fakes: np.ndarray  # G(z) before the step
    gradient: np.ndarray  # dL_G/dx of those, of the mean loss over the batch
    after: np.ndarray  # G(z) after the step
    on_real: np.ndarray  # by the D from before the step
    on_fake: np.ndarray
    judged: np.ndarray  # the fakes by the D that has just moved, in G's own move
    was: np.ndarray  # the fakes by that D, unchanged by augmentation or dropout
    became: np.ndarray  # what G draws after the step, by the same D
    facts: dict[str, Any]  # see `slow_step.facts_of`


def packed(arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> bytes:
    """Arrays and facts as one .npz."""
    members: dict[str, Any] = {**arrays, "facts": np.frombuffer(json.dumps(facts).encode(), np.uint8)}
    out = io.BytesIO()
    np.savez(out, **members)
    return out.getvalue()


def unpacked(content: bytes) -> StepFrames:
    """Undo `packed`."""
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        return StepFrames(**{name: found[name] for name in ARRAYS}, facts=json.loads(found["facts"].tobytes()))


def next_step(run: Run) -> StepFrames:
    """Take the run's next step from a copy of its newest state; BadInput, with the reason, where there can be none."""
    if not run.state_paths():
        raise BadInput(f"Run {run.id} has no saved state (state.pt) to take a step from.")
    env = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}  # the app's, not a training's
    command = [sys.executable, "-m", "dcgan.training.slow_step", str(run.path)]
    try:
        done = subprocess.run(
            ["nice", "-n", str(NICE), *command] if sys.platform != "win32" else command,
            cwd=PROJECT,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise BadInput(
            f"The step of run {run.id} took more than {SECONDS / 60:.0f} minutes and was given up."
        ) from None
    except OSError as error:
        raise BadInput(f"No process can be made to take the step in ({error.strerror}).") from None
    if done.returncode == DONE:
        return unpacked(done.stdout)
    said = done.stderr.decode(errors="replace").strip().splitlines() or ["the process ended at once and left no word"]
    if done.returncode == REFUSED:
        raise BadInput(said[-1])
    raise BadInput(f"The step of run {run.id} could not be taken: {said[-1]}.")
