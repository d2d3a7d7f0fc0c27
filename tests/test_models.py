"""The two networks follow the rules of Radford et al. 2016, section 3, at every size."""

import math

import pytest
import torch
from torch import nn

from dcgan.config import Config
from dcgan.models import LEAK, Discriminator, Generator, initialise

SIZES = [(size, channels) for size in (16, 32, 64, 128) for channels in (1, 3)]


def small(image_size: int = 16, channels: int = 1, **values) -> Config:
    return Config(image_size=image_size, channels=channels, **({"z_dim": 8, "ngf": 4, "ndf": 4} | values))


def kinds(network: nn.Module) -> list[list[type]]:
    return [[type(layer) for layer in block] for block in network.blocks]  # type: ignore[union-attr]


@pytest.mark.parametrize(("image_size", "channels"), SIZES)
def test_the_generator_makes_pictures_within_the_range_of_tanh(image_size, channels):
    generator = Generator(small(image_size, channels))
    with torch.no_grad():
        pictures = generator(1000 * torch.randn(3, 8))  # far beyond the prior
    assert pictures.shape == (3, channels, image_size, image_size)
    assert pictures.abs().max() <= 1 and pictures.std() > 0


@pytest.mark.parametrize(("image_size", "channels"), SIZES)
def test_the_discriminator_gives_one_unbounded_number_per_picture(image_size, channels):
    discriminator = Discriminator(small(image_size, channels))
    initialise(discriminator, torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = discriminator(torch.randn(5, channels, image_size, image_size))
        list(discriminator.parameters())[-1].fill_(-30.0)  # a sigmoid would have hidden this
        shifted = discriminator(torch.randn(5, channels, image_size, image_size))
    assert logits.shape == (5,) and logits.std() > 0
    assert shifted.max() < -20


@pytest.mark.parametrize("image_size", [16, 32, 64, 128])
def test_the_generator_follows_the_papers_rules(image_size):
    network = Generator(small(image_size))
    hidden = [nn.ConvTranspose2d, nn.BatchNorm2d, nn.ReLU]
    doublings = int(math.log2(image_size)) - 2  # from 4x4 to the picture
    assert kinds(network) == [hidden] * doublings + [[nn.ConvTranspose2d, nn.Tanh]]
    convs = [module for module in network.modules() if isinstance(module, nn.ConvTranspose2d)]
    assert [conv.stride for conv in convs] == [(1, 1)] + [(2, 2)] * doublings
    assert [conv.out_channels for conv in convs] == [4 * 2**i for i in range(doublings - 1, -1, -1)] + [1]
    assert [conv.bias is not None for conv in convs] == [False] * doublings + [True]  # BatchNorm has its own shift


@pytest.mark.parametrize("image_size", [16, 32, 64, 128])
def test_the_discriminator_follows_the_papers_rules(image_size):
    network = Discriminator(small(image_size))
    halvings = int(math.log2(image_size)) - 2  # from the picture to 4x4
    first, hidden = [nn.Conv2d, nn.LeakyReLU], [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU]
    assert kinds(network) == [first] + [hidden] * (halvings - 1) + [[nn.Conv2d]]
    convs = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert [conv.stride for conv in convs] == [(2, 2)] * halvings + [(1, 1)]
    assert [conv.out_channels for conv in convs] == [4 * 2**i for i in range(halvings)] + [1]
    slopes = {module.negative_slope for module in network.modules() if isinstance(module, nn.LeakyReLU)}
    assert slopes == {LEAK} == {0.2}


def test_the_classic_sizes_have_the_known_numbers_of_parameters():
    """PyTorch's DCGAN example at 64 px and 3 channels has 3,576,704 in G and 2,765,568 in D; ours add biases."""
    config = Config(channels=3)
    with torch.device("meta"):
        counts = [sum(p.numel() for p in net(config).parameters()) for net in (Generator, Discriminator)]
    assert counts == [3_576_704 + 3, 2_765_568 + 64 + 1]


def test_initial_weights_have_the_papers_spread():
    generator, discriminator = Generator(small(32, ngf=32)), Discriminator(small(32, ndf=32))
    rng = torch.Generator().manual_seed(0)
    for network in (generator, discriminator):
        initialise(network, rng)
        norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
        convs = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
        weights = torch.cat([conv.weight.flatten() for conv in convs])
        scales = torch.cat([norm.weight.flatten() for norm in norms])
        biases = [conv.bias for conv in convs if conv.bias is not None] + [norm.bias for norm in norms]
        for values, mean in ((weights, 0.0), (scales, 1.0)):
            error = 4 * 0.02 / math.sqrt(len(values))  # four standard errors
            assert abs(values.mean().item() - mean) < error
            assert abs(values.std().item() - 0.02) < error
        assert len(biases) > 1 and all((bias == 0).all() for bias in biases)


def test_a_seed_gives_the_same_weights_whatever_the_global_random_state():
    networks = []
    for seed, noise in ((5, 1), (5, 2), (6, 1)):
        torch.manual_seed(noise)
        network = Generator(small())
        initialise(network, torch.Generator().manual_seed(seed))
        networks.append(torch.cat([p.detach().flatten() for p in network.parameters()]))
    assert torch.equal(networks[0], networks[1]) and not torch.equal(networks[0], networks[2])
