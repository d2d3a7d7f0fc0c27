"""The processes that train one run together; mostly there is one."""

from collections.abc import Sequence

from torch import Tensor

from dcgan.parts import Part


class Team:
    """This process among those that train together, as seen by the mathematics; this one is alone."""

    rank, size = 0, 1

    def hold(self, rows: int) -> Part:
        """The part of a batch of so many rows that this process works on."""
        return Part(rows * self.rank // self.size, rows * (self.rank + 1) // self.size, rows)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their sums over all processes."""


ALONE = Team()
