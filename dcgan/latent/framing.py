"""A person's picture as those of a data set are: in their size and cut, with things as large as they have them."""

from typing import TYPE_CHECKING

import numpy as np

from dcgan.config import Config
from dcgan.data import sources
from dcgan.data.dataset import as_prepared
from dcgan.errors import BadInput
from dcgan.images.decode import decode, fit
from dcgan.images.tones import reading_of

if TYPE_CHECKING:
    from PIL import Image

SIDE = 28  # pixels of MNIST's and Fashion-MNIST's own pictures
EDGE = 16  # the background is what lies a sixteenth of the side within the border, behind any frame
CLEAR = 24  # grey levels from the background on which something is a thing and no shadow or noise
PLAIN = 0.8  # share of the edge that must be the background, for the rest to be a thing on it
OTHER_LIGHT = 90  # grey levels by which backgrounds must differ for light and dark to be the other way round
DIGIT = 20  # pixels that MNIST's digits have


def target_of(content: bytes, name: str, config: Config, inverted: bool = False) -> np.ndarray:
    """A picture file as the data set's pictures are prepared: uint8 (H, W) or (H, W, 3).

    A file that shows pixels as squares, as the studio's enlarged pictures do, is taken back to its pixels. For MNIST
    and Fashion-MNIST, other pictures are treated as those sets were made: what lies on a plain background is cut out,
    set large into the middle of 28 pixels on black, and these are framed or enlarged for the network. `inverted` swaps
    light and dark, for pictures on white paper. Raises BadInput for what can't be read.
    """
    size, channels, of_idx = config.image_size, config.channels, _of_idx(config)
    opened = _decoded(content, name, config)
    original = SIDE if of_idx else size
    pixels = next((found for side in (size, original) if (found := _of_squares(opened, side)) is not None), None)
    framed = pixels is not None and pixels.width == size
    if pixels is None and of_idx:
        made = _as_in_set(np.asarray(opened.convert("L")), inverted, str(config.data).lower().startswith("mnist"))
        made = made if channels == 1 else np.stack([made] * 3, -1)
    else:
        crop = "square" if framed else config.crop
        made = np.asarray(fit(pixels or opened, size if framed else original, channels, crop))
        made = 255 - made if inverted else made
    if made.shape[0] == size:
        return made
    planes = made[None] if channels == 1 else made.transpose(2, 0, 1)
    done = as_prepared(planes[:, None], size, config.crop)[:, 0]  # (C, S, S)
    return done[0] if channels == 1 else np.ascontiguousarray(done.transpose(1, 2, 0))


def background_of_file(content: bytes, name: str, config: Config) -> float:
    """How bright a picture file's background is, in grey levels; raises BadInput for what can't be read."""
    return background_of(np.asarray(_decoded(content, name, config).convert("L"))[None])


def background_of(pictures: np.ndarray) -> float:
    """How bright pictures (N, H, W[, 3]) are near their border: the median there."""
    return float(np.median(_edge(pictures)))


def is_plain(pictures: np.ndarray) -> bool:
    """Whether pictures (N, H, W[, 3]) have one and the same background nearly everywhere near their border."""
    edge = _edge(pictures)
    return bool((np.abs(edge - np.median(edge)) <= CLEAR).mean() >= PLAIN)


def is_swapped(background: float, pictures: np.ndarray) -> bool:
    """Whether a picture with this background has light and dark the other way round than pictures (N, H, W[, 3])."""
    usual = background_of(pictures)
    far, swapped = abs(background - usual), abs(255 - background - usual)
    return is_plain(pictures) and far > OTHER_LIGHT and swapped < far / 2


def _decoded(content: bytes, name: str, config: Config) -> "Image.Image":
    try:
        return decode(lambda _: content, name, max(config.image_size, 128), reading_of(config))
    except ValueError as error:
        raise BadInput(f"This file can't be used as a picture: {error}.") from None


def _edge(pictures: np.ndarray) -> np.ndarray:
    """What lies near the border of pictures (N, H, W[, 3]), in one row."""
    down, across = pictures.shape[1] // EDGE, pictures.shape[2] // EDGE
    edges = [pictures[:, down], pictures[:, -1 - down], pictures[:, :, across], pictures[:, :, -1 - across]]
    return np.concatenate([edge.reshape(-1) for edge in edges])


def _as_in_set(grey: np.ndarray, inverted: bool, digits: bool) -> np.ndarray:
    """Grey pixels (H, W) as Fashion-MNIST (Xiao et al. 2017, section 2) or MNIST (LeCun et al. 1998) made theirs.

    Trimmed to the thing, its longer side 28 pixels, or 20 for a digit, in the middle of 28 x 28 on black; a digit by
    its centre of mass. Where no thing lies on a plain dark background, the centre of the picture is taken as it is.
    """
    from PIL import Image

    grey = (255.0 - grey if inverted else grey.astype(np.float64)).astype(np.float32)
    level = background_of(grey[None])
    things = grey > level + CLEAR
    if level > 127 or not is_plain(grey[None]) or not things.any():
        return np.asarray(fit(Image.fromarray(grey.round().astype(np.uint8)), SIDE, 1))
    grey = np.clip((grey - level) * (255 / (255 - level)), 0, 255)
    (top, bottom), (left, right) = (_span(things.mean(axis)) for axis in (1, 0))
    cut = Image.fromarray(grey[top:bottom, left:right].round().astype(np.uint8))
    scale = (DIGIT if digits else SIDE) / max(cut.size)
    width, height = (max(1, round(side * scale)) for side in cut.size)
    thing = np.asarray(cut.resize((width, height), Image.Resampling.LANCZOS))
    y, x = (_middle(thing.sum(axis)) if digits else side / 2 for axis, side in ((1, height), (0, width)))
    y, x = (int(min(max(0, SIDE / 2 - at), SIDE - side) + 0.5) for at, side in ((y, height), (x, width)))
    made = np.zeros((SIDE, SIDE), np.uint8)
    made[y : y + height, x : x + width] = thing
    return made


def _span(shares: np.ndarray) -> tuple[int, int]:
    """From the first to behind the last row that is part of the thing; a few specks are none."""
    rows = np.flatnonzero(shares > min(0.01, shares.max() / 2))
    return int(rows[0]), int(rows[-1]) + 1


def _middle(profile: np.ndarray) -> float:
    """Where the mass of a profile has its centre."""
    return float((profile * (np.arange(len(profile)) + 0.5)).sum() / max(profile.sum(), 1))


def _of_squares(picture: "Image.Image", side: int) -> "Image.Image | None":
    """The picture of `side` pixels that this one shows enlarged in crisp squares; None if it doesn't."""
    if picture.width != picture.height or picture.width % side:
        return None
    small = picture.reduce(picture.width // side)
    again = np.asarray(small.resize(picture.size, 0)).astype(np.int16)  # 0: nearest
    return small if np.abs(again - np.asarray(picture)).mean() < 1 else None


def _of_idx(config: Config) -> bool:
    """Whether the data are MNIST or Fashion-MNIST; pictures may be framed where the data has gone, too."""
    return str(config.data).partition(":")[0].lower() in sources.IDX_TITLES
