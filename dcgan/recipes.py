"""What the recipe inside a picture asks for, checked field by field, and which model it was made with; no torch.

A recipe is read from a file that anybody may have written, so nothing in it is taken on trust.
"""

import contextlib
import errno
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dcgan.config import BadInput
from dcgan.files import open_regular, read_regular
from dcgan.images import read_recipe
from dcgan.pictures import shown
from dcgan.runs import Run, default_root, list_runs

MAX_BYTES = 200_000_000  # of a file that is looked into
MAX_HEADER = 50_000_000  # of a generator's file
MAX_SEED = 2**32 - 1
ENDINGS = {  # what a recipe asks for -> the files it can become, the usual one first
    "view": (".png",),
    "film": (".webp", ".gif"),
    "sample": (".png",),
    "morph": (".gif", ".webp", ".png", ".mp4"),
    "corners": (".png",),
    "training": (".gif", ".webp"),
    "favourites": (".png",),
}


def recipe_in(data: bytes, name: str = "the file") -> dict[str, Any]:
    """The recipe inside a picture; raises BadInput for other files and for pictures without one."""
    recipe = read_recipe(data)
    if recipe is None:
        raise BadInput(
            f"{shown(name)} carries no recipe: pictures that the studio made do, unless another program has saved them "
            "anew since."
        )
    kind_of(recipe)
    return recipe


def recipe_of_file(path: Path | str) -> tuple[dict[str, Any], bytes]:
    """The recipe inside a picture's file, and the file; raises BadInput."""
    path = Path(path)
    try:
        data = read_regular(path, MAX_BYTES)
    except (OSError, ValueError) as error:
        if getattr(error, "errno", 0) == errno.EFBIG:
            raise BadInput(
                f"{path} has more than {MAX_BYTES // 10**6} MB, too much for a picture of the studio's."
            ) from None
        raise BadInput(f"{shown(str(path))} can't be read ({getattr(error, 'strerror', None) or error}).") from None
    return recipe_in(data, path.name), data


def kind_of(recipe: Mapping[str, Any]) -> str:
    """Which of ENDINGS a recipe asks for; raises BadInput if none."""
    for kind, marks in (
        ("favourites", {"favourites"}),
        ("film", {"walk", "steps"}),
        ("view", {"walk"}),
        ("corners", {"corners"}),
        ("morph", {"seeds", "mode"}),
        ("training", {"run", "steps"}),
        ("sample", {"seed", "n"}),
    ):
        if marks <= recipe.keys():
            return kind
    raise BadInput("The recipe inside the picture is of a kind that this version doesn't know: update DCGAN Studio.")


# ---- fields, each read with its bounds


def whole(recipe: Mapping[str, Any], name: str, low: int, high: int, otherwise: int | None = None) -> int:
    """A whole number from low to high, or `otherwise` where the field is missing."""
    value = recipe.get(name, otherwise)
    if type(value) is not int or not low <= value <= high:
        raise _damaged(name, f"a whole number from {low} to {high}")
    return value


def number(recipe: Mapping[str, Any], name: str, low: float, high: float, otherwise: float) -> float:
    """A number from low to high, or `otherwise` where the field is missing."""
    value = recipe.get(name, otherwise)
    if type(value) not in (int, float) or not low <= value <= high:
        raise _damaged(name, f"a number from {low:g} to {high:g}")
    return float(value)


def numbers(recipe: Mapping[str, Any], name: str, count: int) -> list[float] | None:
    """So many finite numbers, or None where the field is missing."""
    if name not in recipe:
        return None
    values = recipe[name]
    good = isinstance(values, list) and len(values) == count
    if not good or not all(type(x) in (int, float) and abs(x) < 1e6 for x in values):
        raise _damaged(name, f"{count} numbers")
    return [float(x) for x in values]


def wholes(recipe: Mapping[str, Any], name: str, fewest: int, most: int, high: int = MAX_SEED) -> list[int]:
    """From fewest to most whole numbers, each from 0 to high."""
    values = recipe.get(name)
    if not isinstance(values, list) or not fewest <= len(values) <= most:
        raise _damaged(name, f"{fewest} to {most} whole numbers")
    if not all(type(x) is int and 0 <= x <= high for x in values):
        raise _damaged(name, f"whole numbers from 0 to {high}")
    return list(values)


def choice(recipe: Mapping[str, Any], name: str, choices: tuple[Any, ...], otherwise: Any = None) -> Any:
    """One of some values, or `otherwise` where the field is missing."""
    value = recipe.get(name, otherwise)
    if not any(value is known or (value == known and type(value) is type(known)) for known in choices):
        raise _damaged(name, f"one of {', '.join(map(str, choices))}")
    return value


def hops(recipe: Mapping[str, Any]) -> list[tuple[int, int, int]]:
    """The steps of a walk from neighbour to neighbour: (distance in percent, seed of the directions, number)."""
    walk = recipe.get("walk", [])
    if not isinstance(walk, list) or len(walk) > 100 or not all(isinstance(hop, dict) for hop in walk):
        raise _damaged("walk", "at most 100 steps")
    return [
        (whole(hop, "distance", 5, 100), whole(hop, "around", 0, MAX_SEED), whole(hop, "number", 1, 12)) for hop in walk
    ]


def sliders(recipe: Mapping[str, Any]) -> dict[str, float]:
    """Slider -> value: a dimension of z by its number, or an axis such as c2."""
    found = recipe.get("sliders", {})
    if not isinstance(found, dict) or len(found) > 4096:
        raise _damaged("sliders", "a value for each moved slider")
    return {name: number(found, name, -1e6, 1e6, math.nan) for name in found}


def _damaged(name: str, must: str) -> BadInput:
    return BadInput(f"The recipe inside the picture is damaged: {name!r} must be {must}.")


# ---- the model


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
        raise _damaged("run", "the id of a run")
    if wanted is not None and not isinstance(wanted, str):
        raise _damaged("weights_hash", "a hash in hex digits")
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
