"""PyTorch's autocast to bfloat16, with all weights of a network converted at once.

Autocast converts every weight in an operation of its own, and every gradient back: on a GPU a step of a small network
takes as long as its operations are many. Here they are one each way for all weights, with the same bits.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

PRODUCTS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)  # whose weights autocast converts


def run(network: nn.Module, x: Tensor) -> Tensor:
    """What a network makes of its input, float32: products in bfloat16, weights and their gradients in float32."""
    of_products = {
        f"{place}.{name}": weight
        for place, module in network.named_modules()
        if isinstance(module, PRODUCTS)
        for name, weight in module.named_parameters(recurse=False)
    }
    halves = dict(zip(of_products, Halves.apply(*of_products.values()), strict=True))
    with torch.autocast(x.device.type, torch.bfloat16):
        return functional_call(network, halves, (x,)).float()


class Halves(torch.autograd.Function):
    """Tensors in float32 -> the same in bfloat16; on the way back their gradients in float32."""

    @staticmethod
    def forward(ctx: Any, *weights: Tensor) -> tuple[Tensor, ...]:
        return _converted(weights, torch.bfloat16)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, ...]:
        return _converted(gradients, torch.float32)


def _converted(tensors: tuple[Tensor, ...], dtype: torch.dtype) -> tuple[Tensor, ...]:
    found = [torch.empty_like(tensor, dtype=dtype) for tensor in tensors]
    torch._foreach_copy_(found, list(tensors))
    return tuple(found)
