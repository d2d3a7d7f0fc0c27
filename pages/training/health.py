"""What the newest points of the curves say, in plain words, as long as no alarm speaks."""

from typing import NamedTuple

import numpy as np

from dcgan.runs.records import Status

WINDOW = 60  # points looked at


class Verdict(NamedTuple):
    level: str  # good or watch
    text: str


def judge(columns: dict[str, np.ndarray], status: Status, scores: bool = False) -> Verdict:
    """One or two sentences on how the game stands; `columns` maps curve names to arrays (N,).

    With `scores` D's verdicts are no probabilities: only how often it is right, and the gap between them, can be told.
    """
    if len(columns["step"]) < 8:
        return Verdict(
            "good", "The two players have only begun. Noise turns into blobs within the first hundred steps."
        )
    accuracy = float(columns["d_accuracy"][-WINDOW:].mean())
    believed = float(columns["d_fake"][-WINDOW:].mean())
    if accuracy < 0.55 and status.step > 300:
        return Verdict(
            "watch",
            f"D is right only {accuracy:.0%} of the time, hardly better than guessing: either the fakes are superb or "
            "D has lost its way. The picture tells which.",
        )
    if scores:
        lead = float((columns["d_real"] - columns["d_fake"])[-WINDOW:].mean())
        return Verdict(
            "good",
            f"D is right {accuracy:.0%} of the time and puts real pictures {lead:.2g} above fakes. Its scores are no "
            "probabilities, and losses of this kind may have any size: watch the pictures and their distance.",
        )
    if accuracy > 0.95:
        return Verdict(
            "good",
            f"D is ahead: it is right {accuracy:.0%} of the time and gives the fakes {believed:.0%}. That is usual "
            "early on; G learns from it as long as its loss does not run away upwards.",
        )
    return Verdict(
        "good",
        f"Healthy: D is right {accuracy:.0%} of the time and believes the fakes {believed:.0%}. Both losses wobble "
        "because each player keeps answering the other; watch the pictures, not the losses.",
    )
