"""The layout of a map: t-SNE's own equations, and what it is for."""

import numpy as np
import torch

from dcgan.metrics.tsne import _affinities as affinities
from dcgan.metrics.tsne import _conditional as conditional
from dcgan.metrics.tsne import gradient, principal, tsne


def drawn(*sizes: int, apart: float = 8.0, dims: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Groups of points of many dimensions, and the group of each."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return rng.normal(size=(len(groups), dims)) + apart * rng.normal(size=(len(sizes), dims))[groups], groups


def nearest(points: np.ndarray, k: int) -> np.ndarray:
    """The k nearest others of each point, (N, k)."""
    squares = np.square(points[:, None] - points[None]).sum(2)
    np.fill_diagonal(squares, np.inf)
    return squares.argsort(1)[:, :k]


def test_the_gradient_is_that_of_the_divergence():
    """Equation 5 of the paper against PyTorch's own derivative of KL(P, Q)."""
    together = affinities(principal(drawn(70, 70)[0], 10), 20.0)
    y = torch.from_numpy(np.random.default_rng(1).normal(size=(140, 2)))
    free = y.clone().requires_grad_(True)
    weights = 1 / (1 + (free[:, None] - free[None]).square().sum(2))
    weights = weights - torch.diag(weights.diagonal())
    q, p = (weights / weights.sum()).clamp(min=1e-30), together.double()
    (p * (p.clamp(min=1e-30) / q).log()).sum().backward()
    assert free.grad is not None and free.grad.abs().max() > 1e-3
    assert torch.allclose(gradient(y.float(), together).double(), free.grad, atol=1e-7, rtol=1e-4)


def test_each_point_has_as_many_neighbours_as_the_perplexity_says():
    points = principal(drawn(60, 60)[0], 10)
    together = affinities(points, 20.0).double()
    assert torch.equal(together, together.T) and together.diagonal().abs().max() == 0
    assert abs(together.sum().item() - 1) < 1e-5
    squares = torch.cdist(points, points).square().float()
    given = conditional(squares.clone(), 0, 20.0).double()
    entropy = -(given * given.clamp(min=1e-30).log()).sum(1)
    assert torch.allclose(entropy.exp(), torch.full_like(entropy, 20.0), rtol=1e-3)


def test_groups_stay_apart_and_neighbours_are_kept():
    points, groups = drawn(80, 60, 60)
    layout = tsne(points, perplexity=20.0)
    assert layout.shape == (200, 2) and np.isfinite(layout).all()
    assert (groups[nearest(layout, 5)] == groups[:, None]).all()
    kept = np.mean([len({*a} & {*b}) / 10 for a, b in zip(nearest(layout, 10), nearest(points, 10), strict=True)])
    assert kept > 0.4  # of ten; one in twenty by chance, one in seven by chance within the groups


def test_the_same_points_give_the_same_layout():
    points, _ = drawn(70, 70)
    shares: list[float] = []
    assert np.array_equal(tsne(points, shares.append, perplexity=20.0), tsne(points.copy(), perplexity=20.0))
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0


def test_points_that_are_all_alike_get_a_layout_too():
    assert np.isfinite(tsne(np.ones((100, 3)))).all()
    assert np.isfinite(tsne(np.repeat(drawn(50)[0], 3, axis=0))).all()
    assert np.isfinite(tsne(np.random.default_rng(0).normal(size=(100, 1)))).all()
