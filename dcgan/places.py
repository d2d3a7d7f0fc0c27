"""Where in latent space a person has gone: from a seed, from neighbour to neighbour, then along sliders."""

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from dcgan import latent


def radius_of(percent: int, prior: str) -> float:
    """Normal prior: two unrelated z are at right angles. Uniform: a shift of 1 can reach any edge of the prior."""
    return percent / 100 * (math.pi / 2 if prior == "normal" else 1.0)


def slider_range(prior: str) -> float:
    """How far a dimension's slider goes from 0 either way: nearly all that the prior draws."""
    return 3.0 if prior == "normal" else 1.0


def walked(z: Tensor, hops: Iterable[tuple[int, int, int]], prior: str) -> Tensor:
    """From z (z_dim,) through hops (distance in percent, seed of the directions, number of the neighbour)."""
    for distance, around, number in hops:
        z = latent.neighbours(z, number + 1, radius_of(distance, prior), around, prior)[number]
    return z


def moved(
    z: Tensor, dims: Mapping[int, float], offset: Sequence[float] | None, truncation: float, prior: str
) -> Tensor:
    """z (z_dim,) or (N, z_dim) with sliders of dimensions set, what axes add, (z_dim,), and truncation.

    Values beyond a slider's range end at it; dimensions that z lacks do nothing.
    """
    limit = slider_range(prior)
    z = latent.apply_offsets(
        z, {dim: min(max(value, -limit), limit) for dim, value in dims.items() if dim < z.shape[-1]}
    )
    if offset is not None:
        z = z + torch.tensor(offset)
        z = z.clamp(-1, 1) if prior == "uniform" else z
    return latent.truncate(z, truncation)
