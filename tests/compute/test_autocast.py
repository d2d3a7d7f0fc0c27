"""A network by autocast with its weights converted at once is the same as with each by itself, in fewer operations."""

import collections

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from dcgan.compute import autocast
from dcgan.networks.models import Discriminator, Generator
from dcgan.presets import preset_config
from dcgan.training.gan import GAN
from tests.training.test_gan import CPU, TINY, pictures


class Operations(TorchDispatchMode):
    """Counts operations by name; of copies of lists it notes the types of numbers in each list."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: collections.Counter[str] = collections.Counter()
        self.lists: list[tuple[set[torch.dtype], set[torch.dtype]]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        self.counted[name] += 1
        if name == "_foreach_copy_":
            self.lists.append(({to.dtype for to in args[0]}, {of.dtype for of in args[1]}))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("kind", [Generator, Discriminator])
@pytest.mark.parametrize("name", ["quick", "fashion-64", "custom-loop"])
def test_bits_are_those_of_autocast_and_weights_are_converted_in_one_operation(kind, name):
    config = preset_config(name).replace(ngf=4, ndf=4, z_dim=8)
    network = kind(config)
    x = torch.randn((4, 8) if kind is Generator else (4, config.channels, config.image_size, config.image_size))

    def differentiated(forward) -> tuple[list[torch.Tensor], collections.Counter[str]]:
        for buffer in network.buffers():
            buffer.zero_()
        with Operations() as operations:
            out = forward(x)
            gradients = torch.autograd.grad(
                (out * torch.arange(out.numel()).view(out.shape)).sum(), network.parameters()
            )
        return [out, *gradients, *(buffer.clone() for buffer in network.buffers())], operations.counted

    def usual(x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return network(x).float()

    ours, few = differentiated(lambda x: autocast.run(network, x))
    theirs, many = differentiated(usual)
    for mine, other in zip(ours, theirs, strict=True):
        assert torch.equal(mine, other) and mine.dtype == other.dtype and mine.stride() == other.stride()
    converted = sum(1 for module in network.modules() if isinstance(module, autocast.PRODUCTS))
    assert few["_foreach_copy_"] == 2 and few["_to_copy"] <= many["_to_copy"] - 2 * converted


def test_a_step_copies_lists_of_one_type_and_multiplies_by_no_share_of_one():
    gan = GAN(TINY, CPU)
    gan.step(pictures())
    with Operations() as whole:
        gan.step(pictures())
    assert len(whole.lists) == 4  # float32 and int64, at the start of both players' moves
    assert all(len(to) == len(of) == 1 for to, of in whole.lists)
    gan.at_most = 4
    with Operations() as parts:
        gan.step(pictures())
    assert whole.counted["mul"] < parts.counted["mul"] / 2
