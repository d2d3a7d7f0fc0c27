"""The training picture that is nearest to each of some pictures, in grey levels."""

import math
from collections.abc import Callable

import numpy as np
import torch

CHUNK_FLOATS = 2**23  # 32 MiB of float32 at a time, whatever the size of the data set
QUERY_ROWS = 1024
MAX_PRODUCTS = 10**12  # multiplications for one search of the training pictures: half a minute on one core


def as_it_is(pictures: np.ndarray) -> np.ndarray:
    return pictures


def nearest_training(
    pictures: np.ndarray,
    train: np.ndarray,
    progress: Callable[[float], None] = lambda share: None,
    seen: Callable[[np.ndarray], np.ndarray] = as_it_is,
) -> tuple[np.ndarray, np.ndarray]:
    """For each picture the index of its nearest training picture, int64 (N,), and the distance, float64 (N,).

    `seen` makes of pictures, uint8 (N, ...), what is compared in their place.
    """
    pictures = seen(pictures)
    assert pictures.dtype == train.dtype == np.uint8 and pictures.shape[1:] == train.shape[1:] and len(train)
    size = math.prod(train.shape[1:])
    rows = max(1, CHUNK_FLOATS // max(size, QUERY_ROWS))
    best = torch.full((len(pictures),), math.inf)
    index = torch.zeros(len(pictures), dtype=torch.int64)
    for start in range(0, len(train), rows):
        real = _centred(seen(train[start : start + rows]))  # (R, D)
        real_norms = real.square().sum(1)
        for first in range(0, len(pictures), QUERY_ROWS):
            part = slice(first, first + QUERY_ROWS)
            query = _centred(pictures[part])  # (Q, D)
            # |q - r|^2 without |q|^2, which is the same for every r
            score, at = torch.addmm(real_norms, query, real.T, alpha=-2).min(1)
            better = score < best[part]
            best[part] = torch.where(better, score, best[part])
            index[part] = torch.where(better, at + start, index[part])
        progress(len(real) / len(train))
    found = index.numpy()
    # the products are rounded to about a tenth of a grey level: the distances themselves are worked out exactly
    return found, np.array([_distance(pictures[i], seen(train[j : j + 1])[0]) for i, j in enumerate(found)])


def affordable(train: np.ndarray, queries: int, seed: int) -> tuple[int, int]:
    """Which training pictures to search: (0, 1) for all, or (start, k) for every k-th from a start given by the seed.

    Every k-th is a view: nothing is copied, however large the data set.
    """
    k = math.ceil(len(train) * queries * math.prod(train.shape[1:]) / MAX_PRODUCTS)
    return (0, 1) if k <= 1 else (int(np.random.default_rng(seed).integers(k)), k)


def _centred(pictures: np.ndarray) -> torch.Tensor:
    """uint8 (N, ...) -> float32 (N, D) around 0, where products lose the fewest digits."""
    return torch.from_numpy(pictures.reshape(len(pictures), -1).astype(np.float32)).sub_(127.5)


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    return math.sqrt(np.square(a.astype(np.int64) - b).mean())
