"""The film of a training: from noise to pictures, dense where they change fast and sparse where they don't."""

import hashlib
import io
import math
from typing import Any

import numpy as np
from PIL import Image

from dcgan.errors import BadInput
from dcgan.images import embedded, grids
from dcgan.images.encode import check_fps, gif_bytes, webp_bytes
from dcgan.runs.run import Run
from dcgan.runs.sample_grids import grid_of

WIDTH = 400  # pixels that a smaller grid is enlarged to, by a whole number
HOLD_SECONDS = 2.0  # how long the last frame stays


def film_steps(steps: list[int]) -> list[int]:
    """Of the rising steps those of the film: the i-th is in it if 2 sqrt(i), rounded, has grown; the last always is.

    The thinning of TensorFlow's DCGAN tutorial, which published systems follow.
    """
    marks = [round(2 * math.sqrt(i)) for i in range(len(steps))]
    chosen = [step for i, step in enumerate(steps) if i == 0 or marks[i] > marks[i - 1]]
    return chosen if not steps or chosen[-1] == steps[-1] else [*chosen, steps[-1]]


def frames(run: Run, steps: list[int] | None = None) -> dict[int, np.ndarray]:
    """Step -> sample grid, uint8 (H, W) or (H, W, 3), of the film's steps; grids of another size than the last's
    or thinned away meanwhile are left out. Raises BadInput if fewer than two are left, or one of given `steps` is."""
    found: dict[int, np.ndarray] = {}
    for step in steps or film_steps(run.samples()):
        try:
            with Image.open(io.BytesIO(grid_of(run, step))) as grid:
                found[step] = np.asarray(grid.convert("L" if grid.mode in ("1", "L") else "RGB"))
        except OSError:
            continue
    if found:
        shape = found[max(found)].shape
        found = {step: frame for step, frame in found.items() if frame.shape == shape}
    if steps and len(found) < len(steps):
        gone = ", ".join(f"{step:,}" for step in steps if step not in found)
        raise BadInput(f"Run {run.id} no longer keeps the sample grids of step {gone}: make a new film of what it has.")
    if len(found) < 2:
        raise BadInput(f"Run {run.id} has fewer than two sample grids, which make no film yet.")
    return found


def film(run: Run, fps: float = 6.0, webp: bool = False) -> bytes:
    """The training as an animated GIF or WebP that repeats, its recipe inside."""
    return film_of(run, fps, webp)[0]


def film_of(run: Run, fps: float, webp: bool, steps: list[int] | None = None) -> tuple[bytes, dict[str, Any]]:
    """The film of a run's grids, at given steps or those of `film_steps`, and its recipe.

    The recipe holds a hash of the grids' pixels, since training alone draws those, and what the newest grid says of
    itself: its weights, seeds and truncation.
    """
    check_fps(fps)  # here, since the last frame is held for so many of them
    found = frames(run, steps)
    factor = max(1, WIDTH // max(1, next(iter(found.values())).shape[1]))
    shown = [grids.upscale(frame, factor) for frame in found.values()]
    shown += [shown[-1]] * round(HOLD_SECONDS * fps)
    encode = webp_bytes if webp else gif_bytes
    digest = hashlib.sha256(b"".join(frame.tobytes() for frame in found.values())).hexdigest()
    recipe = {"run": run.id, "steps": list(found), "fps": fps, "pictures": digest} | _told(run, max(found))
    return encode(shown, fps, True, recipe), recipe


def _told(run: Run, step: int) -> dict[str, Any]:
    """What a grid's own recipe says of where it comes from."""
    try:
        recipe = embedded.read_recipe(grid_of(run, step)) or {}
    except (OSError, BadInput):
        recipe = {}
    return {name: recipe[name] for name in ("step", "weights_hash", "seed", "n", "truncation") if name in recipe}
