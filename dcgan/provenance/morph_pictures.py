"""A morph from its recipe: the frames of a walk between keyframes, and the pictures between four corners."""

import numpy as np
import torch

from dcgan.errors import BadInput
from dcgan.images import grids, mp4
from dcgan.images.encode import FPS_RANGE, gif_bytes, webp_bytes
from dcgan.latent import class_centres, walks
from dcgan.latent.render import render
from dcgan.networks.models import Generator
from dcgan.provenance import fields
from dcgan.provenance.fields import MAX_FRAMES, choice, number, numbers, whole, wholes
from dcgan.provenance.view_picture import Recipe, encoded, factor_of, truncation_of, z_of


def morph_frames(generator: Generator, recipe: Recipe) -> np.ndarray:
    """The frames of a morph, uint8 (frames, H, W[, 3]); raises BadInput if it has fewer frames than keyframes."""
    frames = whole(recipe, "frames", 2, MAX_FRAMES)
    mode, loop = choice(recipe, "mode", fields.MODES), choice(recipe, "loop", (False, True), False)
    keys = keys_z(recipe, generator)
    if mode == "even":
        z = walks.even_path(keys, frames, lambda z: render(generator, z), loop=loop)
    else:
        z = walks.path(keys, frames, mode, loop)
    return render(generator, z)


def keys_z(recipe: Recipe, generator: Generator) -> torch.Tensor:
    """One z per keyframe, (K, z_dim), truncated: seeds, or where some are more than that, a view each."""
    if "keyframes" not in recipe:
        return class_centres.z_of(generator, wholes(recipe, "seeds", 2, MAX_FRAMES), truncation_of(recipe))
    views = recipe["keyframes"]
    if not isinstance(views, list) or not 2 <= len(views) <= MAX_FRAMES or not all(isinstance(v, dict) for v in views):
        raise BadInput("The recipe inside the picture is damaged: 'keyframes' must be two views or more.")
    return torch.stack([z_of(each, generator, truncation_of(recipe)) for each in views])


def morph_encoded(frames: np.ndarray, recipe: Recipe, ending: str) -> bytes:
    """Frames of a morph as its file: an animation, or as PNG all of them, in one strip or with so many `columns`."""
    factor = factor_of(recipe, frames.size)
    large = frames.repeat(factor, axis=1).repeat(factor, axis=2)
    if ending == ".png":
        columns = whole(recipe, "columns", 1, MAX_FRAMES, len(large))
        return encoded(grids.grid(large, columns, gap=2 * factor), recipe)
    if ending == ".mp4":
        return mp4.mp4_bytes(large, number(recipe, "fps", *FPS_RANGE, 20), dict(recipe))
    encode = gif_bytes if ending == ".gif" else webp_bytes
    return encode(large, number(recipe, "fps", *FPS_RANGE, 20), True, dict(recipe))


def morph_file(generator: Generator, recipe: Recipe, ending: str) -> bytes:
    """A morph as its file."""
    return morph_encoded(morph_frames(generator, recipe), recipe, ending)


def _corners_z(recipe: Recipe, generator: Generator) -> torch.Tensor:
    """The z of the corners, (4, z_dim): top left, top right, bottom left, bottom right.

    Where there are classes, each shows the one that `classes` asks for there, or that of its seed.
    """
    seeds, config = wholes(recipe, "corners", 4, 4), generator.config
    labels = class_centres.labels_of_seeds(seeds, config)
    if labels is not None:
        for place, label in enumerate(fields.labels(recipe, "classes", 4, config.num_classes)):
            labels[place] = labels[place] if label is None else label
    return class_centres.z_of(generator, seeds, truncation_of(recipe), labels)


def square_of(generator: Generator, recipe: Recipe) -> np.ndarray:
    """The pictures between four corners, row by row, uint8 (n * n, H, W[, 3]): slerp down both sides, then across."""
    keys, n = _corners_z(recipe, generator), whole(recipe, "n", 2, 100)
    t = torch.linspace(0, 1, n)
    left, right = walks.slerp(keys[0], keys[2], t), walks.slerp(keys[1], keys[3], t)  # (n, z_dim)
    return render(generator, torch.cat([walks.slerp(a, b, t) for a, b in zip(left, right, strict=True)]))


def point_of(generator: Generator, recipe: Recipe) -> np.ndarray:
    """The picture at a point between four corners, uint8 (H, W[, 3])."""
    keys, (x, y) = _corners_z(recipe, generator), numbers(recipe, "at", 2) or (0.5, 0.5)
    sides = walks.slerp(keys[0], keys[2], y), walks.slerp(keys[1], keys[3], y)
    return render(generator, walks.slerp(*sides, x)[None])[0]


def square_encoded(pictures: np.ndarray, recipe: Recipe) -> bytes:
    """The square as one PNG file, enlarged."""
    factor = factor_of(recipe, pictures.size)
    return encoded(grids.upscale(grids.grid(pictures, whole(recipe, "n", 2, 100)), factor), recipe)


def corners_file(generator: Generator, recipe: Recipe, ending: str) -> bytes:
    """The square between four corners, or one point in it, as a PNG file."""
    if "at" not in recipe:
        return square_encoded(square_of(generator, recipe), recipe)
    picture = point_of(generator, recipe)
    return encoded(grids.upscale(picture, factor_of(recipe, picture.size)), recipe)
