"""The way back to before a move of G or D: what the move changes before its optimiser's step does."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Rollback:
    """Notes BatchNorm's statistics and the positions in the random streams at the start of a move, and restores them.

    The copies of the statistics are allocated once; only G and D with BatchNorm have any.
    """

    def __init__(self, networks: Sequence[nn.Module], z_rng: torch.Generator, noise_rng: torch.Generator) -> None:
        self._z_rng, self._noise_rng = z_rng, noise_rng
        self._buffers = {
            network: (buffers, [torch.empty_like(buffer) for buffer in buffers])
            for network in networks
            if (buffers := list(network.buffers()))
        }
        self._positions: tuple[Tensor, ...] = ()  # in the streams of z and of noise; empty between moves

    @property
    def in_move(self) -> bool:
        """Whether a move has begun and neither ended nor been undone."""
        return bool(self._positions)

    def begin(self) -> None:
        """Note everything: a move begins."""
        self.note_statistics()
        self._positions = self._z_rng.get_state(), self._noise_rng.get_state()

    def end(self) -> None:
        """The move is done: there is no way back behind it."""
        self._positions = ()

    def undo(self) -> None:
        """Restore everything, if a move has begun."""
        if self._positions:
            self.restore_statistics(*self._buffers)
            self._z_rng.set_state(self._positions[0])
            self.rewind_noise()
            self.end()

    def rewind_noise(self) -> None:
        """Let the move's noise be drawn once more: the numbers are the same."""
        self._noise_rng.set_state(self._positions[1])

    def note_statistics(self) -> None:
        """Note BatchNorm's statistics alone."""
        pairs = self._buffers.values()
        _copy([one for _, old in pairs for one in old], [one for buffers, _ in pairs for one in buffers])

    @torch.no_grad()
    def restore_statistics(self, *networks: nn.Module) -> None:
        """Set BatchNorm's statistics of networks to those that were noted."""
        for buffers, old in (self._buffers[network] for network in networks if network in self._buffers):
            _copy(buffers, old)


def _copy(to: list[Tensor], of: list[Tensor]) -> None:
    """One operation on a GPU for each type of number: lists of several types are copied tensor by tensor."""
    for dtype in {tensor.dtype for tensor in of}:
        torch._foreach_copy_([one for one in to if one.dtype == dtype], [one for one in of if one.dtype == dtype])
