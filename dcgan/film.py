"""The film of a training: from noise to pictures, dense where they change fast and sparse where they don't."""

import io
import math

import numpy as np
from PIL import Image

from dcgan import images
from dcgan.config import BadInput
from dcgan.runs import Run

WIDTH = 400  # pixels that a smaller grid is enlarged to, by a whole number
HOLD_SECONDS = 2.0  # how long the last frame stays


def film_steps(steps: list[int]) -> list[int]:
    """Of the rising steps those of the film: the i-th is in it if 2 sqrt(i), rounded, has grown; the last always is.

    The thinning of TensorFlow's DCGAN tutorial, which published systems follow.
    """
    marks = [round(2 * math.sqrt(i)) for i in range(len(steps))]
    chosen = [step for i, step in enumerate(steps) if i == 0 or marks[i] > marks[i - 1]]
    return chosen if not steps or chosen[-1] == steps[-1] else [*chosen, steps[-1]]


def frames(run: Run) -> dict[int, np.ndarray]:
    """Step -> sample grid, uint8 (H, W) or (H, W, 3), of the film's steps; grids of another size than the last's
    or thinned away meanwhile are left out. Raises BadInput if fewer than two are left."""
    found: dict[int, np.ndarray] = {}
    for step in film_steps(run.samples()):
        try:
            with Image.open(io.BytesIO(run.sample_path(step).read_bytes())) as grid:
                found[step] = np.asarray(grid.convert("L" if grid.mode in ("1", "L") else "RGB"))
        except OSError:
            continue
    if found:
        shape = found[max(found)].shape
        found = {step: frame for step, frame in found.items() if frame.shape == shape}
    if len(found) < 2:
        raise BadInput(f"Run {run.id} has fewer than two sample grids, which make no film yet.")
    return found


def film(run: Run, fps: float = 6.0, webp: bool = False) -> bytes:
    """The training as an animated GIF or WebP that repeats, its run and steps in the recipe."""
    images.check_fps(fps)  # here, since the last frame is held for so many of them
    found = frames(run)
    factor = max(1, WIDTH // max(1, next(iter(found.values())).shape[1]))
    shown = [images.upscale(frame, factor) for frame in found.values()]
    shown += [shown[-1]] * round(HOLD_SECONDS * fps)
    encode = images.webp_bytes if webp else images.gif_bytes
    return encode(shown, fps, True, {"run": run.id, "steps": list(found)})
