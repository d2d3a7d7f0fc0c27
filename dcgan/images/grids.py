"""Pictures as arrays: from a generator's floats to bytes, side by side in a grid, enlarged."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from dcgan.errors import BadInput

Pictures = np.ndarray | Sequence[np.ndarray]  # a batch as one array or as a list of pictures

GAP = 40  # dark grey: visible beside black clothes, quiet beside faces


def to_uint8(x: np.ndarray) -> np.ndarray:
    """Turn a generator's output in [-1, 1] into grey levels: clamp, x * 127.5 + 127.5, round half to even.

    (N, C, H, W) float -> (N, H, W) uint8 for C = 1, (N, H, W, 3) for C = 3. NaN, as a broken network gives, is black.
    """
    assert x.ndim == 4 and x.shape[1] in (1, 3), f"expected (N, 1 or 3, H, W), not {x.shape}"
    x = np.clip(np.nan_to_num(x.astype(np.float32), nan=-1.0), -1.0, 1.0)
    levels = np.rint(x * 127.5 + 127.5).astype(np.uint8)
    return levels[:, 0] if x.shape[1] == 1 else np.ascontiguousarray(levels.transpose(0, 2, 3, 1))


def grid(
    images: Pictures, columns: int | None = None, gap: int = 2, background: int | tuple[int, int, int] = GAP
) -> np.ndarray:
    """Lay pictures out row by row, `gap` pixels between them: (N, H, W[, 3]) -> (H', W'[, 3]).

    Without `columns` the grid has ceil(sqrt(N)) of them; it never has more columns than pictures. Gaps and the empty
    cells of the last row show the background. Raises BadInput for no pictures, columns below 1 or gap below 0.
    """
    images = checked_batch(images, "images")
    n, h, w = images.shape[:3]
    if columns is not None and columns < 1:
        raise BadInput(f"columns must be at least 1, not {columns!r}.")
    if gap < 0:
        raise BadInput(f"gap must be at least 0, not {gap!r}.")
    columns = min(columns or math.ceil(math.sqrt(n)), n)
    rows = math.ceil(n / columns)
    shape = (rows * (h + gap) - gap, columns * (w + gap) - gap, *images.shape[3:])
    sheet = np.empty(shape, np.uint8)
    sheet[...] = background
    for i, image in enumerate(images):
        top, left = i // columns * (h + gap), i % columns * (w + gap)
        sheet[top : top + h, left : left + w] = image
    return sheet


def corner(sheet: np.ndarray, tile: int, across: int, down: int, gap: int = 2) -> np.ndarray:
    """The top left pictures of a `grid` of square pictures of `tile` pixels, at most `across` by `down` of them."""
    return sheet[: down * (tile + gap) - gap, : across * (tile + gap) - gap]


def upscale(image: np.ndarray, factor: int, smooth: bool = False) -> np.ndarray:
    """Enlarge a picture 1 to 64 times: crisp squares (nearest), or smooth (Lanczos); BadInput for another factor."""
    checked(image, "image", grey_ndim=2)
    if factor not in range(1, 65):
        raise BadInput(f"factor must be a whole number from 1 to 64, not {factor!r}.")
    factor = int(factor)
    if not smooth:
        return image.repeat(factor, axis=0).repeat(factor, axis=1)
    size = (image.shape[1] * factor, image.shape[0] * factor)
    return np.array(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


def checked_batch(images: Pictures, name: str) -> np.ndarray:
    if len(images) < 1:
        raise BadInput(f"{name} must hold at least one picture.")
    return checked(np.asarray(images), name, grey_ndim=3)


def checked(images: np.ndarray, name: str, grey_ndim: int) -> np.ndarray:
    assert images.dtype == np.uint8, f"{name} must be uint8, not {images.dtype}"
    colour = images.ndim == grey_ndim + 1 and images.shape[-1] == 3
    assert images.ndim == grey_ndim or colour, f"{name} must be grey or RGB, not {images.shape}"
    return images
