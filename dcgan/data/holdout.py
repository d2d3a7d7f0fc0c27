"""Which pictures of a folder or zip are never trained on, so that a run can be measured with them; no torch."""

import hashlib
from collections.abc import Sequence

MIN_FOR_TEST = 200  # pictures below which none are held out
ONE_IN, SMALL_ONE_IN = 20, 5  # so many pictures one is held out; the latter of a small set, up to SMALL_MOST
SMALL_MOST = 200  # twice what `dcgan.metrics.enough` asks for, and what one in twenty makes of a set of 4,000


def num_to_hold_out(num_pictures: int) -> int:
    """The `num_test` of a new run on so many pictures; larger sets keep 0.

    One in twenty of a small set is too few to measure with: of 210 pictures that made ten, beside which blurred real
    pictures looked as good as sharp ones.
    """
    if not MIN_FOR_TEST <= num_pictures < ONE_IN * SMALL_MOST:
        return 0
    return min(num_pictures // SMALL_ONE_IN, SMALL_MOST)


def num_held_out(num_pictures: int, num_test: int = 0) -> int:
    """How many of so many pictures are held out: `num_test`, or if that is 0 one in twenty, none of fewer than 200."""
    return num_test or (min(2_000, num_pictures // ONE_IN) if num_pictures >= MIN_FOR_TEST else 0)


def held_out(names: Sequence[str], num_test: int = 0) -> set[str]:
    """The names of the test split: those with the smallest hashes, so that a new picture moves few others."""
    hashed = sorted(names, key=lambda name: hashlib.sha256(name.encode(errors="surrogateescape")).digest())
    return set(hashed[: num_held_out(len(names), num_test)])
