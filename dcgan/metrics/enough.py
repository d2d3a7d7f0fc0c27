"""How many real pictures it takes to tell good fakes from bad ones, and what is said where there are fewer; no torch.

With few real pictures every figure of fakes lies near that of real ones, whatever they show. Measured with real
pictures spoilt on purpose and with the blobs of generators after a hundred steps (`benchmarks/sanity.py`, the judges
fmnistcnn and edges, grey and colour): beside 100 held-out pictures, and in four draws of 100 training pictures each,
the distance set these clearly apart from real ones in 99 of 100 trials, and recall and coverage do as well. Beside 42
it missed blur in one of three, and beside ten noisy and blurred pictures came out nearer than untouched ones. Precision
and density are laxer: they are held to what they say of noise, see `is_blind`. Copies are sought below the distance
that one held-out picture in a hundred comes under, which takes a hundred, too.
"""

from typing import Any

DRAWS = 4  # of training pictures, for the floors
ENOUGH = 100  # held-out pictures, and training pictures in each draw
SURE = 1000  # held-out pictures beside which precision has always told noise from pictures
SHORT = 0.8  # of its floor: a figure that should be high and is below this falls short of it


def at_once(n: int, num_train: int) -> int:
    """How many of n fakes are compared at a time: as many as there are in each draw of other training pictures.

    Most figures depend on the number of pictures, so fakes and floor need the same; and draws that share pictures
    differ too little from each other to tell by how much a figure varies.
    """
    return min(n, num_train // DRAWS)


def is_enough(num_test: int, num_train: int) -> bool:
    """Whether a data set of so many held-out and training pictures can tell good fakes from bad ones."""
    return min(num_test, num_train // DRAWS) >= ENOUGH


def is_blind(noise_precision: float | None, floor: float) -> bool:
    """Whether precision can't even tell noise from pictures, by that of very noisy real ones and of real ones."""
    return noise_precision is not None and noise_precision >= SHORT * floor


def too_few(report: dict[str, Any]) -> str:
    """Why a report can't tell, in one sentence that says how many pictures would do; empty if it can."""
    splits = report["pixels"]["splits"]
    held_out, train = splits["test"], splits["train"]
    if is_enough(held_out, train):
        return ""
    have, what, need = (held_out, "held out to compare with", ENOUGH)
    if held_out >= ENOUGH:
        have, what, need = train, "trained on", DRAWS * ENOUGH
    are = "one is" if have == 1 else f"{have or 'none'} are"
    in_all = (1 + DRAWS) * ENOUGH
    way = f"{in_all} in all would do" if held_out + train < in_all else "a new run on these pictures holds out enough"
    return f"Too few pictures to tell: {are} {what}, and it takes {need}; {way}."
