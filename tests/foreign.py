"""Generators as other people's programs make them, in plain PyTorch."""

import torch
from torch import Tensor, nn


class Example(nn.Module):
    """The generator of PyTorch's DCGAN example: `main` is one long stack; z (B, nz, 1, 1) -> pictures in [-1, 1]."""

    def __init__(self, size: int = 64, nz: int = 100, ngf: int = 64, nc: int = 3) -> None:
        super().__init__()
        width, at = ngf * size // 8, 4
        layers: list[nn.Module] = [nn.ConvTranspose2d(nz, width, 4, 1, 0, bias=False)]
        while at < size // 2:
            layers += [nn.BatchNorm2d(width), nn.ReLU(True)]
            layers.append(nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False))
            width, at = width // 2, at * 2
        layers += [nn.BatchNorm2d(width), nn.ReLU(True), nn.ConvTranspose2d(width, nc, 4, 2, 1, bias=False), nn.Tanh()]
        self.main = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        return self.main(z)


def as_if_trained(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network in eval mode with weights and statistics that give lively pictures."""
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, (nn.ConvTranspose2d, nn.Conv2d, nn.Linear)):
                inputs = module.weight[0].numel() if isinstance(module, nn.Linear) else module.weight[:, 0].numel() / 4
                module.weight.normal_(0, (1.5 / inputs) ** 0.5, generator=rng)
                if module.bias is not None:
                    module.bias.normal_(0, 0.1, generator=rng)
            elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.weight.uniform_(0.5, 1.5, generator=rng)
                module.bias.normal_(0, 0.2, generator=rng)
                assert module.running_mean is not None and module.running_var is not None
                module.running_mean.normal_(0, 0.3, generator=rng)
                module.running_var.uniform_(0.3, 2.0, generator=rng)
    return network.eval()
