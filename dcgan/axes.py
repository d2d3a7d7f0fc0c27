"""Axes of latent space that mean something: where to look for them, and how much each changes the picture, and what.

An axis is a unit direction in z. Along it, distances count in standard deviations of the prior (`spread`), so that 1 is
as far as z itself usually goes in any one direction.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from dcgan import latent
from dcgan.config import BadInput
from dcgan.fold import folded
from dcgan.metrics.judge import Judge
from dcgan.models import Generator
from dcgan.render import render
from dcgan.told import KINDS as TOLD
from dcgan.told import NAMED

NUM_AXES = 24  # of a kind: further ones change little
REACH = 2  # standard deviations either way in which an axis is measured
POSITIONS = torch.arange(-REACH, REACH + 1)
FEW = 8  # samples that a class must have for its mean to say anything
EFFECTS = {  # what is measured -> its words for more and for less
    "brightness": ("brighter", "darker"),
    "width": ("wider", "narrower"),
    "height": ("taller", "lower"),
    "symmetry": ("more symmetric", "less symmetric"),
    "warmth": ("warmer", "cooler"),  # the last two of pictures in colour
    "colour": ("more colourful", "greyer"),
}
CLEAR = 0.2  # of what pictures differ by: how much per standard deviation an axis must change to be named after it
AGREED = 0.75  # share of the pictures that must change the same way
TOWARD = 0.25  # rise of a class's probability from end to end that names an axis


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


# ---- where to look: each returns unit directions (N, z_dim), the most promising first


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


# ---- what an axis does


def measured(
    generator: Generator,
    directions: dict[str, Tensor],
    names: dict[str, str],
    judge: Judge | None = None,
    num_base: int = 12,
    seed: int = 0,
    fixed: bool = False,
) -> list[Axis]:
    """Directions by id -> axes, the strongest first, each turned so that its clearest effect grows along it.

    `names` are what an axis is called for which nothing clear was found; `fixed` ones stay as they are called and
    turned. With a judge that knows classes, effects on them count, too. Costs (4 * axes + 1) * num_base + 128
    pictures.
    """
    if not directions:
        return []
    config = generator.config
    draws = latent.z_from_seeds(latent.sample_seeds(seed, max(128, num_base)), config.z_dim, config.z_prior)
    usual = render(generator, draws)
    among = attributes(usual).std(0) + 1e-9  # (E,)
    base, units = draws[:num_base], torch.stack(list(directions.values()))
    kept = [place for place in POSITIONS.tolist() if place]
    steps = torch.tensor(kept) * spread(config.z_prior)
    z = base[None, :, None] + units[:, None, None] * steps[:, None]  # (A, B, T, D)
    if config.z_prior == "uniform":
        z = z.clamp(-1, 1)
    moved = render(generator, z.flatten(0, 2))
    shape = (len(units), num_base, len(kept))
    pictures = np.insert(moved.reshape(*shape, *moved.shape[1:]), REACH, usual[None, :num_base], axis=2)
    changes = np.stack([_change(pictures[:, :, t], pictures[:, :, t + 1]) for t in range(len(kept))], 1)  # (A, T)
    values = attributes(pictures.reshape(-1, *moved.shape[1:])).reshape(*pictures.shape[:3], -1) / among
    place = POSITIONS.numpy().astype(np.float64)
    slopes = np.einsum("t,abte->abe", place, values) / (place**2).sum()
    gains = _class_gains(pictures, judge)
    found = []
    for row, (id, unit) in enumerate(directions.items()):
        slope = slopes[row].mean(0)
        agree = (np.sign(slopes[row]) == np.sign(slope)).mean(0)
        sign, name, toward = _meaning(slope, agree, gains[row], judge.class_names if judge else (), unit, fixed)
        effects = {effect: float(sign * slope[i]) for i, effect in enumerate(EFFECTS) if among[i] > 1e-6}
        even = float(changes[row].min() / max(changes[row].max(), 1e-9))
        name = names[id] if fixed or not name else name
        found.append(Axis(id, name, sign * unit, float(changes[row].mean()), even, effects, toward))
    found.sort(key=lambda axis: -axis.strength)
    return _told_apart(found)


def attributes(pictures: np.ndarray) -> np.ndarray:
    """Pictures uint8 (N, H, W) or (N, H, W, 3) -> float64 (N, 6) in the order of EFFECTS.

    Brightness is the mean, in grey levels. Width and height are the standard deviation, in percent of the side, of
    where the picture differs from the mean of its edge. Symmetry is how little the left differs from the right, in grey
    levels, below 0. Warmth is how far red lies above blue, colour how far the strongest of the three above the weakest,
    in grey levels; both are 0 for grey pictures.
    """
    grey = pictures.astype(np.float32)
    warmth, colour = np.zeros((2, len(grey)))
    if grey.ndim == 4:
        warmth, colour = (grey[..., 0] - grey[..., 2]).mean((1, 2)), np.ptp(grey, axis=3).mean((1, 2))
        grey = grey.mean(3)
    edge = np.concatenate([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], 1).mean(1)
    mass = np.abs(grey - edge[:, None, None]) + 1e-6

    def extent(profile: np.ndarray) -> np.ndarray:  # (N, side)
        share = profile / profile.sum(1, keepdims=True)
        at = np.arange(profile.shape[1])
        middle = share @ at
        return 100 / profile.shape[1] * np.sqrt(np.maximum(share @ at**2 - middle**2, 0))

    uneven = np.abs(grey - grey[:, :, ::-1]).mean((1, 2))
    wide, high = extent(mass.sum(1)), extent(mass.sum(2))
    return np.stack([grey.mean((1, 2)), wide, high, -uneven, warmth, colour], 1).astype(np.float64)


def _change(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean absolute change of a pixel, in grey levels; (A, B, H, W, ...) -> (A,)."""
    return np.stack([np.abs(a.astype(np.int16) - b).mean() for a, b in zip(after, before, strict=True)])


def _class_gains(pictures: np.ndarray, judge: Judge | None) -> np.ndarray:
    """How much likelier each class is at the end of each axis than at its beginning, (A, K); K is 0 without classes."""
    num_axes, num_base = pictures.shape[:2]
    if judge is None or not judge.class_names:
        return np.zeros((num_axes, 0))
    ends = pictures[:, :, [0, -1]].reshape(-1, *pictures.shape[3:])
    shares = judge.probabilities(judge.features(ends))
    assert shares is not None
    first, last = np.moveaxis(shares.reshape(num_axes, num_base, 2, -1), 2, 0)
    return (last - first).mean(1)


def _meaning(
    slope: np.ndarray, agree: np.ndarray, gains: np.ndarray, class_names: tuple[str, ...], unit: Tensor, fixed: bool
) -> tuple[float, str, str]:
    """Which way to turn an axis, its name ("" if nothing is clear), and the class that it leads toward."""
    clear = [i for i in np.argsort(-np.abs(slope)) if abs(slope[i]) >= CLEAR and agree[i] >= AGREED]
    strongest = gains[np.abs(gains).argmax()] if gains.size else 0.0
    lead = slope[clear[0]] if clear else strongest if abs(strongest) >= TOWARD else float(unit[unit.abs().argmax()])
    sign = 1.0 if fixed or lead >= 0 else -1.0
    toward = ""
    if gains.size and (sign * gains).max() >= TOWARD:
        toward = class_names[int((sign * gains).argmax())]
    words = [list(EFFECTS.values())[i][int(sign * slope[i] < 0)] for i in clear]
    names = [f"toward {toward}", *words[:1]] if toward else words[:2]
    return sign, ", ".join(names), toward


def _told_apart(axes: list[Axis]) -> list[Axis]:
    """Names that occur again get a number."""
    times: dict[str, int] = {}
    told = []
    for axis in axes:
        times[axis.name] = times.get(axis.name, 0) + 1
        told.append(axis if times[axis.name] == 1 else axis._replace(name=f"{axis.name} ({times[axis.name]})"))
    return told


# ---- the four kinds, ready to use

KINDS = (NAMED, "components", "weights", "random")
_SINGLE = {"components": "component", "weights": "weight axis", "random": "direction"}


def axes_of(generator: Generator, kind: str, judge: Judge | None = None) -> list[Axis]:
    """The measured axes of one of KINDS, the strongest first; a second's work for a small generator on one core.

    Raises BadInput for an unknown kind.
    """
    if kind not in KINDS:
        raise BadInput(f"axes must be one of {', '.join(KINDS)}, not {kind!r}.")
    num_weights = sum(p.numel() for p in generator.parameters())
    num_base, num_samples = (12, 2048) if num_weights < 1e6 else (6, 512) if num_weights < 8e6 else (3, 256)
    if kind == NAMED:
        return _named(generator, judge, num_base, num_samples)
    find = {"components": components, "weights": weights, "random": random}[kind]
    rows = find(generator, min(NUM_AXES, generator.config.z_dim))
    directions = {f"{TOLD[kind][0]}{i + 1}": row for i, row in enumerate(rows)}
    names = {id: f"{_SINGLE[kind]} {id[1:]}" for id in directions}
    return measured(generator, directions, names, judge, num_base)


def _named(generator: Generator, judge: Judge | None, num_base: int, num_samples: int, seed: int = 0) -> list[Axis]:
    """An axis for each effect that the model can clearly be moved along, and then toward each class."""
    config, (a, k) = generator.config, list(TOLD[NAMED][0])
    z = latent.z_from_seeds(latent.sample_seeds(seed, num_samples), config.z_dim, config.z_prior)
    pictures = render(generator, z)
    effects = {f"{a}{list(EFFECTS).index(effect) + 1}": (effect, unit) for effect, unit in growing(z, pictures).items()}
    classes = toward_classes(z, pictures, judge) if judge else {}
    towards = {f"{k}{judge.class_names.index(name)}": name for name in classes} if judge else {}
    directions = {id: unit for id, (_, unit) in effects.items()} | {id: classes[name] for id, name in towards.items()}
    names = {id: EFFECTS[effect][0] for id, (effect, _) in effects.items()}
    names |= {id: f"toward {name}" for id, name in towards.items()}
    found = measured(generator, directions, names, judge, num_base, fixed=True)
    clear = [axis for axis in found if axis.id in effects and axis.effects.get(effects[axis.id][0], 0) >= CLEAR]
    clear.sort(key=lambda axis: list(effects).index(axis.id))  # the words in their order, whatever the model
    return clear + [axis for axis in found if axis.id in towards]
