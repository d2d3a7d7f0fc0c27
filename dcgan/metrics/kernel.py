"""Kernel distance: like the Fréchet distance without the Gaussian, and with an error that doesn't lean to one side."""

import numpy as np
import torch

ROWS = 2048  # of the kernel matrix at a time: 160 MB against 10,000 columns


def kernel_distance(x: np.ndarray, y: np.ndarray) -> float:
    """Squared maximum mean discrepancy of features x (N, D) and y (M, D), with the kernel (x.y / D + 1)^3.

    The unbiased estimate over all pairs (Gretton et al. 2012, equation 3; Binkowski et al. 2018 for the kernel), where
    libraries average over random subsets: the same expectation with less noise and no randomness. Around 0, so at
    times below it, for sets from one distribution, at any N.
    """
    assert x.ndim == y.ndim == 2 and x.shape[1] == y.shape[1] and min(len(x), len(y)) >= 2
    x, y = (np.ascontiguousarray(a, dtype=np.float64) for a in (x, y))
    n, m = len(x), len(y)
    within_x = (_sum(x, x) - _diagonal(x)) / (n * (n - 1))
    within_y = (_sum(y, y) - _diagonal(y)) / (m * (m - 1))
    return within_x + within_y - 2 * _sum(x, y) / (n * m)


def _sum(x: np.ndarray, y: np.ndarray) -> float:
    """Sum of the kernel over all pairs."""
    columns = torch.from_numpy(y).T / x.shape[1]
    return sum((rows @ columns).add_(1).pow_(3).sum().item() for rows in torch.from_numpy(x).split(ROWS))


def _diagonal(x: np.ndarray) -> float:
    return float(((np.square(x).sum(1) / x.shape[1] + 1) ** 3).sum())
