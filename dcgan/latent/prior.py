"""Latent vectors z from a config's prior: as a stream of randomness gives them, or balanced."""

import torch
from torch import Tensor

from dcgan.config import Config


def draw_z(n: int, config: Config, rng: torch.Generator) -> Tensor:
    """n latent vectors (n, z_dim) from the config's prior, on the stream's device."""
    shape = (n, config.z_dim)
    if config.z_prior == "uniform":
        return torch.rand(shape, generator=rng, device=rng.device) * 2 - 1
    return torch.randn(shape, generator=rng, device=rng.device)


def balanced_z(n: int, config: Config, rng: torch.Generator) -> Tensor:
    """n latent vectors (n, z_dim) with the very mean of the prior, and its covariance where n is 2 z_dim or more.

    Each z has its opposite beside it (antithetic variates), so any even part has mean 0 as well. Statistics of few such
    z are close to those of many random ones: in a layer that is linear in z they are the same.
    """
    half = draw_z(n // 2, config, rng).cpu().double()  # linear algebra that every device has, and enough digits
    if len(half) >= config.z_dim:
        variance = 1.0 if config.z_prior == "normal" else 1 / 3
        factor = torch.linalg.cholesky(half.T @ half / (variance * len(half)))  # (z_dim, z_dim)
        half = torch.linalg.solve_triangular(factor.mT, half, upper=True, left=False)
    return torch.stack([half, -half], 1).flatten(0, 1).float().to(rng.device)
