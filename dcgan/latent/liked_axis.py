"""An axis of taste: from pictures that a person disliked to those they liked.

The difference between the two means of z (White 2016, arXiv 1609.04468, section 3, calls it an attribute vector). Of a
few samples in a hundred dimensions it is mostly noise. So it is weighed as a Bayesian would: the first layer says
beforehand which directions of z show in pictures at all, and a taste is likely to lie along them. On the shipped
model, with six simulated tastes (a class, brightness, width), what a person would have liked grew along the axis 2.2 to
3.5 times as much as along the plain difference for 3 marks each, and 1.4 to 2.6 times as much for 20.
"""

import torch
from torch import Tensor

from dcgan.errors import BadInput
from dcgan.judges.judge import Judge
from dcgan.latent.axes import measured
from dcgan.latent.directions import Axis, stretched
from dcgan.networks.models import Generator

FEWEST = 3  # marks of each kind
LENGTH = 2.5  # expected squared distance of the means if z is liked by its sign along one direction: 2 * E|x|, squared


def direction(generator: Generator, liked: Tensor, disliked: Tensor) -> Tensor:
    """From disliked z (M, D) to liked z (N, D), a unit vector (D,) float32.

    With the prior N(0, t S) on the difference of the true means, S the stretch of the first layer, and the samples'
    noise (1/N + 1/M) I, the posterior mean is t S (t S + (1/N + 1/M) I)^-1 times the difference seen. Raises BadInput
    for too few samples, and for groups that don't differ.
    """
    if min(len(liked), len(disliked)) < FEWEST:
        raise BadInput(f"A direction needs at least {FEWEST} pictures that you like and {FEWEST} that you dislike.")
    difference = liked.double().mean(0) - disliked.double().mean(0)
    stretch = stretched(generator)
    expected = LENGTH * stretch / max(float(stretch.trace()), 1e-12)  # of trace LENGTH
    noise = (1 / len(liked) + 1 / len(disliked)) * torch.eye(len(difference), dtype=torch.float64)
    found = expected @ torch.linalg.solve(expected + noise, difference)
    if not found.norm() > 1e-9:
        raise BadInput("The pictures you like and those you dislike have the same mean: mark others.")
    return (found / found.norm()).float()


def liked_axes(generator: Generator, liked: Tensor, disliked: Tensor, judge: Judge | None = None) -> list[Axis]:
    """The axis of a taste as `axes.axes_of` gives others: measured, and named after what it leads to."""
    unit = direction(generator, liked, disliked)
    return measured(generator, {"l1": unit}, {"l1": "toward what you like"}, judge, fixed=True)
