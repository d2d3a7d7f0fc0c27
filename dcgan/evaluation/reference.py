"""The real side of every comparison: the test pictures, their features, and how fakes compare with them."""

import functools
import hashlib
import io
import json
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dcgan.config import Config
from dcgan.data import sources
from dcgan.data.dataset import real_pictures
from dcgan.judges.classifier import AT_ONCE
from dcgan.judges.judge import Tick, judge_of, quiet
from dcgan.metrics.class_score import SPLITS, Score, class_score
from dcgan.metrics.classes import divergence, histogram, precision_by_class
from dcgan.metrics.enough import at_once, is_enough
from dcgan.metrics.frechet import frechet, gaussian
from dcgan.metrics.kernel_distance import kernel_distance, kernel_within
from dcgan.metrics.neighbours import K_DENSITY, Neighbours, neighbours
from dcgan.system.kept_json import keep, kept_json

VERSION = 3  # raised when a figure is worked out in another way, so that kept ones are made again
MAX_REFERENCE = 10_000
MAX_NEIGHBOURS = 5000  # on either side: distances of all pairs grow with the square


class Figures(NamedTuple):
    """How one set of pictures compares with the test pictures; None where there is no such figure."""

    distance: float | None = None  # Frechet
    kernel: float | None = None
    precision: float | None = None
    recall: float | None = None
    density: float | None = None
    coverage: float | None = None
    score: float | None = None
    divergence: float | None = None  # of the classes, in bits


class Comparison(NamedTuple):
    figures: Figures
    realism: np.ndarray  # float64 (N,), large is typical; NaN of pictures that were not compared
    class_precision: list[float | None] | None = None  # precision among the pictures that are named each class


class Reference:
    """What pictures of one data set, size and number of channels are compared with; raises BadInput without the data.

    Without held-out pictures the training pictures take their place, and `held_out` is False. With too few there are
    no floors, and `enough` is False.
    """

    def __init__(self, config: Config, tick: Tick = quiet) -> None:
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

    @classmethod
    def is_kept(cls, config: Config) -> bool:
        """Whether the features of these pictures are on disk, which is most of the work."""
        made = cls.__new__(cls)
        made.config, made.judge = config, judge_of(config)
        return made._features_path().exists()

    def _prepare(self, config: Config, train: np.ndarray | None) -> Iterator[int]:
        self.config, self.judge = config, judge_of(config)
        yield 0
        self.train = real_pictures(config, "train") if train is None else train
        test = real_pictures(config, "test")
        self.held_out = len(test) > K_DENSITY
        self.enough = is_enough(len(test), len(self.train))
        self.pictures = (test if self.held_out else self.train)[:MAX_REFERENCE]
        self._kernel_within: float | None = None  # of the features, once it is needed
        yield 0
        self.features = yield from self._kept_features()
        self.probabilities = self.judge.probabilities(self.features)

    @functools.cached_property
    def gaussian(self) -> Any:
        return gaussian(self.features)

    def at_once(self, n: int) -> int:
        """How many of n fakes are compared at a time: as many as in each draw of a floor, or all without one."""
        return at_once(n, len(self.train)) if self.enough else n

    def distance(self, features: np.ndarray) -> float:
        """Frechet distance of features (N, D) to those of the test pictures."""
        return self._mean(features, lambda part: frechet(gaussian(part), self.gaussian))

    def kernel(self, features: np.ndarray, beat: Callable[[], None] = lambda: None) -> float:
        """Kernel distance of features (N, D) to those of the test pictures."""
        return self._mean(features, lambda part: self._kernel(part, beat))

    def _mean(self, features: np.ndarray, figure: Callable[[np.ndarray], float]) -> float:
        return float(np.mean([figure(part) for part in self._parts(features)]))

    def _parts(self, features: np.ndarray) -> list[np.ndarray]:
        """Features (N, D) as they are compared; what is left over is too few."""
        size = self.at_once(len(features))
        return [features[start : start + size] for start in range(0, len(features) - size + 1, size)]

    def _kernel(self, features: np.ndarray, beat: Callable[[], None]) -> float:
        if self._kernel_within is None:
            path = self.cache_path("within", ".json")
            self._kernel_within = float(kept_json(path, lambda: kernel_within(self.features, beat)))
        return kernel_distance(features, self.features, self._kernel_within, beat)

    def compare(self, features: np.ndarray, seed: int = 0, beat: Callable[[], None] = lambda: None) -> Comparison:
        """All figures of features (N, D), `at_once` so many at a time; precision and its kin compare at most 5,000.

        `beat` is called often on the way.
        """
        realism = np.full(len(features), np.nan)
        inside = np.zeros(len(features), bool)
        each, size = [], self.at_once(len(features))
        for number, part in enumerate(self._parts(features)):
            figures, among = self._compare_part(part, seed, beat)
            each.append(figures)
            if among is not None:
                rows = slice(number * size, number * size + len(among.inside))
                realism[rows], inside[rows] = among.realism, among.inside
        columns = {name: [getattr(figures, name) for figures in each] for name in Figures._fields}
        means = {name: None if None in values else float(np.mean(values)) for name, values in columns.items()}
        probabilities, class_precision, compared = self.judge.probabilities(features), None, ~np.isnan(realism)
        if probabilities is not None and compared.any():
            named = probabilities[compared].argmax(1)
            class_precision = precision_by_class(named, inside[compared], len(self.judge.class_names))
        return Comparison(Figures(**means), realism, class_precision)

    def _compare_part(
        self, features: np.ndarray, seed: int, beat: Callable[[], None]
    ) -> tuple[Figures, Neighbours | None]:
        probabilities, among = self.judge.probabilities(features), None
        found = {"distance": frechet(gaussian(features), self.gaussian), "kernel": self._kernel(features, beat)}
        beside = self.beside(features, seed)
        if min(len(part) for part in beside) > K_DENSITY:
            among = neighbours(*beside, beat)
            found |= {name: getattr(among, name) for name in ("precision", "recall", "density", "coverage")}
        if probabilities is not None and self.probabilities is not None:
            if len(features) >= 2 * SPLITS:
                found["score"] = shuffled_score(probabilities).mean
            counts = [histogram(p, len(self.judge.class_names)) for p in (probabilities, self.probabilities)]
            found["divergence"] = divergence(*counts)
        return Figures(**found), among

    def beside(self, features: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """As many features of test pictures, drawn by the seed, and of these, at most 5,000."""
        n = min(len(features), len(self.features), MAX_NEIGHBOURS)
        rows = np.random.default_rng(seed).permutation(len(self.features))[:n]
        return self.features[np.sort(rows)], features[:n]

    def _kept_features(self) -> Generator[int, None, np.ndarray]:
        path = self._features_path()
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
        keep(path, buffer.getvalue())
        return features

    def _features_path(self) -> Path:
        return self.cache_path("features", ".npy")

    def cache_path(self, kind: str, *about: object) -> Path:
        """Where what was worked out about these pictures is kept; the last of `about` is the ending."""
        ending = about[-1]
        parts = [VERSION, self.judge.hash, *identity(self.config)]
        key = hashlib.sha256(json.dumps([*parts, *about]).encode()).hexdigest()[:24]
        return sources.DATA_DIR / "cache" / f"{kind}-{key}{ending}"


def identity(config: Config) -> list[object]:
    """What decides which real pictures a run is compared with."""
    pictures = [config.data, config.data_fingerprint, config.image_size, config.channels, config.crop]
    pictures += [config.held_out] * bool(config.held_out)
    return pictures + ([config.reading, config.black, config.white] if config.reading > 1 else [])


_REFERENCES: dict[tuple[object, ...], Reference] = {}


def reference_of(config: Config, tick: Tick = quiet) -> Reference:
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
