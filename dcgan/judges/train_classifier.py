"""Trains a classifier of a data set's classes, to judge pictures: `python -m dcgan train-judge`.

The one that came with the studio: `--data fashion-mnist --name fmnistcnn-v1 --out
dcgan/judges/weights/fmnistcnn-v1.safetensors`.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dcgan.compute import devices
from dcgan.compute.eager_optimisers import AdamW
from dcgan.data import source_pictures, sources
from dcgan.errors import BadInput
from dcgan.judges import classifier as judge
from dcgan.judges.labelled import Labelled, labelled
from dcgan.metrics.classes import confusion
from dcgan.networks.generator_file import weights_hash
from dcgan.system.names import slug

NUM_STEPS = 700
BATCH = 128
PEAK_LR = 4e-3
WEIGHT_DECAY = 0.02
SHIFT = 2  # pixels
OnStep = Callable[[int, int, float], None]  # called with (step, steps in all, loss)
Tell = Callable[[float, str], None]  # called with the share done, 0 to 1, and what is being done
READING, LEARNING = 0.1, 0.95  # shares of the time at which these end


def train(
    examples: Labelled,
    num_classes: int,
    num_steps: int,
    seed: int = 0,
    mirror: bool = True,
    on_step: OnStep = lambda step, of, loss: None,
) -> judge.Classifier:
    """A classifier in eval mode after so many batches of 128; the global random state stays as it is.

    AdamW with one cycle of the learning rate (Smith & Topin 2017), shifts by up to 2 pixels and mirror images, since
    neither changes what a thing is (digits, which it does change, go without mirror images). Products are in bfloat16
    where the CPU has units for it; without them they would take nine times as long as in float32.
    """
    rng = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        empty = judge.Classifier(examples.pictures.shape[1], num_classes)
    network = initialised(empty.to_empty(device="cpu"), rng)
    network = network.to(memory_format=torch.channels_last).train()
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim == 1]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
    optimiser = AdamW(groups)
    order = torch.empty(0, dtype=torch.int64)
    for step in range(num_steps):
        for group in optimiser.param_groups:
            group["lr"] = PEAK_LR * one_cycle(step / num_steps)
        while len(order) < BATCH:
            order = torch.cat([order, torch.randperm(len(examples.labels), generator=rng)])
        rows, order = order[:BATCH], order[BATCH:]
        x = judge.to_input(augmented(examples.pictures[rows], rng, mirror))
        with torch.autocast("cpu", torch.bfloat16, enabled=devices.cpu_multiplies_bfloat16()):
            logits = network(x)
        loss = F.cross_entropy(logits.float(), examples.labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        on_step(step + 1, num_steps, loss.item())
    return network.eval().requires_grad_(False)


def one_cycle(t: float) -> float:
    """Share of the peak learning rate at t in [0, 1): up for a fifth of the way, then a half cosine down to 0."""
    return 0.05 + 0.95 * t / 0.2 if t < 0.2 else 0.5 * (1 + math.cos(math.pi * (t - 0.2) / 0.8))


def initialised(network: judge.Classifier, rng: torch.Generator) -> judge.Classifier:
    """Draw all weights from rng (He et al. 2015); a network built on the meta device draws none of its own."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", generator=rng)
        elif isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="linear", generator=rng)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()  # ones and zeros: nothing is drawn
    return network


def augmented(x: Tensor, rng: torch.Generator, mirror: bool) -> Tensor:
    """uint8 (N, C, H, W), each picture shifted by up to 2 pixels and, one in two, mirrored; edges are repeated."""
    n, _, height, width = x.shape
    dy, dx = torch.randint(-SHIFT, SHIFT + 1, (2, n, 1), generator=rng)
    rows = (torch.arange(height) + dy).clamp(0, height - 1)  # (N, H)
    columns = (torch.arange(width) + dx).clamp(0, width - 1)  # (N, W)
    if mirror:
        columns = torch.where(torch.rand(n, 1, generator=rng) < 0.5, columns.flip(1), columns)
    at = torch.arange(n)[:, None, None]
    return x.permute(0, 2, 3, 1)[at, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def named(network: judge.Classifier, examples: Labelled) -> np.ndarray:
    """The most likely class of each example, int64 (N,)."""
    with torch.inference_mode():
        found = [network(judge.to_input(x)).argmax(1) for x in examples.pictures.split(judge.AT_ONCE)]
    return torch.cat(found).numpy()


def train_own(
    source: source_pictures.Source,
    channels: int,
    num_steps: int = NUM_STEPS,
    seed: int = 0,
    on_step: OnStep = lambda step, of, loss: None,
    tell: Tell = lambda share, doing: None,
    crop: str = "square",
) -> tuple[judge.Classifier, judge.About]:
    """A classifier of a data set's own classes; raises BadInput for data without any, or with too few pictures.

    Its name ends with its weights' hash: distances by two classifiers can't be compared, nor be mistaken for another.
    """
    found = labelled(source, channels, lambda share: tell(READING * share, "Reading the pictures"), crop)

    def learnt(step: int, of: int, loss: float) -> None:
        tell(READING + (LEARNING - READING) * step / of, "Learning the classes")
        on_step(step, of, loss)

    network = train(found.train, len(found.class_names), num_steps, seed, source.title != "MNIST", learnt)
    tell(LEARNING, "Checking it on held-out pictures")
    names, true = named(network, found.test), found.test.labels.numpy()
    right, usual = float((names == true).mean()), float(np.bincount(true).max() / len(true))
    if right < (1 + 2 * usual) / 3:  # a third of the way from always naming the most usual class to no mistake at all
        raise BadInput(
            f"The classes of {source.title} could not be told apart: {right:.0%} right on held-out pictures, where the "
            f"most usual class alone makes {usual:.0%}. Its pictures are judged by their edges."
        )
    confused = tuple(tuple(row) for row in confusion(names, true, len(found.class_names)).round(4).tolist())
    about = judge.About(
        f"{slug(source.title) or 'own'}cnn-{weights_hash(network.state_dict())[:6]}",
        found.class_names,
        channels,
        2 if source.kind == "idx" else 0,
        round(right, 4),
        source.title,
        sources.fingerprint(source),
        confused,
    )
    return network, about
