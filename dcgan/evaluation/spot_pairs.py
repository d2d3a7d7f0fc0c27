"""Pairs of a real picture and a fake, for somebody who is to find the fake; light (no torch)."""

from typing import NamedTuple

import numpy as np

from dcgan.errors import BadInput

PAIRS = 10  # in a game


class Pair(NamedTuple):
    real: int  # row among the real pictures
    seed: int  # of the fake's z
    fake: int  # 0 where the fake stands on the left, 1 where it stands on the right


def draw_pairs(num_real: int, seed: int, step: int, n: int = PAIRS) -> list[Pair]:
    """n pairs, the same for the same numbers; another step of training has others, so that none is known already.

    No picture comes twice. Raises BadInput where there are fewer than n real pictures.
    """
    if num_real < n:
        raise BadInput(f"A game takes {n} real pictures, and this run's data has {num_real}.")
    rng = np.random.default_rng([seed, step])
    rows = rng.choice(num_real, n, replace=False)
    seeds = rng.choice(2**32, n, replace=False)
    sides = rng.integers(0, 2, n)
    return [Pair(int(row), int(own), int(side)) for row, own, side in zip(rows, seeds, sides, strict=True)]
