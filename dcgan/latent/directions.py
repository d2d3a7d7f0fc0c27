"""Directions through latent space, as unit vectors: from the weights, from pictures, from classes, at random."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from dcgan.judges.judge import Judge
from dcgan.latent.attributes import EFFECTS, attributes
from dcgan.networks.folding import folded
from dcgan.networks.models import Generator

NUM_AXES = 24  # of a kind: further ones change little


FEW = 8  # samples that a class must have for its mean to say anything


class Axis(NamedTuple):
    """One direction and what was measured along it."""

    id: str  # letter of the kind and number in it; it stays the same however the axes are ranked
    name: str  # for people: brighter, toward Sneaker, component 3
    direction: Tensor  # (z_dim,) float32, length 1
    strength: float  # mean change of a pixel per standard deviation, in grey levels of 255
    evenness: float  # smallest over largest change between equal steps along the way: 1 is even
    effects: dict[str, float]  # per standard deviation, in standard deviations among random pictures
    toward: str = ""  # the class that gains most, if one clearly does


def spread(prior: str) -> float:
    """The standard deviation of z along any direction."""
    return 1.0 if prior == "normal" else 1 / math.sqrt(3)


def components(generator: Generator, n: int = NUM_AXES, num_samples: int = 1024, seed: int = 0) -> Tensor:
    """Principal components of what the first block makes of random z, brought back to z by least squares.

    GANSpace (Harkonen et al. 2020, arXiv 2004.02546, section 2.2). The z are whitened, so that the chance of the draw
    doesn't tilt the axes.
    """
    whole = folded(generator)
    z = _whitened(max(num_samples, 4 * whole.config.z_dim), whole.config.z_dim, seed)  # (S, D)
    with torch.inference_mode():
        scaled = z.float() * spread(whole.config.z_prior)
        made = torch.cat([whole.blocks[0](whole.as_input(part)).flatten(1) for part in scaled.split(256)])  # (S, F)
        made = made - made.mean(0)
        if made.shape[1] < len(made):
            scores = made @ torch.linalg.eigh(made.T @ made)[1].flip(1)[:, :n]
        else:
            values, vectors = torch.linalg.eigh(made @ made.T)
            scores = vectors.flip(1)[:, :n] * values.flip(0)[:n].clamp(min=0).sqrt()
        return _units((z.T @ scores.double()).T)  # with white z and uncorrelated scores this is the least-squares fit


def weights(generator: Generator, n: int = NUM_AXES) -> Tensor:
    """The directions that the first layer's weights stretch most: eigenvectors of A^T A.

    SeFa (Shen and Zhou 2021, arXiv 2007.06600, equation 8). A BatchNorm behind a transposed convolution counts as part
    of it.
    """
    return _units(torch.linalg.eigh(stretched(generator))[1].flip(1)[:, :n].T)


def stretched(generator: Generator) -> Tensor:
    """A^T A of the first layer's weights A, (z_dim, z_dim) float64: how much each direction of z is stretched."""
    layers = [m for m in folded(generator).blocks.modules() if isinstance(m, (nn.Linear, nn.ConvTranspose2d))]
    weight = layers[0].weight.detach().double()
    a = weight if isinstance(layers[0], nn.Linear) else weight.flatten(1).T  # (F, D)
    return a.T @ a


def random(generator: Generator, n: int = NUM_AXES, seed: int = 0) -> Tensor:
    """Directions drawn evenly from all there are."""
    rng = torch.Generator().manual_seed(seed)
    return _units(torch.randn(n, generator.config.z_dim, generator=rng))


def growing(z: Tensor, pictures: np.ndarray) -> dict[str, Tensor]:
    """Effect -> along which direction of z (N, D) it grows fastest in their pictures: least squares, held small.

    Effects that all pictures have alike, as grey ones their warmth, are left out.
    """
    values = attributes(pictures)
    z64 = (z - z.mean(0)).double()
    # as much ridge as there are dimensions: right if z explains half of an effect, which is less than it usually does
    fit = torch.linalg.solve(z64.T @ z64 + z.shape[1] * torch.eye(z.shape[1], dtype=torch.float64), z64.T)  # (D, N)
    slopes = _units((fit @ torch.from_numpy(values - values.mean(0))).T)
    return {effect: slopes[i] for i, effect in enumerate(EFFECTS) if values[:, i].std() > 1e-9}


def toward_classes(z: Tensor, pictures: np.ndarray, judge: Judge) -> dict[str, Tensor]:
    """Class -> from the mean z of all other pictures to the mean z of those that the judge names so.

    Classes with fewer than 8 pictures, or without any other, are left out; a judge without classes has none.
    """
    shares = judge.probabilities(judge.features(pictures)) if judge.class_names else None
    if shares is None:
        return {}
    named = torch.from_numpy(shares.argmax(1))
    found = {}
    for number, name in enumerate(judge.class_names):
        own = named == number
        if min(int(own.sum()), int((~own).sum())) >= FEW:
            found[name] = _units((z[own].mean(0) - z[~own].mean(0))[None])[0]
    return found


def _whitened(n: int, z_dim: int, seed: int) -> Tensor:
    """Random z (n, z_dim), float64, whose mean is 0 and whose covariance is exactly the unit matrix."""
    z = torch.randn(n, z_dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    z = z - z.mean(0)
    return torch.linalg.solve_triangular(torch.linalg.cholesky(z.T @ z / n), z.T, upper=False).T


def _units(directions: Tensor) -> Tensor:
    return torch.nn.functional.normalize(directions.double(), dim=1).float()
