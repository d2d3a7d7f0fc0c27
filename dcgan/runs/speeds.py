"""How long a recipe takes on this machine, judged by how fast its trainings were here before.

Every training notes its speed in a file of the user's cache, so the Train page needs no PyTorch and no measurement. The
fastest counts: the others shared the machine. Of a recipe that never ran here the speed of another one tells something.
"""

import contextlib
import json
import math
import os
import platform
from pathlib import Path

from dcgan.config import Config
from dcgan.presets import PRESETS
from dcgan.system.files import publish

LEAST_SECONDS = 20.0  # a shorter training says little
MOST = 200  # recipes that are remembered, the newest
SPREAD = 1.5  # how far off a guess by another recipe's speed may be, either way
SPEED = (  # what the speed of a step depends on, but for the channels of the pictures, which hardly matter
    *("architecture", "image_size", "z_dim", "ngf", "ndf", "d_growth", "stem", "kernel", "norm_g", "norm_d"),
    *("g_activation", "dropout", "batch_size", "micro_batch", "optimizer", "d_steps", "d_batch", "g_noise"),
    *("device", "precision", "num_threads"),
)
UNITS = (("minute", 60.0, 100.0), ("hour", 3600.0, 36.0), ("day", 86_400.0, 14.0), ("week", 604_800.0, math.inf))

Rates = dict[str, float]  # a recipe's key -> images per second


def note(config: Config, images: int, seconds: float) -> None:
    """Remember that so many real pictures took so long; what can't be written is not remembered."""
    if seconds < LEAST_SECONDS or images <= 0:
        return
    key, rates = _key(config), known()
    fastest = max(rates.pop(key, 0.0), round(images / seconds, 2))
    kept = list(rates.items())[-MOST + 1 :] + [(key, fastest)]
    with contextlib.suppress(OSError):
        path().parent.mkdir(parents=True, exist_ok=True)
        publish(path(), json.dumps(dict(kept), indent=1).encode(), sync=False)


def known() -> Rates:
    """What was noted on this machine, the newest last; empty if nothing can be read."""
    try:
        found = json.loads(path().read_text(encoding="utf-8"))
        return {str(key): float(rate) for key, rate in found.items() if 0 < float(rate) < math.inf}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def path() -> Path:
    """Where the speeds of this machine are kept; a home that machines share has one file for each, by its cores."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "dcgan-studio" / f"speed-{platform.node()}-{os.cpu_count()}.json"


def words(name: str, rates: Rates) -> str:
    """How long a preset takes, in one sentence: as it was here, as others were here, or on most machines."""
    config, (quick, slow) = PRESETS[name].config, PRESETS[name].minutes
    if rate := rates.get(_key(config)):
        return f"About {_span(_pictures(config) / rate)} on this computer."
    for key, rate in reversed(rates.items()):  # the newest that is a preset's own
        other = next((preset for preset in PRESETS.values() if _key(preset.config) == key), None)
        if other is not None:
            place = math.log(_pictures(other.config) / rate / 60 / other.minutes[0]) / math.log(
                other.minutes[1] / other.minutes[0]
            )
            guess = 60 * quick * (slow / quick) ** place  # as far between quick and slow machines as there
            return f"Roughly {_span(guess / SPREAD, guess * SPREAD)} on this computer."
    return f"Takes {_span(60 * quick, 60 * slow)} without a GPU."


def _pictures(config: Config) -> int:
    return config.num_steps * config.d_steps * config.batch_size


def _key(config: Config) -> str:
    return " ".join(f"{name}={getattr(config, name)}" for name in SPEED)


def _span(low: float, high: float | None = None) -> str:
    """Seconds, or from how many to how many, in the largest unit that says enough: 3 to 20 minutes."""
    first, last = _rough(low), _rough(low if high is None else high)
    if first == last:
        return _counted(*last)
    return f"{first[0]} to {_counted(*last)}" if first[1] == last[1] else f"{_counted(*first)} to {_counted(*last)}"


def _rough(seconds: float) -> tuple[int, str]:
    for unit, length, most in UNITS:
        number = max(1, round(seconds / length))
        if unit == "minute" and number > 15:
            number = 5 * round(number / 5)
        if number < most:
            return number, unit
    raise AssertionError("weeks have no end")


def _counted(number: int, unit: str) -> str:
    return f"{number:,} {unit}{'s' * (number != 1)}"
