"""Faults of a training, recognised from its recorded figures alone: what is wrong, since when, and what was healthy.

A look sums up the points since the look before, about every 50 steps. Each sign calls a look bad, fine, or neither. An
alarm speaks after several bad looks in a row and falls silent after several fine ones, so that words don't flicker.
"""

import dataclasses
import math
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from dcgan.monitoring.alarm_signs import BEGUN, SIGN_OF, SIGNS, Look, Sign
from dcgan.monitoring.class_rows import rare_classes

LOOK_EVERY = 100  # steps after which a look is due where none of what `probe` measures was recorded
SWINGS = 24  # looks in which the game is seen to swing
SETTLED_IMAGES = 125_000  # training pictures after which every class should have come up
HELD_PICTURES = 256  # over which what D says of held-out pictures is averaged, where batches are small
OF_LOSSES = ("runaway", "d_wins")  # signs that take the losses for nats, which those of scores are not
MEANS = ("d_accuracy", "g_loss", "d_loss", "d_fake")  # over the points since the look before


class Alarm(NamedTuple):
    """One alarm that speaks."""

    name: str  # of its Sign
    since: int  # the step of the first bad look
    raised: int  # the step at which it spoke
    healthy: int  # the last step at which it looked well; 0 is the beginning
    look: Look  # what was seen last


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
        self.episodes: list[Alarm] = []  # those of them that spoke while all others were silent
        self._states = {sign.name: _State() for sign in SIGNS}
        self._since: dict[str, list[float]] = {name: [] for name in MEANS}  # of the points since the last look
        self._looked = 0  # the step of the last look
        self._sizes: Mapping[str, Any] = {}  # of the weights at that look
        self._scores = False  # D gives scores instead of probabilities
        self._accuracies: deque[float] = deque(maxlen=SWINGS)
        self._gaps: deque[float] = deque()

    def feed(self, rows: Iterable[Mapping[str, Any]] | Mapping[str, np.ndarray]) -> None:
        """Take rows of metrics.jsonl, points and events, or rows of quality.jsonl, by rising step.

        Points may also come as columns (N,) by name, as `read_blocks` gives them: it costs less to say the same.
        """
        if isinstance(rows, Mapping):
            self._feed_points(rows)
            return
        for row in rows:
            step, event = int(row["step"]), row.get("event")
            if event == "begun":
                self._sizes, self._scores = row, bool(row.get("scores"))
                self._judge(step, row)
            elif event == "diverged":
                self._judge(step, {"diverged": 1.0})
            elif event == "change" and ("lr_g" in row or "lr_d" in row):
                self._states["rate"] = _State(healthy=step)
            elif "shares" in row:
                if row["images"] >= SETTLED_IMAGES:
                    names = rare_classes(row)
                    self._judge(step, {"missing": len(names), "names": names})
            elif event is None and "g_loss" in row:
                for name, values in self._since.items():
                    values.append(row.get(name, 0.0))
                if "update_g" in row or step - self._looked >= LOOK_EVERY:
                    self._judge(step, self._look(row, step))

    def _feed_points(self, columns: Mapping[str, np.ndarray]) -> None:
        steps, looks = columns["step"].tolist(), []
        probed = ~np.isnan(columns["update_g"]) if "update_g" in columns else np.zeros(len(steps), bool)
        looked = self._looked
        for i, (step, is_probed) in enumerate(zip(steps, probed.tolist(), strict=True)):
            if is_probed or step - looked >= LOOK_EVERY:
                looks.append(i)
                looked = step
        seen = {name: np.nan_to_num(columns.get(name, np.zeros(len(steps)))).tolist() for name in MEANS}
        begin = 0
        for i, row in zip(looks, _rows(columns, looks), strict=True):
            for name, values in self._since.items():
                values += seen[name][begin : i + 1]
            self._judge(steps[i], self._look(row, steps[i]))
            begin = i + 1
        for name, values in self._since.items():
            values += seen[name][begin:]

    def facts(self) -> dict[str, Any]:
        """All that it knows, for JSON; `from_facts` goes on from there."""
        return {
            "raisings": self.raisings,
            "episodes": self.episodes,
            "states": {name: dataclasses.asdict(state) for name, state in self._states.items()},
            "since": self._since,
            "looked": self._looked,
            "sizes": dict(self._sizes),
            "scores": self._scores,
            "accuracies": list(self._accuracies),
            "gaps": list(self._gaps),
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "Watcher":
        """A watcher that knows what another knew; other facts raise ValueError, TypeError, KeyError, AttributeError."""
        if not _holds_numbers(facts):
            raise ValueError("no facts of a watcher")
        made = cls()
        made.raisings, made.episodes = ([_alarm(*each) for each in facts[key]] for key in ("raisings", "episodes"))
        for name, state in facts["states"].items():
            made._states[SIGN_OF[name].name] = _state(state)
        made._since = {name: [float(value) for value in facts["since"][name]] for name in MEANS}
        made._looked = int(facts["looked"])
        if facts["sizes"]:
            made._sizes = {name: float(facts["sizes"][name]) for name in ("weight_g", "weight_d")}
        made._scores = bool(facts.get("scores"))
        made._accuracies.extend(map(float, facts["accuracies"]))
        made._gaps.extend(map(float, facts["gaps"]))
        return made

    def alarms(self) -> list[Alarm]:
        """Those that speak now, causes before their consequences."""
        return [
            Alarm(sign.name, state.since, state.raised, state.healthy, state.look)
            for sign in SIGNS
            if (state := self._states[sign.name]).raised is not None
        ]

    def _look(self, row: Mapping[str, Any], step: int) -> Look:
        """What the newest row says, with means over the points since the last look, and what has changed since."""
        look: dict[str, Any] = {**row, "diverged": 0.0}
        points = len(self._since["g_loss"])
        look |= {name: sum(values) / points for name, values in self._since.items()}
        self._since, self._looked = {name: [] for name in MEANS}, step
        if "grad_g" in row:
            look["gradient"] = max(row["grad_g"], row["grad_d"])
        if "weight_g" in row:
            if self._sizes:
                look["growth"] = max(row[name] / max(self._sizes[name], 1e-12) for name in ("weight_g", "weight_d"))
            self._sizes = row
        batch = max(1.0, row.get("images", 64 * step) / step)
        if step >= BEGUN:
            judged = 2 * batch * points  # pictures, of which D's accuracy is a mean
            self._accuracies.append(look["d_accuracy"])
            look["swings"] = swings(self._accuracies, max(0.2, 3 / math.sqrt(judged)))
            look |= {"lowest": min(self._accuracies), "highest": max(self._accuracies)}
        if "held_gap" in row:
            self._gaps.append(row["held_gap"])
            if len(self._gaps) > max(3, HELD_PICTURES / batch):
                self._gaps.popleft()
            look["held_gap"] = sum(self._gaps) / len(self._gaps)
        return look

    def _judge(self, step: int, look: Look) -> None:
        for sign in SIGNS:
            if self._scores and sign.name in OF_LOSSES:
                continue
            if step >= sign.begins and look.keys() >= sign.reads:
                self._count(sign, self._states[sign.name], step, look)

    def _count(self, sign: Sign, state: _State, step: int, look: Look) -> None:
        if sign.bad(look):
            if not state.bad and state.raised is None:
                state.since = step
            state.bad, state.fine, state.look = state.bad + 1, 0, look
        else:
            state.bad = 0
            state.fine = state.fine + 1 if (sign.over or sign.fine)(look) else 0
            if state.fine >= sign.calm:
                state.raised = None
            if state.raised is None and sign.fine(look):
                state.healthy = step
        if state.raised is None and state.bad >= sign.hold:
            alarm = Alarm(sign.name, state.since, step, state.healthy, look)
            self.raisings.append(alarm)
            if not any(other.raised is not None for other in self._states.values()):
                self.episodes.append(alarm)
            state.raised = step


def _rows(columns: Mapping[str, np.ndarray], at: list[int]) -> list[dict[str, Any]]:
    """Some points of columns (N,) as rows, each without the figures that it lacks."""
    names = list(columns)
    each = zip(*(columns[name][at].tolist() for name in names), strict=True)
    return [{name: value for name, value in zip(names, values, strict=True) if value == value} for values in each]


def _alarm(name: str, since: int, raised: int, healthy: int, look: Look) -> Alarm:
    """An alarm from a list; raises KeyError for a name that no sign has."""
    return Alarm(SIGN_OF[name].name, int(since), int(raised), int(healthy), dict(look))


def _state(facts: Mapping[str, Any]) -> _State:
    """How far a sign is, from JSON; raises like `from_facts`."""
    numbers = {key: int(facts[key]) for key in ("bad", "fine", "since", "healthy")}
    raised = facts["raised"]
    return _State(**numbers, raised=None if raised is None else int(raised), look=dict(facts["look"]))


def _holds_numbers(value: Any) -> bool:
    """Whether what came from JSON holds nothing but finite numbers, None, and the names of alarms."""
    if isinstance(value, dict | list):
        return all(map(_holds_numbers, value.values() if isinstance(value, dict) else value))
    if isinstance(value, str):
        return value in SIGN_OF
    return value is None or isinstance(value, int | float) and math.isfinite(value)


def swings(values: Iterable[float], least: float) -> int:
    """How often values went up or down by at least so much before they turned."""
    number, rising, low, high = 0, 0, math.inf, -math.inf
    for value in values:
        low, high = value if value < low else low, value if value > high else high
        if rising <= 0 and value - low >= least:
            number, rising, high = number + 1, 1, value
        elif rising >= 0 and high - value >= least:
            number, rising, low = number + 1, -1, value
    return number


def watch(rows: Iterable[Mapping[str, Any]]) -> list[Alarm]:
    """The alarms that speak at the end of rows of metrics.jsonl, quality.jsonl, or both."""
    watcher = Watcher()
    watcher.feed(rows)
    return watcher.alarms()


def ordered(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Alarms of several watchers, causes before their consequences."""
    names = [sign.name for sign in SIGNS]
    return sorted(alarms, key=lambda alarm: names.index(alarm.name))
