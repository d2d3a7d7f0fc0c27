"""How many threads train on a CPU: as many as there are cores that no other program uses.

The threads of a step wait for each other many times, so one that shares its core with another program holds up all of
them: benchmarks/README.md has the figures. Another number of threads rounds otherwise in the last digits, so it changes
only for a load that stays, and a state knows it.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import psutil
import torch

LOOK_SECONDS = 2.0  # between two looks; the second one that finds the same counts
BAND = 0.65  # cores by which the free ones must differ from the threads before their number changes


class Usage(NamedTuple):
    """What was used up to now, in seconds."""

    clock: float
    machine: float  # CPU time of all programs on the cores that this process may use
    own: float  # of this process


class Threads:
    """Sets PyTorch's number of threads, and changes it with the load where it `adapts`."""

    def __init__(self, adapts: bool, cores: int = 0, usage: Callable[[], Usage] | None = None) -> None:
        self.now = self.most = torch.get_num_threads()
        self._cores, self._usage = cores or len(usable_cores()), usage or measured_usage
        self._adapts = adapts and self.most > 1
        self._before, self._wish = self._usage(), self.now

    def use(self, number: int) -> None:
        """Go on with so many threads, as a resumed run must; more than there are cores for are none."""
        if self._adapts and 1 <= number <= self.most:
            self.now = self._wish = number
            torch.set_num_threads(number)

    def look(self) -> bool:
        """Whether the number was changed just now; call it at every step, it looks only now and then."""
        if not self._adapts or time.monotonic() - self._before.clock < LOOK_SECONDS:
            return False
        before, self._before = self._before, self._usage()
        passed, machine, own = (new - old for new, old in zip(self._before, before, strict=True))
        wish = wanted(self.now, self.most, self._cores, max(0.0, machine - own) / passed)
        changes, self._wish = wish == self._wish != self.now, wish
        if changes:
            self.use(wish)
        return changes


def wanted(now: int, most: int, cores: int, others: float) -> int:
    """The number of threads for a machine whose other programs keep `others` of its cores busy.

    Where they leave not even one core, all threads compete for their share: fewer would only get less.
    """
    free = cores - others
    if free < (BAND if now == most else BAND / 2):
        return most
    if abs(free - now) <= max(BAND, cores / 10):
        return now
    return min(most, max(1, round(free)))


def usable_cores() -> list[int]:
    """The numbers of the cores that this process may use."""
    count = psutil.cpu_count() or 1
    try:
        return [core for core in psutil.Process().cpu_affinity() if core < count]
    except (AttributeError, psutil.Error):  # macOS has no such list
        return list(range(count))


def measured_usage() -> Usage:
    """The usage so far of the cores that this process may use."""
    each, process = psutil.cpu_times(percpu=True), psutil.Process().cpu_times()
    no_work = ("idle", "iowait", "guest", "guest_nice")  # a guest's time is in user and nice already
    busy = [sum(each[core]) - sum(getattr(each[core], name, 0.0) for name in no_work) for core in usable_cores()]
    return Usage(time.monotonic(), sum(busy), process.user + process.system)
