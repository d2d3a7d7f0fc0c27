"""Gradients of a network, added up over all processes while the backward pass still makes others.

As in PyTorch's DistributedDataParallel (Li et al. 2020, arXiv:2006.15704, section 3.2): they lie together in buckets,
and each bucket travels once it is complete, the last layers' first. Here a move of D or G says which of its backward
passes is the one that completes them.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import torch
from torch import Tensor, nn

BUCKET_BYTES = 4 * 2**20  # of gradients that travel together


class Work(Protocol):
    """Something that is on its way between processes."""

    def wait(self) -> object:
        """Until it is there."""


class Buckets:
    """The gradients of a network's parameters; `send` begins to add up a flat tensor in place, over all processes."""

    def __init__(self, network: nn.Module, send: Callable[[Tensor], Work]) -> None:
        self._send = send
        self._buckets = divided(reversed(list(network.parameters())))
        self._place = {parameter: i for i, bucket in enumerate(self._buckets) for parameter in bucket}
        self._missing: list[int] = []  # gradients of each bucket; empty when none are waited for
        self._sent: list[tuple[Tensor, Work]] = []
        for parameter in self._place:
            parameter.register_post_accumulate_grad_hook(self._arrived)

    def begin(self) -> None:
        """The next backward pass completes the gradients."""
        self._missing, self._sent = [len(bucket) for bucket in self._buckets], []

    def end(self) -> None:
        """Wait until every gradient is the sum over all processes."""
        while len(self._sent) < len(self._buckets):  # a parameter without a gradient, as in all processes
            self._send_next()
        for bucket, (flat, work) in zip(self._buckets, self._sent, strict=True):
            work.wait()
            start = 0
            for parameter, gradient in gradients_of(bucket):
                parameter.grad = flat.as_strided(gradient.shape, gradient.stride(), start)
                start += gradient.numel()
        self._missing, self._sent = [], []

    def _arrived(self, parameter: Tensor) -> None:
        if self._missing:
            self._missing[self._place[parameter]] -= 1
            while len(self._sent) < len(self._buckets) and not self._missing[len(self._sent)]:
                self._send_next()  # in the same order everywhere

    def _send_next(self) -> None:
        gradients = [gradient for _, gradient in gradients_of(self._buckets[len(self._sent)])]
        # seen as they lie in memory, dense as autograd keeps them: nothing is turned or copied twice
        flat = torch.cat([gradient.as_strided((gradient.numel(),), (1,)) for gradient in gradients])
        self._sent.append((flat, self._send(flat)))


def divided(parameters: Iterable[Tensor]) -> list[list[Tensor]]:
    """Parameters in their order, in buckets that are closed once they hold BUCKET_BYTES."""
    buckets: list[list[Tensor]] = [[]]
    for parameter in parameters:
        if sum(each.nbytes for each in buckets[-1]) >= BUCKET_BYTES:
            buckets.append([])
        buckets[-1].append(parameter)
    return buckets


def gradients_of(parameters: Iterable[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Those that have a gradient, each with it."""
    return [(parameter, parameter.grad) for parameter in parameters if parameter.grad is not None]
