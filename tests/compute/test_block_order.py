import pytest
import torch
from torch import nn

from dcgan.compute import block_order
from dcgan.compute.block_order import Cut, Down, Join, Up


def rows(x: torch.Tensor) -> torch.Tensor:
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


@pytest.mark.parametrize("way", range(3))
@pytest.mark.parametrize("function", ["down", "up"])
def test_every_way_of_every_product_is_pytorchs_convolution(function, way, monkeypatch):
    taken = []

    def nth(job, ways):
        taken.append(job.split()[0])
        return list(ways.values())[min(way, len(ways) - 1)]

    monkeypatch.setattr(block_order, "fastest", nth)
    plain = (nn.Conv2d if function == "down" else nn.ConvTranspose2d)(12, 9, 4, 2, 1, bias=False)
    x = torch.randn(2, 12, 8, 6, requires_grad=True)
    y = plain(x)
    upstream = torch.randn_like(y)
    wanted = torch.autograd.grad(y, [x, plain.weight], upstream)
    flat = rows(x.detach()).requires_grad_()
    if function == "down":
        out = Down.apply(Cut.apply(flat, 2, 8, 6), plain.weight)
    else:
        out = Join.apply(Up.apply(flat, plain.weight, 2, 8, 6))
    torch.testing.assert_close(out, rows(y), rtol=1e-4, atol=1e-5)
    got = torch.autograd.grad(out, [flat, plain.weight], rows(upstream))
    assert sorted(taken) == ["correlate", "gather", "spread"]
    torch.testing.assert_close(got[0], rows(wanted[0]), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(got[1], wanted[1], rtol=1e-4, atol=1e-4)
    assert got[1].is_contiguous(memory_format=torch.channels_last)  # the order of the weights it is to move


@pytest.mark.parametrize(("height", "width", "channels"), [(2, 2, 4), (4, 6, 8), (8, 8, 1)])
def test_adding_windows_is_the_transpose_of_taking_them(height, width, channels):
    blocks = torch.randn(3, height // 2 + 1, width // 2 + 1, 4 * channels, dtype=torch.float64)
    columns = torch.randn(3 * height * width // 4, 16 * channels, dtype=torch.float64)
    added = block_order.add_windows(columns, blocks.shape)
    torch.testing.assert_close((block_order.windows(blocks) * columns).sum(), (blocks * added).sum())


def test_cutting_pads_with_zeros_and_joining_undoes_it():
    x = torch.randn(2 * 4 * 6, 3)
    blocks = Cut.apply(x, 2, 4, 6)
    assert blocks.shape == (2, 3, 4, 12)
    assert blocks.abs().sum() == pytest.approx(x.abs().sum().item(), rel=1e-5)
    assert torch.equal(Join.apply(blocks), x)
