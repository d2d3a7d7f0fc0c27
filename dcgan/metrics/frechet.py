"""Fréchet distance between two sets of features, each taken for a Gaussian."""

from typing import NamedTuple

import numpy as np


class Gaussian(NamedTuple):
    """What the distance looks at; all of it, so two sets with the same two moments are the same to it."""

    mean: np.ndarray  # float64 (D,)
    covariance: np.ndarray  # float64 (D, D), divided by N - 1


def gaussian(features: np.ndarray) -> Gaussian:
    """Mean and covariance of features (N, D), N at least 2."""
    assert features.ndim == 2 and len(features) >= 2, features.shape
    features = features.astype(np.float64)
    mean = features.mean(0)
    centred = features - mean
    return Gaussian(mean, centred.T @ centred / (len(features) - 1))


def frechet(a: Gaussian, b: Gaussian) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2), at least 0 (Dowson & Landau 1982; Heusel et al. 2017).

    tr (S1 S2)^1/2, as it is usually written, is the same number; the symmetric form has real eigenvalues that are not
    negative, where the root of S1 S2 may come out complex. It grows as N shrinks: compare only at the same N.
    """
    root = _root(a.covariance)
    eigenvalues = np.linalg.eigvalsh(root @ b.covariance @ root)
    cross = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    gap = np.square(a.mean - b.mean).sum()
    return float(max(gap + np.trace(a.covariance) + np.trace(b.covariance) - 2 * cross, 0))


def _root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root of a positive semi-definite matrix; eigenvalues below 0 are rounding."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
