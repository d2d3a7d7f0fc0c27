"""Latents z from seeds: the same seed is the same z, on every machine."""

from collections.abc import Iterable

import torch
from torch import Tensor

from dcgan.errors import BadInput

MAX_SEED = 2**32 - 1  # torch's CPU generator looks at 32 bits only


def sample_seeds(seed: int, n: int) -> list[int]:
    """Return the seeds of a sample of n pictures: picture i has seed + i, continuing at 0 after the largest seed."""
    return [(checked(seed) + i) % (MAX_SEED + 1) for i in range(n)]


def z_from_seed(seed: int, z_dim: int, prior: str = "normal") -> Tensor:
    """Return the z of a seed, (z_dim,): standard normal, or uniform on [-1, 1).

    Raises BadInput for a seed outside 0 to 2**32 - 1 or an unknown prior. Another version of torch, or another kind of
    CPU, may draw other numbers from the same seed; torch promises no more.
    """
    return draw(torch.Generator().manual_seed(checked(seed)), z_dim, prior)


def z_from_seeds(seeds: Iterable[int], z_dim: int, prior: str = "normal") -> Tensor:
    """Return one z per seed, (N, z_dim).

    Each row depends on its own seed only. Picture i of a sample of n from seed S uses seed S + i (see `sample_seeds`),
    so it is the same whatever n, and every picture of a grid can be opened alone.
    """
    rows = [z_from_seed(seed, z_dim, prior) for seed in seeds]
    return torch.stack(rows) if rows else torch.empty(0, z_dim)


def checked(seed: int) -> int:
    if not 0 <= seed <= MAX_SEED or seed != int(seed):
        raise BadInput(f"seed must be a whole number from 0 to {MAX_SEED}, not {seed!r}.")
    return int(seed)


def draw(rng: torch.Generator, z_dim: int, prior: str) -> Tensor:
    if prior not in ("normal", "uniform"):
        raise BadInput(f"prior must be normal or uniform, not {prior!r}.")
    return torch.randn(z_dim, generator=rng) if prior == "normal" else torch.rand(z_dim, generator=rng) * 2 - 1
