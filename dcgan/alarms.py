"""Faults of a training, recognised from its recorded figures alone: what is wrong, since when, and what was healthy.

A look sums up the points since the look before, about every 50 steps. Each sign calls a look bad, fine, or neither. An
alarm speaks after several bad looks in a row and falls silent after several fine ones, so that words don't flicker.
Every threshold lies between what healthy trainings of all presets reached and what planted faults did:
`benchmarks/alarms.py` measures both.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

LOOK_EVERY = 100  # steps after which a look is due where none of what `probe` measures was recorded
BEGUN = 200  # steps in which blobs turn into pictures: some figures mean nothing yet
SWINGS = 12  # looks in which the game is seen to swing

Look = Mapping[str, Any]  # step, and means and figures by name


class Sign(NamedTuple):
    """What an alarm looks for."""

    name: str
    reads: tuple[str, ...]  # figures without which a look says nothing about it
    bad: Callable[[Look], bool]
    fine: Callable[[Look], bool]
    hold: int = 3  # bad looks before it speaks
    calm: int = 3  # fine looks before it is silent
    begins: int = BEGUN  # the first step it heeds


class Alarm(NamedTuple):
    """One alarm that speaks."""

    name: str  # of its Sign
    since: int  # the step of the first bad look
    raised: int  # the step at which it spoke
    healthy: int  # the last step at which it looked well; 0 is the beginning
    look: Look  # what was seen last


# Causes before their consequences: the first that speaks is the one to heed
SIGNS = (
    Sign(
        "nan",
        ("diverged",),
        bad=lambda look: look["diverged"] > 0,
        fine=lambda look: look["diverged"] == 0,
        hold=1,
        begins=0,
    ),
    Sign(
        "runaway",
        ("grad_g", "grad_d"),
        bad=lambda look: max(look["grad_g"], look["grad_d"], look["g_loss"], look["d_loss"]) > 1e4,
        fine=lambda look: max(look["grad_g"], look["grad_d"], look["g_loss"], look["d_loss"]) < 1e3,
        hold=2,
        begins=0,
    ),
    Sign(
        "rate",
        ("update_g", "update_d"),
        bad=lambda look: max(look["update_g"], look["update_d"]) > 0.3,
        fine=lambda look: max(look["update_g"], look["update_d"]) < 0.15,
        hold=2,
        begins=0,
    ),
    Sign(
        "copies",
        ("pictures", "different"),
        bad=lambda look: look["different"] < 0.5 * look["pictures"],
        fine=lambda look: look["different"] > 0.6 * look["pictures"],
        hold=1,
        calm=1,
        begins=0,
    ),
    Sign(
        "g_dead",
        ("update_g",),
        bad=lambda look: look["update_g"] < 1e-5,
        fine=lambda look: look["update_g"] > 3e-5,
        begins=0,
    ),
    Sign(
        "collapse",
        ("spread", "nearest"),
        bad=lambda look: min(look["spread"], look["nearest"]) < 0.25,
        fine=lambda look: min(look["spread"], look["nearest"]) > 0.4,
    ),
    Sign(
        "missing",
        ("missing",),
        bad=lambda look: look["missing"] > 0,
        fine=lambda look: look["missing"] == 0,
        hold=2,
        calm=1,
    ),
    Sign(
        "held_out",
        ("held_gap",),
        bad=lambda look: look["held_gap"] > 0.5,
        fine=lambda look: look["held_gap"] < 0.35,
    ),
    Sign(
        "d_wins",
        ("d_accuracy", "g_loss"),
        bad=lambda look: look["d_accuracy"] > 0.985 and look["g_loss"] > 7,
        fine=lambda look: look["d_accuracy"] < 0.97 or look["g_loss"] < 5.5,
    ),
    Sign(
        "swings",
        ("swing",),
        bad=lambda look: look["swing"] > 0.5,
        fine=lambda look: look["swing"] < 0.3,
    ),
    Sign(
        "grid",
        ("grid",),
        bad=lambda look: look["grid"] > 0.1,
        fine=lambda look: look["grid"] < 0.05,
        hold=4,
    ),
)


@dataclasses.dataclass
class _State:
    """How far a sign is on its way to speak or to be silent."""

    bad: int = 0  # looks in a row
    fine: int = 0
    since: int = 0
    healthy: int = 0
    raised: int | None = None  # None: silent
    look: Look = dataclasses.field(default_factory=dict)


class Watcher:
    """Watches a run as its rows come in; `feed` costs only what is new."""

    def __init__(self) -> None:
        self.raisings: list[Alarm] = []  # each alarm as it was when it spoke, in order; some may be silent by now
        self._states = {sign.name: _State() for sign in SIGNS}
        self._points: list[Mapping[str, Any]] = []  # since the last look
        self._looked = 0  # the step of the last look
        self._games: list[tuple[float, float]] = []  # accuracy and loss of G of the last looks

    def feed(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take rows of metrics.jsonl, points and events, or rows of quality.jsonl, by rising step."""
        for row in rows:
            step = int(row["step"])
            if row.get("event") == "diverged":
                self._judge(step, {"diverged": 1.0})
            elif row.get("event") == "begun":
                self._judge(step, {"pictures": row.get("looked_at", 0), "different": row.get("different", 0)})
            elif "missing" in row:
                self._judge(step, {"missing": len(row["missing"]), "names": tuple(row["missing"])})
            elif "event" not in row:
                self._points.append(row)
                if "update_g" in row or step - self._looked >= LOOK_EVERY:
                    self._look(row, step)

    def alarms(self) -> list[Alarm]:
        """Those that speak now, causes before their consequences."""
        return [
            Alarm(sign.name, state.since, state.raised, state.healthy, state.look)
            for sign in SIGNS
            if (state := self._states[sign.name]).raised is not None
        ]

    def _look(self, row: Mapping[str, Any], step: int) -> None:
        points, self._points, self._looked = self._points, [], step
        look: dict[str, Any] = {"diverged": 0.0, **row}
        for name in ("d_accuracy", "g_loss", "d_loss", "d_fake"):
            values = [point[name] for point in points if name in point]
            if values:
                look[name] = sum(values) / len(values)
        self._judge(step, look)

    def _judge(self, step: int, look: Look) -> None:
        for sign in SIGNS:
            if step >= sign.begins and all(name in look for name in sign.reads):
                self._count(sign, self._states[sign.name], step, look)

    def _count(self, sign: Sign, state: _State, step: int, look: Look) -> None:
        if sign.bad(look):
            if not state.bad and state.raised is None:
                state.since = step
            state.bad, state.fine = state.bad + 1, 0
        else:
            state.bad = 0
            if sign.fine(look):
                state.fine += 1
                if state.raised is None or state.fine >= sign.calm:
                    state.healthy, state.raised = step, None
            else:
                state.fine = 0
        state.look = look
        if state.raised is None and state.bad >= sign.hold:
            state.raised = step
            self.raisings.append(Alarm(sign.name, state.since, step, state.healthy, look))


def watch(rows: Iterable[Mapping[str, Any]]) -> list[Alarm]:
    """The alarms that speak at the end of rows of metrics.jsonl (and of quality.jsonl among them)."""
    watcher = Watcher()
    watcher.feed(rows)
    return watcher.alarms()
