"""Points of many dimensions laid out in the plane so that near ones stay near: t-SNE, exact.

Van der Maaten and Hinton 2008, "Visualizing Data using t-SNE", all pairs at every step, no approximation. The layout
starts from the two strongest principal components, scaled down, and takes steps of N / exaggeration (Kobak and Berens
2019, "The art of using t-SNE for single-cell transcriptomics"), so it holds no chance, and groups that are far apart
tend to stay so. Distances between groups, and their sizes, mean little all the same.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

PERPLEXITY = 30.0  # as published: about how many neighbours count for each point
MOST_DIMS = 50  # principal components that are kept of more dimensions
EXAGGERATION = 12.0  # of the attraction at first, so that groups can gather
GATHERING, SETTLING = 100, 300  # steps with and without it
MOMENTUM = (0.5, 0.8)  # with and without it
LEAST_GAIN = 0.01  # of each coordinate's own step (Jacobs 1988), as published
ROWS = 256  # of the table of all pairs at a time: such a part stays in the processor's cache
BISECTIONS = 25

Tick = Callable[[float], None]  # called with the share that is done, 0 to 1; what it raises ends the work


def quiet(share: float) -> None:
    pass


def tsne(points: np.ndarray, tick: Tick = quiet, perplexity: float = PERPLEXITY) -> np.ndarray:
    """Lay out points (N, D) in the plane, float32 (N, 2) around 0; N must be more than three times the perplexity.

    The same points give the same layout, bit for bit on one machine.
    """
    assert points.ndim == 2 and len(points) > 3 * perplexity, (points.shape, perplexity)
    x = principal(points, MOST_DIMS)
    together = _affinities(x, perplexity)
    y = x[:, :2] if x.shape[1] > 1 else torch.cat([x, torch.zeros_like(x)], 1)
    y = (1e-4 * y / y[:, 0].std().clamp(min=1e-12)).float().contiguous()
    rate = len(y) / EXAGGERATION
    speed, gain = torch.zeros_like(y), torch.ones_like(y)
    for step in range(GATHERING + SETTLING):
        tick(step / (GATHERING + SETTLING))
        early = step < GATHERING
        slope = gradient(y, together, EXAGGERATION if early else 1.0)
        turned = (slope > 0) == (speed > 0)  # the last step led uphill
        gain = torch.where(turned, gain * 0.8, gain + 0.2).clamp_(min=LEAST_GAIN)
        speed = MOMENTUM[0 if early else 1] * speed - rate * gain * slope
        y = y + speed
        y = y - y.mean(0)
    tick(1.0)
    return y.numpy()


def principal(points: np.ndarray, most: int) -> Tensor:
    """Points (N, D) by their strongest principal components, float64 (N, min(most, D)).

    Each component's sign is the one in which its largest weight is positive, as any method may give either.
    """
    x = torch.from_numpy(points).double()
    x = x - x.mean(0)
    _, axes = torch.linalg.eigh(x.T @ x)  # weakest first
    axes = axes.flip(1)[:, :most]
    largest = axes.gather(0, axes.abs().argmax(0, keepdim=True))
    return x @ (axes * largest.sign())


def gradient(y: Tensor, together: Tensor, exaggeration: float = 1.0) -> Tensor:
    """The gradient (N, 2) of the divergence KL(P, Q) at a layout y (N, 2); `together` is P, float32 (N, N).

    Equation 5: 4 sum_j (p_ij - q_ij) w_ij (y_i - y_j), with w_ij = 1 / (1 + |y_i - y_j|^2) and q_ij = w_ij / sum w.
    """
    beside = torch.cat([y.T, torch.ones(1, len(y))])  # (3, N): one product gives sums of y_j and their weights
    pull, push, total = torch.empty_like(beside), torch.empty_like(beside), 0.0
    for start in range(0, len(y), ROWS):
        rows = slice(start, start + ROWS)
        weight = _kernel(beside[:2], rows)  # (R, N)
        total += weight.sum().item()
        pull[:, rows] = beside @ (weight * together[rows]).T  # in this order the product is four times as fast
        push[:, rows] = beside @ weight.square_().T
    both = exaggeration * pull - push / (total - len(y))  # of each point's own weight, which is 1, nothing counts
    return 4 * (both[2:] * y.T - both[:2]).T


def _kernel(y: Tensor, rows: slice) -> Tensor:
    """w_ij = 1 / (1 + |y_i - y_j|^2) for these rows of a layout y (2, N), as (R, N)."""
    squares = y.square().sum(0)
    distances = torch.addmm(1 + squares, y[:, rows].T, y, alpha=-2).add_(squares[rows, None])
    return distances.clamp_(min=1).reciprocal_()


def _affinities(x: Tensor, perplexity: float) -> Tensor:
    """P: how much each two points belong together, float32 (N, N), symmetric, sum 1, 0 for a point with itself."""
    squares = x.square().sum(1)
    given = torch.empty(len(x), len(x))
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        distances = torch.addmm(squares, x[rows], x.T, alpha=-2) + squares[rows, None]
        given[rows] = _conditional(distances.clamp_(min=0).float(), start, perplexity)
    return (given + given.T) / (2 * len(x))


def _conditional(distances: Tensor, start: int, perplexity: float) -> Tensor:
    """p_j|i of squared distances (R, N), whose row r is that of point start + r: equation 1.

    The width of each Gaussian is found by bisection so that 2 to its entropy is the perplexity.
    """
    at = torch.arange(len(distances))
    distances[at, at + start] = float("inf")
    distances -= distances.amin(1, keepdim=True)  # the same p, and no row in which all are too small for a float
    distances[at, at + start] = float("inf")
    finite = distances.clone()
    finite[at, at + start] = 0
    scale = finite.mean(1, keepdim=True).clamp(min=1e-12)
    low, high = torch.full_like(scale, -10.0), torch.full_like(scale, 20.0)  # logarithms of 1 / width
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        steepness = middle.exp() / scale
        p = torch.exp(-distances * steepness)
        total = p.sum(1, keepdim=True)
        entropy = total.log() + steepness * (p * finite).sum(1, keepdim=True) / total  # in nats
        wide = entropy > np.log(perplexity)
        low, high = torch.where(wide, middle, low), torch.where(wide, high, middle)
    p = torch.exp(-distances * high.exp() / scale)
    return p / p.sum(1, keepdim=True)
