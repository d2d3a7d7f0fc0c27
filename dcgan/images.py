"""Arrays to pictures: uint8, grids, and PNG, GIF and WebP bytes with their recipe inside.

A picture is uint8, (H, W) for grey or (H, W, 3) for colour; a batch or an animation has one more dimension in front.
Every function is pure and the same input gives the same bytes. Nothing here touches a file.
A recipe is a JSON object (run, step, seeds, ...) from which the picture can be made again. It travels as a text chunk
named "dcgan" in a PNG, in the comment of a GIF and in the XMP of a WebP, where `read_recipe` finds it.
"""

import html
import io
import json
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from dcgan.config import BadInput

Pictures = np.ndarray | Sequence[np.ndarray]  # a batch as one array or as a list of pictures

GAP = 40  # dark grey: visible beside black clothes, quiet beside faces
MAX_RECIPE_BYTES = 1 << 20
FPS_RANGE = (0.1, 50)  # browsers slow down whatever shows a frame for less than 20 ms

_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_GIF_MARK = b"dcgan:"
_XMP_MARKS = b"<dcgan:recipe>", b"</dcgan:recipe>"
_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dcgan="urn:dcgan">%s</rdf:Description></rdf:RDF></x:xmpmeta>'
)


# arrays


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
    images = _checked_batch(images, "images")
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
    _checked(image, "image", grey_ndim=2)
    if factor not in range(1, 65):
        raise BadInput(f"factor must be a whole number from 1 to 64, not {factor!r}.")
    factor = int(factor)
    if not smooth:
        return image.repeat(factor, axis=0).repeat(factor, axis=1)
    size = (image.shape[1] * factor, image.shape[0] * factor)
    return np.array(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS))


# arrays to files


def png_bytes(image: np.ndarray, recipe: dict[str, Any] | None = None) -> bytes:
    """Encode one picture as PNG, with its recipe in a text chunk named "dcgan"."""
    _checked(image, "image", grey_ndim=2)
    info = PngImagePlugin.PngInfo()
    if recipe is not None:
        info.add_text("dcgan", _dump(recipe).decode())
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def gif_bytes(frames: Pictures, fps: float = 20, loop: bool = True, recipe: dict[str, Any] | None = None) -> bytes:
    """Encode an animation as GIF: (T, H, W) keeps every grey level, (T, H, W, 3) gets 256 colours chosen per frame.

    GIF counts in hundredths of a second, so single durations are rounded while the total keeps to fps. Neighbouring
    equal frames become one that stays longer. Raises BadInput for no frames or fps outside 0.1 to 50.
    """
    frames = _checked_batch(frames, "frames")
    durations = [10 * duration for duration in _durations(len(frames), fps, per_second=100)]
    pictures = [Image.fromarray(frame) for frame in frames]
    if frames.ndim == 4:  # dithering would crawl from frame to frame, so none
        pictures = [p.quantize(256, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE) for p in pictures]
    options: dict[str, Any] = {"loop": 0} if loop else {}  # without the key it plays once
    if recipe is not None:
        options["comment"] = _GIF_MARK + _dump(recipe)
    out = io.BytesIO()
    pictures[0].save(
        out, "GIF", save_all=True, append_images=pictures[1:], duration=durations, optimize=False, **options
    )
    return out.getvalue()


def webp_bytes(frames: Pictures, fps: float = 20, loop: bool = True, recipe: dict[str, Any] | None = None) -> bytes:
    """Encode an animation as lossless WebP, (T, H, W[, 3]); BadInput for no frames or fps outside 0.1 to 50."""
    frames = _checked_batch(frames, "frames")
    durations = _durations(len(frames), fps, per_second=1000)
    pictures = [Image.fromarray(frame).convert("RGB") for frame in frames]
    options: dict[str, Any] = {}
    if recipe is not None:
        text = html.escape(_dump(recipe).decode(), quote=False).encode()
        options["xmp"] = _XMP % (_XMP_MARKS[0] + text + _XMP_MARKS[1])
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


def _checked_batch(images: Pictures, name: str) -> np.ndarray:
    if len(images) < 1:
        raise BadInput(f"{name} must hold at least one picture.")
    return _checked(np.asarray(images), name, grey_ndim=3)


def _checked(images: np.ndarray, name: str, grey_ndim: int) -> np.ndarray:
    assert images.dtype == np.uint8, f"{name} must be uint8, not {images.dtype}"
    colour = images.ndim == grey_ndim + 1 and images.shape[-1] == 3
    assert images.ndim == grey_ndim or colour, f"{name} must be grey or RGB, not {images.shape}"
    return images


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


def _dump(recipe: dict[str, Any]) -> bytes:
    """Write a recipe as plain ASCII with sorted keys, so that equal recipes give equal bytes."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
    if len(text) > MAX_RECIPE_BYTES:
        raise BadInput(f"recipe is longer than {MAX_RECIPE_BYTES} bytes.")
    return text


def read_recipe(data: bytes) -> dict[str, Any] | None:
    """Return the recipe inside a PNG, GIF or WebP, or None if it has none; no pixel is decoded.

    Raises BadInput, and nothing else, for other kinds of file and for a recipe that can't be read.
    """
    if data[:8] == _PNG_HEAD:
        texts = _png_texts(data)
    elif data[:6] in (b"GIF87a", b"GIF89a"):
        texts = _gif_texts(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        texts = _webp_texts(data)
    else:
        raise BadInput("The file is not a PNG, GIF or WebP picture.")
    text = next(texts, None)
    if text is None:
        return None
    try:
        recipe = json.loads(text, parse_constant=_refuse) if len(text) <= MAX_RECIPE_BYTES else None
    except (ValueError, RecursionError):  # RecursionError: brackets nested without end
        recipe = None
    if not isinstance(recipe, dict):
        raise BadInput("The recipe inside the picture is damaged.")
    return recipe


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _png_texts(data: bytes) -> Iterator[bytes]:
    """Yield the text of each chunk with the key "dcgan": tEXt as written here, the others after an optimiser."""
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"tEXt", b"zTXt", b"iTXt") and data[at + 8 : at + 14] == b"dcgan\0":
            text, packed = data[at + 14 : at + 8 + length], kind == b"zTXt"
            if kind == b"zTXt":
                text = text[1:]  # compression method
            elif kind == b"iTXt":
                packed = text[:1] == b"\1"
                text = text[2:].split(b"\0", 2)[-1]  # compression flag and method, then language and translated key
            yield _inflate(text) if packed else text
        at += 12 + length


def _inflate(text: bytes) -> bytes:
    """Decompress at most a byte more than a recipe may have; damaged data gives what is no JSON."""
    try:
        return zlib.decompressobj().decompress(text, MAX_RECIPE_BYTES + 1)
    except zlib.error:
        return b""


def _gif_texts(data: bytes) -> Iterator[bytes]:
    """Yield the comments that carry our mark."""
    at = 13 + _palette_bytes(data[10:11])
    while at < len(data):
        if data[at] == 0x2C:  # a frame: descriptor of 10 bytes, palette, code size, then its blocks
            comment, at = False, at + 11 + _palette_bytes(data[at + 9 : at + 10])
        elif data[at] == 0x21:  # an extension: its kind, then its blocks
            comment, at = data[at + 1 : at + 2] == b"\xfe", at + 2
        else:  # the end, or damage
            return
        blocks = []
        while at < len(data) and data[at]:
            if comment:
                blocks.append(data[at + 1 : at + 1 + data[at]])
            at += 1 + data[at]
        at += 1
        text = b"".join(blocks)
        if text.startswith(_GIF_MARK):
            yield text[len(_GIF_MARK) :]


def _palette_bytes(flags: bytes) -> int:
    return 3 * 2 ** (flags[0] % 8 + 1) if flags and flags[0] & 0x80 else 0


def _webp_texts(data: bytes) -> Iterator[bytes]:
    """Yield what stands between our marks in the XMP chunk."""
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind == b"XMP ":
            _, found, text = data[at + 8 : at + 8 + length].partition(_XMP_MARKS[0])
            if found:
                text = text.partition(_XMP_MARKS[1])[0][: 8 * MAX_RECIPE_BYTES]
                yield html.unescape(text.decode("ascii", "replace")).encode()
        at += 8 + length + length % 2
