"""The real side of every comparison: the test pictures, and draws of training pictures for the floor."""

import functools
import hashlib
import io
import json
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dcgan import sources
from dcgan.config import Config
from dcgan.files import publish
from dcgan.metrics.classes import divergence, histogram, precision_by_class
from dcgan.metrics.classifier import AT_ONCE
from dcgan.metrics.frechet import frechet, gaussian
from dcgan.metrics.judge import Tick, _quiet, judge_of
from dcgan.metrics.kernel import kernel_distance, kernel_within
from dcgan.metrics.neighbours import K_DENSITY, neighbours
from dcgan.metrics.pixels import real_pictures
from dcgan.metrics.score import SPLITS, Score, class_score
from dcgan.metrics.spoil import SPOILT

VERSION = 3  # raised when a figure is worked out in another way, so that kept ones are made again
FLOOR_DRAWS = 4
MAX_REFERENCE = 10_000
MAX_NEIGHBOURS = 5000  # on either side: distances of all pairs grow with the square


class Figures(NamedTuple):
    """How one set of pictures compares with the test pictures; None where there is no such figure."""

    distance: float  # Frechet
    kernel: float
    precision: float | None = None
    recall: float | None = None
    density: float | None = None
    coverage: float | None = None
    score: float | None = None
    divergence: float | None = None  # of the classes, in bits


class Comparison(NamedTuple):
    figures: Figures
    realism: np.ndarray | None = None  # float64, of the first pictures, as many as were compared; large is typical
    class_precision: list[float | None] | None = None  # precision among the pictures that are named each class


class Reference:
    """What pictures of one data set, size and number of channels are compared with; raises BadInput without the data.

    Without held-out pictures the training pictures take their place, and `held_out` is False.
    """

    def __init__(self, config: Config, tick: Tick = _quiet) -> None:
        for done in self._prepare(config, None):
            tick(done)

    @classmethod
    def in_pieces(cls, config: Config, train: np.ndarray | None = None) -> Generator[int, None, "Reference"]:
        """As Reference(config), a few pictures at a time; yields how many were looked at since the last time.

        `train` are the training pictures, uint8 (N, H, W) or (N, H, W, 3), where they are in memory already.
        """
        made = cls.__new__(cls)
        yield from made._prepare(config, train)
        return made

    def _prepare(self, config: Config, train: np.ndarray | None) -> Iterator[int]:
        self.config, self.judge = config, judge_of(config)
        yield 0
        self.train = real_pictures(config, "train") if train is None else train
        test = real_pictures(config, "test")
        self.held_out = len(test) > K_DENSITY
        self.pictures = (test if self.held_out else self.train)[:MAX_REFERENCE]
        self._kernel_within: float | None = None  # of the features, once it is needed
        yield 0
        self.features = yield from self._kept_features()
        self.probabilities = self.judge.probabilities(self.features)

    @functools.cached_property
    def gaussian(self) -> Any:
        return gaussian(self.features)

    def distance(self, features: np.ndarray) -> float:
        """Frechet distance of features (N, D) to those of the test pictures."""
        return frechet(gaussian(features), self.gaussian)

    def kernel(self, features: np.ndarray, beat: Callable[[], None] = lambda: None) -> float:
        """Kernel distance of features (N, D) to those of the test pictures."""
        if self._kernel_within is None:
            path = self._cache_path("within", ".json")
            self._kernel_within = float(kept_json(path, lambda: kernel_within(self.features, beat)))
        return kernel_distance(features, self.features, self._kernel_within, beat)

    def compare(self, features: np.ndarray, seed: int = 0, beat: Callable[[], None] = lambda: None) -> Comparison:
        """All figures of features (N, D); precision and its kin compare at most 5,000, as many on either side.

        `beat` is called often on the way.
        """
        realism = class_precision = None
        probabilities = self.judge.probabilities(features)
        found = {
            "distance": self.distance(features),
            "kernel": self.kernel(features, beat),
        }
        beside = self.beside(features, seed)
        if min(len(part) for part in beside) > K_DENSITY:
            among = neighbours(*beside, beat)
            found |= {name: getattr(among, name) for name in ("precision", "recall", "density", "coverage")}
            realism = among.realism
            if probabilities is not None:
                named = probabilities[: len(among.inside)].argmax(1)
                class_precision = precision_by_class(named, among.inside, len(self.judge.class_names))
        if probabilities is not None and self.probabilities is not None:
            if len(features) >= 2 * SPLITS:
                found["score"] = shuffled_score(probabilities).mean
            counts = [histogram(p, len(self.judge.class_names)) for p in (probabilities, self.probabilities)]
            found["divergence"] = divergence(*counts)
        return Comparison(Figures(**found), realism, class_precision)

    def beside(self, features: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """As many features of test pictures, drawn by the seed, and of these, at most 5,000."""
        n = min(len(features), len(self.features), MAX_NEIGHBOURS)
        rows = np.random.default_rng(seed).permutation(len(self.features))[:n]
        return self.features[np.sort(rows)], features[:n]

    def floors(self, n: int, tick: Tick = _quiet) -> dict[str, dict[str, float]]:
        """Each figure of n training pictures instead of fakes: mean, deviation over the draws, and their number.

        Empty without held-out pictures. Kept on disk once worked out.
        """
        if not self.held_out:
            return {}
        return self._kept_floors(n, tick)["figures"]

    def class_floors(self, n: int, tick: Tick = _quiet) -> list[dict[str, float] | None]:
        """The floor of each class's precision, None for a class with few pictures; empty without classes."""
        return self._kept_floors(n, tick)["classes"] if self.held_out and self.judge.class_names else []

    def distance_floor(self, n: int) -> dict[str, float] | None:
        """The floor of the distance alone, which takes a third of the time; None without held-out pictures."""
        if not self.held_out:
            return None
        n = min(n, len(self.train))
        everything = self._cache_path("floor", n, FLOOR_DRAWS, ".json")
        if everything.exists():
            return self.floors(n)["distance"]
        path = self._cache_path("distance", n, FLOOR_DRAWS, ".json")
        return kept_json(path, lambda: spread([self.distance(x) for x in self._draws(n, _quiet)]))

    def two_floors(self, n: int) -> Generator[None, None, dict[str, dict[str, float]]]:
        """The floors of both distances alone, a draw at a time; empty without held-out pictures. Kept on disk, too."""
        if not self.held_out:
            return {}
        n = min(n, len(self.train))
        if self._cache_path("floor", n, FLOOR_DRAWS, ".json").exists():
            return self.floors(n)
        path = self._cache_path("distances", n, FLOOR_DRAWS, ".json")
        if path.exists():
            return kept_json(path, dict)
        found = []
        for features in self._draws(n, _quiet):
            yield
            found.append((self.distance(features), self.kernel(features)))
            yield
        spreads = [spread(list(values)) for values in zip(*found, strict=True)]
        return kept_json(path, lambda: dict(zip(("distance", "kernel"), spreads, strict=True)))

    def ruler(self, n: int, tick: Tick = _quiet) -> list[dict[str, Any]]:
        """Distances of n spoilt training pictures, rising, by which a distance can be read; kept on disk, too.

        Empty without held-out pictures.
        """
        if not self.held_out:
            return []
        n = min(n, len(self.train))
        return kept_json(self._cache_path("ruler", n, ".json"), lambda: self._work_out_ruler(n, tick))

    def _work_out_ruler(self, n: int, tick: Tick) -> list[dict[str, Any]]:
        rows = np.sort(np.random.default_rng(0).permutation(len(self.train))[:n])
        pictures = self.train[rows]
        seen = {label: self.judge.features(spoil(pictures), tick) for label, spoil in SPOILT.items()}
        own = self.judge.features(pictures, tick)
        seen["one picture repeated"] = np.repeat(own[:1], n, axis=0)
        probabilities = self.judge.probabilities(own)
        if probabilities is not None:
            named = probabilities.argmax(1)
            rest = own[named != np.bincount(named).argmax()]
            if len(rest) > 1:
                seen["one class missing"] = rest
        marks = [{"label": label, "distance": self.distance(features)} for label, features in seen.items()]
        return sorted(marks, key=lambda mark: mark["distance"])

    def pictures_to_see(self, n: int) -> int:
        """How many pictures `floors` and `ruler` still have to look at."""
        n = min(n, len(self.train))
        floors = self._cache_path("floor", n, FLOOR_DRAWS, ".json").exists()
        ruler = self._cache_path("ruler", n, ".json").exists()
        return self.held_out * n * (FLOOR_DRAWS * (not floors) + (len(SPOILT) + 1) * (not ruler))

    def _kept_floors(self, n: int, tick: Tick) -> dict[str, Any]:
        n = min(n, len(self.train))
        return kept_json(self._cache_path("floor", n, FLOOR_DRAWS, ".json"), lambda: self._work_out_floors(n, tick))

    def _work_out_floors(self, n: int, tick: Tick) -> dict[str, Any]:
        draws = [self.compare(x, draw, lambda: tick(0)) for draw, x in enumerate(self._draws(n, tick))]
        columns = {name: [getattr(draw.figures, name) for draw in draws] for name in Figures._fields}
        classes = zip(*(draw.class_precision or [] for draw in draws), strict=True)
        return {
            "figures": {name: spread(values) for name, values in columns.items() if None not in values},
            "classes": [None if None in values else spread(list(values)) for values in classes],
        }

    def _draws(self, n: int, tick: Tick) -> Iterator[np.ndarray]:
        """Features of n training pictures at a time, no picture twice where there are enough, in no order.

        Folders come sorted by class, and what compares the first few of a set must not see one class alone.
        """
        order = np.random.default_rng(0).permutation(len(self.train))
        for draw in range(FLOOR_DRAWS):
            rows = np.take(order, range(draw * n, (draw + 1) * n), mode="wrap")
            features = self.judge.features(self.train[np.sort(rows)], tick)
            yield features[np.random.default_rng(draw).permutation(n)]

    def _kept_features(self) -> Generator[int, None, np.ndarray]:
        path = self._cache_path("features", ".npy")
        try:
            found = np.load(path, allow_pickle=False)
            if len(found) == len(self.pictures) and found.dtype == np.float32:
                return found
        except (OSError, ValueError, EOFError):
            pass
        parts = []
        for start in range(0, len(self.pictures), AT_ONCE):
            parts.append(self.judge.features(self.pictures[start : start + AT_ONCE]))
            yield len(parts[-1])
        features = np.concatenate(parts)
        buffer = io.BytesIO()
        np.save(buffer, features)
        _keep(path, buffer.getvalue())
        return features

    def _cache_path(self, kind: str, *about: object) -> Path:
        ending = about[-1]
        parts = [VERSION, self.judge.hash, *identity(self.config)]
        key = hashlib.sha256(json.dumps([*parts, *about]).encode()).hexdigest()[:24]
        return sources.DATA_DIR / "cache" / f"{kind}-{key}{ending}"


def identity(config: Config) -> list[object]:
    """What decides which real pictures a run is compared with."""
    pictures = [config.data, config.data_fingerprint, config.image_size, config.channels, config.crop]
    return pictures + [config.held_out] * bool(config.held_out)


_REFERENCES: dict[tuple[object, ...], Reference] = {}


def reference_of(config: Config, tick: Tick = _quiet) -> Reference:
    """The reference of a run's data, kept in memory for the next generator of the same data and size."""
    key = (*identity(config), judge_of(config).hash)
    if not config.data_fingerprint:
        return Reference(config, tick)
    real_pictures(config, "train")  # notices data that have changed
    if key not in _REFERENCES:
        found = Reference(config, tick)
        while len(_REFERENCES) >= 2:
            _REFERENCES.pop(next(iter(_REFERENCES)), None)
        _REFERENCES[key] = found
    return _REFERENCES[key]


def shuffled_score(probabilities: np.ndarray) -> Score:
    """The score of pictures that may be sorted by class, as folders are."""
    return class_score(probabilities[np.random.default_rng(0).permutation(len(probabilities))])


def spread(values: list[float]) -> dict[str, float]:
    """Mean and standard deviation of a figure over several draws."""
    return {"mean": float(np.mean(values)), "deviation": float(np.std(values, ddof=1)), "draws": len(values)}


def kept_json(path: Path, work_out: Callable[[], Any]) -> Any:
    """What is kept at path, or what is worked out now and kept there."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        pass
    found = work_out()
    _keep(path, json.dumps(found, allow_nan=False).encode())
    return found


def _keep(path: Path, content: bytes) -> None:
    """Write into the cache; where that can't be done, the same is worked out again next time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        publish(path, content)
    except OSError:
        pass
