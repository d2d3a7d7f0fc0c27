"""What is kept of a growing run is thinned: the first and the newest stay, and the rest is spread evenly."""

import math

from hypothesis import given
from hypothesis import strategies as st

from dcgan.runs.kept_steps import thin


@given(st.lists(st.integers(0, 10**6), unique=True, max_size=60).map(sorted), st.integers(0, 30))
def test_thinning_keeps_the_first_the_last_and_the_number_asked_for(steps, keep):
    dropped = thin(steps, keep)
    kept = [step for step in steps if step not in dropped]
    assert set(dropped) <= set(steps) and dropped == sorted(dropped)
    assert len(kept) == min(len(steps), max(keep, 2))
    assert kept[:1] == steps[:1] and kept[-1:] == steps[-1:]


def test_what_stays_is_even_in_the_square_root_of_the_step_however_it_came():
    kept: list[int] = []
    for step in range(0, 20_001, 100):  # thinned as it grows, like a run does
        kept.append(step)
        kept = [each for each in kept if each not in thin(kept, 20)]
    assert (kept[0], kept[-1], len(kept)) == (0, 20_000, 20)
    roots = [math.sqrt(step) for step in kept]
    gaps = [b - a for a, b in zip(roots, roots[1:], strict=False)]
    mean = roots[-1] / 19
    assert max(gaps) < 2 * mean and min(gaps) > mean / 4
    assert sum(step < 5000 for step in kept) in range(8, 13)  # half of all square roots
