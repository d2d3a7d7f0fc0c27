"""What the sliders of a model mean, kept beside its weights: measured once, there for every visit after.

Each kind of axes, and the order of z's dimensions, is a file of the run, `axes/<step>-<weights>-<kind>.json`, written
by whoever needed it first. A run in training keeps none, since its newest weights are soon others; one that can't be
written to is measured anew in each process.
"""

import base64
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from dcgan.latent.axes import axes_of
from dcgan.latent.axis_words import PLAIN
from dcgan.latent.directions import Axis
from dcgan.latent.influence import ranked_dims
from dcgan.runs import launch
from dcgan.runs.run import Run
from dcgan.system.kept_json import found_about, keep_about

if TYPE_CHECKING:
    from pathlib import Path

    from dcgan.judges.judge import Judge
    from dcgan.networks.models import Generator

VERSION = 1  # of how axes are found and measured: those of another one are measured again

Dims = list[tuple[int, float]]  # as `latent.ranked_dims` gives them


def axes_for(run: Run, generator: "Generator", kind: str, judge: "Judge | None") -> list[Axis]:
    """The axes of one of `axes.KINDS`, as kept with the run, else measured and then kept."""
    found = kept_axes(run, generator, kind, judge)
    if found is None:
        found = axes_of(generator, kind, judge)
        _keep(run, generator, kind, judge, [_written(axis) for axis in found])
    return found


def kept_axes(run: Run, generator: "Generator", kind: str, judge: "Judge | None") -> list[Axis] | None:
    """The axes that are kept of exactly these weights, named by this judge; None where there are none."""
    found = _kept(run, generator, kind, judge)
    try:
        return None if found is None else [_read(values, generator.config.z_dim) for values in found]
    except (AttributeError, KeyError, TypeError, ValueError):  # damaged, or a stranger's
        return None


def dims_for(run: Run, generator: "Generator") -> Dims:
    """All dimensions of z, those that change the picture most first, as kept with the run, else measured and kept."""
    found = kept_dims(run, generator)
    if found is None:
        found = ranked_dims(generator)
        _keep(run, generator, PLAIN, None, [[dim, round(strength, 4)] for dim, strength in found])
    return found


def kept_dims(run: Run, generator: "Generator") -> Dims | None:
    """The order of dimensions that is kept of exactly these weights; None where there is none."""
    found = _kept(run, generator, PLAIN, None)
    try:
        dims = None if found is None else [(int(dim), float(strength)) for dim, strength in found]
    except (TypeError, ValueError):
        return None
    return dims if dims and sorted(dim for dim, _ in dims) == list(range(generator.config.z_dim)) else None


def _path(run: Run, generator: "Generator", kind: str) -> "Path":
    assert generator.origin is not None  # it was read from a file
    return run.path / "axes" / f"{generator.origin.step:08d}-{generator.origin.weights_hash[:12]}-{kind}.json"


def _about(generator: "Generator", judge: "Judge | None") -> dict[str, Any]:
    """What must be the same for what is kept to count: who names the classes is part of it."""
    assert generator.origin is not None
    namer = judge.hash if judge and judge.class_names else ""
    return {"version": VERSION, "weights_hash": generator.origin.weights_hash, "judge": namer}


def _kept(run: Run, generator: "Generator", kind: str, judge: "Judge | None") -> list[Any] | None:
    return found_about(_path(run, generator, kind), _about(generator, judge), "found")


def _keep(run: Run, generator: "Generator", kind: str, judge: "Judge | None", found: list[Any]) -> None:
    if launch.observe(run).state not in launch.ACTIVE:
        keep_about(_path(run, generator, kind), _about(generator, judge), "found", found)


def _written(axis: Axis) -> dict[str, Any]:
    direction = base64.b64encode(axis.direction.numpy().astype("<f4").tobytes()).decode()
    return axis._asdict() | {"direction": direction}


def _read(values: dict[str, Any], z_dim: int) -> Axis:
    """What `_written` wrote; raises ValueError, or nearly anything, for what can't be an axis of this model."""
    direction = np.frombuffer(base64.b64decode(values["direction"], validate=True), "<f4")
    numbers = [values["strength"], values["evenness"], *values["effects"].values()]
    texts = [values["id"], values["name"], values["toward"], *values["effects"]]
    good = all(isinstance(text, str) for text in texts) and all(math.isfinite(number) for number in numbers)
    if not good or direction.shape != (z_dim,) or not np.isfinite(direction).all():
        raise ValueError("not an axis")
    return Axis(**{**{name: values[name] for name in Axis._fields}, "direction": torch.from_numpy(direction.copy())})
