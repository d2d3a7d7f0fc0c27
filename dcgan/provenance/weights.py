"""The weights that a picture was drawn with: which run, which step, and whether they are still the same."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dcgan.errors import BadInput
from dcgan.images.decode import shown
from dcgan.provenance.fields import damaged, whole
from dcgan.runs.run import Run, default_root, list_runs
from dcgan.system.files import open_regular

MAX_HEADER = 50_000_000  # of a generator's file


class Model(NamedTuple):
    """Weights on this disk."""

    run: Run
    step: int | None  # of a kept generator; None is the newest


class Lost(BadInput):
    """The weights of a recipe are not here; `near` are those that come nearest, if any do."""

    near: Model | None = None


def model_of(recipe: Mapping[str, Any], root: Path | None = None, run: Run | None = None) -> Model:
    """The weights that a recipe names: in its run, in the one that is given, or in any that has the very same.

    Raises Lost, whose sentence says what to do, when they are not there.
    """
    name, step, wanted = recipe.get("run"), whole(recipe, "step", 0, 10**15), recipe.get("weights_hash")
    if not isinstance(name, str) or not name:
        raise damaged("run", "the id of a run")
    if wanted is not None and not isinstance(wanted, str):
        raise damaged("weights_hash", "a hash in hex digits")
    root = Path(root or default_root())
    home = run or _found(name, root)
    places = [home] if home else []
    places += [other for other in list_runs(root) if wanted and not run and not (home and other.path == home.path)]
    for place in places:
        for model in (Model(place, None), Model(place, step)):
            if _fits(model, step, wanted):
                return model
    if home is None:
        raise Lost(
            f"The picture was drawn by run {shown(name)!r} at step {step:,}, which is not in {root}: copy its folder "
            "there, or ",
            terminal="name the folder that holds it with --root.",
            page="start the studio with the variable DCGAN_ROOT naming the folder that holds it.",
        )
    raise _changed(home, step)


def _changed(run: Run, step: int) -> Lost:
    """What to say when the run is here, but other weights are in it."""
    kept = run.snapshots()
    near = min(kept, key=lambda other: abs(other - step), default=None)
    why = "those kept there now are others, or the same in half precision" if near == step else "they were not kept"
    told = f"Run {run.id} no longer has the weights that drew this picture at step {step:,}: {why}"
    if near is None:
        return Lost(f"{told}, nor are any others.")
    lost = Lost(f"{told}; take step {near} instead", terminal=f" (--step {near}).", page=".")
    lost.near = Model(run, near)
    return lost


def _fits(model: Model, step: int, wanted: str | None) -> bool:
    """Whether these are the weights; a recipe without a hash takes those kept at its step."""
    path = model.run.generator_path if model.step is None else model.run.snapshot_path(model.step)
    found = origin_in(path)
    return found is not None and found[0] == step and (found[1] == wanted if wanted else model.step is not None)


def _found(name: str, root: Path) -> Run | None:
    with contextlib.suppress(BadInput):
        return Run.named(name, root)
    return None


def origin_in(path: Path) -> tuple[int, str] | None:
    """The step and the weights' hash that a generator's file states, or None if there is no such file."""
    try:
        with open_regular(path) as file:
            length = int.from_bytes(file.read(8), "little")
            facts = json.loads(file.read(length))["__metadata__"] if length <= MAX_HEADER else {}
        return int(facts["step"]), str(facts["weights_hash"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
