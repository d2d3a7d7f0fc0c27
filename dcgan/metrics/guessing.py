"""How a score in a game of two choices compares with guessing: exact tails, and an interval for what lies behind it."""

import math

Z = 1.959964  # standard deviations of the normal distribution that 95 % lie within


def at_least(right: int, n: int) -> float:
    """The chance that somebody who guesses between two gets `right` or more of n, from 0 to 1: a binomial tail."""
    assert 0 <= right <= n
    return sum(math.comb(n, k) for k in range(right, n + 1)) / 2**n


def at_most(right: int, n: int) -> float:
    """The chance that somebody who guesses between two gets no more than `right` of n."""
    return at_least(n - right, n)


def interval(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of the share that `right` of n is a sample of: Wilson's score interval (1927), n >= 1."""
    assert 0 <= right <= n and n >= 1
    share, scale = right / n, 1 + Z**2 / n
    centre = (share + Z**2 / (2 * n)) / scale
    reach = Z / scale * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(0.0, centre - reach), min(1.0, centre + reach)
