"""The pictures of a morph and of a square between corners, and the files that people take away."""

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dcgan.errors import BadInput
from dcgan.runs.run import Run
from pages.latent.morph import MODES, Corners, Morph, key_text, keys_of
from pages.latent.view import NO_DIRECTIONS, Directions, View, recipe_of, z_of

if TYPE_CHECKING:
    import torch

    from dcgan.config import Config
    from dcgan.networks.models import Generator
    from pages.common.loading import Opened


def keys_z(
    keys: tuple[View, ...], truncation: float, config: "Config", directions: Directions = NO_DIRECTIONS
) -> "torch.Tensor":
    """One z per keyframe, (K, z_dim)."""
    import torch

    from dcgan.latent import moves

    return moves.truncate(torch.stack([z_of(key, config, directions) for key in keys]), truncation)


def keyframes_of(generator: "Generator", morph: Morph, directions: Directions = NO_DIRECTIONS) -> np.ndarray:
    """The pictures of the keyframes, uint8 (K, H, W[, 3])."""
    from dcgan.latent.render import render

    return render(generator, keys_z(morph.keys, morph.truncation, generator.config, directions))


def frames_of(generator: "Generator", morph: Morph, directions: Directions = NO_DIRECTIONS) -> np.ndarray:
    """The frames of a morph, uint8 (frames, H, W[, 3]); raises BadInput if it has fewer frames than keyframes."""
    from dcgan.latent import walks
    from dcgan.latent.render import render

    if morph.mode not in MODES:
        raise BadInput(f"mode must be one of {', '.join(MODES)}, not {morph.mode!r}.")
    keys = keys_z(morph.keys, morph.truncation, generator.config, directions)
    if morph.mode == "even":
        z = walks.even_path(keys, morph.frames, lambda z: render(generator, z), loop=morph.loop)
    else:
        z = walks.path(keys, morph.frames, morph.mode, morph.loop)
    return render(generator, z)


def corners_of(generator: "Generator", corners: Corners) -> np.ndarray:
    """The pictures between four corners, row by row, uint8 (n * n, H, W[, 3]): slerp down both sides, then across."""
    import torch

    from dcgan.latent import walks
    from dcgan.latent.render import render

    keys = keys_z(keys_of(*corners.seeds), corners.truncation, generator.config)
    top_left, top_right, bottom_left, bottom_right = keys
    t = torch.linspace(0, 1, corners.n)
    left, right = walks.slerp(top_left, bottom_left, t), walks.slerp(top_right, bottom_right, t)  # (n, z_dim)
    rows = [walks.slerp(a, b, t) for a, b in zip(left, right, strict=True)]
    return render(generator, torch.cat(rows))


def point_of(generator: "Generator", corners: Corners) -> np.ndarray:
    """The picture at the point between four corners, uint8 (H, W[, 3])."""
    from dcgan.latent import walks
    from dcgan.latent.render import render

    keys, (x, y) = keys_z(keys_of(*corners.seeds), corners.truncation, generator.config), corners.at
    left, right = walks.slerp(keys[0], keys[2], y), walks.slerp(keys[1], keys[3], y)
    return render(generator, walks.slerp(left, right, x)[None])[0]


def morph_file(
    kind: str,
    frames: np.ndarray,
    morph: Morph,
    run: Run,
    opened: "Opened",
    factor: int = 1,
    directions: Directions = NO_DIRECTIONS,
) -> bytes:
    """A morph as a gif, webp, mp4 or png (a sheet of all frames), enlarged, with its recipe inside."""
    from dcgan.provenance.redraw import morph_encoded

    facts = dataclasses.asdict(morph) | {"seeds": morph.seeds, "enlarged": factor}
    del facts["keys"]
    if kind == "png":
        facts["columns"] = math.ceil(math.sqrt(len(frames)))
    if any(map(key_text, morph.keys)):
        views = [recipe_of(run, opened, key, directions) for key in morph.keys]
        facts["keyframes"] = [{name: view[name] for name in view if name not in origin(run, opened)} for view in views]
    return morph_encoded(frames, origin(run, opened) | facts, f".{kind}")


def corners_file(pictures: np.ndarray, corners: Corners, run: Run, opened: "Opened", factor: int) -> bytes:
    """A square of pictures as a PNG file, enlarged, with its recipe inside."""
    from dcgan.images import encode, grids

    sheet = grids.upscale(grids.grid(pictures, corners.n), factor)
    return encode.png_bytes(sheet, _recipe(corners, run, opened) | {"n": corners.n, "enlarged": factor})


def point_file(corners: Corners, run: Run, opened: "Opened", factor: int) -> bytes:
    """The picture at the point as a PNG file, enlarged, with its recipe inside."""
    from dcgan.images import encode, grids

    picture = grids.upscale(point_of(opened.generator, corners), factor)
    return encode.png_bytes(picture, _recipe(corners, run, opened) | {"at": list(corners.at), "enlarged": factor})


def _recipe(corners: Corners, run: Run, opened: "Opened") -> dict[str, Any]:
    return origin(run, opened) | {"corners": list(corners.seeds), "truncation": corners.truncation}


def origin(run: Run, opened: "Opened") -> dict[str, Any]:
    """Which weights made a picture."""
    return {"run": run.id, "step": opened.step, "weights_hash": opened.weights_hash}
