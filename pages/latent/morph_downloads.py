"""The pictures of a morph and of a square between corners, and the files that people take away: from their recipes."""

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dcgan.config import Config
from dcgan.runs.run import Run
from pages.latent.morph import Corners, Morph, key_text
from pages.latent.view import NO_DIRECTIONS, Directions, facts_of, origin

if TYPE_CHECKING:
    from dcgan.networks.models import Generator
    from pages.common.loading import Opened


def morph_facts(morph: Morph, config: Config, directions: Directions = NO_DIRECTIONS) -> dict[str, Any]:
    """The recipe of a morph but for the weights: seeds, or where some keyframes are more than that, a view each."""
    facts = dataclasses.asdict(morph) | {"seeds": morph.seeds}
    del facts["keys"]
    if any(map(key_text, morph.keys)):
        facts["keyframes"] = [facts_of(key, config, directions) for key in morph.keys]
    return facts


def keyframes_of(generator: "Generator", morph: Morph, directions: Directions = NO_DIRECTIONS) -> np.ndarray:
    """The pictures of the keyframes, uint8 (K, H, W[, 3])."""
    from dcgan.latent.render import render
    from dcgan.provenance.morph_pictures import keys_z

    return render(generator, keys_z(morph_facts(morph, generator.config, directions), generator))


def frames_of(generator: "Generator", morph: Morph, directions: Directions = NO_DIRECTIONS) -> np.ndarray:
    """The frames of a morph, uint8 (frames, H, W[, 3]); raises BadInput if it has fewer frames than keyframes."""
    from dcgan.provenance.morph_pictures import morph_frames

    return morph_frames(generator, morph_facts(morph, generator.config, directions))


def corners_of(generator: "Generator", corners: Corners) -> np.ndarray:
    """The pictures between four corners, row by row, uint8 (n * n, H, W[, 3])."""
    from dcgan.provenance.morph_pictures import square_of

    return square_of(generator, _square(corners, generator.config))


def point_of(generator: "Generator", corners: Corners) -> np.ndarray:
    """The picture at the point between four corners, uint8 (H, W[, 3])."""
    from dcgan.provenance import morph_pictures

    return morph_pictures.point_of(generator, _point(corners, generator.config))


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
    from dcgan.provenance.morph_pictures import morph_encoded

    facts = morph_facts(morph, opened.generator.config, directions) | {"enlarged": factor}
    if kind == "png":
        facts["columns"] = math.ceil(math.sqrt(len(frames)))
    return morph_encoded(frames, origin(run, opened) | facts, f".{kind}")


def corners_file(pictures: np.ndarray, corners: Corners, run: Run, opened: "Opened", factor: int) -> bytes:
    """A square of pictures as a PNG file, enlarged, with its recipe inside."""
    from dcgan.provenance.morph_pictures import square_encoded

    facts = _square(corners, opened.generator.config) | {"enlarged": factor}
    return square_encoded(pictures, origin(run, opened) | facts)


def point_file(corners: Corners, run: Run, opened: "Opened", factor: int) -> bytes:
    """The picture at the point as a PNG file, enlarged, with its recipe inside."""
    from dcgan.provenance import morph_pictures

    facts = _point(corners, opened.generator.config) | {"enlarged": factor}
    return morph_pictures.corners_file(opened.generator, origin(run, opened) | facts, ".png")


def _square(corners: Corners, config: Config) -> dict[str, Any]:
    return _corners(corners, config) | {"n": corners.n}


def _point(corners: Corners, config: Config) -> dict[str, Any]:
    return _corners(corners, config) | {"at": list(corners.at)}


def _corners(corners: Corners, config: Config) -> dict[str, Any]:
    """What the recipes of a square and of a point in it share; classes that the model lacks are left out."""
    known = [label if label is not None and label < config.num_classes else None for label in corners.labels]
    asked = {"classes": known} if known != [None] * 4 else {}
    return {"corners": list(corners.seeds), **asked, "truncation": corners.truncation}
