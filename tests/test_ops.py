import copy

import pytest
import torch
from torch import nn

from dcgan import ops
from dcgan.config import Config
from dcgan.gan import GAN
from dcgan.models import Discriminator, Generator, initialise


def rows(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def apart(a: torch.Tensor, b: torch.Tensor) -> float:
    return ((a - b).norm() / b.norm().clamp_min(1e-12)).item()


@pytest.mark.parametrize(("height", "width", "channels"), [(4, 4, 8), (8, 6, 3), (16, 16, 1)])
def test_unfold_takes_the_windows_of_a_strided_convolution(height, width, channels):
    x = torch.randn(2, channels, height, width)
    weight = torch.randn(5, channels, 4, 4)
    product = ops.unfold(rows(x), 2, height, width) @ weight.permute(2, 3, 1, 0).reshape(-1, 5)
    expected = nn.functional.conv2d(x, weight, stride=2, padding=1)
    torch.testing.assert_close(product, rows(expected), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("height", "width", "channels"), [(1, 1, 4), (2, 3, 8), (8, 8, 1)])
def test_fold_is_the_transpose_of_unfold(height, width, channels):
    x = torch.randn(3 * 4 * height * width, channels, dtype=torch.float64)
    columns = torch.randn(3 * height * width, 16 * channels, dtype=torch.float64)
    unfolded = ops.unfold(x, 3, 2 * height, 2 * width)
    folded = ops.fold(columns, 3, height, width)
    torch.testing.assert_close((unfolded * columns).sum(), (x * folded).sum())


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("function", ["Down", "Up"])
def test_in_float32_the_routes_are_pytorchs_convolutions(function, bias):
    down = function == "Down"
    plain = (nn.Conv2d if down else nn.ConvTranspose2d)(12, 9, 4, 2, 1, bias=bias)
    x = torch.randn(2, 12, 8, 8, requires_grad=True)
    y = plain(x)
    upstream = torch.randn_like(y)
    wanted = torch.autograd.grad(y, [x, *plain.parameters()], upstream)
    flat = rows(x.detach()).requires_grad_()
    out = getattr(ops, function).apply(flat, plain.weight, plain.bias, 2, 8, 8)
    torch.testing.assert_close(out, rows(y), rtol=1e-4, atol=1e-5)
    got = torch.autograd.grad(out, [flat, *plain.parameters()], rows(upstream))
    torch.testing.assert_close(got[0], rows(wanted[0]), rtol=1e-4, atol=1e-5)
    for mine, theirs in zip(got[1:], wanted[1:], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [16, 32])
@pytest.mark.parametrize("kind", [Generator, Discriminator])
def test_both_networks_agree_with_the_plain_modules_to_the_precision_of_bfloat16(kind, size, channels):
    config = Config(image_size=size, channels=channels, ngf=16, ndf=16, z_dim=24)
    rng = torch.Generator().manual_seed(0)
    network = kind(config)
    initialise(network, rng)
    x = torch.randn(32, 24, generator=rng)
    if kind is Discriminator:
        x = torch.rand(32, channels, size, size, generator=rng) * 2 - 1
    weights = list(network.parameters())

    def differentiated(forward) -> tuple[torch.Tensor, list[torch.Tensor], dict[str, torch.Tensor]]:
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
        out = forward(x).float().reshape(32, -1)
        upstream = torch.randn(out.shape, generator=torch.Generator().manual_seed(1))
        gradients = torch.autograd.grad(out, weights, upstream)
        return out.detach(), list(gradients), {name: value.clone() for name, value in network.named_buffers()}

    exact, exact_gradients, exact_buffers = differentiated(network)
    with torch.autocast("cpu", torch.bfloat16):  # PyTorch's own way with the same precision
        _, usual_gradients, _ = differentiated(network)
    out, gradients, buffers = differentiated(lambda x: ops.run(network.blocks, x))
    assert ops.can_run(network)
    assert apart(out, exact) < 0.03
    for mine, usual, true in zip(gradients, usual_gradients, exact_gradients, strict=True):
        assert mine.dtype == torch.float32
        assert apart(mine, true) < 1.5 * apart(usual, true) + 0.02
    for name, value in buffers.items():
        torch.testing.assert_close(value, exact_buffers[name], rtol=0.05, atol=0.01)


def test_a_layer_without_a_route_leaves_the_network_to_pytorch():
    assert not ops.can_run(nn.Sequential(nn.Conv2d(8, 8, 5, 2, 2)))
    assert not ops.can_run(nn.Sequential(nn.Linear(3, 3)))
    assert ops.can_run(nn.Sequential(nn.Conv2d(8, 8, 4, 2, 1), nn.Tanh()))


def test_other_devices_and_other_wishes_keep_float32(monkeypatch):
    network = nn.Sequential(nn.Tanh())
    assert not ops.pays_off(torch.device("cuda"))
    monkeypatch.setattr(ops, "pays_off", lambda device: True)
    assert ops.choose_precision("auto", torch.device("cpu"), network) == "bfloat16"
    assert ops.choose_precision("auto", torch.device("cpu"), network, nn.Linear(2, 2)) == "float32"
    assert ops.choose_precision("float32", torch.device("cpu"), network) == "float32"


def test_training_in_bfloat16_goes_on_exactly_and_keeps_its_weights_in_float32(monkeypatch):
    monkeypatch.setattr(ops, "pays_off", lambda device: True)  # also where it doesn't, the route is the same
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


def test_bfloat16_learns_what_float32_learns(monkeypatch):
    monkeypatch.setattr(ops, "pays_off", lambda device: True)
    real = torch.rand(16, 1, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    losses = {}
    for precision in ("auto", "float32"):
        gan = GAN(Config(image_size=16, ngf=16, ndf=16, z_dim=8, batch_size=16, precision=precision), real.device)
        losses[precision] = torch.tensor([[value.item() for value in gan.step(real).values()] for _ in range(4)])
    torch.testing.assert_close(losses["auto"], losses["float32"], rtol=0.05, atol=0.03)
