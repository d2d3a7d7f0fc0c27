"""The colours that a file means: by its ICC profile, in sRGB."""

import functools
import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

MAX_PROFILE_BYTES = 8 * 2**20
SAME = 2  # levels: a profile that moves no colour further is sRGB, or as good as


def in_srgb(picture: "Image.Image", profile: bytes | None) -> "Image.Image":
    """A picture of mode L, RGB or CMYK as the ICC profile shows it, as L or RGB; unchanged without a usable profile."""
    if not profile or len(profile) > MAX_PROFILE_BYTES or picture.mode not in ("L", "RGB", "CMYK"):
        return picture
    transform = _to_srgb(profile, picture.mode)
    if transform is None:
        return picture
    shown: Image.Image = transform.apply(picture)
    return shown.convert("L") if picture.mode == "L" else shown


@functools.lru_cache(maxsize=32)  # a camera writes the same one into each of its files
def _to_srgb(profile: bytes, mode: str) -> Any:
    """The transform to sRGB; None for a profile that is damaged, for other pictures, or sRGB itself."""
    from PIL import Image, ImageCms

    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode == "CMYK":
            return transform
        levels = np.arange(0, 256, 17, dtype=np.uint8)  # 16 of each channel
        colours = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(64, 64, 3)
        grid = Image.fromarray(colours if mode == "RGB" else colours[..., 0].copy())
        moved = np.asarray(transform.apply(grid).convert(mode)).astype(int) - np.asarray(grid)
        return transform if np.abs(moved).max() > SAME else None
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
