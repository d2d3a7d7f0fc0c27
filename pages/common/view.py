"""A view of latent space as plain values, and the pure functions that make its pictures.

z = truncation * (the z of the seed, walked from neighbour to neighbour, with the moved sliders set).
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dcgan.runs import Run
from pages.common import address

if TYPE_CHECKING:
    import torch

    from dcgan.config import Config
    from dcgan.models import Generator
    from pages.common.loading import Opened

MAX_SEED = 2**32 - 1
MAX_HOPS = 100
NUM_NEIGHBOURS = 12
FILM_FPS = 4  # pictures per second of training's film


class Hop(NamedTuple):
    """One step of a walk: to neighbour `number` at `distance` percent, in the directions drawn from seed `around`."""

    distance: int
    around: int
    number: int  # from 1


@dataclasses.dataclass(frozen=True)
class View:
    """Everything that decides the picture, and the neighbours beside it."""

    seed: int = 0
    hops: tuple[Hop, ...] = ()
    sliders: tuple[tuple[int, float], ...] = ()  # (dimension, value), rising; only those that were moved
    truncation: float = 1.0
    distance: int = 25  # of the neighbours, percent: 100 is as far as an unrelated picture
    around: int = 0  # seed of the neighbours' directions
    locked: tuple[int, ...] = ()  # moved sliders that a new seed leaves alone, rising

    def moved(self, dim: int, value: float) -> "View":
        """The view with one slider set."""
        return dataclasses.replace(self, sliders=tuple(sorted({**dict(self.sliders), dim: value}.items())))

    def gone_to(self, number: int) -> "View":
        """The view from a neighbour; moved sliders stay where they are."""
        hops = (*self.hops, Hop(self.distance, self.around, number))
        return dataclasses.replace(self, hops=hops) if len(hops) <= MAX_HOPS else self

    def params(self) -> dict[str, str | None]:
        """The view as URL parameters; None for what is at its default."""
        plain = View()
        return {
            "seed": str(self.seed),
            "walk": "_".join(".".join(map(str, hop)) for hop in self.hops) or None,
            "sliders": "_".join(f"{dim}~{value:g}" for dim, value in self.sliders) or None,
            "truncation": None if self.truncation == plain.truncation else f"{self.truncation:g}",
            "distance": None if self.distance == plain.distance else str(self.distance),
            "around": None if self.around == plain.around else str(self.around),
            "locked": "_".join(map(str, self.locked)) or None,
        }

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "View":
        """Read what `params` wrote; whatever can't be meant is left at its default."""
        plain, sliders = cls(), _sliders(params.get("sliders", ""))
        return cls(
            seed=address.whole(params, "seed", 0, MAX_SEED, plain.seed),
            hops=_hops(params.get("walk", "")),
            sliders=sliders,
            truncation=address.number(params, "truncation", 0, 2, plain.truncation),
            distance=address.whole(params, "distance", 5, 100, plain.distance),
            around=address.whole(params, "around", 0, MAX_SEED, plain.around),
            locked=_locked(params.get("locked", ""), sliders),
        )


def slider_range(prior: str) -> float:
    """How far a slider goes from 0 either way: nearly all that the prior draws."""
    return 3.0 if prior == "normal" else 1.0


def base_z(view: View, config: "Config") -> "torch.Tensor":
    """The z (z_dim,) of the seed after the walk, before sliders and truncation: where untouched sliders stand."""
    from dcgan import latent

    z = latent.z_from_seed(view.seed, config.z_dim, config.z_prior)
    for hop in view.hops:
        around = latent.neighbours(z, hop.number + 1, _radius(hop.distance, config), hop.around, config.z_prior)
        z = around[hop.number]
    return z


def z_of(view: View, config: "Config") -> "torch.Tensor":
    """The z (z_dim,) that the picture is made from."""
    return _finished(base_z(view, config), view, config)


def neighbours_z(view: View, config: "Config", n: int = NUM_NEIGHBOURS) -> "torch.Tensor":
    """The z of the picture and of its n neighbours, (n + 1, z_dim); row i is what `view.gone_to(i)` shows."""
    from dcgan import latent

    radius = _radius(view.distance, config)
    around = latent.neighbours(base_z(view, config), n + 1, radius, view.around, config.z_prior)
    return _finished(around, view, config)


def picture_of(generator: "Generator", view: View) -> np.ndarray:
    """The picture of a view, uint8 (H, W) or (H, W, 3)."""
    from dcgan.render import render

    return render(generator, z_of(view, generator.config)[None])[0]


def recipe_of(run: Run, opened: "Opened", view: View) -> dict[str, Any]:
    """From what the picture can be made again: it travels inside the file."""
    return {
        "run": run.id,
        "step": opened.step,
        "weights_hash": opened.weights_hash,
        "seed": view.seed,
        "walk": [hop._asdict() for hop in view.hops],
        "sliders": {str(dim): value for dim, value in view.sliders if dim < opened.generator.config.z_dim},
        "truncation": view.truncation,
    }


def png_of(run: Run, opened: "Opened", view: View, factor: int = 1) -> bytes:
    """The picture as a PNG file, enlarged `factor` times in crisp squares, with its recipe inside."""
    from dcgan import images

    picture = images.upscale(picture_of(opened.generator, view), factor)
    return images.png_bytes(picture, recipe_of(run, opened, view) | {"enlarged": factor})


def film_file(run: Run, steps: list[int], view: View, factor: int = 1) -> bytes:
    """One z through the generators kept at these steps, as an animated WebP, enlarged, with its recipe inside."""
    from dcgan import images
    from pages.common.loading import open_at

    moments = [open_at(run, step) for step in steps]
    frames = [images.upscale(picture_of(moment.generator, view), factor) for moment in moments]
    held = frames + frames[-1:] * FILM_FPS  # the last for a second more
    recipe = recipe_of(run, moments[-1], view) | {"steps": steps, "enlarged": factor}
    return images.webp_bytes(held, FILM_FPS, True, recipe)


def explorer_of(run: Run, opened: "Opened", view: View) -> str:
    """The laboratory as one HTML file that starts from this view."""
    from dcgan.export import explorer

    return explorer(opened.generator, run.name, {name: text for name, text in view.params().items() if text})


def _finished(z: "torch.Tensor", view: View, config: "Config") -> "torch.Tensor":
    """Sliders and truncation on z (z_dim,) or (N, z_dim); sliders of dimensions that this model lacks do nothing."""
    from dcgan import latent

    limit = slider_range(config.z_prior)
    sliders = {dim: min(max(value, -limit), limit) for dim, value in view.sliders if dim < config.z_dim}
    return latent.truncate(latent.apply_offsets(z, sliders), view.truncation)


def _radius(percent: int, config: "Config") -> float:
    """Normal prior: two unrelated z are at right angles. Uniform: a shift of 1 can reach any edge of the prior."""
    return percent / 100 * (math.pi / 2 if config.z_prior == "normal" else 1.0)


def _hops(text: str) -> tuple[Hop, ...]:
    """`40.0.3_40.7.11` -> hops; a walk with one odd step is no walk, since all later ones would lead elsewhere."""
    hops = []
    for part in text.split("_") if text else []:
        numbers = [address.read_whole(number) for number in part.split(".")]
        if len(numbers) != 3 or None in numbers:
            return ()
        hop = Hop(*numbers)  # type: ignore[arg-type]
        if not (5 <= hop.distance <= 100 and hop.around <= MAX_SEED and 1 <= hop.number <= NUM_NEIGHBOURS):
            return ()
        hops.append(hop)
    return tuple(hops) if len(hops) <= MAX_HOPS else ()


def _sliders(text: str) -> tuple[tuple[int, float], ...]:
    """`47~0.5_12~-1.2` -> ((12, -1.2), (47, 0.5)); odd parts are left out."""
    found = {}
    for part in text.split("_") if text else []:
        dim, _, value = part.partition("~")
        number, position = address.read_whole(dim), address.read_number(value)
        if number is not None and number < 4096 and position is not None:
            found[number] = min(max(position, -3.0), 3.0)
    return tuple(sorted(found.items()))


def _locked(text: str, sliders: tuple[tuple[int, float], ...]) -> tuple[int, ...]:
    """`3_47` -> (3, 47); only what has been moved can be locked."""
    asked = {address.read_whole(part) for part in text.split("_")} if text else set()
    return tuple(dim for dim, _ in sliders if dim in asked)
