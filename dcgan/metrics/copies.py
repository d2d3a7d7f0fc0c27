"""Whether more fakes lie close to a training picture than chance allows: the copy alarm."""

import math
from typing import Any

import numpy as np

RARE = 0.01  # a held-out picture in a hundred lies this close to a training picture
ALARM = 0.001  # probability below which so many close pictures are no accident


def close_calls(fakes: np.ndarray, held_out: np.ndarray) -> dict[str, Any]:
    """How many fakes are closer to a training picture than 99 % of the held-out pictures are, and what chance gives.

    The threshold is the held-out distance of rank k = 1 % (at least 1). If fakes were drawn as the held-out pictures
    are, the number below it would be beta-binomial, whatever the distribution of distances: with the parameters
    k and M + 1 - k for M held-out pictures.
    """
    rank = max(1, round(RARE * len(held_out)))
    threshold = float(np.sort(held_out)[rank - 1])
    below = int((fakes < threshold).sum())
    a, b = rank, len(held_out) + 1 - rank
    chance = _beta_binomial_tail(below, len(fakes), a, b)
    return {
        "threshold": round(threshold, 3),
        "fakes": below,
        "expected": round(len(fakes) * a / (a + b), 3),
        "probability": float(f"{chance:.3g}"),
        "alarm": chance < ALARM,
    }


def _beta_binomial_tail(x: int, n: int, a: float, b: float) -> float:
    """P(X >= x) of the beta-binomial distribution with n trials."""

    def log_beta(p: float, q: float) -> float:
        return math.lgamma(p) + math.lgamma(q) - math.lgamma(p + q)

    def log_choose(k: int) -> float:
        return -math.log(n + 1) - log_beta(n - k + 1, k + 1)

    if x == 0:
        return 1.0
    return min(1.0, sum(math.exp(log_choose(k) + log_beta(k + a, n - k + b) - log_beta(a, b)) for k in range(x, n + 1)))
