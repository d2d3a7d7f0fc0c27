"""Latents of a generator that knows classes: which class a seed shows, and z moved to where it is."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

import torch
from torch import Tensor

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.images.decode import shown
from dcgan.latent.moves import truncate
from dcgan.latent.seeds import z_from_seeds
from dcgan.networks.models import Generator
from dcgan.runs.grid_cells import Cell

TURN = 2_654_435_769  # 2^32 / golden ratio, by which multiples are spread evenly (Knuth, The Art ..., volume 3, 6.4)


def label_of_seed(seed: int, shares: Sequence[float]) -> int:
    """The class that a seed shows unless another is asked for: neighbouring seeds together have the classes' shares."""
    place = (seed * TURN % 2**32) / 2**32
    return min(bisect_right(list(accumulate(shares)), place), len(shares) - 1)


def labels_of_seeds(seeds: Iterable[int], config: Config) -> Tensor | None:
    """The classes that seeds show, int64 (N,); None where there are no classes to ask for."""
    if not config.num_classes:
        return None
    shares = config.class_shares
    return torch.tensor([label_of_seed(seed, shares) for seed in seeds], dtype=torch.int64)


def label_of(name: str, config: Config) -> int:
    """The label of a class by its name, in any case, or by its number; raises BadInput for one that isn't there."""
    names = config.names_of_classes
    if not config.num_classes:
        raise BadInput("This generator can't be asked for a class: it was trained without classes=label.")
    found = [label for label, own in enumerate(names) if own.casefold() == name.strip().casefold()]
    if not found and name.strip().isdecimal() and int(name) < len(names):
        found = [int(name)]
    if not found:
        raise BadInput(f"There is no class {shown(name)}; this generator knows {', '.join(map(shown, names))}.")
    return found[0]


def name_of(name: str, config: Config) -> str:
    """A class's own name, from what a person typed: see `label_of`."""
    return config.names_of_classes[label_of(name, config)]


def labels_of_class(name: str, n: int, config: Config) -> Tensor:
    """n times the label of a class, int64 (n,); raises BadInput for one that isn't there."""
    return torch.full((n,), label_of(name, config), dtype=torch.int64)


def z_of(generator: Generator, seeds: Sequence[int], truncation: float = 1.0, labels: Tensor | None = None) -> Tensor:
    """The z of seeds as the generator takes it, (N, z_dim): truncated, then moved to the class of each.

    Without `labels`, int64 (N,), each seed shows its own class. Truncation leaves the centres where they are. Raises
    BadInput for a seed or a truncation that can't be.
    """
    config = generator.config
    z = truncate(z_from_seeds(seeds, config.z_dim, config.z_prior), truncation)
    return placed(generator, z, labels_of_seeds(seeds, config) if labels is None else labels)


@torch.no_grad()
def placed(generator: Generator, z: Tensor, labels: Tensor | None) -> Tensor:
    """z (N, z_dim) of the prior, on the CPU, moved to classes, int64 (N,), of a generator on any device."""
    return z if labels is None else z + generator.centres.weight.detach().float().cpu()[labels]


def z_of_cells(generator: Generator, cells: Sequence[Cell], truncation: float = 1.0) -> Tensor:
    """The z of a grid, (N, z_dim)."""
    labels = [cell.label for cell in cells]
    chosen = torch.tensor(labels) if None not in labels else None
    return z_of(generator, [cell.seed for cell in cells], truncation, chosen)
