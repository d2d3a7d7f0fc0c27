"""Arrays to PNG, GIF and WebP bytes, with the recipe of the picture inside.

A picture is uint8, (H, W) for grey or (H, W, 3) for colour; a batch or an animation has one more dimension in front.
Every function is pure and the same input gives the same bytes. Nothing here touches a file.
A recipe is a JSON object (run, step, seeds, ...) from which the picture can be made again. It travels as a text chunk
named "dcgan" in a PNG, in the comment of a GIF and in the XMP of a WebP, where `embedded.read_recipe` finds it.
"""

import html
import io
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from dcgan.errors import BadInput
from dcgan.images.embedded import GIF_MARK, XMP, XMP_MARKS, dump
from dcgan.images.grids import Pictures, checked, checked_batch

FPS_RANGE = (0.1, 50)  # browsers slow down whatever shows a frame for less than 20 ms


def png_bytes(image: np.ndarray, recipe: dict[str, Any] | None = None) -> bytes:
    """Encode one picture as PNG, with its recipe in a text chunk named "dcgan"."""
    checked(image, "image", grey_ndim=2)
    info = PngImagePlugin.PngInfo()
    if recipe is not None:
        info.add_text("dcgan", dump(recipe).decode())
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def gif_bytes(frames: Pictures, fps: float = 20, loop: bool = True, recipe: dict[str, Any] | None = None) -> bytes:
    """Encode an animation as GIF: (T, H, W) keeps every grey level, (T, H, W, 3) gets 256 colours chosen per frame.

    GIF counts in hundredths of a second, so single durations are rounded while the total keeps to fps. Neighbouring
    equal frames become one that stays longer. Raises BadInput for no frames or fps outside 0.1 to 50.
    """
    frames = checked_batch(frames, "frames")
    durations = [10 * duration for duration in _durations(len(frames), fps, per_second=100)]
    pictures = [Image.fromarray(frame) for frame in frames]
    if frames.ndim == 4:  # dithering would crawl from frame to frame, so none
        pictures = [p.quantize(256, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE) for p in pictures]
    options: dict[str, Any] = {"loop": 0} if loop else {}  # without the key it plays once
    if recipe is not None:
        options["comment"] = GIF_MARK + dump(recipe)
    out = io.BytesIO()
    pictures[0].save(
        out, "GIF", save_all=True, append_images=pictures[1:], duration=durations, optimize=False, **options
    )
    return out.getvalue()


def webp_bytes(frames: Pictures, fps: float = 20, loop: bool = True, recipe: dict[str, Any] | None = None) -> bytes:
    """Encode an animation as lossless WebP, (T, H, W[, 3]); BadInput for no frames or fps outside 0.1 to 50."""
    frames = checked_batch(frames, "frames")
    durations = _durations(len(frames), fps, per_second=1000)
    pictures = [Image.fromarray(frame).convert("RGB") for frame in frames]
    options: dict[str, Any] = {}
    if recipe is not None:
        text = html.escape(dump(recipe).decode(), quote=False).encode()
        options["xmp"] = XMP % (XMP_MARKS[0] + text + XMP_MARKS[1])
    out = io.BytesIO()
    pictures[0].save(
        out,
        "WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=durations,
        loop=0 if loop else 1,
        lossless=True,
        **options,
    )
    return out.getvalue()


def check_fps(fps: float) -> None:
    """Raise BadInput for frames per second that no animation here can have."""
    if not FPS_RANGE[0] <= fps <= FPS_RANGE[1]:  # false for NaN, too
        raise BadInput(f"fps must be from {FPS_RANGE[0]} to {FPS_RANGE[1]}, not {fps!r}.")


def _durations(num_frames: int, fps: float, per_second: int) -> list[int]:
    """Return each frame's duration in ticks; the rounding never adds up, so the whole lasts num_frames / fps."""
    check_fps(fps)
    ends = [round(i * per_second / fps) for i in range(num_frames + 1)]
    return [end - start for start, end in zip(ends, ends[1:], strict=False)]


# recipes
