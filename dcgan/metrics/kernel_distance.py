"""Kernel distance: like the Fréchet distance without the Gaussian, and with an error that doesn't lean to one side."""

from collections.abc import Callable

import numpy as np
import torch

ROWS = 2048  # of the kernel matrix at a time: 160 MB against 10,000 columns


def kernel_distance(
    x: np.ndarray, y: np.ndarray, within_y: float | None = None, beat: Callable[[], None] = lambda: None
) -> float:
    """Squared maximum mean discrepancy of features x (N, D) and y (M, D), with the kernel (x.y / D + 1)^3.

    The unbiased estimate over all pairs (Gretton et al. 2012, equation 3; Binkowski et al. 2018 for the kernel), where
    libraries average over random subsets: the same expectation with less noise and no randomness. Around 0, so at
    times below it, for sets from one distribution, at any N. `within_y` is `kernel_within(y)`, where it is known;
    `beat` is called often on the way.
    """
    assert x.ndim == y.ndim == 2 and x.shape[1] == y.shape[1] and min(len(x), len(y)) >= 2
    within_y = kernel_within(y, beat) if within_y is None else within_y
    return kernel_within(x, beat) + within_y - 2 * _sum(x, y, beat) / (len(x) * len(y))


def kernel_within(x: np.ndarray, beat: Callable[[], None] = lambda: None) -> float:
    """Mean of the kernel over all pairs of different rows of x (N, D)."""
    x = x.astype(np.float64)
    diagonal = float(((np.square(x).sum(1) / x.shape[1] + 1) ** 3).sum())
    return (_sum(x, x, beat) - diagonal) / (len(x) * (len(x) - 1))


def _sum(x: np.ndarray, y: np.ndarray, beat: Callable[[], None]) -> float:
    """Sum of the kernel over all pairs."""
    x, y = (np.ascontiguousarray(a, dtype=np.float64) for a in (x, y))
    columns = torch.from_numpy(y).T / x.shape[1]
    total = 0.0
    for rows in torch.from_numpy(x).split(ROWS):
        total += (rows @ columns).add_(1).pow_(3).sum().item()
        beat()
    return total
