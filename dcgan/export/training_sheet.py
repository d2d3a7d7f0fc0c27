"""The same seeds through the steps of a training, small enough to travel inside an exported page."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image

from dcgan.errors import BadInput
from dcgan.latent.class_centres import z_of
from dcgan.latent.render import render
from dcgan.latent.seeds import sample_seeds
from dcgan.networks.models import Generator
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.kept_steps import thin
from dcgan.runs.run import Run

NUM_PICTURES = 12
MAX_MOMENTS = 24
QUALITIES = (None, 90, 75, 60, 45, 30, 20)  # of WebP; None is lossless
BLOCK = 16  # pixels that lossy WebP works on at once: pictures that begin on such a border don't bleed into others


def learned(run: Run, generator: Generator, most_bytes: int) -> dict[str, Any] | None:
    """What the training's own seeds gave at its kept steps up to the generator's, for training_sheet.js; or None.

    One sheet, a row for each step, as lossless WebP where that has at most `most_bytes` of base64, else lossy, else of
    fewer steps.
    """
    assert generator.origin is not None
    config, last = generator.config, generator.origin.step
    steps = [step for step in run.snapshots() if step < last]
    seeds = sample_seeds(config.seed, NUM_PICTURES)
    steps = sorted(set(steps) - set(thin(steps, MAX_MOMENTS - 1)))
    rows = {}
    for step in steps:
        try:
            rows[step] = _drawn(open_generator(run, step), seeds)
        except BadInput:  # thinned away in the meantime, or damaged
            continue
    rows[last] = _drawn(generator, seeds)
    pitch = -(-config.image_size // BLOCK) * BLOCK
    while len(rows) >= 2:
        sheet = _sheet(list(rows.values()), pitch)
        for quality in QUALITIES:
            text = base64.b64encode(_webp(sheet, quality)).decode()
            if len(text) <= most_bytes:
                facts = {"steps": list(rows), "seeds": seeds, "size": config.image_size, "pitch": pitch}
                return facts | {"sheet": f"data:image/webp;base64,{text}", "lossless": quality is None}
        for step in thin(list(rows), len(rows) // 2):
            del rows[step]
        if len(rows) == 2:
            return None
    return None


def _drawn(generator: Generator, seeds: list[int]) -> np.ndarray:
    return render(generator, z_of(generator, seeds))  # with centres of its own, where it knows classes


def _sheet(rows: list[np.ndarray], pitch: int) -> np.ndarray:
    """Rows of pictures (N, H, W[, 3]) on one sheet, each picture at a multiple of `pitch`."""
    height, width = rows[0].shape[1:3]
    sheet = np.zeros((len(rows) * pitch, len(rows[0]) * pitch, *rows[0].shape[3:]), np.uint8)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            sheet[y * pitch : y * pitch + height, x * pitch : x * pitch + width] = picture
    return sheet


def _webp(sheet: np.ndarray, quality: int | None) -> bytes:
    out = io.BytesIO()
    options: dict[str, Any] = {"lossless": True} if quality is None else {"quality": quality, "method": 6}
    Image.fromarray(sheet).convert("RGB").save(out, "WEBP", **options)
    return out.getvalue()
