"""Precision and recall, density and coverage: whose pictures lie among whose nearest neighbours."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

K_MANIFOLD = 3  # neighbours for precision and recall, as published
K_DENSITY = 5  # for density and coverage
ROWS = 1024  # of the distance matrix at a time


class Neighbours(NamedTuple):
    """How fakes and real pictures lie among each other."""

    precision: float  # share of fakes that lie among real pictures: is what it makes real?
    recall: float  # share of real pictures that lie among fakes: can it make everything?
    density: float  # how crowded with real pictures the places of fakes are; about 1 for real ones, can be above
    coverage: float  # share of real pictures with a fake among their nearest
    realism: np.ndarray  # float64 (N,), of each fake: 1 and more lies among real pictures, large is typical
    inside: np.ndarray  # bool (N,), whether each fake lies among real pictures; precision is their share


def neighbours(real: np.ndarray, fake: np.ndarray, beat: Callable[[], None] = lambda: None) -> Neighbours:
    """Compare features (M, D) and (N, D), best with N = M; both need more than 5 rows. `beat` is called on the way.

    Precision, recall and realism with k = 3 by Kynkaanniemi et al. 2019 (equations 1 to 3; realism among the half of
    the real pictures with the smaller balls), density and coverage with k = 5 by Naeem et al. 2020 (equations 4 to 6).
    """
    assert min(len(real), len(fake)) > K_DENSITY, (len(real), len(fake))
    r, f = (torch.from_numpy(np.ascontiguousarray(a, dtype=np.float64)) for a in (real, fake))
    real_3, real_5 = _radii(r, beat, K_MANIFOLD, K_DENSITY)
    (fake_3,) = _radii(f, beat, K_MANIFOLD)
    small = real_3 <= real_3.median()

    inside, crowd, realism = [], 0, []
    recalled = torch.zeros(len(r), dtype=torch.bool)
    covered = torch.zeros(len(r), dtype=torch.bool)
    for rows, radii in zip(f.split(ROWS), fake_3.split(ROWS), strict=True):
        d = _distances(rows, r)  # (rows, M)
        inside.append((d <= real_3).any(1))
        recalled |= (d <= radii[:, None]).any(0)
        close = d < real_5
        crowd += int(close.sum())
        covered |= close.any(0)
        beat()
        realism.append((real_3[small] / d[:, small].clamp(min=1e-12)).amax(1))
    among = torch.cat(inside)
    return Neighbours(
        among.double().mean().item(),
        recalled.double().mean().item(),
        crowd / (K_DENSITY * len(f)),
        covered.double().mean().item(),
        torch.cat(realism).numpy(),
        among.numpy(),
    )


def _radii(x: Tensor, beat: Callable[[], None], *ks: int) -> list[Tensor]:
    """For each row of x (N, D) the distance to its k-th nearest other row, (N,), for each k."""
    found = []
    for start in range(0, len(x), ROWS):
        d = _distances(x[start : start + ROWS], x)
        at = torch.arange(len(d))
        d[at, at + start] = 0  # rounding must not let another row come before the row itself
        found.append(d.topk(max(ks) + 1, largest=False).values)  # the nearest is the row itself
        beat()
    nearest = torch.cat(found)
    return [nearest[:, k] for k in ks]


def _distances(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean distances, (N, D) and (M, D) -> (N, M)."""
    squares = torch.addmm(y.square().sum(1), x, y.T, alpha=-2) + x.square().sum(1, keepdim=True)
    return squares.clamp_(min=0).sqrt_()
