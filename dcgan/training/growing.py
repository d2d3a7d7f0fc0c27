"""Growing: players trained on pictures of one size go on at twice its height and width, drawing and judging as before.

G gets a layer before its last and D one before its first. As in Net2Net (Chen et al. 2016, arXiv:1511.05641) they begin
as what changes nothing: G draws its picture doubled with bilinear weights, D judges one halved so that this is undone.
Nothing has to be faded in (as in Karras et al. 2018, arXiv:1710.10196); what is new in the larger pictures is learned.
"""

from typing import Any

import torch
from torch import Tensor, nn

from dcgan.config import Config
from dcgan.latent.class_centres import labels_of_seeds
from dcgan.latent.prior import balanced_z
from dcgan.networks.models import Discriminator, Generator
from dcgan.training.gan import GAN

DOUBLING = (0.25, 0.75, 0.75, 0.25)  # the kernel, along a line, of a transposed convolution that is bilinear
HALVING = (-0.25, 0.75, 0.75, -0.25)  # the one of a convolution that undoes it
MEASURED = 256  # fakes over which BatchNorm's new scales are measured


@torch.no_grad()
def grow(state: dict[str, Any], before: Config, gan: GAN) -> None:
    """Make the state of a GAN with settings `before` one that `gan`, fresh and of twice the size, can go on from.

    The other feature maps of the new layers keep the weights they are drawn with, and count for nothing until they have
    learned. The optimisers begin anew.
    """
    rng = torch.Generator().manual_seed(before.seed + 2)
    z, labels = balanced_z(MEASURED, before, rng), labels_of_seeds(range(MEASURED), before)
    for name in ("ema", "G"):
        small, large = Generator(before), Generator(gan.config)
        small.load_state_dict(state[name])
        large.load_state_dict(gan.G.state_dict())
        _grow_generator(small, large, large.as_input(small.of_class(z, labels)))
        fakes = large.train()(small.of_class(z, labels))
        state[name] = large.state_dict()
    if before.seen_size < gan.config.seen_size:  # else D sees the same of larger pictures
        small_d, large_d = Discriminator(before), Discriminator(gan.config)
        small_d.load_state_dict(state["D"])
        large_d.load_state_dict(gan.D.state_dict())
        _grow_discriminator(small_d, large_d, fakes)
        state["D"] = large_d.state_dict()
    state |= {"opt_G": gan.opt_G.state_dict(), "opt_D": gan.opt_D.state_dict(), "begun": {}, "at_most": 0}
    suiting = gan.state_dict()  # what suits the larger networks, on this machine
    state |= {name: suiting[name] for name in ("precision", "order", "units")}


def _grow_generator(small: Generator, large: Generator, z: Tensor) -> None:
    """`large` draws the pictures of `small`, doubled; z as the first layer takes it."""
    if hasattr(small, "centres"):
        large.centres.load_state_dict(small.centres.state_dict())
    *kept, last = small.blocks.children()
    *before, drawing, doubling = large.blocks.children()
    for new, old in zip(before, kept, strict=True):
        new.load_state_dict(old.state_dict())
    conv, up = _convolution(last), _convolution(doubling)
    n = small.config.channels  # what is above 0 in them goes through the activation in n maps, what is below in n more
    _convolution(drawing).weight[:, : 2 * n] = torch.cat([conv.weight, -conv.weight], 1)
    _pass(drawing, nn.Sequential(*before).train()(z), torch.cat([_bias(conv), -_bias(conv)]))
    up.weight.zero_()
    _bias(up).zero_()
    for c in range(n):
        up.weight[[c, n + c], c] = _opposite(DOUBLING) / (1 + _slope(drawing))


def _grow_discriminator(small: Discriminator, large: Discriminator, pictures: Tensor) -> None:
    """`large` judges pictures (B, C, S, S) as `small` does when they are halved."""
    first, *kept = small.blocks.children()
    halving, looking, *after = large.blocks.children()
    for new, old in zip(after, kept, strict=True):
        new.load_state_dict(old.state_dict())
    conv, down, next_conv = _convolution(first), _convolution(halving), _convolution(looking)
    n = conv.in_channels
    down.weight[: 2 * n] = 0
    _bias(down).zero_()
    for c in range(n):
        down.weight[[c, n + c], c] = _opposite(HALVING)
    next_conv.weight.zero_()
    next_conv.weight[:, : 2 * n] = torch.cat([conv.weight, -conv.weight], 1) / (1 + _slope(halving))
    _pass(looking, halving(pictures), _bias(conv))


def _pass(block: nn.Module, inputs: Tensor, bias: Tensor) -> None:
    """Make a block give its activation what its convolution makes of `inputs` and a `bias` (n,), in its first n maps.

    BatchNorm, where there is one, would take away mean and deviation: it is told to put them back.
    """
    conv, n = _convolution(block), len(bias)
    if conv.bias is not None:
        conv.bias[:n] = bias
    for norm in block.children():
        if isinstance(norm, nn.BatchNorm2d):
            outputs = conv(inputs)[:, :n]  # (B, n, H, W)
            norm.weight[:n] = (outputs.var((0, 2, 3), unbiased=False) + norm.eps).sqrt()
            norm.bias[:n] = outputs.mean((0, 2, 3)) + (bias if conv.bias is None else 0)


def _opposite(line: tuple[float, ...]) -> Tensor:
    """A kernel that is the same along both sides, and its negative, (2, 4, 4)."""
    kernel = torch.outer(torch.tensor(line), torch.tensor(line))
    return torch.stack([kernel, -kernel])


def _convolution(block: nn.Module) -> nn.Conv2d | nn.ConvTranspose2d:
    return next(layer for layer in block.children() if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)))


def _bias(conv: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    """Of a convolution that no BatchNorm follows, so that it has one."""
    assert conv.bias is not None
    return conv.bias


def _slope(block: nn.Module) -> float:
    """Of a block's activation below zero."""
    return next((layer.negative_slope for layer in block.children() if isinstance(layer, nn.LeakyReLU)), 0.0)
