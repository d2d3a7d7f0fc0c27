"""Pixel figures of a generator beside the same figures of real pictures, which are their floor.

They find collapse, wrong brightness or contrast, and copying. They can't judge realism: a set of blurred or
scrambled pictures may score well. All distances are root mean square differences of pixels in grey levels of 255.
"""

import hashlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from dcgan.data.dataset import real_pictures
from dcgan.errors import BadInput
from dcgan.latent.class_centres import z_of
from dcgan.latent.render import AT_ONCE, render
from dcgan.latent.seeds import sample_seeds
from dcgan.metrics.copies import close_calls
from dcgan.metrics.disguise import undisguised
from dcgan.metrics.nearest import CHUNK_FLOATS, affordable, as_it_is, nearest_training
from dcgan.networks.generator_file import weights_hash

if TYPE_CHECKING:
    from dcgan.networks.models import Generator

MAX_PICTURES = 10_000
DIVERSITY_PICTURES = 1000  # a mean over half a million pairs is exact enough


class Pairs(NamedTuple):
    """Pictures, each with its nearest training picture."""

    rows: np.ndarray  # int64 (N,), which fakes or which test pictures
    nearest: np.ndarray  # int64 (N,), rows of the training pictures
    distances: np.ndarray  # float64 (N,), grey levels

    def take(self, at: np.ndarray | slice) -> "Pairs":
        """Some of the pairs."""
        return Pairs(self.rows[at], self.nearest[at], self.distances[at])

    def closest(self, n: int) -> "Pairs":
        """The n pairs with the smallest distance, rising."""
        return self.take(np.argsort(self.distances, kind="stable")[:n])

    def listed(self) -> list[list[float]]:
        """[row, nearest training row, distance] of each pair, ready for JSON."""
        distances = self.distances.round(3).tolist()
        return [list(pair) for pair in zip(self.rows.tolist(), self.nearest.tolist(), distances, strict=True)]


class Measurement(NamedTuple):
    report: dict[str, Any]  # plain numbers and text, ready for JSON
    fakes: Pairs
    disguised: Pairs  # the fakes with their nearest where place, light and side don't count
    held_out: Pairs | None  # None where no real pictures were held out


def pixel_report(generator: "Generator", n: int = 1000, seed: int = 0) -> dict[str, Any]:
    """The figures of n fakes from seeds seed, seed + 1, ...; raises BadInput when the data can't be read."""
    return measure(generator, n, seed).report


def measure(
    generator: "Generator",
    n: int = 1000,
    seed: int = 0,
    fakes: np.ndarray | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Measurement:
    """Compare n fakes with as many held-out pictures and with all training pictures; BadInput as `pixel_report`.

    `fakes`, if already drawn, are those of the seeds; `progress` is called with the share of the search done since it
    was last called.
    """
    if not 2 <= n <= MAX_PICTURES:
        raise BadInput(f"n must be from 2 to {MAX_PICTURES}, not {n!r}.")
    config = generator.config
    train, test = real_pictures(config, "train"), real_pictures(config, "test")
    fakes = fake_pictures(generator, n, seed) if fakes is None else fakes
    drawn = np.sort(np.random.default_rng(seed).permutation(len(test))[:n])
    held_out = test[drawn]  # (M, ...), M <= n
    start, every = affordable(train, n + len(held_out), seed)
    searched, notes = train[start::every], []
    if every > 1:
        notes.append(
            f"Nearest pictures were looked for among {len(searched):,} of the {len(train):,} training pictures (1 in "
            f"{every}), so a copy of one of the others goes unseen; a smaller n searches more."
        )

    key = _key_of(train, test, (len(searched), start, every, seed, n))
    real = _REAL_SIDES.get(key)
    asked, rows = fakes, np.arange(n)
    if real is None:
        asked, rows = np.concatenate([fakes, held_out]), np.append(rows, drawn)
    found = []
    for seen in (as_it_is, undisguised):
        at, distances = nearest_training(asked, searched, lambda part: progress(part / 2), seen)
        found.append(Pairs(rows, at * every + start, distances))
    pairs_of_fakes, disguised = (pairs.take(slice(n)) for pairs in found)
    if real is None:
        as_they_are, without = (pairs.take(slice(n, None)) for pairs in found)
        real = _RealSide(
            _moments(train),
            _moments(test) if len(test) else None,
            mean_pairwise(held_out),
            (as_they_are, without) if len(test) else None,
        )
        _remember(key, real)
    pairs_of_real = real.pairs[0] if real.pairs else None
    sets = {"fakes": _moments(fakes), "test": real.test, "train": real.train}

    def each(figure: str) -> dict[str, float | None]:
        return {name: moments[figure] if moments else None for name, moments in sets.items()}

    report: dict[str, Any] = {
        "n": n,
        "seed": seed,
        "data": config.data,
        "splits": {"train": len(train), "test": len(test)},
        "held_out_drawn": len(held_out),
        "train_searched": len(searched),
        "weights": "EMA" if config.ema_half_life_images else "raw",
        "weights_hash": generator.origin.weights_hash if generator.origin else weights_hash(generator.state_dict()),
        "unit": "grey levels of 255",
        "mean": each("mean"),  # of all pixels
        "spread": each("spread"),  # standard deviation of all pixels
        "per_pixel_spread": each("per_pixel_spread"),  # of one pixel over the set, averaged: small after a collapse
        "diversity": {"fakes": mean_pairwise(fakes), "test": real.diversity},
        "nearest": {
            "fakes": _percentiles(pairs_of_fakes.distances),
            "test": _percentiles(pairs_of_real.distances) if pairs_of_real else None,
        },
        "hills": _hills(pairs_of_fakes.distances, pairs_of_real.distances if pairs_of_real else None),
        "close": close_calls(pairs_of_fakes.distances, pairs_of_real.distances) if pairs_of_real else None,
        "disguised": close_calls(disguised.distances, real.pairs[1].distances) if real.pairs else None,
        "notes": notes,
    }
    return Measurement(report, pairs_of_fakes, disguised, pairs_of_real)


class _RealSide(NamedTuple):
    """What no fake changes: kept in memory for the next generator of the same data."""

    train: dict[str, float]
    test: dict[str, float] | None
    diversity: float | None
    pairs: tuple[Pairs, Pairs] | None  # of the held-out pictures, as they are and without disguise


_REAL_SIDES: dict[str, _RealSide] = {}


def _key_of(train: np.ndarray, test: np.ndarray, drawn: tuple[int, ...]) -> str:
    """`drawn` says how held-out pictures were drawn from test, and what they are searched among."""
    digest = hashlib.sha256(repr((train.shape, test.shape, drawn)).encode())
    for split in (train, test):  # a part tells data sets apart; that one has changed is noticed by its fingerprint
        digest.update(np.ascontiguousarray(split[:: max(1, len(split) // 64)]).tobytes())
    return digest.hexdigest()


def _remember(key: str, real: _RealSide) -> None:
    while len(_REAL_SIDES) >= 4:
        _REAL_SIDES.pop(next(iter(_REAL_SIDES)), None)
    _REAL_SIDES[key] = real


def fake_pictures(
    generator: "Generator", n: int, seed: int, tick: Callable[[int], None] = lambda done: None
) -> np.ndarray:
    """Pictures of the seeds seed, seed + 1, ..., uint8 (n, H, W) or (n, H, W, 3).

    `tick` is called with the number of pictures drawn since its last call.
    """
    parts = []
    for z in z_of(generator, sample_seeds(seed, n)).split(4 * AT_ONCE):
        parts.append(render(generator, z))
        tick(len(z))
    return np.concatenate(parts)


def mean_pairwise(pictures: np.ndarray) -> float | None:
    """Mean distance between two of the first 1,000 pictures; None for fewer than two."""
    n = min(len(pictures), DIVERSITY_PICTURES)
    if n < 2:
        return None
    x = torch.from_numpy(pictures[:n].reshape(n, -1).astype(np.float64))  # whole numbers below 2^53: exact
    norms = x.square().sum(1)
    squares = (norms[:, None] + norms[None, :] - 2 * x @ x.T).clamp_(min=0)  # (n, n)
    return _rounded((squares / x.shape[1]).sqrt().sum().item() / (n * (n - 1)))


# -- helpers


def _moments(pictures: np.ndarray) -> dict[str, float]:
    """Mean and standard deviation of all pixels, and the mean over positions of a pixel's own deviation."""
    shape = math.prod(pictures.shape[1:])
    total, squares = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    rows = max(1, CHUNK_FLOATS // shape)
    for start in range(0, len(pictures), rows):
        x = pictures[start : start + rows].reshape(-1, shape)
        total += x.sum(0, dtype=np.int64)
        squares += np.square(x, dtype=np.uint16).sum(0, dtype=np.int64)  # 255^2 fits
    mean, mean_square = total / len(pictures), squares / len(pictures)
    variance = np.maximum(mean_square - mean**2, 0)
    spread = math.sqrt(max(mean_square.mean() - mean.mean() ** 2, 0))
    per_pixel = np.where(squares * len(pictures) == total**2, 0, np.sqrt(variance)).mean()  # exactly 0 if constant
    return {"mean": _rounded(mean.mean()), "spread": _rounded(spread), "per_pixel_spread": _rounded(per_pixel)}


def _hills(fakes: np.ndarray, held_out: np.ndarray | None) -> dict[str, Any]:
    """Histograms of the nearest distances over the same bins, in per cent of each set."""
    both = fakes if held_out is None else np.concatenate([fakes, held_out])
    edges = np.linspace(0, np.percentile(both, 99.5) + 1, 33)

    def shares(distances: np.ndarray) -> list[float]:
        return (100 * np.histogram(distances, edges)[0] / len(distances)).round(2).tolist()

    return {
        "edges": edges.round(3).tolist(),
        "fakes": shares(fakes),
        "test": None if held_out is None else shares(held_out),
    }


def _percentiles(distances: np.ndarray) -> dict[str, float]:
    p5, median, p95 = np.percentile(distances, [5, 50, 95])
    return {"p5": _rounded(p5), "median": _rounded(median), "p95": _rounded(p95)}


def _rounded(value: float) -> float:
    return round(float(value), 3)
