"""Inception-style score: sure about each picture, and undecided over all of them."""

from typing import NamedTuple

import numpy as np

SPLITS = 10


class Score(NamedTuple):
    """From 1 to the number of classes; it sees neither copies nor a lack of variety within a class."""

    mean: float
    deviation: float  # over the splits, divided by their number, as published scores have it


def class_score(probabilities: np.ndarray, splits: int = SPLITS) -> Score:
    """exp of the mean KL divergence of each picture's classes (N, K) from those of its split (Salimans et al. 2016).

    The splits are pieces in the given order; those of unordered pictures must be shuffled first. Fewer than two
    pictures in a split make no score: N is at least twice the number of splits.
    """
    p = probabilities.astype(np.float64)
    assert p.ndim == 2 and len(p) >= 2 * splits, p.shape
    scores = []
    ends = [i * len(p) // splits for i in range(splits + 1)]
    for start, end in zip(ends, ends[1:], strict=False):
        part = p[start:end]
        overall = part.mean(0, keepdims=True)
        terms = part * (np.log(np.maximum(part, 1e-300)) - np.log(np.maximum(overall, 1e-300)))  # 0 log 0 = 0
        scores.append(np.exp(terms.sum(1).mean()))
    return Score(float(np.mean(scores)), float(np.std(scores)))
