"""Of a generator that knows classes: whether a fake is what was asked for, and how far each class is from real ones.

All of it goes by a classifier of the same classes; with another judge, or without labels, nothing can be said.
"""

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np

from dcgan.config import Config
from dcgan.data.dataset import real_labels
from dcgan.evaluation.reference import Reference
from dcgan.metrics.frechet import frechet, gaussian
from dcgan.system.kept_json import kept_json

FEWEST = 20  # pictures of a class below which its distance would say nothing


class RealClasses(NamedTuple):
    """The real side: what K classes of real pictures look like to the judge."""

    names: tuple[str, ...]
    judged_as: np.ndarray  # int64 (K,): the judge's number of each class
    labels: np.ndarray  # int64 (M,) of the reference's pictures
    named_right: float  # share of them that the judge names right
    floors: list[float | None]  # distance of n / K training pictures of a class to its test pictures


def real_classes(reference: Reference, config: Config, n: int) -> Generator[None, None, RealClasses | None]:
    """What n fakes are compared with, a class at a time; None where the judge doesn't know these classes."""
    names, judge = config.names_of_classes, reference.judge
    if not names or not reference.enough or not {*names} <= {*judge.class_names}:
        return None
    judged_as = np.array([judge.class_names.index(name) for name in names])
    labels = real_labels(config, "test" if reference.held_out else "train")[: len(reference.pictures)]
    assert reference.probabilities is not None
    known = labels >= 0  # held-out pictures may be of a class that isn't trained on
    if not known.any():
        return None
    right = reference.probabilities[known].argmax(1) == judged_as[labels[known]]
    path = reference.cache_path("class-floors", n, list(names), ".json")
    floors: list[float | None] = kept_json(path, list) if path.exists() else []
    train_labels = real_labels(config, "train") if not floors else labels
    rng = np.random.default_rng(0)
    for label in range(len(names)) if not floors else ():
        size = expected(config, label, n)
        rows = rng.permutation(np.flatnonzero(train_labels == label))[: 2 * size]
        real = reference.features[labels == label]
        floor = None
        if len(rows) == 2 * size and min(size, len(real)) >= FEWEST:
            seen = judge.features(reference.train[np.sort(rows)])[rng.permutation(len(rows))]
            floor = float(np.mean([frechet(gaussian(part), gaussian(real)) for part in (seen[:size], seen[size:])]))
        floors.append(floor)
        yield
    kept_json(path, lambda: floors)
    return RealClasses(names, judged_as, labels, float(right.mean()), floors)


def expected(config: Config, label: int, n: int) -> int:
    """How many of n fakes from seeds in a row show a class."""
    return round(n * config.class_shares[label])


def as_asked(reference: Reference, real: RealClasses, features: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """What features of fakes (n, D) say, which were asked for as labels (n,); plain numbers.

    `named_as_asked` is the share that the judge names as it was asked for, `real_named_right` that of real pictures of
    known class, and `each` the same share class by class. `distances` are those of the fakes of a class to its test
    pictures (Frechet), too large at few pictures as their `floors` are; None of a class with few.
    """
    probabilities = reference.judge.probabilities(features)
    assert probabilities is not None
    right = probabilities.argmax(1) == real.judged_as[labels]
    each: list[float | None] = []
    distances: list[float | None] = []
    for label, floor in enumerate(real.floors):
        own, others = features[labels == label], reference.features[real.labels == label]
        each.append(round(float(right[labels == label].mean()), 5) if len(own) else None)
        counts = floor is not None and len(own) >= FEWEST
        distances.append(round(frechet(gaussian(own), gaussian(others)), 5) if counts else None)
    return {
        "names": list(real.names),
        "named_as_asked": round(float(right.mean()), 5),
        "real_named_right": round(real.named_right, 5),
        "each": each,
        "distances": distances,
        "floors": [None if floor is None else round(floor, 5) for floor in real.floors],
    }
