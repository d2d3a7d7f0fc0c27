"""What real pictures reach where fakes stand: the floor of each figure, and marks to read a distance by."""

from collections.abc import Callable, Generator, Iterator
from typing import Any

import numpy as np

from dcgan.evaluation.reference import Figures, Reference
from dcgan.evaluation.spread import spread, whole
from dcgan.judges.judge import Tick, quiet
from dcgan.metrics.enough import DRAWS, SURE
from dcgan.metrics.frechet import frechet, gaussian
from dcgan.metrics.nearest import as_it_is
from dcgan.metrics.spoil import SPOILT
from dcgan.system.kept_json import kept_json


def floors_of(reference: Reference, n: int, tick: Tick = quiet) -> dict[str, dict[str, float]]:
    """Each figure of training pictures instead of n fakes: mean, deviation over the draws, and their number.

    Empty without enough pictures. Kept on disk once worked out.
    """
    if not reference.enough:
        return {}
    return _kept_floors(reference, n, tick)["figures"]


def class_floors(reference: Reference, n: int, tick: Tick = quiet) -> list[dict[str, float] | None]:
    """The floor of each class's precision, None for a class with few pictures; empty without classes."""
    return _kept_floors(reference, n, tick)["classes"] if reference.enough and reference.judge.class_names else []


def distance_floor(reference: Reference, n: int) -> dict[str, float] | None:
    """The floor of the distance alone, which takes a third of the time; None without enough pictures."""
    return whole(two_floors(reference, n)).get("distance")


def two_floors(reference: Reference, n: int) -> Generator[None, None, dict[str, dict[str, float]]]:
    """The floors of both distances alone, a draw at a time; empty without enough pictures. Kept on disk, too."""
    if not reference.enough:
        return {}
    n = reference.at_once(n)
    if reference.cache_path("floor", n, DRAWS, ".json").exists():
        return floors_of(reference, n)
    path = reference.cache_path("distances", n, DRAWS, ".json")
    if path.exists():
        return kept_json(path, dict)
    found = []
    for features in _draws(reference, n, quiet):
        yield
        found.append((reference.distance(features), reference.kernel(features)))
        yield
    spreads = [spread(list(values)) for values in zip(*found, strict=True)]
    return kept_json(path, lambda: dict(zip(("distance", "kernel"), spreads, strict=True)))


def ruler_of(reference: Reference, n: int, tick: Tick = quiet) -> list[dict[str, Any]]:
    """Distances of spoilt training pictures, rising, by which that of n fakes can be read; kept on disk, too.

    Empty without enough pictures.
    """
    if not reference.enough:
        return []
    size = reference.at_once(n)
    draws = 1 if size == n else DRAWS
    about = (n,) if draws == 1 else (size, draws)
    return kept_json(
        reference.cache_path("ruler", *about, ".json"), lambda: _work_out_ruler(reference, size, draws, tick)
    )


def _work_out_ruler(reference: Reference, size: int, draws: int, tick: Tick) -> list[dict[str, Any]]:
    order = np.random.default_rng(0).permutation(len(reference.train))
    each = [_spoilt(reference, np.sort(order[at * size : (at + 1) * size]), tick) for at in range(draws)]
    labels = [label for label in each[0] if all(label in marks for marks in each)]
    marks = [{"label": label, "distance": float(np.mean([marks[label] for marks in each]))} for label in labels]
    return sorted(marks, key=lambda mark: mark["distance"])


def _spoilt(reference: Reference, rows: np.ndarray, tick: Tick) -> dict[str, float]:
    """The distance of these training pictures after each way of spoiling them."""
    pictures = reference.train[rows]
    seen = {label: reference.judge.features(spoil(pictures), tick) for label, spoil in SPOILT.items()}
    own = reference.judge.features(pictures, tick)
    seen["one picture repeated"] = np.repeat(own[:1], len(rows), axis=0)
    probabilities = reference.judge.probabilities(own)
    if probabilities is not None:
        named = probabilities.argmax(1)
        rest = own[named != np.bincount(named).argmax()]
        if len(rest) > 1:
            seen["one class missing"] = rest
    return {label: frechet(gaussian(features), reference.gaussian) for label, features in seen.items()}


def noise_precision(reference: Reference, n: int, tick: Tick = quiet) -> float | None:
    """The precision of very noisy training pictures instead of n fakes; None where it needs no such test."""
    if not reference.enough or len(reference.pictures) >= SURE:
        return None
    n = reference.at_once(n)

    def work_out() -> float:
        draws = _draws(reference, n, tick, SPOILT["very noisy"])
        return float(np.mean([reference.compare(x, draw).figures.precision for draw, x in enumerate(draws)]))

    return kept_json(reference.cache_path("noise", n, ".json"), work_out)


def pictures_to_see(reference: Reference, n: int) -> int:
    """How many pictures `floors_of`, `ruler_of` and `noise_precision` may still have to look at."""
    size = reference.at_once(n)
    if not reference.enough or reference.cache_path("floor", size, DRAWS, ".json").exists():
        return 0
    return size * (DRAWS + (1 if size == n else DRAWS) * (len(SPOILT) + 1) + DRAWS * (len(reference.pictures) < SURE))


def _kept_floors(reference: Reference, n: int, tick: Tick) -> dict[str, Any]:
    n = reference.at_once(n)
    return kept_json(reference.cache_path("floor", n, DRAWS, ".json"), lambda: _work_out_floors(reference, n, tick))


def _work_out_floors(reference: Reference, n: int, tick: Tick) -> dict[str, Any]:
    draws = [reference.compare(x, draw, lambda: tick(0)) for draw, x in enumerate(_draws(reference, n, tick))]
    columns = {name: [getattr(draw.figures, name) for draw in draws] for name in Figures._fields}
    classes = zip(*(draw.class_precision or [] for draw in draws), strict=True)
    return {
        "figures": {name: spread(values) for name, values in columns.items() if None not in values},
        "classes": [None if None in values else spread(list(values)) for values in classes],
    }


def _draws(
    reference: Reference, n: int, tick: Tick, spoil: Callable[[np.ndarray], np.ndarray] = as_it_is
) -> Iterator[np.ndarray]:
    """Features of n training pictures at a time, no picture twice, in no order.

    Folders come sorted by class, and what compares the first few of a set must not see one class alone.
    """
    order = np.random.default_rng(0).permutation(len(reference.train))
    for draw in range(DRAWS):
        features = reference.judge.features(spoil(reference.train[np.sort(order[draw * n : (draw + 1) * n])]), tick)
        yield features[np.random.default_rng(draw).permutation(n)]
