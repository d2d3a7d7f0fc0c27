"""Favourites as one picture to keep: each with its recipe, so that the shelf can be filled again from it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dcgan.errors import BadInput
from dcgan.latent.axis_words import PLAIN
from dcgan.provenance import weights
from dcgan.runs.run import Run
from pages.common.loading import Opened, open_at
from pages.latent import visit_axes
from pages.latent.components.laboratory import MAX_FAVOURITES, Kept
from pages.latent.restore import view_of
from pages.latent.view import recipe_of

if TYPE_CHECKING:
    from pages.latent.visit_axes import Measured

SIDE = 128  # pixels that each favourite is enlarged to, by a whole number


def sheet_of(shelf: list[Kept], known: "Mapping[tuple[str, str], Measured]") -> bytes:
    """All favourites as one PNG with a recipe for each; raises BadInput if one's model has gone."""
    from dcgan.provenance.redraw import favourites_encoded
    from dcgan.provenance.view_picture import picture_of

    listed, pictures = [], []
    for kept in shelf:
        run = Run.named(kept.run)
        opened = _opened(run, kept.step)
        listed.append(_recipe(run, opened, kept, known))
        pictures.append(picture_of(opened.generator, listed[-1]))
    largest = max(len(picture) for picture in pictures)
    return favourites_encoded(pictures, {"favourites": listed, "enlarged": max(1, SIDE // largest)})


def kept_in(recipe: Mapping[str, Any]) -> tuple[list[Kept], int]:
    """The favourites of a sheet whose models are here, and how many others there are; BadInput for a damaged one."""
    listed = recipe["favourites"]
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise BadInput("The recipe inside the picture is damaged: 'favourites' must be recipes.")
    found = []
    for each in listed[:MAX_FAVOURITES]:
        try:
            found.append(Kept(weights.model_of(each).run.id, int(each["step"]), view_of(each)))
        except weights.Lost:
            continue
    return found, len(listed) - len(found)


def _opened(run: Run, step: int) -> Opened:
    newest = open_at(run)
    return newest if newest.step == step else open_at(run, step)


def _recipe(run: Run, opened: Opened, kept: Kept, known: "Mapping[tuple[str, str], Measured]") -> dict[str, Any]:
    from dcgan.latent.directions import spread

    scale = spread(opened.generator.config.z_prior)
    measured = [known[run.id, kind] for kind in visit_axes.needed(kept.view, PLAIN) if (run.id, kind) in known]
    along = {axis.id: scale * axis.direction for each in measured for axis in each.axes}
    return recipe_of(run, opened, kept.view, along, min((each.step for each in measured), default=None))
