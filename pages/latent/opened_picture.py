"""What comes of a picture that was chosen or dropped on Explore: a place to go, favourites, or one sentence."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from dcgan.errors import BadInput
from dcgan.provenance import fields, weights
from pages.common.words import escaped
from pages.latent import favourites, restore
from pages.latent.components import drop
from pages.latent.components.laboratory import MAX_FAVOURITES, Kept
from pages.latent.restore import Target


class Refused(NamedTuple):
    """Why a picture could not be shown; `near` are weights that it could be shown with instead."""

    why: str
    recipe: Mapping[str, Any] | None = None
    near: weights.Model | None = None


class Sheet(NamedTuple):
    """Favourites, and how many more there are whose models are not here."""

    favourites: list[Kept]
    missing: int


def arrived(key: str) -> Target | Sheet | Refused | None:
    """What the picture asks for that came since the last look, if one did."""
    recipe: dict[str, Any] | None = None
    try:
        picture = drop.opened(key)
        if picture is None:
            return None
        recipe = fields.recipe_in(picture.content, picture.name)
        if fields.kind_of(recipe) == "favourites":
            return Sheet(*favourites.kept_in(recipe))
        return restore.target_of(recipe)
    except BadInput as error:
        return Refused(error.on_page, recipe, getattr(error, "near", None))


def with_near(refused: Refused) -> Target | Refused:
    """The refused picture with the weights that come nearest."""
    assert refused.recipe is not None and refused.near is not None
    try:
        return restore.target_of(refused.recipe, model=refused.near)
    except BadInput as error:
        return Refused(error.on_page)


def with_favourites(shelf: list[Kept], sheet: Sheet) -> list[Kept]:
    """The shelf with those of a sheet behind it, which a line at the edge tells."""
    new = [kept for kept in dict.fromkeys(sheet.favourites) if kept not in shelf]
    told = f"From the picture: {len(new)} new favourite{'s' * (len(new) != 1)}"
    told += f"; {sheet.missing} more of models that are not here" * bool(sheet.missing)
    st.toast(escaped(told), icon=":material/bookmark:")
    return [*shelf, *new][:MAX_FAVOURITES]
