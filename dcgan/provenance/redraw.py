"""Pictures again from their recipes: the same weights, the same numbers, the same bytes.

Pages and the command line make their files here as well, from the recipe itself, wherever that costs nothing.
"""

import base64
import contextlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageSequence

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.images import grids, mp4
from dcgan.images.encode import FPS_RANGE, gif_bytes, png_bytes, webp_bytes
from dcgan.latent import moves, walks
from dcgan.latent.render import render
from dcgan.latent.seeds import sample_seeds, z_from_seed, z_from_seeds
from dcgan.networks.models import Generator
from dcgan.provenance import fields, weights
from dcgan.provenance.fields import choice, number, numbers, whole, wholes
from dcgan.provenance.film import film_of
from dcgan.provenance.weights import Model
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.run import Run

Recipe = Mapping[str, Any]
Frames = Sequence[np.ndarray] | np.ndarray

FILM_FPS = 4  # pictures per second of one picture being learned
MAX_FRAMES, MAX_PICTURES, MAX_PIXELS = 5000, 100_000, 200_000_000
MODES = ("slerp", "lerp", "even")


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
        "view": _view_file,
        "sample": _sample_file,
        "morph": _morph_file,
        "corners": _corners_file,
    }
    return makers[fields.kind_of(recipe)](generator, recipe, ending)


# ---- one picture


def z_of(recipe: Recipe, config: Config) -> torch.Tensor:
    """The z (z_dim,) of a view: from a seed, or from the z that stands in the recipe, to where sliders have led."""
    given = _given_z(recipe, config.z_dim)
    start = z_from_seed(_seed(recipe), config.z_dim, config.z_prior) if given is None else given
    z = moves.walked(start, fields.hops(recipe), config.z_prior)
    dims = {int(name): value for name, value in fields.sliders(recipe).items() if name.isdecimal()}
    offset = numbers(recipe, "offset", config.z_dim)
    return moves.moved(z, dims, offset, _truncation(recipe), config.z_prior)


def _given_z(recipe: Recipe, z_dim: int) -> torch.Tensor | None:
    """The z that no seed gives, as a list of numbers or as half precision in base64url; None if there is none."""
    if not isinstance(recipe.get("z"), str):
        given = numbers(recipe, "z", z_dim)
        return None if given is None else torch.tensor(given)
    try:
        halves = np.frombuffer(base64.b64decode(recipe["z"] + "==", b"-_", validate=True), "<f2")
    except ValueError:
        halves = np.empty(0)
    if len(halves) != z_dim or not np.isfinite(halves).all():
        raise BadInput(f"The recipe inside the picture is damaged: 'z' must be the code of {z_dim} numbers.")
    return torch.from_numpy(halves.astype(np.float32))


def picture_of(generator: Generator, recipe: Recipe) -> np.ndarray:
    """The picture of a view, uint8 (H, W) or (H, W, 3), in its own size."""
    return render(generator, z_of(recipe, generator.config)[None])[0]


def _view_file(generator: Generator, recipe: Recipe, ending: str) -> bytes:
    picture = picture_of(generator, recipe)
    return _encoded(grids.upscale(picture, _factor(recipe, picture.size)), recipe)


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
    factor = _factor(recipe, pictures[0].size * len(pictures))
    frames = [grids.upscale(picture, factor) for picture in pictures]
    encode = gif_bytes if ending == ".gif" else webp_bytes
    return encode(frames + frames[-1:] * FILM_FPS, FILM_FPS, True, dict(recipe))


# ---- several


def sample_z(recipe: Recipe, config: Config) -> torch.Tensor:
    """The z of a sample, (n, z_dim)."""
    seeds = sample_seeds(_seed(recipe), whole(recipe, "n", 1, MAX_PICTURES))
    return moves.truncate(z_from_seeds(seeds, config.z_dim, config.z_prior), _truncation(recipe))


def _sample_file(generator: Generator, recipe: Recipe, ending: str) -> bytes:
    columns = whole(recipe, "columns", 1, MAX_PICTURES) if "columns" in recipe else None
    return _encoded(grids.grid(render(generator, sample_z(recipe, generator.config)), columns), recipe)


def morph_frames(generator: Generator, recipe: Recipe) -> np.ndarray:
    """The frames of a morph, uint8 (frames, H, W[, 3]); raises BadInput if it has fewer frames than keyframes."""
    config = generator.config
    frames = whole(recipe, "frames", 2, MAX_FRAMES)
    mode, loop = choice(recipe, "mode", MODES), choice(recipe, "loop", (False, True), False)
    keys = moves.truncate(_keys_z(recipe, config), _truncation(recipe))
    if mode == "even":
        z = walks.even_path(keys, frames, lambda z: render(generator, z), loop=loop)
    else:
        z = walks.path(keys, frames, mode, loop)
    return render(generator, z)


def _keys_z(recipe: Recipe, config: Config) -> torch.Tensor:
    """One z per keyframe, (K, z_dim): seeds, or where some are more than that, a view each."""
    if "keyframes" not in recipe:
        return z_from_seeds(wholes(recipe, "seeds", 2, MAX_FRAMES), config.z_dim, config.z_prior)
    views = recipe["keyframes"]
    if not isinstance(views, list) or not 2 <= len(views) <= MAX_FRAMES or not all(isinstance(v, dict) for v in views):
        raise BadInput("The recipe inside the picture is damaged: 'keyframes' must be two views or more.")
    return torch.stack([z_of(each, config) for each in views])


def morph_encoded(frames: np.ndarray, recipe: Recipe, ending: str) -> bytes:
    """Frames of a morph as its file: an animation, or as PNG all of them, in one strip or with so many `columns`."""
    factor = _factor(recipe, frames.size)
    large = frames.repeat(factor, axis=1).repeat(factor, axis=2)
    if ending == ".png":
        columns = whole(recipe, "columns", 1, MAX_FRAMES, len(large))
        return _encoded(grids.grid(large, columns, gap=2 * factor), recipe)
    if ending == ".mp4":
        return mp4.mp4_bytes(large, number(recipe, "fps", *FPS_RANGE, 20), dict(recipe))
    encode = gif_bytes if ending == ".gif" else webp_bytes
    return encode(large, number(recipe, "fps", *FPS_RANGE, 20), True, dict(recipe))


def _morph_file(generator: Generator, recipe: Recipe, ending: str) -> bytes:
    return morph_encoded(morph_frames(generator, recipe), recipe, ending)


def _corners_file(generator: Generator, recipe: Recipe, ending: str) -> bytes:
    """The square between four corners, or one point in it."""
    config, seeds = generator.config, wholes(recipe, "corners", 4, 4)
    keys = moves.truncate(z_from_seeds(seeds, config.z_dim, config.z_prior), _truncation(recipe))
    if "at" in recipe:
        x, y = numbers(recipe, "at", 2) or (0.5, 0.5)
        sides = walks.slerp(keys[0], keys[2], y), walks.slerp(keys[1], keys[3], y)
        picture = render(generator, walks.slerp(*sides, x)[None])[0]
        return _encoded(grids.upscale(picture, _factor(recipe, picture.size)), recipe)
    n = whole(recipe, "n", 2, 100)
    t = torch.linspace(0, 1, n)
    left, right = walks.slerp(keys[0], keys[2], t), walks.slerp(keys[1], keys[3], t)  # (n, z_dim): down both sides
    pictures = render(generator, torch.cat([walks.slerp(a, b, t) for a, b in zip(left, right, strict=True)]))
    return _encoded(grids.upscale(grids.grid(pictures, n), _factor(recipe, pictures.size)), recipe)


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
    factor = _factor(recipe, same[0].size * len(same))
    return _encoded(grids.upscale(grids.grid(same), factor), recipe)


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


# ---- helpers


def _seed(recipe: Recipe) -> int:
    return whole(recipe, "seed", 0, fields.MAX_SEED)


def _truncation(recipe: Recipe) -> float:
    return number(recipe, "truncation", 0, moves.MAX_TRUNCATION, 1.0)


def _factor(recipe: Recipe, num_values: int) -> int:
    """How often the picture is enlarged, refused where that would fill the memory."""
    factor = whole(recipe, "enlarged", 1, 64, 1)
    if num_values * factor**2 > MAX_PIXELS:
        raise BadInput("The recipe inside the picture asks for one that is too large to make.")
    return factor


def _encoded(picture: np.ndarray, recipe: Recipe) -> bytes:
    return png_bytes(picture, dict(recipe))


def _run_of(recipe: Recipe, root: Path | None) -> Run:
    name = recipe.get("run")
    if not isinstance(name, str):
        raise BadInput("The recipe inside the picture is damaged: 'run' must be the id of a run.")
    return Run.named(name, root)
