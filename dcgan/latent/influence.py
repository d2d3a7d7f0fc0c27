"""Which numbers of z change the picture most."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from dcgan.errors import BadInput

if TYPE_CHECKING:
    from dcgan.networks.models import Generator
from dcgan.latent.class_centres import labels_of_seeds, placed
from dcgan.latent.seeds import sample_seeds, z_from_seeds
from dcgan.latent.walks import RENDER_BATCH


def ranked_dims(generator: "Generator") -> list[tuple[int, float]]:
    """All dimensions of a generator's z as `influential_dims` gives them, in a second or two at any size."""
    config, num_weights = generator.config, sum(p.numel() for p in generator.parameters())
    num_base = 8 if num_weights < 1e6 else 4 if num_weights < 8e6 else 2
    labels = labels_of_seeds(sample_seeds(0, num_base), config)
    places = placed(generator, torch.zeros(num_base, config.z_dim), labels)
    return influential_dims(generator, config.z_dim, config.z_prior, config.z_dim, num_base, places=places)


def influential_dims(
    generator: Callable[[Tensor], Tensor],
    z_dim: int,
    prior: str = "normal",
    n: int = 8,
    num_base: int = 16,
    delta: float | None = None,
    seed: int = 0,
    device: torch.device | str = "cpu",
    places: Tensor | None = None,
) -> list[tuple[int, float]]:
    """Return the at most n dimensions of z that change the picture most, as (dim, strength), strongest first.

    Strength is the mean absolute change of a pixel, in grey levels of 255, when the dimension goes from -delta to
    +delta while the others stay as drawn from num_base seeds; delta is 2 for a normal prior and 1, its end, for a
    uniform one. The generator turns (N, D) on `device` into (N, C, H, W) in [-1, 1]; put it in eval mode, or the
    pictures of a batch affect each other. `places` (num_base, D) are added to each z at last: where its class is.
    Costs 2 * z_dim * num_base pictures. Raises BadInput for n or num_base below 1.
    """
    for name, value in (("n", n), ("num_base", num_base)):
        if value < 1:
            raise BadInput(f"{name} must be at least 1, not {value!r}.")
    if delta is None:
        delta = 2.0 if prior == "normal" else 1.0
    base = z_from_seeds(sample_seeds(seed, num_base), z_dim, prior).to(device)  # (B, D)
    # in pairs: every dimension of every base once low and once high
    dims = torch.arange(z_dim, device=device).repeat_interleave(num_base)  # (D * B,)
    strength = torch.zeros(z_dim, dtype=torch.float64)
    with torch.no_grad():
        for rows in torch.arange(len(dims), device=device).split(RENDER_BATCH // 2):
            z = base[rows % num_base]
            low, high = (z.scatter(1, dims[rows, None], value) for value in (-delta, delta))
            if places is not None:
                low, high = low + places.to(device)[rows % num_base], high + places.to(device)[rows % num_base]
            before, after = generator(torch.cat([low, high])).float().chunk(2)
            change = (after - before).abs().flatten(1).mean(dim=1) * 127.5
            strength.index_add_(0, dims[rows].cpu(), change.cpu().double() / num_base)  # waits for the device
    ranked = sorted(enumerate(strength.tolist()), key=lambda pair: (-pair[1], pair[0]))
    return ranked[:n]
