"""How near a route for bfloat16 must come to the plain modules."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from dcgan.networks.architectures import NORMS


def apart(a: Tensor, b: Tensor) -> float:
    """The distance of two tensors, relative to the second."""
    return ((a - b).norm() / b.norm().clamp_min(1e-12)).item()


def assert_agrees(
    network: nn.Module, ours: Callable[[], Tensor], plain: Callable[[], Tensor], leaves: Sequence[Tensor]
) -> None:
    """Pictures or verdicts, the gradients of `leaves` and BatchNorm's statistics, to the precision of bfloat16."""

    def differentiated(forward: Callable[[], Tensor]) -> tuple[Tensor, list[Tensor], dict[str, Tensor]]:
        for module in network.modules():
            if isinstance(module, NORMS):
                module.reset_running_stats()
        out = forward().float().flatten(1)
        upstream = torch.randn(out.shape, generator=torch.Generator().manual_seed(1))
        gradients = torch.autograd.grad(out, leaves, upstream)
        return out.detach(), list(gradients), {name: value.clone() for name, value in network.named_buffers()}

    exact, exact_gradients, exact_buffers = differentiated(plain)
    with torch.autocast("cpu", torch.bfloat16):  # PyTorch's own way with the same precision
        _, usual_gradients, _ = differentiated(plain)
    out, gradients, buffers = differentiated(ours)
    assert apart(out, exact) < 0.03
    for mine, usual, true in zip(gradients, usual_gradients, exact_gradients, strict=True):
        assert mine.dtype == torch.float32 and mine.shape == true.shape
        assert apart(mine, true) < 1.5 * apart(usual, true) + 0.02
    for name, value in buffers.items():
        torch.testing.assert_close(value, exact_buffers[name], rtol=0.05, atol=0.01)
