"""A view of latent space as plain values, its recipe, and the pictures and files made from that.

z = truncation * (the z of the seed, or one given as a code, walked from neighbour to neighbour, with the moved sliders
of dimensions set and the moved sliders of axes added) + the centre of a class, where the model knows classes and no z
is given.
"""

import dataclasses
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dcgan.config import Config
from dcgan.runs.run import Run
from pages.common import address

if TYPE_CHECKING:
    import torch

    from dcgan.networks.models import Generator
    from pages.common.loading import Opened

MAX_SEED = 2**32 - 1
MAX_HOPS = 100
MOST_CLASSES = 4096
NUM_NEIGHBOURS = 12
AXIS_LIMIT = 3.0  # standard deviations that an axis' slider goes either way; no dimension's goes farther
SliderId = int | str  # a dimension of z, or an axis such as "c2"
Directions = Mapping[str, "torch.Tensor"]  # axis -> what one standard deviation along it adds to z, (z_dim,)
NO_DIRECTIONS: Directions = MappingProxyType({})


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
    sliders: tuple[tuple[SliderId, float], ...] = ()  # those that were moved: dimensions rising, then axes
    truncation: float = 1.0
    distance: int = 25  # of the neighbours, percent: 100 is as far as an unrelated picture
    around: int = 0  # seed of the neighbours' directions
    locked: tuple[SliderId, ...] = ()  # moved sliders that a new seed leaves alone, in the same order
    z: str = ""  # a code of dcgan/latent/codes.py that takes the place of the seed's z, if it fits the model
    label: int | None = None  # the class that was asked for; None: the one that the seed shows by itself
    toward: int | None = None  # another class, and how far the picture is on the way there, 0 to 1
    share: float = 0.0

    def moved(self, slider: SliderId, value: float) -> "View":
        """The view with one slider set."""
        return dataclasses.replace(self, sliders=_in_order({**dict(self.sliders), slider: value}))

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
            "sliders": "_".join(f"{slider}~{value:g}" for slider, value in self.sliders) or None,
            "truncation": None if self.truncation == plain.truncation else f"{self.truncation:g}",
            "distance": None if self.distance == plain.distance else str(self.distance),
            "around": None if self.around == plain.around else str(self.around),
            "locked": "_".join(map(str, self.locked)) or None,
            "z": self.z or None,
            "class": None if self.label is None else str(self.label),
            "toward": None if self.toward is None else str(self.toward),
            "share": f"{self.share:g}" if self.toward is not None and self.share else None,
        }

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> "View":
        """Read what `params` wrote; whatever can't be meant is left at its default."""
        plain, sliders = cls(), _sliders(params.get("sliders", ""))
        label, toward = (read_label(params.get(name, "")) for name in ("class", "toward"))
        return cls(
            seed=address.whole(params, "seed", 0, MAX_SEED, plain.seed),
            hops=_hops(params.get("walk", "")),
            sliders=sliders,
            truncation=address.number(params, "truncation", 0, 2, plain.truncation),
            distance=address.whole(params, "distance", 5, 100, plain.distance),
            around=address.whole(params, "around", 0, MAX_SEED, plain.around),
            locked=_locked(params.get("locked", ""), sliders),
            z=_code(params.get("z", "")),
            label=label,
            toward=toward,
            share=0.0 if toward is None else address.number(params, "share", 0, 1, plain.share),
        )


def z_of(view: View, generator: "Generator", directions: Directions = NO_DIRECTIONS) -> "torch.Tensor":
    """The z (z_dim,) that the picture is made from."""
    from dcgan.provenance import view_picture

    return view_picture.z_of(facts_of(view, generator.config, directions), generator)


def neighbours_z(
    view: View, generator: "Generator", n: int = NUM_NEIGHBOURS, directions: Directions = NO_DIRECTIONS
) -> "torch.Tensor":
    """The z of the picture and of its n neighbours, (n + 1, z_dim); row i is what `view.gone_to(i)` shows."""
    from dcgan.latent import moves, walks
    from dcgan.provenance import view_picture

    config = generator.config
    facts, radius = facts_of(view, config, directions), moves.radius_of(view.distance, config.z_prior)
    around = walks.neighbours(view_picture.base_z(facts, config), n + 1, radius, view.around, config.z_prior)
    finished, centre = view_picture.finished(around, facts, config), view_picture.centre_of(facts, generator)
    return finished if centre is None else finished + centre


def picture_of(generator: "Generator", view: View, directions: Directions = NO_DIRECTIONS) -> np.ndarray:
    """The picture of a view, uint8 (H, W) or (H, W, 3)."""
    from dcgan.provenance import view_picture

    return view_picture.picture_of(generator, facts_of(view, generator.config, directions))


def recipe_of(
    run: Run, opened: "Opened", view: View, directions: Directions = NO_DIRECTIONS, measured: int | None = None
) -> dict[str, Any]:
    """From what the picture can be made again: it travels inside the file.

    `measured` is the step that the axes belong to, where it isn't the picture's.
    """
    facts = facts_of(view, opened.generator.config, directions)
    return origin(run, opened) | facts | ({"measured": measured} if "offset" in facts and measured is not None else {})


def origin(run: Run, opened: "Opened") -> dict[str, Any]:
    """Which weights made a picture."""
    return {"run": run.id, "step": opened.step, "weights_hash": opened.weights_hash}


def facts_of(view: View, config: Config, directions: Directions = NO_DIRECTIONS) -> dict[str, Any]:
    """The recipe of a picture but for the weights; what a model of these settings lacks is left out.

    What sliders of axes add to z is there as `offset`, a number per dimension, since a visit forgets its axes.
    """
    offset, z_dim = offset_of(view, directions), config.z_dim
    known = {s: value for s, value in view.sliders if (s in directions if isinstance(s, str) else s < z_dim)}
    return {
        "seed": view.seed,
        **({"z": view.z} if _code(view.z, z_dim) else _class_facts(view, config.num_classes)),
        "walk": [hop._asdict() for hop in view.hops],
        "sliders": {str(slider): value for slider, value in known.items()},
        "truncation": view.truncation,
        **({} if offset is None else {"offset": offset}),
    }


def _class_facts(view: View, num_classes: int) -> dict[str, Any]:
    """The class that was asked for, and the way to another, of a model that has so many."""
    labels = {"class": view.label, "toward": view.toward}
    facts: dict[str, Any] = {name: x for name, x in labels.items() if x is not None and x < num_classes}
    return facts | ({"share": view.share} if "toward" in facts else {})


def offset_of(view: View, directions: Directions) -> list[float] | None:
    """What the moved sliders of axes add to z, rounded as a recipe carries it; None if none of them is known."""
    moved = [value * directions[s].double() for s, value in view.sliders if isinstance(s, str) and s in directions]
    return [round(x, 6) for x in sum(moved[1:], moved[0]).tolist()] if moved else None


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


def read_label(text: str) -> int | None:
    """`7` -> 7, a class; None for what can't be one."""
    label = address.read_whole(text)
    return label if label is not None and label < MOST_CLASSES else None


def _code(text: str, z_dim: int | None = None) -> str:
    """A code of a z, perhaps one of so many numbers, as it is; anything else is empty."""
    if not text:
        return ""
    from dcgan.latent.codes import z_of_code

    return "" if z_of_code(text, z_dim) is None else text


def _sliders(text: str) -> tuple[tuple[SliderId, float], ...]:
    """`47~0.5_c2~-1.2_12~1` -> ((12, 1.0), (47, 0.5), ("c2", -1.2)); odd parts are left out."""
    found = {}
    for part in text.split("_") if text else []:
        name, _, value = part.partition("~")
        slider, position = _slider(name), address.read_number(value)
        if slider is not None and position is not None:
            found[slider] = min(max(position, -AXIS_LIMIT), AXIS_LIMIT)
    return _in_order(found)


def _slider(text: str) -> SliderId | None:
    """`47` -> 47, `c2` -> "c2", anything else -> None."""
    if re.fullmatch("[a-z](0|[1-9][0-9]{0,3})", text):
        return text
    number = address.read_whole(text)
    return number if number is not None and number < 4096 else None


def _in_order(sliders: Mapping[SliderId, float]) -> tuple[tuple[SliderId, float], ...]:
    """Dimensions rising, then axes by letter and number."""

    def place(item: tuple[SliderId, float]) -> tuple[str, int]:
        slider = item[0]
        return ("", slider) if isinstance(slider, int) else (slider[0], int(slider[1:]))

    return tuple(sorted(sliders.items(), key=place))


def _locked(text: str, sliders: tuple[tuple[SliderId, float], ...]) -> tuple[SliderId, ...]:
    """`3_c2` -> (3, "c2"); only what has been moved can be locked."""
    asked = {_slider(part) for part in text.split("_")} if text else set()
    return tuple(slider for slider, _ in sliders if slider in asked)
