"""The processes that train one run together, as GAN and the loop use them; mostly there is one."""

from typing import Any

import torch
from torch import Tensor, nn

from dcgan.compute import devices
from dcgan.training.microbatch import Part


class Team:
    """This process among those that train together: here it is alone, so that nothing needs to be done.

    `dcgan.training.distributed` has the one for several. The process of rank 0 leads: it writes all files, and tells
    the others what comes next.
    """

    rank, size = 0, 1
    promised = 0  # steps that the others will take now, before they listen to another order

    def hold(self, rows: int) -> Part:
        """The part of a batch of so many rows that this process works on."""
        return Part(rows * self.rank // self.size, rows * (self.rank + 1) // self.size, rows)

    def device(self, wish: str) -> torch.device:
        """The device of this process; raises BadInput if it isn't there."""
        return devices.pick_device(wish)

    def exchange(self, network: nn.Module, measured: dict[str, Tensor]) -> None:
        """Add up what was measured, scalars by name, over all processes, and the network's gradients as they come.

        The next backward pass completes the gradients; `collect` waits for the sums.
        """

    def collect(self) -> None:
        """Wait until the gradients and what was measured are the sums over all processes."""

    def settle(self) -> None:
        """After the first step, agree on what each process found out by itself in it."""

    def step(self, at_most: int) -> None:
        """As the leader, let all take the next step, and promise up to so many, this one among them."""

    def tell(self, order: str, **facts: Any) -> None:
        """As the leader, let the others do what this process does next: begin, wait, change, step, compare or end."""

    def compare(self, gan: Any) -> None:
        """As the leader, let all compare their weights; raises Halted if they are not the same."""

    def leave(self, words: str = "") -> None:
        """End the work together; words say why if it isn't the end."""


ALONE = Team()
