"""Axes of latent space that mean something: where to look for them, and how much each changes the picture, and what.

An axis is a unit direction in z. Along it, distances count in standard deviations of the prior (`spread`), so that 1 is
as far as z itself usually goes in any one direction.
"""

import numpy as np
import torch
from torch import Tensor

from dcgan.errors import BadInput
from dcgan.judges.judge import Judge
from dcgan.latent import seeds
from dcgan.latent.attributes import EFFECTS, attributes
from dcgan.latent.axis_words import KINDS as TOLD
from dcgan.latent.axis_words import NAMED
from dcgan.latent.class_centres import z_of
from dcgan.latent.directions import NUM_AXES, Axis, components, growing, random, spread, toward_classes, weights
from dcgan.latent.render import render
from dcgan.networks.models import Generator

REACH = 2  # standard deviations either way in which an axis is measured
POSITIONS = torch.arange(-REACH, REACH + 1)
CLEAR = 0.2  # of what pictures differ by: how much per standard deviation an axis must change to be named after it
AGREED = 0.75  # share of the pictures that must change the same way
TOWARD = 0.25  # rise of a class's probability from end to end that names an axis


# ---- where to look: each returns unit directions (N, z_dim), the most promising first


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
    draws = z_of(generator, seeds.sample_seeds(seed, max(128, num_base)))
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
    a, k = list(TOLD[NAMED][0])
    z = z_of(generator, seeds.sample_seeds(seed, num_samples))
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
