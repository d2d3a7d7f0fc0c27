"""How fast a training is, how long it will take, and what takes its time."""

import time
from collections import deque

from dcgan.config import Config

RATE_SECONDS = 5.0  # images/s is averaged over about this long
STEADY_SECONDS = 120.0  # and for the time left over this: a machine that is busy for a moment mustn't move it by hours
ROUNDED = ((60, 5), (600, 20), (3600, 60), (36_000, 300))  # seconds left up to which they are rounded to how many
COARSEST = 1800


class Rate:
    """Images per second over the last `seconds` of training.

    The first step doesn't count: it also makes everything ready.
    """

    def __init__(self, seconds: float = RATE_SECONDS) -> None:
        self.seconds = seconds
        self.reset()

    def reset(self) -> None:
        self._marks: deque[tuple[float, int]] = deque()  # when, and how many pictures by then

    def count(self, images: int) -> None:
        """Note that a step on so many real pictures is done."""
        now = time.monotonic()
        self._marks.append((now, self._marks[-1][1] + images if self._marks else 0))
        while len(self._marks) > 2 and now - self._marks[1][0] > self.seconds:
            self._marks.popleft()

    def images_per_s(self) -> float:
        if len(self._marks) < 2:
            return 0.0
        (began, first), (now, last) = self._marks[0], self._marks[-1]
        return (last - first) / (now - began) if now > began else 0.0


class Stopwatch:
    """Adds up the time spent inside `with` blocks."""

    def __init__(self) -> None:
        self.spent_s = 0.0

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.spent_s += time.monotonic() - self._began


def is_over(num_minutes: float, time_s: float) -> bool:
    """Whether so many minutes of training, 0 for no limit, are used up after so many seconds."""
    return bool(num_minutes) and time_s >= 60 * num_minutes


def seconds_left(config: Config, steps: int, images_per_s: float, time_s: float) -> float | None:
    if images_per_s <= 0:
        return None
    left = steps * config.d_steps * config.batch_size / images_per_s
    return round(min(left, 60 * config.num_minutes - time_s) if config.num_minutes else left, 1)


def time_left(eta_s: float | None) -> str:
    """A status's `eta_s` in words, as roughly as it is known, so that two looks in a row say the same; – for None."""
    if eta_s is None:
        return duration(None)
    step = next((step for until, step in ROUNDED if eta_s < until), COARSEST)
    return duration(step * round(eta_s / step))


def duration(seconds: float | None) -> str:
    """45 s, 3 min 20 s, 2 h 5 min, 3 days."""
    if seconds is None:
        return "–"
    seconds = max(0, round(seconds))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds < 600 else f"{seconds // 60} min"
    if seconds < 48 * 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86400} days"
