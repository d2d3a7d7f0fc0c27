"""What the recipe inside a picture asks for, checked field by field, and which model it was made with; no torch.

A recipe is read from a file that anybody may have written, so nothing in it is taken on trust.
"""

import errno
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dcgan.errors import BadInput
from dcgan.images.decode import shown
from dcgan.images.embedded import read_recipe
from dcgan.system.files import read_regular

MAX_BYTES = 200_000_000  # of a file that is looked into
MAX_SEED = 2**32 - 1
MAX_FRAMES = 5000
MODES = ("slerp", "lerp", "even")  # of the way between two keyframes
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
        raise damaged(name, f"a whole number from {low} to {high}")
    return value


def number(recipe: Mapping[str, Any], name: str, low: float, high: float, otherwise: float) -> float:
    """A number from low to high, or `otherwise` where the field is missing."""
    value = recipe.get(name, otherwise)
    if type(value) not in (int, float) or not low <= value <= high:
        raise damaged(name, f"a number from {low:g} to {high:g}")
    return float(value)


def numbers(recipe: Mapping[str, Any], name: str, count: int) -> list[float] | None:
    """So many finite numbers, or None where the field is missing."""
    if name not in recipe:
        return None
    values = recipe[name]
    good = isinstance(values, list) and len(values) == count
    if not good or not all(type(x) in (int, float) and abs(x) < 1e6 for x in values):
        raise damaged(name, f"{count} numbers")
    return [float(x) for x in values]


def wholes(recipe: Mapping[str, Any], name: str, fewest: int, most: int, high: int = MAX_SEED) -> list[int]:
    """From fewest to most whole numbers, each from 0 to high."""
    values = recipe.get(name)
    if not isinstance(values, list) or not fewest <= len(values) <= most:
        raise damaged(name, f"{fewest} to {most} whole numbers")
    if not all(type(x) is int and 0 <= x <= high for x in values):
        raise damaged(name, f"whole numbers from 0 to {high}")
    return list(values)


def labels(recipe: Mapping[str, Any], name: str, count: int, num_classes: int) -> list[int | None]:
    """For each of so many pictures the class that is asked for, or None; all None where the field is missing."""
    values = recipe.get(name, [None] * count)
    good = isinstance(values, list) and len(values) == count
    if not good or not all(x is None or (type(x) is int and 0 <= x < num_classes) for x in values):
        raise damaged(name, f"{count} classes, each null or a whole number below {num_classes}")
    return list(values)


def choice(recipe: Mapping[str, Any], name: str, choices: tuple[Any, ...], otherwise: Any = None) -> Any:
    """One of some values, or `otherwise` where the field is missing."""
    value = recipe.get(name, otherwise)
    if not any(value is known or (value == known and type(value) is type(known)) for known in choices):
        raise damaged(name, f"one of {', '.join(map(str, choices))}")
    return value


def hops(recipe: Mapping[str, Any]) -> list[tuple[int, int, int]]:
    """The steps of a walk from neighbour to neighbour: (distance in percent, seed of the directions, number)."""
    walk = recipe.get("walk", [])
    if not isinstance(walk, list) or len(walk) > 100 or not all(isinstance(hop, dict) for hop in walk):
        raise damaged("walk", "at most 100 steps")
    return [
        (whole(hop, "distance", 5, 100), whole(hop, "around", 0, MAX_SEED), whole(hop, "number", 1, 12)) for hop in walk
    ]


def sliders(recipe: Mapping[str, Any]) -> dict[str, float]:
    """Slider -> value: a dimension of z by its number, or an axis such as c2."""
    found = recipe.get("sliders", {})
    if not isinstance(found, dict) or len(found) > 4096:
        raise damaged("sliders", "a value for each moved slider")
    return {name: number(found, name, -1e6, 1e6, math.nan) for name in found}


def damaged(name: str, must: str) -> BadInput:
    return BadInput(f"The recipe inside the picture is damaged: {name!r} must be {must}.")
