"""Points of curves in bounded room: all of them as long as they are few, then means of more and more neighbours."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

COLUMNS = ("step", "d_loss", "g_loss", "d_real", "d_fake", "d_accuracy", "images_per_s", "epoch", "time_s")
ENDS = ("step", "epoch", "time_s")  # of several points the last value counts
MOST = 40_000  # buckets; even
NEWEST = 256  # points that are always there one by one


class Thinned:
    """The points of a run: up to MOST + NEWEST as they are; of more, buckets of `stride` points and the newest ones.

    A bucket keeps the mean of each column, its lowest and its highest. What it holds depends on the points alone, not
    on the portions in which they came.
    """

    def __init__(self) -> None:
        self.stride = 1
        empty = np.empty((0, len(COLUMNS)))
        self.means, self.lows, self.highs, self.newest = empty, empty, empty, empty  # each (buckets or points, columns)

    def add(self, points: np.ndarray) -> None:
        """Take points (N, columns) in the order of COLUMNS."""
        points = np.concatenate([self.newest, points])
        while (buckets := min((len(points) - NEWEST) // self.stride, MOST - len(self.means))) > 0:
            whole, points = np.split(points, [buckets * self.stride])
            groups = whole.reshape(buckets, self.stride, -1)
            self.means = np.concatenate([self.means, _means(groups)])
            self.lows = np.concatenate([self.lows, groups.min(1)])
            self.highs = np.concatenate([self.highs, groups.max(1)])
            if len(self.means) == MOST:
                self._halve()
        self.newest = points

    def columns(self) -> dict[str, np.ndarray]:
        """Arrays (N,) by name; where several points are one, also their number as `points each`, and the lowest and the
        highest of each name, as `d_loss low` and `d_loss high`."""
        found = _by_name(self.means, self.newest)
        if self.stride > 1:
            found["points each"] = np.repeat([float(self.stride), 1.0], [len(self.means), len(self.newest)])
            found |= _by_name(self.lows, self.newest, " low") | _by_name(self.highs, self.newest, " high")
        return found

    def _halve(self) -> None:
        pairs = (part.reshape(MOST // 2, 2, -1) for part in (self.means, self.lows, self.highs))
        means, lows, highs = pairs
        self.means, self.lows, self.highs = _means(means), lows.min(1), highs.max(1)
        self.stride *= 2


def rows_of(points: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Points as an array (N, columns), 0 where one lacks a figure."""
    return np.array([[float(point.get(name) or 0.0) for name in COLUMNS] for point in points]).reshape(-1, len(COLUMNS))


def _means(groups: np.ndarray) -> np.ndarray:
    """Of groups of points (buckets, n, columns) one point each (buckets, columns)."""
    means = groups.mean(1)
    for name in ENDS:
        at = COLUMNS.index(name)
        means[:, at] = groups[:, -1, at]
    return means


def _by_name(buckets: np.ndarray, newest: np.ndarray, ending: str = "") -> dict[str, np.ndarray]:
    whole = np.concatenate([buckets, newest])
    return {f"{name}{ending}": np.ascontiguousarray(whole[:, i]) for i, name in enumerate(COLUMNS)}
