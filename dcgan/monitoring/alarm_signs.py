"""The signs by which faults of a training are recognised, each with the thresholds of its figures.

Every threshold lies between what healthy trainings of all presets reached and what planted faults did:
`benchmarks/alarms.py` measures both.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

BEGUN = 200  # steps in which blobs turn into pictures: some figures mean nothing yet

Look = Mapping[str, Any]  # step, and means and figures by name


class Sign(NamedTuple):
    """What an alarm looks for."""

    name: str
    reads: AbstractSet[str]  # figures without which a look says nothing about it
    bad: Callable[[Look], bool]
    fine: Callable[[Look], bool]
    hold: int = 3  # bad looks before it speaks
    calm: int = 3  # fine looks before it is silent
    begins: int = BEGUN  # the first step it heeds
    over: Callable[[Look], bool] | None = None  # what a look must be to make it silent, if fine is not enough


# Causes before their consequences: the first that speaks is the one to heed
SIGNS = (
    Sign(
        "nan",
        {"diverged"},
        bad=lambda look: look["diverged"] > 0,
        fine=lambda look: look["diverged"] == 0,
        hold=1,
        begins=0,
    ),
    Sign(
        "runaway",
        {"gradient"},
        bad=lambda look: look["gradient"] > 1e3 or max(look["g_loss"], look["d_loss"]) > 50,
        fine=lambda look: look["gradient"] < 300 and max(look["g_loss"], look["d_loss"]) < 20,
        hold=2,
        begins=0,
    ),
    Sign(
        "rate",
        {"growth"},  # a jump, after which the weights may rest where they fell: it takes long to be forgiven
        bad=lambda look: look["growth"] > (1.25 if look["step"] > BEGUN else 2),  # small weights may grow much at first
        fine=lambda look: look["growth"] < 1.15,
        hold=1,
        calm=12,
        begins=0,
        over=lambda look: look["growth"] < 1.15 and look["d_accuracy"] < 0.97 and look["spread"] > 0.4,
    ),
    Sign(
        "copies",
        {"looked_at", "different"},
        bad=lambda look: look["different"] < 0.5 * look["looked_at"],
        fine=lambda look: look["different"] >= 0.5 * look["looked_at"],
        hold=1,
        calm=1,
        begins=0,
    ),
    Sign(
        "g_dead",
        {"update_g"},
        bad=lambda look: look["update_g"] < 1e-5,
        fine=lambda look: look["update_g"] > 2e-5,
    ),
    Sign(
        "collapse",
        {"spread"},
        bad=lambda look: look["spread"] < 0.2 or look.get("nearest", 1.0) < 0.1,
        fine=lambda look: look["spread"] > 0.35 and look.get("nearest", 1.0) > 0.2,
    ),
    Sign(
        "missing",
        {"missing"},
        bad=lambda look: look["missing"] > 0,
        fine=lambda look: look["missing"] == 0,
        hold=2,
        calm=1,
        begins=0,
    ),
    Sign(
        "held_out",
        {"held_gap"},
        bad=lambda look: look["held_gap"] > 0.5,
        fine=lambda look: look["held_gap"] < 0.35,
        hold=2,
    ),
    Sign(
        "d_wins",
        {"d_accuracy", "g_loss"},
        bad=lambda look: look["g_loss"] > (4.5 if look["d_accuracy"] > 0.995 else 6) and look["d_accuracy"] > 0.985,
        fine=lambda look: look["d_accuracy"] < 0.97 or look["g_loss"] < 4,
    ),
    Sign(
        "swings",
        {"swings"},
        bad=lambda look: look["swings"] >= 4,
        fine=lambda look: look["swings"] == 0,
        over=lambda look: look["swings"] <= 1,
    ),
    Sign(
        "grid",
        {"grid"},
        bad=lambda look: look["grid"] > 0.1,
        fine=lambda look: look["grid"] < 0.05,
        hold=4,
    ),
)
SIGN_OF = {sign.name: sign for sign in SIGNS}
