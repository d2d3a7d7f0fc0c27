"""The figures that follow a training: those of few fakes, worked out in small pieces that fit between two steps.

Every piece ends at a `yield`. Nothing here draws from a training's random numbers: each z comes from its own seed.
"""

from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from dcgan.compute import devices
from dcgan.config import Config
from dcgan.data import batches
from dcgan.evaluation.asked import RealClasses, as_asked, real_classes
from dcgan.evaluation.floors import two_floors
from dcgan.evaluation.reference import Reference, shuffled_score
from dcgan.images.grids import to_uint8
from dcgan.latent.class_centres import labels_of_seeds, z_of
from dcgan.latent.seeds import sample_seeds
from dcgan.metrics.class_score import SPLITS
from dcgan.metrics.classes import class_report
from dcgan.networks.folding import folded
from dcgan.networks.models import Discriminator
from dcgan.networks.models import Generator as Painter

N, SEED = 1000, 0  # fakes, and the seed of the first: those that `evaluate` looks at if it isn't told otherwise
VERDICTS = 128  # training and as many held-out pictures that D is asked about
PIECE_PIXELS = 64 * 64 * 64  # pictures of one pass: a tenth of a second for 64 of 64x64 pixels on two cores

Pieces = Generator[None, None, Any]


class Standard(NamedTuple):
    """The real side, the same for every measurement of a run."""

    reference: Reference
    floors: dict[str, dict[str, float]]  # of distance and kernel; empty where too few pictures are held out
    score_real: float | None
    verdicts: tuple[np.ndarray, np.ndarray]  # training and held-out pictures to ask D about
    classes: RealClasses | None  # of a run that can be asked for classes, where the judge knows them


def standard_in_pieces(config: Config, train: np.ndarray | None = None) -> Pieces:
    """The Standard of a run's data; raises BadInput without it. Slow for the first run on a data set, then kept.

    `train` are the training pictures, uint8 (N, H, W) or (N, H, W, 3), where they are in memory already.
    """
    reference = yield from _unnumbered(Reference.in_pieces(config, train))
    floors = yield from two_floors(reference, N)
    score_real = None
    if reference.probabilities is not None and len(reference.pictures) >= 2 * SPLITS:
        rows = np.random.default_rng(SEED).permutation(len(reference.pictures))[:N]
        score_real = round(shuffled_score(reference.probabilities[rows]).mean, 5)
    verdicts = (_some(reference.train), _some(reference.pictures) if reference.held_out else reference.train[:0])
    classes = yield from real_classes(reference, config, N)
    return Standard(reference, floors, score_real, verdicts, classes)


def figures_in_pieces(standard: Standard, generator: Painter, D: Discriminator | None = None) -> Pieces:
    """The figures of N fakes by name, as `quality_log.FIELDS` has them; both networks in eval mode, on one device."""
    reference, config = standard.reference, generator.config
    judge = reference.judge
    device = next(generator.parameters()).device
    rows = max(8, PIECE_PIXELS // config.image_size**2)
    seen = []
    for z in z_of(generator, sample_seeds(SEED, N)).split(rows):
        seen.append(judge.features(to_uint8(_in_parts(folded(generator), z, device).numpy())))
        yield
    features = np.concatenate(seen)  # (N, D)
    found: dict[str, Any] = {"distance": reference.distance(features), "kernel": reference.kernel(features)}
    yield
    found |= _classes(standard, features) | _asked(standard, features) | {"d_train": None, "d_test": None}
    for name, pictures in zip(("d_train", "d_test"), standard.verdicts, strict=True):
        if D is not None and len(standard.verdicts[1]):
            found[name] = yield from _verdict_in_pieces(D, pictures, rows)
    rounded = {name: round(value, 5) if isinstance(value, float) else value for name, value in found.items()}
    return about(standard) | rounded


def about(standard: Standard) -> dict[str, Any]:
    """What is the same in every row: how it is measured, and the floors."""
    reference = standard.reference
    facts: dict[str, Any] = {
        "n": reference.at_once(N),
        "seed": SEED,
        "judge": reference.judge.name,
        "judge_hash": reference.judge.hash,
    }
    facts |= {"reference": "test" if reference.held_out else "train", "reference_n": len(reference.pictures)}
    for name in ("distance", "kernel"):
        floor = standard.floors.get(name)
        facts[f"{name}_floor"] = round(floor["mean"], 5) if floor else None
        facts[f"{name}_floor_deviation"] = round(floor["deviation"], 5) if floor else None
    return facts | {"score_real": standard.score_real}


def frozen(network: nn.Module, twin: nn.Module) -> Any:
    """A copy of a network's present weights in eval mode, put into a `twin` that was built without any ("meta")."""
    weights = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
    twin.load_state_dict(weights, assign=True)
    return twin.eval().requires_grad_(False)


def _classes(standard: Standard, features: np.ndarray) -> dict[str, Any]:
    reference, judge = standard.reference, standard.reference.judge
    named, real = judge.probabilities(features), reference.probabilities
    if named is None or real is None or judge.confusion is None:
        nothing: dict[str, Any] = {name: None for name in ("score", "covered", "classes", "divergence")}
        return nothing | {name: [] for name in ("class_names", "shares", "real_shares", "missing")}
    report = class_report(named, real, judge.confusion, judge.class_names)
    names = {"names": "class_names", "share": "shares", "real_share": "real_shares"}
    kept = ("names", "share", "real_share", "covered", "classes", "missing", "divergence")
    score = shuffled_score(named).mean if len(named) >= 2 * SPLITS else None
    return {"score": score} | {names.get(name, name): report[name] for name in kept}


def _asked(standard: Standard, features: np.ndarray) -> dict[str, Any]:
    """Whether the fakes are what was asked for, see `asked.as_asked`; each figure under a name of its own."""
    if standard.classes is None:
        return {"named_as_asked": None, "real_named_right": None} | {
            name: [] for name in ("asked_names", "asked_each", "class_distances", "class_floors")
        }
    labels = labels_of_seeds(sample_seeds(SEED, N), standard.reference.config)
    assert labels is not None
    found = as_asked(standard.reference, standard.classes, features, labels.numpy())
    others = {"names": "asked_names", "each": "asked_each", "distances": "class_distances", "floors": "class_floors"}
    return {
        others.get(name, name): [-1.0 if each is None else each for each in value] if isinstance(value, list) else value
        for name, value in found.items()
    }


def _verdict_in_pieces(D: Discriminator, pictures: np.ndarray, rows: int) -> Pieces:
    """D's mean probability that pictures, uint8 (N, H, W) or (N, H, W, 3), are real."""
    device = next(D.parameters()).device
    verdicts = []
    for start in range(0, len(pictures), rows):
        x = torch.from_numpy(np.ascontiguousarray(pictures[start : start + rows]))
        x = batches.to_float(x[:, None] if x.ndim == 3 else x.permute(0, 3, 1, 2))  # (n, C, H, W) in [-1, 1]
        verdicts.append(_in_parts(D, x, device).flatten().sigmoid())
        yield
    return float(torch.cat(verdicts).double().mean())


@torch.inference_mode()
def _in_parts(network: nn.Module, x: torch.Tensor, device: torch.device) -> torch.Tensor:
    """What a network makes of x (n, ...), float32 on the CPU: all at once, or in parts where memory runs out."""

    def run(at_once: int) -> torch.Tensor:
        return torch.cat([network(part.to(device)).float().cpu() for part in x.split(at_once)])

    with devices.full_float32():  # as pictures are kept, and as a later look has them
        return devices.fewer_at_once(run, len(x), device)


def _some(pictures: np.ndarray) -> np.ndarray:
    """The same few every time, drawn at random."""
    rows = np.random.default_rng(SEED).permutation(len(pictures))[:VERDICTS]
    return pictures[np.sort(rows)]


def _unnumbered(pieces: Generator[int, None, Reference]) -> Generator[None, None, Reference]:
    """The same pieces without how many pictures were in each."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value
        yield
