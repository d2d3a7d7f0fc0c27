"""Faults to plant in a training: broken players, spoilt pictures."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from dcgan.training.gan import GAN

# ---- of the players, in the middle of a training


def rate_times_100(gan: GAN) -> None:
    gan.apply(gan.config.replace(lr_g=min(1.0, 100 * gan.config.lr_g), lr_d=min(1.0, 100 * gan.config.lr_d)))


def rate_times_10(gan: GAN) -> None:
    gan.apply(gan.config.replace(lr_g=10 * gan.config.lr_g, lr_d=10 * gan.config.lr_d))


def constant_g(gan: GAN) -> None:
    draw = gan.draw
    gan.draw = lambda z, labels=None: draw(torch.zeros_like(z), labels)  # type: ignore[method-assign]


def frozen_g(gan: GAN) -> None:
    gan.opt_G.step = lambda *_: None  # type: ignore[method-assign, assignment]


def nan_in_g(gan: GAN) -> None:
    with torch.no_grad():
        first = next(gan.G.parameters())
        first[(0,) * first.dim()] = torch.nan


def strong_d(gan: GAN) -> None:
    gan.apply(gan.config.replace(lr_g=gan.config.lr_g / 1_000))


def dead_pixels(gan: GAN) -> None:
    """Every second pixel of every second row stays black, which G can't make up for."""
    draw = gan.draw

    def spoilt(z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        pictures = draw(z, labels).clone()
        pictures[:, :, ::2, ::2] = -1
        return pictures

    gan.draw = spoilt  # type: ignore[method-assign]


def momentum(gan: GAN) -> None:
    """A momentum of 0.98 where the paper has 0.5 'to help stabilize training', and larger steps."""
    gan.apply(gan.config.replace(beta1=0.98, lr_g=3 * gan.config.lr_g, lr_d=3 * gan.config.lr_d))


def loud_d(gan: GAN) -> None:
    """D's last layer speaks a thousand times as loud."""
    with torch.no_grad():
        [parameter for parameter in gan.D.parameters() if parameter.dim() > 1][-1].mul_(1_000)


def turns(gan: GAN) -> None:
    """The players learn in turns of 100 steps, so that each is overrun by the other."""
    move_g, move_d, steps = gan.opt_G.step, gan.opt_D.step, [0]

    def alternate(move: Callable[[], Any], player: int) -> Callable[..., None]:
        def step(*_: Any) -> None:
            steps[0] += 1  # once for each player
            if steps[0] // 200 % 2 == player:
                move()

        return step

    gan.opt_G.step, gan.opt_D.step = alternate(move_g, 0), alternate(move_d, 1)  # type: ignore[method-assign]


def two_pictures(gan: GAN) -> None:
    """G knows but two pictures, one for each sign of z's first number."""
    draw, rng = gan.draw, torch.Generator().manual_seed(0)
    z_two = torch.randn(2, gan.config.z_dim, generator=rng).to(gan.device)
    gan.draw = lambda z, labels=None: draw(z_two[(z[:, 0] > 0).long()] + 0.05 * z, labels)  # type: ignore[method-assign]


# ---- of the pictures, from the start


def few(images: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    return images[:256]


def duplicated(images: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    return np.tile(images[:10], (600, 1, 1, 1))


def without_sandals(images: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    assert labels is not None
    return images[labels != 5]


FAULTS: dict[str, Callable[..., Any]] = {
    "learning rate x 100": rate_times_100,
    "learning rate x 10": rate_times_10,
    "constant G": constant_g,
    "G knows two pictures": two_pictures,
    "frozen G": frozen_g,
    "NaN in a weight": nan_in_g,
    "G's rate / 1,000": strong_d,
    "momentum 0.98, rates x 3": momentum,
    "every fourth pixel dead": dead_pixels,
    "players learn in turns": turns,
    "D's last layer x 1,000": loud_d,
}
DATA_FAULTS: dict[str, Callable[..., Any]] = {
    "256 pictures": few,
    "10 pictures, 600 times each": duplicated,
    "no sandals": without_sandals,
}
