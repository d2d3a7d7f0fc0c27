import copy

import pytest
import torch
from torch import nn

from dcgan.compute import autotune, bfloat16, kernels
from dcgan.config import Config
from dcgan.networks.models import Discriminator, Generator, initialise
from dcgan.presets import PRESETS
from dcgan.training.gan import GAN
from tests.compute.agreement import assert_agrees

pytestmark = pytest.mark.usefixtures("own_cache")
needs_library = pytest.mark.skipif(kernels.library() is None, reason="no AVX-512 with bfloat16 here")


@needs_library
@pytest.mark.parametrize("batch", [30, 32])  # in blocks of pixels, and in whole maps where there is AMX
@pytest.mark.parametrize(
    ("size", "channels", "otherwise"),
    [(16, 1, {}), (32, 1, {}), (16, 3, {}), (32, 3, {}), (32, 1, {"classes": "label"}), (32, 1, {"stem": "dense"})]
    + [(64, 1, {"d_sees": "original"})],
)
@pytest.mark.parametrize("kind", [Generator, Discriminator])
def test_both_networks_agree_with_the_plain_modules_to_the_precision_of_bfloat16(
    kind, size, channels, otherwise, batch
):
    config = Config(image_size=size, channels=channels, ngf=32, ndf=32, z_dim=24, **otherwise)
    rng = torch.Generator().manual_seed(0)
    network = kind(config)
    initialise(network, rng)
    x = torch.randn(batch, 24, generator=rng)
    if kind is Discriminator:
        x = torch.rand(batch, channels, size, size, generator=rng) * 2 - 1
    weights = list(network.parameters())
    labels = torch.randint(10, (batch,), generator=rng) if config.num_classes and kind is Generator else None

    plain = network if kind is Generator else network.blocks

    def given() -> torch.Tensor:
        return x if labels is None else network.of_class(x, labels)

    assert bfloat16.can_run(network)
    assert_agrees(network, lambda: bfloat16.run(network.blocks, given()), lambda: plain(given()), weights)


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name].config.architecture == "dcgan"])
def test_the_recipes_of_dcgan_have_a_route_for_both_networks(name):
    config = PRESETS[name].config
    with torch.device("meta"):
        for network in (Generator(config), Discriminator(config)):
            plan = bfloat16.stages(network)
            assert plan and bfloat16.can_run(network)
            if kernels.units():
                assert bfloat16.fits_pixels(plan, config.batch_size, 1)


@needs_library
def test_two_groups_are_two_batches():
    network = Discriminator(Config(image_size=32, ngf=16, ndf=16))
    initialise(network, torch.Generator().manual_seed(0))
    x = torch.rand(16, 1, 32, 32) * 2 - 1
    apart_ = torch.cat([bfloat16.run(network.blocks, half) for half in x.chunk(2)])
    torch.testing.assert_close(bfloat16.run(network.blocks, x, groups=2), apart_, rtol=0.02, atol=0.02)


def test_a_layer_without_a_route_leaves_the_network_to_pytorch():
    assert not bfloat16.can_run(nn.Sequential(nn.Conv2d(8, 8, 5, 2, 2)))
    assert not bfloat16.can_run(nn.Sequential(nn.Linear(3, 3)))
    assert not bfloat16.can_run(nn.Sequential(nn.Conv2d(8, 8, 4, 2, 1), nn.Conv2d(8, 8, 4, 2, 1)))  # too few channels
    assert not bfloat16.can_run(
        nn.Sequential(nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.BatchNorm2d(16))
    )  # another order
    assert bfloat16.can_run(nn.Sequential(nn.Conv2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 8, 4, 2, 1), nn.Tanh()))


@needs_library
def test_training_in_bfloat16_goes_on_exactly_and_keeps_its_weights_in_float32(monkeypatch):
    monkeypatch.setattr(bfloat16, "pays_off", lambda device: True)  # also where it doesn't, the route is the same
    config = Config(image_size=16, ngf=16, ndf=16, z_dim=8, batch_size=8, precision="auto")
    real = torch.rand(8, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    whole, first, second = (GAN(config, torch.device("cpu")) for _ in range(3))
    losses = [whole.step(real)["g_loss"].item() for _ in range(6)]
    again = [first.step(real)["g_loss"].item() for _ in range(3)]
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    again += [second.step(real)["g_loss"].item() for _ in range(3)]
    assert whole.precision == "bfloat16" and losses == again
    for mine, theirs in zip(whole.G.parameters(), second.G.parameters(), strict=True):
        assert mine.dtype == torch.float32 and torch.equal(mine, theirs)


@needs_library
def test_a_state_holds_the_routes_its_run_took(monkeypatch):
    monkeypatch.setattr(bfloat16, "pays_off", lambda device: True)
    config = Config(image_size=16, ngf=16, ndf=16, z_dim=8, batch_size=8, precision="auto")
    gan = GAN(config, torch.device("cpu"))
    gan.step(torch.zeros(8, 1, 16, 16))
    state = gan.state_dict()
    job = next(job for job in state["routes"] if job.startswith("gather"))
    monkeypatch.setattr(autotune, "_chosen", {})
    GAN(config, torch.device("cpu")).load_state_dict(state | {"routes": {job: "turned product"}})
    assert autotune.chosen() == {job: "turned product"}


@needs_library
def test_bfloat16_learns_what_float32_learns(monkeypatch):
    monkeypatch.setattr(bfloat16, "pays_off", lambda device: True)
    real = torch.rand(16, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    losses = {}
    for precision in ("auto", "float32"):
        gan = GAN(Config(image_size=16, ngf=16, ndf=16, z_dim=8, batch_size=16, precision=precision), real.device)
        losses[precision] = torch.tensor([[value.item() for value in gan.step(real).values()] for _ in range(4)])
    torch.testing.assert_close(losses["auto"], losses["float32"], rtol=0.05, atol=0.03)
