"""Train the judge's classifier.

python -m dcgan.metrics.train_classifier --data fashion-mnist --out dcgan/metrics/weights/fmnistcnn-v1.safetensors
"""

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dcgan.data import load
from dcgan.metrics import classifier as judge
from dcgan.metrics.classes import confusion
from dcgan.runs import publish
from dcgan.sources import class_names, fingerprint, resolve

BATCH = 128
PEAK_LR = 4e-3
WEIGHT_DECAY = 0.02
SHIFT = 2  # pixels


class Labelled(NamedTuple):
    """Pictures in the frame, with their classes."""

    pictures: Tensor  # uint8 (N, C, 32, 32)
    labels: Tensor  # int64 (N,)


def train(
    examples: Labelled,
    num_classes: int,
    epochs: float,
    seed: int = 0,
    mirror: bool = True,
    on_step: Callable[[int, int, float], None] = lambda step, num_steps, loss: None,
) -> judge.Classifier:
    """A classifier in eval mode after so many passes over the examples; the global random state stays as it is.

    AdamW with one cycle of the learning rate (Smith & Topin 2017), bfloat16 products, shifts by up to 2 pixels and
    mirror images, since neither changes what a thing is (digits, which it does change, go without mirror images).
    """
    rng = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        empty = judge.Classifier(examples.pictures.shape[1], num_classes)
    network = initialised(empty.to_empty(device="cpu"), rng)
    network = network.to(memory_format=torch.channels_last).train()
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim == 1]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups)
    num_steps = math.ceil(epochs * len(examples.labels) / BATCH)
    order = torch.empty(0, dtype=torch.int64)
    for step in range(num_steps):
        for group in optimiser.param_groups:
            group["lr"] = PEAK_LR * one_cycle(step / num_steps)
        while len(order) < BATCH:
            order = torch.cat([order, torch.randperm(len(examples.labels), generator=rng)])
        rows, order = order[:BATCH], order[BATCH:]
        x = judge.to_input(augmented(examples.pictures[rows], rng, mirror))
        with torch.autocast("cpu", torch.bfloat16):
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


def idx_examples(spec: str, split: str) -> Labelled:
    """MNIST or Fashion-MNIST in the frame."""
    found = load(spec, judge.FRAME, 1, split)
    assert found.labels is not None
    return Labelled(torch.tensor(found.images), torch.tensor(found.labels))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--name", default="fmnistcnn-v1")
    parser.add_argument("--epochs", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    source = resolve(args.data)
    examples, test = idx_examples(args.data, "train"), idx_examples(args.data, "test")
    names, began = class_names(source), time.monotonic()

    def on_step(step: int, num_steps: int, loss: float) -> None:
        if step % 100 == 0 or step == num_steps:
            print(f"step {step:,} of {num_steps:,}  loss {loss:.3f}  {time.monotonic() - began:.0f} s", flush=True)

    network = train(examples, len(names), args.epochs, args.seed, on_step=on_step)
    found, true = named(network, test), test.labels.numpy()
    right = round(float((found == true).mean()), 4)
    confused = tuple(tuple(row) for row in confusion(found, true, len(names)).round(4).tolist())
    about = judge.About(args.name, names, 1, 2, right, source.title, fingerprint(source), confused)
    publish(args.out, judge.save_bytes(network, about))
    size = args.out.stat().st_size / 1e6
    print(f"{args.out}: {right:.2%} right on {len(true):,} test pictures, {size:.2f} MB, {judge.load(args.out)[2]}")


if __name__ == "__main__":
    main()
