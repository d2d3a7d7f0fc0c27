"""A picture with a recipe that was dropped on a morph: a keyframe, a whole morph, or a square between corners."""

from typing import Any

from dcgan.errors import BadInput
from dcgan.images import embedded
from dcgan.provenance import fields
from pages.latent.morph import MAX_KEYS, Corners, Morph
from pages.latent.restore import corner_params, morph_params, view_of

NO_RECIPE = "This picture has no recipe inside: only those saved here have one."


def taken(walk: Morph, data: bytes) -> tuple[Morph | Corners, dict[str, Any]]:
    """What a dropped picture leads to, and its recipe; BadInput says in one sentence why it leads nowhere.

    A picture of one z becomes the last keyframe, whatever model drew it; a morph's film takes the morph's place. A
    square between four corners is one to show instead.
    """
    recipe = embedded.read_recipe(data)
    if recipe is None:
        raise BadInput(NO_RECIPE)
    kind = fields.kind_of(recipe)
    if kind == "morph":
        return Morph.from_params(morph_params(recipe)), recipe
    if kind == "corners":
        return Corners.from_params(corner_params(recipe)), recipe
    if kind not in ("view", "film", "sample") or recipe.get("n", 1) != 1:
        raise BadInput(
            "This picture shows several z at once: drop one of a single picture, or the film of an interpolation."
        )
    if len(walk.keys) >= MAX_KEYS:
        raise BadInput(f"There is room for {MAX_KEYS} keyframes: remove one first.")
    return walk.added(view_of(recipe)), recipe
