import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dcgan.compute import block_order, kernels
from dcgan.compute.batchnorm_relu import Maps, bend

needs_library = pytest.mark.skipif(kernels.library is None, reason="no AVX-512 with bfloat16 here")


def test_the_built_library_belongs_to_its_source():
    assert kernels.STAMP.read_text(encoding="ascii").strip() == kernels.hash_of_source(), (
        "run python -m dcgan.compute.kernels"
    )


def close(mine: torch.Tensor, true: torch.Tensor, tolerance: float = 0.01) -> None:
    assert ((mine.float() - true).norm() / true.norm()).item() < tolerance


@needs_library
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("slope", [0.0, 0.2, 1.0])
@pytest.mark.parametrize(("was_cut", "cut"), [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize("channels", [16, 80])
def test_bend_is_batchnorm_and_leaky_relu_in_any_order_of_memory(channels, was_cut, cut, slope, groups):
    batch, height, width = 4, 6, 8
    x = (torch.randn(batch * height * width, channels) * 3 + 1).bfloat16()
    upstream = torch.randn_like(x)
    norm, plain = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
    for module in (norm, plain):
        nn.init.uniform_(module.weight, 0.5, 1.5, generator=torch.Generator().manual_seed(0))
        nn.init.uniform_(module.bias, -1, 1, generator=torch.Generator().manual_seed(1))

    def in_order(values: torch.Tensor, blocks: bool) -> torch.Tensor:
        return block_order.Cut.apply(values, batch, height, width) if blocks else values

    given = in_order(x, was_cut).requires_grad_()
    out = bend(Maps(given, batch, height, width, was_cut), norm, None, slope, cut, groups)
    gradients = torch.autograd.grad(out.values, [given, norm.weight, norm.bias], in_order(upstream, cut))
    assert out.channels == channels and out.cut == cut

    exact = x.float().requires_grad_()
    parts = [part.view(-1, height, width, channels).permute(0, 3, 1, 2) for part in exact.chunk(groups)]
    wanted = torch.cat([F.leaky_relu(plain(part), slope).permute(0, 2, 3, 1).reshape(-1, channels) for part in parts])
    true = torch.autograd.grad(wanted, [exact, plain.weight, plain.bias], upstream.float())
    close(out.values, in_order(wanted.detach(), cut))
    close(gradients[0], in_order(true[0], was_cut))
    close(gradients[1], true[1])
    close(gradients[2], true[2])
    for name, value in plain.named_buffers():
        torch.testing.assert_close(norm.get_buffer(name), value, rtol=1e-4, atol=1e-5)


@needs_library
@pytest.mark.parametrize("bias", [True, False])
def test_without_batchnorm_bend_adds_the_bias(bias):
    x = torch.randn(2 * 4 * 4, 32).bfloat16().requires_grad_()
    beta = torch.randn(32).requires_grad_() if bias else None
    out = bend(Maps(x, 2, 4, 4), None, beta, 0.2, False, 1)
    wanted = F.leaky_relu(x.float() + (beta if bias else 0.0), 0.2)
    upstream = torch.randn(wanted.shape)
    leaves = [x, beta] if bias else [x]
    close(out.values, wanted.detach())
    for mine, true in zip(
        torch.autograd.grad(out.values, leaves, upstream.bfloat16()),
        torch.autograd.grad(wanted, leaves, upstream),
        strict=True,
    ):
        close(mine, true.float())


@needs_library
def test_what_is_not_a_number_stays_so_and_is_not_hidden():
    x = torch.randn(2 * 4 * 4, 16).bfloat16()
    x[3, 5] = float("nan")
    norm = nn.BatchNorm2d(16)
    out = bend(Maps(x, 2, 4, 4), norm, None, 0.2, True, 1).values
    assert out[..., 5::16].isnan().any() and not out[..., 4::16].isnan().any()


@needs_library
def test_the_same_input_gives_the_same_bits():
    x = torch.randn(64 * 16 * 16, 48).bfloat16()
    first, second = (bend(Maps(x, 64, 16, 16), nn.BatchNorm2d(48), None, 0.2, True, 2).values for _ in range(2))
    assert torch.equal(first, second)


@needs_library
def test_windows_are_added_as_without_the_library(monkeypatch):
    shape = torch.Size((3, 5, 4, 64))
    columns = torch.randn(3 * 4 * 3, 256).bfloat16()
    mine = block_order.add_windows(columns, shape)
    monkeypatch.setattr(kernels, "library", None)
    close(mine, block_order.add_windows(columns.float(), shape), 0.005)
