"""How fast a training is, how long it will take, and what takes its time."""

import time

from dcgan.config import Config

RATE_SECONDS = 5.0  # images/s is averaged over about this long


class Rate:
    """Images per second over the last few seconds of training."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._marks = [(time.monotonic(), 0)]

    def count(self, images: int) -> None:
        """Note that a step on so many real pictures is done."""
        now = time.monotonic()
        self._marks.append((now, self._marks[-1][1] + images))
        while len(self._marks) > 2 and now - self._marks[1][0] > RATE_SECONDS:
            self._marks.pop(0)

    def images_per_s(self) -> float:
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
