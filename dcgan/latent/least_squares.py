"""Down the hill to a z: damped least squares on the pixels of one picture, near the prior.

Levenberg and Marquardt's method (Marquardt 1963): each step solves for all dimensions of z at once, with the slope of
every pixel along every dimension.
"""

import functools
import math
import warnings

import torch
from torch import Tensor

from dcgan.networks.models import RENDER_AT_ONCE, Generator

SHELL = 1 / 4  # what leaving the shell |z| = sqrt(D) costs: 5 % beyond its width as much as 3 grey levels
WIDTH = 1.0  # of the shell, inwards and outwards: |z| has a standard deviation of 0.7 in any number of dimensions
ENOUGH = 1e-4  # relative gain of a step below which the search ends


@functools.cache
def load_derivatives() -> None:
    """Have PyTorch load its forward-mode derivatives, which warns of something within PyTorch itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.func.jvp(torch.sin, (torch.zeros(1),), (torch.ones(1),))


class Walker:
    """One z on its way downhill: mean square difference of pixels in [-1, 1], and distance from the prior.

    With classes that can be asked for, the prior lies around the `centre` (D,) of the class that the search begins in.
    Slopes are measured anew after `fresh` steps. In between they are guessed from what each step changed (Broyden
    1965), which costs nothing and leads nearly as far.
    """

    def __init__(
        self, generator: Generator, z: Tensor, target: Tensor, fresh: int = 1, centre: Tensor | None = None
    ) -> None:
        self.generator, self.z, self.target, self.fresh = generator, z, target, fresh
        config = generator.config
        self.centre = torch.zeros_like(z) if centre is None else centre
        self.shell = SHELL if config.z_prior == "normal" else 0.0
        self.at_once = RENDER_AT_ONCE.get(config.architecture, config.z_dim)  # dimensions
        self.damping = 1e-2
        self.age = fresh  # of the slopes, in steps
        self.ended = False
        self.cost = self._cost(z, self._draw(z))

    def step(self) -> None:
        """One damped Gauss-Newton step, if any is downhill."""
        if self.ended:
            return
        if self.age >= self.fresh:
            self.picture, self.slopes = self._slopes()
            self.age = 0
        z, slopes, off = self.z.double(), self.slopes, (self.picture - self.target).double()  # slopes (D, P), off (P,)
        bend, pull = slopes @ slopes.T / len(off), -(slopes @ off) / len(off)
        from_centre = z - self.centre
        if self.shell and (beyond := _beyond(from_centre)):
            outward = from_centre / from_centre.norm() / math.sqrt(len(z))
            bend += self.shell * torch.outer(outward, outward)
            pull -= self.shell * beyond * outward
        if not self.shell:  # what would leave the cube stays
            held = ((from_centre >= 1) & (pull > 0)) | ((from_centre <= -1) & (pull < 0))
            bend[held], bend[:, held], pull[held] = 0, 0, 0
        scale = torch.diag(bend.diag() + 1e-8)
        for _ in range(6):
            move = torch.linalg.solve_ex(bend + self.damping * scale, pull)[0].float()
            there = self.z + move if self.shell else (self.z + move).clamp(self.centre - 1, self.centre + 1)
            picture = self._draw(there)
            cost = self._cost(there, picture)
            if cost < self.cost:
                self._go(there, picture, cost)
                return
            self.damping *= 4
        self._doubt()

    def _go(self, there: Tensor, picture: Tensor, cost: float) -> None:
        way, enough = (there - self.z).double(), cost > (1 - ENOUGH) * self.cost
        wrong = (picture - self.picture).double() - way @ self.slopes
        self.slopes = self.slopes + torch.outer(way, wrong / way.square().sum().clamp(min=1e-12))
        self.z, self.cost, self.picture, self.damping = there, cost, picture, max(self.damping / 4, 1e-4)
        if enough:
            self._doubt()
        self.age += 1

    def _doubt(self) -> None:
        """Nothing was gained: the end, unless the slopes were guessed."""
        self.ended = self.age == 0
        self.age = self.fresh

    def _draw(self, z: Tensor) -> Tensor:
        """(D,) -> (P,)."""
        with torch.no_grad():
            return self._drawn(z)

    def _drawn(self, z: Tensor) -> Tensor:
        return self.generator.blocks(self.generator.as_input(z[None])).flatten()

    def _slopes(self) -> tuple[Tensor, Tensor]:
        """The picture (P,), and how each dimension of z changes it, (D, P) float64."""

        def along(direction: Tensor) -> tuple[Tensor, Tensor]:
            picture, change, *_ = torch.func.jvp(self._drawn, (self.z,), (direction,))
            return picture, change

        each = torch.func.vmap(along, out_dims=(None, 0))  # type: ignore[arg-type]
        parts = [each(some) for some in torch.eye(len(self.z)).split(self.at_once)]
        return parts[0][0], torch.cat([slopes for _, slopes in parts]).double()

    def _cost(self, z: Tensor, picture: Tensor) -> float:
        off = (picture - self.target).square().mean().item()
        return off + (self.shell * _beyond(z - self.centre) ** 2 if self.shell else 0.0)


def _beyond(z: Tensor) -> float:
    """How far |z| is outside the shell, in its radius sqrt(D); 0 within."""
    length, radius = float(z.norm()), math.sqrt(len(z))
    return (length - min(max(length, radius - WIDTH), radius + WIDTH)) / radius
