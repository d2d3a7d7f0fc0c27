"""A map in words, for who can't see it: which kinds of samples there are, what they lie beside, and one of each."""

from typing import TYPE_CHECKING

import numpy as np

from pages.common.words import escaped

if TYPE_CHECKING:
    from dcgan.latent.sample_map import SampleMap

NEAREST = 10  # samples on the map whose classes are counted
AREAS = (
    *("top left", "top", "top right"),
    *("left", "middle", "right"),
    *("bottom left", "bottom", "bottom right"),
)


def table(made: "SampleMap") -> str:
    """The map as a Markdown table: a row for each class, the most frequent first, or for each area without classes."""
    places = np.array(made.places, dtype=np.float64)
    if not made.class_names:
        rows = [f"| {AREAS[area]} | {len(of)} | {_central(made, places, of)} |" for area, of in _areas(places)]
        return "\n".join(["| where | samples | a typical seed |", "|---|---|---|", *rows])
    classes = np.array(made.classes)
    beside = _beside(places, classes, len(made.class_names))
    rows = []
    for k in np.argsort(-np.bincount(classes, minlength=len(made.class_names)), kind="stable"):
        of = np.flatnonzero(classes == k)
        if len(of):
            others = " and ".join(escaped(made.class_names[other]) for other in beside[k]) or "nothing else"
            rows.append(f"| {escaped(made.class_names[k])} | {len(of)} | {_central(made, places, of)} | {others} |")
    return "\n".join(["| class | samples | a typical seed | lies beside |", "|---|---|---|---|", *rows])


def _central(made: "SampleMap", places: np.ndarray, of: np.ndarray) -> int:
    """The seed of the sample nearest to the middle, coordinate by coordinate, of these."""
    middle = np.median(places[of], axis=0)
    return (made.first + int(of[np.square(places[of] - middle).sum(1).argmin()])) % 2**32


def _areas(places: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """The nine areas of a map that are not empty, each with its samples."""
    thirds = (places * 3 / max(places.max(), 1)).astype(int).clip(0, 2)
    areas = thirds[:, 0] + 3 * thirds[:, 1]
    return [(area, of) for area in range(9) if len(of := np.flatnonzero(areas == area))]


def _beside(places: np.ndarray, classes: np.ndarray, num_classes: int) -> list[list[int]]:
    """For each class the two others that are most often among the nearest of its samples, if they ever are."""
    counts = np.zeros((num_classes, num_classes), dtype=int)
    for at, k in zip(places, classes, strict=True):
        near = np.square(places - at).sum(1).argsort()[1 : NEAREST + 1]
        counts[k] += np.bincount(classes[near], minlength=num_classes)
    np.fill_diagonal(counts, 0)
    return [[int(k) for k in np.argsort(-row, kind="stable")[:2] if row[k]] for row in counts]
