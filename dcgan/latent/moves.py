"""Where in latent space a person has gone: from a seed, from neighbour to neighbour, then along sliders."""

import math
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from dcgan.errors import BadInput
from dcgan.latent import walks


def radius_of(percent: int, prior: str) -> float:
    """Normal prior: two unrelated z are at right angles. Uniform: a shift of 1 can reach any edge of the prior."""
    return percent / 100 * (math.pi / 2 if prior == "normal" else 1.0)


def slider_range(prior: str) -> float:
    """How far a dimension's slider goes from 0 either way: nearly all that the prior draws."""
    return 3.0 if prior == "normal" else 1.0


def walked(z: Tensor, hops: Iterable[tuple[int, int, int]], prior: str) -> Tensor:
    """From z (z_dim,) through hops (distance in percent, seed of the directions, number of the neighbour)."""
    for distance, around, number in hops:
        z = walks.neighbours(z, number + 1, radius_of(distance, prior), around, prior)[number]
    return z


def moved(
    z: Tensor, dims: Mapping[int, float], offset: Sequence[float] | None, truncation: float, prior: str
) -> Tensor:
    """z (z_dim,) or (N, z_dim) with sliders of dimensions set, what axes add, (z_dim,), and truncation.

    Values beyond a slider's range end at it; dimensions that z lacks do nothing.
    """
    limit = slider_range(prior)
    z = apply_offsets(z, {dim: min(max(value, -limit), limit) for dim, value in dims.items() if dim < z.shape[-1]})
    if offset is not None:
        z = z + torch.tensor(offset)
        z = z.clamp(-1, 1) if prior == "uniform" else z
    return truncate(z, truncation)


MAX_TRUNCATION = 2.0


def truncate(z: Tensor, truncation: float) -> Tensor:
    """Scale z towards the prior's mean, 0: below 1 more typical and less varied pictures, above 1 the opposite.

    For a normal prior this draws z with standard deviation `truncation`, as GAN scripts do whose control vectors have a
    standard deviation of 0.5. StyleGAN (Karras et al. 2019) pulls w, not z, towards a measured mean, and BigGAN (Brock
    et al. 2019) draws again what falls outside a threshold. Raises BadInput outside 0 to 2.
    """
    check_truncation(truncation)
    return z * truncation


def check_truncation(truncation: float) -> None:
    """Raise BadInput for a truncation outside 0 to 2."""
    if not 0 <= truncation <= MAX_TRUNCATION:  # false for NaN, too
        raise BadInput(f"truncation must be from 0 to {MAX_TRUNCATION:g}, not {truncation!r}.")


def apply_offsets(z: Tensor, offsets: Mapping[int, float]) -> Tensor:
    """Set, not add, chosen dimensions of z (D,) or (N, D): each slider is one dimension and shows its value.

    Raises BadInput for a dimension that z does not have or a value that is not finite.
    """
    z = z.clone()
    for dim, value in offsets.items():
        if dim not in range(z.shape[-1]):
            raise BadInput(f"dimension must be from 0 to {z.shape[-1] - 1}, not {dim!r}.")
        if not math.isfinite(value):
            raise BadInput(f"the value of dimension {dim} must be a finite number, not {value!r}.")
        z[..., dim] = value
    return z
