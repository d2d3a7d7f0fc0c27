"""The films of `assets/failures`: four small trainings with their curves, and what the alarms said of each.

`python -m benchmarks.failure_films` makes them.
"""

import functools
import json
from typing import Any, NamedTuple

from dcgan.monitoring.alarms import Alarm
from dcgan.system.paths import PROJECT

FOLDER = PROJECT / "assets" / "failures"
HEALTHY = "healthy"


class Film(NamedTuple):
    """One training of TILES fixed z, which is small enough to be sent to the browser whole."""

    name: str
    frames: list[int]  # the steps of its pictures, rising
    curves: dict[str, list[float]]  # step, d_loss, g_loss, d_real, d_fake, d_accuracy
    looks: dict[str, list[float | None]]  # step, and what alarms look at
    alarms: list[Alarm]  # each as it was when it spoke, in order
    facts: dict[str, Any]  # changed, pictures, batch, lr_g, lr_d, seconds, proof
    sheet: bytes  # WebP: ten frames in a row, each of 4 x 4 tiles

    @property
    def nearest(self) -> bytes:
        """Its last fakes beside their nearest training pictures, WebP of two frames; empty where nothing was copied."""
        path = FOLDER / f"{self.name}-nearest.webp"
        return path.read_bytes() if path.is_file() else b""


@functools.cache
def films() -> dict[str, Film]:
    """All of them by name, the healthy one first."""
    found = json.loads((FOLDER / "films.json").read_text(encoding="utf-8"))["films"]
    return {name: _film(name, facts) for name, facts in found.items()}


def _film(name: str, facts: dict[str, Any]) -> Film:
    rest = {key: facts[key] for key in ("changed", "pictures", "batch", "lr_g", "lr_d", "seconds", "proof")}
    alarms = [Alarm(**alarm) for alarm in facts["alarms"]]
    sheet = (FOLDER / f"{name}.webp").read_bytes()
    return Film(name, facts["frames"], facts["curves"], facts["looks"], alarms, rest, sheet)
