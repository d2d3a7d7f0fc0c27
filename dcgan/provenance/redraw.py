"""Pictures again from their recipes: the same weights, the same numbers, the same bytes.

Pages and the command line make their files here as well, from the recipe itself, wherever that costs nothing.
"""

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageSequence

from dcgan.errors import BadInput
from dcgan.images import grids
from dcgan.images.encode import FPS_RANGE, gif_bytes, webp_bytes
from dcgan.latent.class_centres import labels_of_class, z_of, z_of_cells
from dcgan.latent.render import render
from dcgan.latent.seeds import sample_seeds
from dcgan.networks.models import Generator
from dcgan.provenance import fields, weights
from dcgan.provenance.fields import damaged, number, whole, wholes
from dcgan.provenance.film import film_of
from dcgan.provenance.morph_pictures import corners_file, morph_file
from dcgan.provenance.view_picture import Recipe, encoded, factor_of, picture_of, seed_of, truncation_of, view_file
from dcgan.provenance.weights import Model
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.grid_cells import Cell
from dcgan.runs.run import Run

Frames = Sequence[np.ndarray] | np.ndarray

FILM_FPS = 4  # pictures per second of one picture being learned
MAX_PICTURES = 100_000


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Sums that several threads share out may round otherwise, by a grey level here and there: one makes the same."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@_one_thread()
def redrawn(
    recipe: dict[str, Any], ending: str, root: Path | None = None, run: Run | None = None, step: int | None = None
) -> tuple[bytes, dict[str, Any]]:
    """The file that a recipe describes, and the recipe inside it.

    The weights are those that the recipe names, looked for under `root`, or in `run` if that is given. With a `step`
    it is drawn with the weights kept there, whichever they are, and the recipe says so. Raises BadInput for an ending
    that it can't have, for a damaged recipe, and for weights that are not here.
    """
    kind = fields.kind_of(recipe)
    if ending not in fields.ENDINGS[kind]:
        raise BadInput(f"this picture can be drawn again as {' or '.join(fields.ENDINGS[kind])}, not {ending!r}.")
    if kind == "training":
        return training_file(run or Run.named(str(recipe["run"]), root), recipe, ending), recipe
    if kind == "favourites":
        return favourites_file(recipe, root), recipe
    model = weights.model_of(recipe, root, run) if step is None else Model(run or _run_of(recipe, root), step)
    generator = open_generator(model.run, model.step)
    assert generator.origin is not None
    if step is not None:
        recipe = recipe | {"run": model.run.id} | generator.origin._asdict()
    if kind == "film":
        return film_file(model.run, recipe, ending), recipe
    return drawn(generator, recipe, ending), recipe


@_one_thread()
def drawn(generator: Generator, recipe: Recipe, ending: str) -> bytes:
    """The file of a view, sample, morph or square between corners, by a generator that is at hand."""
    makers: dict[str, Callable[[Generator, Recipe, str], bytes]] = {
        "view": view_file,
        "sample": _sample_file,
        "morph": morph_file,
        "corners": corners_file,
    }
    return makers[fields.kind_of(recipe)](generator, recipe, ending)


@_one_thread()
def film_file(run: Run, recipe: Recipe, ending: str) -> bytes:
    """One view through the generators kept at the recipe's steps, as an animation; the last picture is held."""
    steps = wholes(recipe, "steps", 2, 10_000, 10**15)
    hashes = recipe.get("hashes", [None] * len(steps))
    if not isinstance(hashes, list) or len(hashes) != len(steps):
        raise BadInput("The recipe inside the picture is damaged: 'hashes' must be one for each of its steps.")
    pictures = []
    for step, wanted in zip(steps, hashes, strict=True):
        generator = open_generator(run, step)
        if wanted is not None and generator.origin and generator.origin.weights_hash != wanted:
            raise BadInput(
                f"Run {run.id} has other weights at step {step:,} than those of this film: copy the run that made it "
                "here, or make a new film of this one."
            )
        pictures.append(picture_of(generator, recipe))
    factor = factor_of(recipe, pictures[0].size * len(pictures))
    frames = [grids.upscale(picture, factor) for picture in pictures]
    encode = gif_bytes if ending == ".gif" else webp_bytes
    return encode(frames + frames[-1:] * FILM_FPS, FILM_FPS, True, dict(recipe))


# ---- several


def sample_z(generator: Generator, recipe: Recipe) -> torch.Tensor:
    """The z of a sample, (n, z_dim); where it says which class each of its rows shows, columns have a seed each."""
    n, first, config = whole(recipe, "n", 1, MAX_PICTURES), seed_of(recipe), generator.config
    if "rows" not in recipe:
        labels = None if "class" not in recipe else labels_of_class(str(recipe["class"]), n, config)
        return z_of(generator, sample_seeds(first, n), truncation_of(recipe), labels)
    rows = wholes(recipe, "rows", 1, n, max(0, config.num_classes - 1))
    columns = whole(recipe, "columns", 1, n)
    if len(rows) * columns != n or not config.num_classes:
        raise damaged("rows", "a class of this generator for each row")
    cells = [Cell(seed, label) for label in rows for seed in sample_seeds(first, columns)]
    return z_of_cells(generator, cells, truncation_of(recipe))


def _sample_file(generator: Generator, recipe: Recipe, ending: str) -> bytes:
    columns = whole(recipe, "columns", 1, MAX_PICTURES) if "columns" in recipe else None
    return encoded(grids.grid(render(generator, sample_z(generator, recipe)), columns), recipe)


def training_file(run: Run, recipe: Recipe, ending: str) -> bytes:
    """A run's film of its sample grids again, from those that it keeps; raises BadInput if they are others now."""
    steps, fps = wholes(recipe, "steps", 2, 100_000, 10**15), number(recipe, "fps", *FPS_RANGE, 6)
    content, made = film_of(run, fps, ending == ".webp", steps)
    if recipe.get("pictures", made["pictures"]) != made["pictures"]:
        raise BadInput(
            f"The sample grids of run {run.id} are not those of this film: copy the run that made it here, or make a "
            "new film of this one."
        )
    return content


def favourites_file(recipe: Recipe, root: Path | None = None) -> bytes:
    """Favourites of any runs and steps in one PNG, each as large as the largest of them."""
    listed = recipe["favourites"]
    if (
        not isinstance(listed, list)
        or not 1 <= len(listed) <= 100
        or not all(isinstance(each, dict) for each in listed)
    ):
        raise BadInput("The recipe inside the picture is damaged: 'favourites' must be 1 to 100 recipes.")
    pictures = []
    for each in listed:
        model = weights.model_of(each, root)
        pictures.append(picture_of(open_generator(model.run, model.step), each))
    return favourites_encoded(pictures, recipe)


def favourites_encoded(pictures: Sequence[np.ndarray], recipe: Recipe) -> bytes:
    """Pictures of any sizes, grey and colour, as one PNG file."""
    side = max(len(picture) for picture in pictures)
    if any(picture.ndim == 3 for picture in pictures):
        pictures = [np.stack([p] * 3, -1) if p.ndim == 2 else p for p in pictures]
    same = [np.array(Image.fromarray(p).resize((side, side), Image.Resampling.NEAREST)) for p in pictures]
    factor = factor_of(recipe, same[0].size * len(same))
    return encoded(grids.upscale(grids.grid(same), factor), recipe)


# ---- what has become of it


def difference(one: bytes, other: bytes) -> int | None:
    """The largest difference of a pixel between two pictures, in grey levels of 255; None if they can't be compared."""
    try:
        first, second = _shown(one), _shown(other)
    except Exception:  # decoders of damaged files raise nearly anything
        return None
    if len(first) != len(second) or first[0].shape != second[0].shape:
        return None
    return max(int(np.abs(a.astype(int) - b).max()) for a, b in zip(first, second, strict=True))


def _shown(data: bytes) -> list[np.ndarray]:
    with Image.open(io.BytesIO(data)) as picture:
        return [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]


def _run_of(recipe: Recipe, root: Path | None) -> Run:
    name = recipe.get("run")
    if not isinstance(name, str):
        raise BadInput("The recipe inside the picture is damaged: 'run' must be the id of a run.")
    return Run.named(name, root)
