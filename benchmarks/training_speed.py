"""Images per second of a training step on the studio's route against the plain one, in pairs.

    python benchmarks/training_speed.py [--presets quick classic-64] [--pairs 5]

The plain route is that of PyTorch's DCGAN example: float32, NCHW, its own convolutions, and pictures that pass through
torchvision's Resize, ToTensor and Normalize in a DataLoader. Both sides train the same networks on the same pictures.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan import data, ops  # noqa: E402
from dcgan.config import Config  # noqa: E402
from dcgan.gan import GAN  # noqa: E402
from dcgan.presets import PRESETS, preset_config  # noqa: E402

SECONDS = 6.0  # on each side of a pair, after a warm-up


class Pictures(Dataset):
    """Fashion-MNIST as the example takes it: one PIL picture at a time through torchvision's transforms."""

    def __init__(self, images: np.ndarray, size: int) -> None:
        self.images = images  # uint8 (N, 28, 28)
        steps = [transforms.Resize(size), transforms.ToTensor(), transforms.Normalize(0.5, 0.5)]
        self.transform = transforms.Compose(steps)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.transform(Image.fromarray(self.images[index]))


def plain_batches(config: Config, images: np.ndarray) -> Iterator[torch.Tensor]:
    while True:
        yield from DataLoader(Pictures(images, config.image_size), config.batch_size, shuffle=True, drop_last=True)


def our_batches(config: Config, images: np.ndarray) -> Iterator[torch.Tensor]:
    feed = data.Feed(images, torch.device("cpu"))
    stream = data.BatchStream(len(images), config.batch_size, config.seed)
    while True:
        yield feed.batch(stream.next())


def images_per_s(gan: GAN, batches: Iterator[torch.Tensor]) -> float:
    for _ in range(3):
        gan.step(next(batches))
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        gan.step(next(batches))
        steps += 1
    return steps * gan.config.batch_size / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="+", default=["quick", "classic-64"], choices=list(PRESETS))
    parser.add_argument("--pairs", type=int, default=5)
    args = parser.parse_args()
    ops.keep_buffers()
    cpu = torch.device("cpu")
    originals = data.load("fashion-mnist", 28, 1).images[:, 0]
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, bfloat16 units: {ops.pays_off(cpu)}")
    for name in args.presets:
        config = preset_config(name).replace(data="fashion-mnist", channels=1)
        prepared = data.load("fashion-mnist", config.image_size, 1).images
        ours, plain = GAN(config, cpu), GAN(config.replace(precision="float32"), cpu)
        for network in (plain.G, plain.D):
            network.to(memory_format=torch.contiguous_format)
        sides = {"ours": (ours, our_batches(config, prepared)), "plain": (plain, plain_batches(config, originals))}
        rates: dict[str, list[float]] = {"ours": [], "plain": []}
        for number in range(args.pairs):
            for side in sorted(sides, reverse=bool(number % 2)):
                rates[side].append(images_per_s(*sides[side]))
        ratios = [a / b for a, b in zip(rates["ours"], rates["plain"], strict=True)]
        mine, theirs = (statistics.median(rates[side]) for side in ("ours", "plain"))
        ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"{name:12} ours {mine:6.0f}, plain {theirs:6.0f} images/s, ratio {ratio}")


if __name__ == "__main__":
    main()
