import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dcgan.compute import bfloat16, map_products
from dcgan.compute.kernels import Grid
from dcgan.config import Config
from dcgan.networks.models import Discriminator, Generator, initialise
from dcgan.training.gan import GAN
from tests.compute.agreement import apart, assert_agrees

pytestmark = pytest.mark.usefixtures("units", "own_cache")


@pytest.mark.parametrize(("rows", "channels", "side"), [(64, 32, 6), (96, 64, 3), (160, 96, 4)])
def test_each_product_is_pytorchs_convolution(rows, channels, side):
    large = torch.randn(2 * side, 2 * side, 32, channels).bfloat16()
    small = torch.randn(side, side, 32, rows).bfloat16()
    weight = (torch.randn(rows, channels, 4, 4) * 0.1).to(memory_format=torch.channels_last)
    grid = Grid(32, side, side, 4, 2, 1)
    down, _ = map_products.product(False, large, map_products.pack(weight, False), rows, grid, None)
    up, _ = map_products.product(True, small, map_products.pack(weight, True), channels, grid, None)
    gradient = map_products.correlate(small, large, grid, channels)

    def usual(maps: torch.Tensor) -> torch.Tensor:
        return maps.float().permute(2, 3, 0, 1)

    exact = weight.bfloat16().float()
    assert apart(usual(down), F.conv2d(usual(large), exact, stride=2, padding=1)) < 0.003
    assert apart(usual(up), F.conv_transpose2d(usual(small), exact, stride=2, padding=1)) < 0.003
    wanted = nn.grad.conv2d_weight(usual(large), weight.shape, usual(small), stride=2, padding=1)
    assert apart(gradient, wanted) < 1e-5
    assert gradient.is_contiguous(memory_format=torch.channels_last)  # the order of the weights it is to move


@pytest.mark.parametrize(
    ("channels", "otherwise"), [(1, {}), (3, {}), (1, {"classes": "label"}), (1, {"stem": "dense"})]
)
@pytest.mark.parametrize("size", [28, 32])
@pytest.mark.parametrize("kind", [Generator, Discriminator])
def test_both_networks_agree_with_the_plain_modules_to_the_precision_of_bfloat16(kind, size, channels, otherwise):
    config = Config(image_size=size, channels=channels, ngf=32, ndf=32, z_dim=24, **otherwise)
    rng = torch.Generator().manual_seed(0)
    network, groups = kind(config), 2 if kind is Discriminator else 1
    initialise(network, rng)
    for name, parameter in network.named_parameters():
        if "bias" in name:
            nn.init.uniform_(parameter, -0.2, 0.2, generator=rng)
    x = torch.randn(64, 24, generator=rng)
    if kind is Discriminator:
        x = torch.rand(64, channels, size, size, generator=rng) * 2 - 1
    x.requires_grad_(
        kind is Discriminator or config.classes == "label"
    )  # the classes' centres learn by the gradient of z
    leaves = [*network.blocks.parameters(), *([x] if x.requires_grad else [])]
    assert bfloat16.fits_pixels(bfloat16.stages(network.blocks), 64, groups)

    def plain() -> torch.Tensor:
        given = network.as_input(x) if kind is Generator else x
        return torch.cat([network.blocks(part) for part in given.chunk(groups)])

    assert_agrees(network, lambda: bfloat16.run(network.blocks, x, groups), plain, leaves)


@pytest.mark.parametrize("classes", ["off", "label"])
@pytest.mark.parametrize("kind", [Generator, Discriminator])
def test_another_number_of_threads_gives_the_same_bits(kind, classes):
    config = Config(image_size=32, ngf=32, ndf=32, classes=classes)
    network = kind(config)
    x = (torch.rand(64, 1, 32, 32) * 2 - 1) if kind is Discriminator else torch.randn(64, 100)
    leaves = [x.requires_grad_(), *network.blocks.parameters()] if classes == "label" else [*network.parameters()]

    def gradients() -> list[torch.Tensor]:
        out = bfloat16.run(network.blocks, x, 2)
        return [out, *torch.autograd.grad(out.square().sum(), leaves)]

    threads, several = torch.get_num_threads(), gradients()
    torch.set_num_threads(1)
    try:
        alone = gradients()
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(one, other) for one, other in zip(several, alone, strict=True))


def test_a_run_that_moves_to_other_units_says_that_it_is_not_exact(units):
    config = Config(image_size=16, ngf=32, ndf=32, z_dim=8, batch_size=32, precision="auto")
    state = GAN(config, torch.device("cpu")).state_dict()
    assert (state["precision"], state["units"]) == ("bfloat16", units)
    other = "vector" if units == "matrix" else "matrix"
    for was, inexact in ((units, ""), (other, "route")):
        gan = GAN(config, torch.device("cpu"))
        gan.load_state_dict(state | {"units": was})
        assert gan.inexact == inexact and gan.precision == "bfloat16"
    del state["units"]  # of a version that knew matrix units only
    gan = GAN(config, torch.device("cpu"))
    gan.load_state_dict(state)
    assert gan.is_exact is (units == "matrix")


def test_other_batches_and_widths_keep_the_other_order():
    plan = bfloat16.stages(Discriminator(Config(image_size=32, ndf=32)).blocks)
    assert bfloat16.fits_pixels(plan, 64, 2)
    assert not bfloat16.fits_pixels(plan, 48, 1) and not bfloat16.fits_pixels(plan, 32, 2)
    assert not bfloat16.fits_pixels(bfloat16.stages(Discriminator(Config(image_size=32, ndf=16)).blocks), 64, 1)


@pytest.mark.parametrize("otherwise", [{}, {"classes": "label"}, {"stem": "dense"}])
@pytest.mark.parametrize("order", ["pixels", "blocks"])
def test_a_resumed_run_keeps_its_order_of_memory_and_its_bits(order, otherwise):
    config = Config(image_size=16, ngf=32, ndf=32, z_dim=8, batch_size=32, precision="auto", **otherwise)
    labels = torch.arange(32) % 10 if config.num_classes else None
    real = torch.rand(32, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    whole, first, second = (GAN(config, torch.device("cpu")) for _ in range(3))
    whole.order = first.order = order
    losses = [whole.step(real, labels)["g_loss"].item() for _ in range(4)]
    again = [first.step(real, labels)["g_loss"].item() for _ in range(2)]
    state = copy.deepcopy(first.state_dict())
    if order == "blocks":
        del state["order"]  # as states were when there was no other
    second.load_state_dict(state)
    again += [second.step(real, labels)["g_loss"].item() for _ in range(2)]
    assert second.order == order and losses == again
    for mine, theirs in zip(whole.G.parameters(), second.G.parameters(), strict=True):
        assert torch.equal(mine, theirs)
