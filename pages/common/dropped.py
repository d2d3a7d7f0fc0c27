"""A picture with a recipe that was dropped on a morph: a keyframe, or a whole morph."""

import dataclasses
from typing import Any

from dcgan import images
from dcgan.config import BadInput
from pages.common.morph import MAX_KEYS, Morph, as_key
from pages.common.view import View

NO_RECIPE = "This picture has no recipe inside: only those saved here have one."


def taken(walk: Morph, data: bytes) -> tuple[Morph, dict[str, Any]]:
    """The morph with what was dropped, and its recipe; BadInput says in one sentence why there is nothing to take.

    A picture of one z becomes the last keyframe, whatever model drew it; a morph's film takes the morph's place.
    """
    recipe = images.read_recipe(data)
    if recipe is None:
        raise BadInput(NO_RECIPE)
    if isinstance(recipe.get("seeds"), list) and "mode" in recipe:
        return morph_of(recipe), recipe
    if "seed" not in recipe or recipe.get("n", 1) != 1:
        raise BadInput("This picture shows several z at once: drop one of a single picture, or a morph's film.")
    if len(walk.keys) >= MAX_KEYS:
        raise BadInput(f"A morph has at most {MAX_KEYS} keyframes: remove one first.")
    return walk.added(view_of(recipe)), recipe


def view_of(recipe: dict[str, Any]) -> View:
    """The view that a recipe of one picture tells of; what can't be meant is left at its default."""
    sliders = recipe["sliders"] if isinstance(recipe.get("sliders"), dict) else {}
    walk = [[hop.get(name) for name in ("distance", "around", "number")] for hop in _items(recipe.get("walk"), dict)]
    params = {"seed": recipe.get("seed"), "truncation": recipe.get("truncation", 1)}
    params |= {"walk": "_".join(".".join(map(str, hop)) for hop in walk)}
    params |= {"sliders": "_".join(f"{name}~{at}" for name, at in sliders.items())}
    return as_key(View.from_params({name: str(value) for name, value in params.items()}))


def morph_of(recipe: dict[str, Any]) -> Morph:
    """The morph that the recipe of a film tells of."""
    seeds = _items(recipe["seeds"], int)
    params = {name: str(recipe[name]) for name in ("mode", "frames", "fps", "truncation") if name in recipe}
    walk = Morph.from_params(params | {"seeds": "_".join(map(str, seeds)), "loop": str(int(bool(recipe.get("loop"))))})
    views = [view_of(view) for view in _items(recipe.get("keyframes"), dict)]
    return dataclasses.replace(walk, keys=tuple(views)) if [view.seed for view in views] == walk.seeds else walk


def _items(values: Any, kind: type) -> list[Any]:
    return [value for value in values if isinstance(value, kind)] if isinstance(values, list) else []
