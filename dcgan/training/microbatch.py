"""Parts of a batch: their rows, what is measured over them, and random numbers that don't depend on the division.

A batch larger than memory passes through the networks in parts, and several processes each hold a part of it. Random
numbers are drawn for the whole batch and a part takes its own rows of them, so every division gets the same.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Part(NamedTuple):
    """Rows of a batch, from `first` to before `end`, of `whole` rows in all."""

    first: int
    end: int
    whole: int

    @property
    def rows(self) -> int:
        """How many rows these are."""
        return self.end - self.first

    @property
    def share(self) -> float:
        """The weight of these rows in a mean over the batch."""
        return self.rows / self.whole

    def of(self, batch: Tensor, held: "Part | None" = None) -> Tensor:
        """These rows of a batch (whole, ...), or of a part of it that is `held`."""
        start = held.first if held else 0
        return batch[self.first - start : self.end - start]


def split(held: Part, at_most: int) -> list[Part]:
    """Parts of nearly equal size with at most so many rows, but at least two, which BatchNorm needs; 0 is no limit."""
    number = max(1, min(-(-held.rows // at_most), held.rows // 2)) if at_most else 1
    ends = [held.first + held.rows * i // number for i in range(number + 1)]
    return [Part(first, end, held.whole) for first, end in zip(ends, ends[1:], strict=False)]


class Sums:
    """What was measured, added up over the parts: of means over each part, the mean over the batch."""

    def __init__(self) -> None:
        self.values: dict[str, Tensor] = {}

    def add(self, measured: dict[str, Tensor], share: float) -> None:
        """Add the means over a part, scalars by name, with the part's share of the batch."""
        for name, value in measured.items():
            value = weighted(value, share)
            self.values[name] = value + self.values[name] if name in self.values else value


def weighted(mean: Tensor, share: float) -> Tensor:
    """A mean over a part as its share of the mean over the batch; of a whole batch, without an operation."""
    return mean * share if share != 1 else mean


class Noise:
    """A stream of random numbers, of which a part of a batch gets those of its rows."""

    def __init__(self, rng: torch.Generator) -> None:
        self.rng = rng
        self.part: Part | None = None  # None: all rows of a batch are here

    def rand(self, shape: torch.Size) -> Tensor:
        """Numbers in [0, 1) of a shape (n, ...), where n is the number of rows of the part, or a multiple of it."""
        return self._of_part(shape, lambda all_: torch.rand(all_, generator=self.rng, device=self.rng.device))

    def kept(self, shape: torch.Size, share: float) -> Tensor:
        """Masks, bool, of such a shape: False for a share of them, to within 1/65536."""
        return self._of_part(shape, lambda all_: self._mask(all_, share))

    def _mask(self, shape: Sequence[int], share: float) -> Tensor:
        if self.rng.device.type != "cpu":
            return torch.rand(shape, generator=self.rng, device=self.rng.device) >= share
        n = math.prod(shape)  # a CPU draws its numbers one after the other: here four with each of 64 bits
        bits = torch.empty(-(-n // 4), dtype=torch.int64).random_(-(2**63), None, generator=self.rng)
        return (bits.view(torch.int16)[:n] >= round(share * 2**16) - 2**15).view(shape)

    def _of_part(self, shape: torch.Size, draw: Callable[[Sequence[int]], Tensor]) -> Tensor:
        """What is drawn for the whole batch, of which these are the rows of the part."""
        if self.part is None or self.part.share == 1:
            return draw(shape)
        first, end, whole = self.part
        times = shape[0] // self.part.rows  # real and fake in one batch are two
        return draw((times, whole, *shape[1:]))[:, first:end].reshape(shape)
