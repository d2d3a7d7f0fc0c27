"""Frames to an MP4 film, with the optional package PyAV (https://pyav.basswood-io.com), which brings FFmpeg along."""

import importlib.util
import io
import json
from fractions import Fraction
from typing import Any

import numpy as np

from dcgan.errors import BadInput
from dcgan.images.encode import check_fps
from dcgan.images.grids import Pictures

NEEDS = "MP4 films need the package PyAV: `pip install av` adds it; GIF and WebP work without it."
LEAST_SIDE = 256  # pixels that small frames are enlarged to, by a whole number: colour has half the resolution
BLOCK = 16  # pixels: with other sides x264's bytes were seen to differ now and then for the same frames
QUALITY = "14"  # x264's constant rate factor: 0 is lossless, 18 is said to look so


def available() -> bool:
    """Whether the package is here."""
    return importlib.util.find_spec("av") is not None


def check_available() -> None:
    """Raise BadInput, with what to install, where the package is missing."""
    if not available():
        raise BadInput(NEEDS)


def enlargement(side: int) -> int:
    """How many times frames of this side are enlarged where nobody said so."""
    return max(1, -(-LEAST_SIDE // side))


def mp4_bytes(frames: Pictures, fps: float = 20, recipe: dict[str, Any] | None = None) -> bytes:
    """Encode uint8 frames (T, H, W) or (T, H, W, 3) as H.264 that browsers and phones play, the recipe as its comment.

    A side that is no multiple of 16 is filled up with copies of its last row or column. The same frames give the same
    bytes with the same PyAV. Raises BadInput for no frames, for fps outside 0.1 to 50, and where PyAV is
    missing.
    """
    check_available()
    check_fps(fps)
    if len(frames) < 1:
        raise BadInput("frames must hold at least one picture.")
    import av

    stack = np.asarray(frames)
    assert stack.dtype == np.uint8 and stack.ndim in (3, 4), f"frames must be uint8 pictures, not {stack.shape}"
    stack = stack if stack.ndim == 4 else stack[..., None].repeat(3, axis=3)
    missing = [(0, -side % BLOCK) for side in stack.shape[1:3]]
    stack = np.pad(stack, [(0, 0), *missing, (0, 0)], mode="edge")
    out = io.BytesIO()
    with av.open(out, "w", format="mp4", options={"movflags": "use_metadata_tags"}) as film:
        if recipe is not None:
            film.metadata["comment"] = json.dumps(recipe, sort_keys=True)
        # its look ahead at macroblocks reads memory that nobody wrote: half the films had other bytes among other data
        options = {"crf": QUALITY, "preset": "slow", "x264-params": "mbtree=0"}
        stream = film.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000), options=options)
        stream.width, stream.height, stream.pix_fmt = stack.shape[2], stack.shape[1], "yuv420p"
        stream.thread_count = 1  # more would make the bytes depend on the machine
        for picture in stack:
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        film.mux(stream.encode())
    return out.getvalue()
