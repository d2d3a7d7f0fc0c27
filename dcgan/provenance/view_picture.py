"""One picture from its recipe: the z of a view, and the picture that a generator makes of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.images import grids
from dcgan.images.encode import png_bytes
from dcgan.latent import moves
from dcgan.latent.class_centres import label_of_seed
from dcgan.latent.codes import z_of_code
from dcgan.latent.render import render
from dcgan.latent.seeds import z_from_seed
from dcgan.networks.models import Generator
from dcgan.provenance import fields
from dcgan.provenance.fields import number, numbers, whole

Recipe = Mapping[str, Any]

MAX_PIXELS = 200_000_000  # of a picture, or of all frames of an animation


def z_of(recipe: Recipe, generator: Generator, truncation: float = 1.0) -> torch.Tensor:
    """The z (z_dim,) of a view: from a seed, or from the z that stands in the recipe, to where sliders have led.

    It is truncated once more by `truncation`, and then moved to its class, see `centre_of`.
    """
    config = generator.config
    z = moves.truncate(finished(base_z(recipe, config), recipe, config), truncation)
    centre = centre_of(recipe, generator)
    return z if centre is None else z + centre


def centre_of(recipe: Recipe, generator: Generator) -> torch.Tensor | None:
    """Where the class of a view lies, (z_dim,): the seed's own or the one that it names, or on the way between two.

    `class` and `toward` are labels, and `share` from 0 to 1 is how much of the way is gone. None where there are no
    classes, and for a z that was given, which has been moved already.
    """
    config = generator.config
    if not config.num_classes or "z" in recipe:
        return None
    last = config.num_classes - 1
    label = whole(recipe, "class", 0, last, label_of_seed(seed_of(recipe), config.class_shares))
    toward, share = whole(recipe, "toward", 0, last, label), number(recipe, "share", 0, 1, 0.0)
    first, second = generator.centres.weight.detach().float().cpu()[[label, toward]]
    return torch.lerp(first, second, share)


def base_z(recipe: Recipe, config: Config) -> torch.Tensor:
    """The z (z_dim,) of the seed, or the one that is given, after the walk, before sliders and truncation."""
    given = _given_z(recipe, config.z_dim)
    start = z_from_seed(seed_of(recipe), config.z_dim, config.z_prior) if given is None else given
    return moves.walked(start, fields.hops(recipe), config.z_prior)


def finished(z: torch.Tensor, recipe: Recipe, config: Config) -> torch.Tensor:
    """z (z_dim,) or (N, z_dim) with the recipe's sliders and truncation."""
    dims = {int(name): value for name, value in fields.sliders(recipe).items() if name.isdecimal()}
    offset = numbers(recipe, "offset", config.z_dim)
    return moves.moved(z, dims, offset, truncation_of(recipe), config.z_prior)


def _given_z(recipe: Recipe, z_dim: int) -> torch.Tensor | None:
    """The z that no seed gives, as a list of numbers or as half precision in base64url; None if there is none."""
    if not isinstance(recipe.get("z"), str):
        given = numbers(recipe, "z", z_dim)
        return None if given is None else torch.tensor(given)
    found = z_of_code(recipe["z"], z_dim)
    if found is None:
        raise BadInput(f"The recipe inside the picture is damaged: 'z' must be the code of {z_dim} numbers.")
    return found


def picture_of(generator: Generator, recipe: Recipe) -> np.ndarray:
    """The picture of a view, uint8 (H, W) or (H, W, 3), in its own size."""
    return render(generator, z_of(recipe, generator)[None])[0]


def view_file(generator: Generator, recipe: Recipe, ending: str) -> bytes:
    picture = picture_of(generator, recipe)
    return encoded(grids.upscale(picture, factor_of(recipe, picture.size)), recipe)


# ---- fields that several kinds of recipes have, and the file


def seed_of(recipe: Recipe) -> int:
    return whole(recipe, "seed", 0, fields.MAX_SEED)


def truncation_of(recipe: Recipe) -> float:
    return number(recipe, "truncation", 0, moves.MAX_TRUNCATION, 1.0)


def factor_of(recipe: Recipe, num_values: int) -> int:
    """How often the picture is enlarged, refused where that would fill the memory."""
    factor = whole(recipe, "enlarged", 1, 64, 1)
    if num_values * factor**2 > MAX_PIXELS:
        raise BadInput("The recipe inside the picture asks for one that is too large to make.")
    return factor


def encoded(picture: np.ndarray, recipe: Recipe) -> bytes:
    return png_bytes(picture, dict(recipe))
