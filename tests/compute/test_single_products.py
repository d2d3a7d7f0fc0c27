import copy

import pytest
import torch
from torch import nn

from dcgan.compute import devices, single_products
from dcgan.compute.devices import PRODUCTS
from dcgan.config import Config
from dcgan.networks.models import Discriminator, Generator, initialise
from dcgan.presets import PRESETS
from dcgan.training.gan import GAN
from dcgan.training.microbatch import Part
from tests.compute.agreement import apart, assert_agrees
from tests.training.test_gan import CPU, assert_same

pytestmark = pytest.mark.usefixtures("units", "own_cache")

FACES = "three-sets-faces"  # whose G takes half a minute
PUBLISHED = ["basic-dcgan", "synthetic-1", "three-sets-digit", "custom-loop", FACES]
SMALL = Config(
    **{"architecture": "selu-28", "image_size": 28, "kernel": 5, "norm_d": "none", "stem": "dense"},
    **{"conv_bias": "always", "g_activation": "selu", "dropout": 0.3, "d_batch": "together", "precision": "auto"},
    **{"ngf": 32, "ndf": 32, "z_dim": 8, "batch_size": 32},
)


def pictures(n: int, channels: int = 1, size: int = 28, seed: int = 0) -> torch.Tensor:
    return torch.rand(n, channels, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize(
    ("layer", "side"),
    [
        (nn.Conv2d(64, 32, 5, 2, 2), 14),  # a last line that no kernel reaches the end of
        (nn.Conv2d(32, 64, 5, 2, 2), 13),
        (nn.Conv2d(32, 32, 5, 2), 14),  # a last line that no kernel reaches at all
        (nn.Conv2d(32, 96, 4, 2), 14),
        (nn.Conv2d(32, 32, 5, 1, 2), 6),
        (nn.Conv2d(64, 32, 3, bias=False), 5),
        (nn.ConvTranspose2d(64, 32, 5, 2, 2, output_padding=1), 7),
        (nn.ConvTranspose2d(32, 64, 5), 1),
        (nn.ConvTranspose2d(32, 32, 5, 2), 9),
        (nn.ConvTranspose2d(32, 64, 4, 2, 1, bias=False), 4),
    ],
)
def test_a_convolution_and_its_gradients_are_pytorchs(layer, side):
    layer.weight.data = layer.weight.data.bfloat16().float()
    x = torch.randn(32, layer.in_channels, side, side).bfloat16().float().requires_grad_()
    leaves = [x, *layer.parameters()]
    wanted = layer(x)
    upstream = torch.randn_like(wanted).bfloat16().float()
    usual = torch.autograd.grad(wanted, leaves, upstream)
    assert single_products.suits(layer)
    made = single_products.run(nn.Sequential(layer), x)
    assert made.dtype == torch.float32 and apart(made, wanted) < 0.004
    for mine, theirs in zip(torch.autograd.grad(made, leaves, upstream), usual, strict=True):
        assert mine.shape == theirs.shape and apart(mine, theirs) < 0.004


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind in (Generator, Discriminator)
        for name in PUBLISHED
        if name != FACES or kind is Discriminator
    ],
)
def test_the_published_networks_agree_with_the_plain_modules_to_the_precision_of_bfloat16(kind, name):
    config = PRESETS[name].config.replace(ngf=32, ndf=32, z_dim=24)
    network, rng = kind(config), torch.Generator().manual_seed(0)
    initialise(network, rng, config.initial_weights)
    x = (
        pictures(32, config.channels, config.image_size)
        if kind is Discriminator
        else torch.randn(32, 24, generator=rng)
    )
    weights = list(network.blocks.parameters())

    assert single_products.can_run(network)
    assert_agrees(network, lambda: single_products.run(network.blocks, x), lambda: network.blocks(x), weights)


@pytest.mark.parametrize("name", PUBLISHED)
def test_recipes_with_other_layers_take_it_and_those_of_dcgan_do_not(name):
    assert GAN(PRESETS[name].config.replace(ngf=64, ndf=32, z_dim=8), CPU).precision == PRODUCTS
    assert GAN(Config(precision="auto", ngf=32, ndf=32, z_dim=8), CPU).precision == devices.OURS
    assert GAN(SMALL.replace(ngf=8, ndf=8), CPU).precision not in devices.OWN  # no products of 32 channels


def test_a_resumed_run_goes_on_exactly_and_says_when_the_units_are_others(units):
    whole, first, second = (GAN(SMALL, CPU) for _ in range(3))
    for i in range(4):
        whole.step(pictures(32, seed=i))
    for i in range(2):
        first.step(pictures(32, seed=i))
    state = copy.deepcopy(first.state_dict())
    assert (state["precision"], state["units"], state["routes"]) == (PRODUCTS, units, {})
    second.load_state_dict(state)
    assert second.is_exact
    for i in (2, 3):
        second.step(pictures(32, seed=i))
    assert_same(whole.state_dict(), second.state_dict())
    second.load_state_dict(state | {"units": "vector" if units == "matrix" else "matrix"})
    assert second.inexact == "route"


def test_a_run_that_began_under_autocast_stays_there(monkeypatch):
    monkeypatch.setattr(devices, "cpu_multiplies_bfloat16", lambda: True)
    old, again = GAN(SMALL, CPU), GAN(SMALL, CPU)
    old.precision = devices.AUTOCAST
    again.load_state_dict(old.state_dict())
    assert again.precision == devices.AUTOCAST and again.is_exact


def test_a_part_of_a_batch_gets_the_masks_of_its_pictures():
    gan, x = GAN(SMALL.replace(batch_size=64), CPU), pictures(64)
    whole, begin = gan.logits(x), gan.noise_rng.get_state()
    for first in (0, 32):
        gan.noise_rng.manual_seed(SMALL.seed + 3)
        gan.noise.part = Part(first, first + 32, 64)
        assert torch.equal(gan.logits(x[first : first + 32]), whole[first : first + 32])
    assert torch.equal(gan.noise_rng.get_state(), begin)


def test_a_batch_that_no_product_of_ours_takes_is_trained_as_well():
    gan = GAN(SMALL.replace(batch_size=24, dropout=0.0), CPU)
    x = pictures(24)
    assert apart(gan.logits(x), gan.D(x).detach()) < 0.03
    assert gan.step(x)["g_loss"].isfinite()
