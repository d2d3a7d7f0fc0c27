"""Gradients travel in buckets while the backward pass goes on, and come back as sums."""

import pytest
import torch
from torch import nn

from dcgan.training import buckets
from dcgan.training.buckets import Buckets
from dcgan.training.gan import GAN
from tests.training.test_gan import CPU, TINY


class Twice:
    """A sum with another process that has the same gradients; arrives only when it is waited for."""

    def __init__(self, flat: torch.Tensor) -> None:
        self.flat = flat

    def wait(self) -> None:
        self.flat.mul_(2)


@pytest.fixture
def sent(monkeypatch):
    """The sizes of what was sent, in order; every layer of these tests fills a bucket."""
    monkeypatch.setattr(buckets, "BUCKET_BYTES", 100)
    return []


def watched(network: nn.Module, sent: list) -> Buckets:
    def send(flat: torch.Tensor) -> Twice:
        sent.append(flat.numel())
        return Twice(flat)

    return Buckets(network, send)


def test_gradients_are_summed_and_keep_their_place_in_memory(sent):
    network = GAN(TINY, CPU).D
    x = torch.randn(4, 1, 16, 16)
    network(x).sum().backward()
    alone = [parameter.grad for parameter in network.parameters()]
    network.zero_grad()
    waiting = watched(network, sent)
    network(x).sum().backward()  # another pass first, which sends nothing
    assert sent == []
    waiting.begin()
    network(x).sum().backward()
    assert len(sent) == len(waiting._buckets) > 2 and sum(sent) == sum(each.numel() for each in alone)
    waiting.end()
    for parameter, one in zip(network.parameters(), alone, strict=True):
        assert parameter.grad.stride() == one.stride() == parameter.stride()
        torch.testing.assert_close(parameter.grad, 4 * one, rtol=1e-4, atol=1e-6)  # two passes, two processes


def test_a_bucket_travels_before_the_backward_pass_has_ended(sent):
    network, order = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8)), []
    network[1].register_full_backward_hook(lambda *_: order.append(list(sent)))
    waiting = watched(network, sent)
    waiting.begin()
    network(torch.randn(3, 8)).sum().backward()
    assert order == [[72]] and sent == [72, 72]
    waiting.end()


def test_a_parameter_without_a_gradient_holds_up_nothing(sent):
    network = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8)])
    waiting = watched(network, sent)
    for parameters in (network[1].parameters(), network[0].parameters()):
        for parameter in parameters:
            parameter.grad = None
    waiting.begin()
    network[0](torch.ones(3, 8)).sum().backward()
    network[1].bias.grad = torch.ones(8)
    waiting.end()
    assert network[1].weight.grad is None and torch.equal(network[1].bias.grad, torch.full((8,), 2.0))
    assert torch.equal(network[0].bias.grad, torch.full((8,), 6.0)) and sent == [8, 72]
