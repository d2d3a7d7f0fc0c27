"""Drawing with a generator: one picture at a time on one thread, and 10,000, against the plain module, in pairs.

    python -m benchmarks.generation_speed [--presets quick classic-64] [--pairs 7]

The plain module is the generator in eval mode as it was trained, NCHW, with its BatchNorm layers; ours has them folded
into its convolutions, channels last (dcgan/networks/folding.py). Both draw the same pictures of the same z in float32.
"""

import argparse
import copy
import statistics
import time
from collections.abc import Callable

import torch

from dcgan.networks.folding import folded
from dcgan.networks.models import Generator, initialise
from dcgan.presets import PRESETS, preset_config

MANY, AT_ONCE = 10_000, 64
SINGLES = 50  # pictures behind one figure of latency


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", default=["quick", "classic-64"], choices=list(PRESETS))
    parser.add_argument("--pairs", type=int, default=7)
    args = parser.parse_args()
    threads = torch.get_num_threads()
    print("| preset | one picture, 1 thread: ours, plain, ratio | 10,000 pictures: ours, plain, ratio |\n|---|---|---|")
    for name in args.presets:
        config = preset_config(name)
        generator = Generator(config).eval()
        initialise(generator, torch.Generator().manual_seed(0), config.initial_weights)
        plain = copy.deepcopy(generator).to(memory_format=torch.contiguous_format)
        ours = folded(generator.to(memory_format=torch.channels_last))
        z = torch.randn(MANY, config.z_dim)
        torch.set_num_threads(1)
        one = compare(lambda draw, z=z: singles(draw, z), ours, plain, args.pairs)
        torch.set_num_threads(threads)
        many = compare(lambda draw, z=z: [draw(part) for part in z.split(AT_ONCE)], ours, plain, 1 + args.pairs // 3)
        latency = f"{one[0] / SINGLES * 1e3:.2f} ms, {one[1] / SINGLES * 1e3:.2f} ms, {one[2]:.2f}"
        print(f"| {name} | {latency} | {many[0]:.1f} s, {many[1]:.1f} s, {many[2]:.2f} |", flush=True)


def singles(draw: Generator, z: torch.Tensor) -> None:
    for i in range(SINGLES):
        draw(z[i : i + 1])


@torch.inference_mode()
def compare(
    work: Callable[[Generator], object], ours: Generator, plain: Generator, pairs: int
) -> tuple[float, float, float]:
    """Median seconds of ours and of plain, and the median of the pairs' ratios plain / ours."""
    times: dict[str, list[float]] = {"ours": [], "plain": []}
    singles(ours, torch.zeros(SINGLES, ours.config.z_dim))
    singles(plain, torch.zeros(SINGLES, ours.config.z_dim))
    for number in range(pairs):
        for side in sorted(times, reverse=bool(number % 2)):
            began = time.perf_counter()
            work(ours if side == "ours" else plain)
            times[side].append(time.perf_counter() - began)
    ratios = [theirs / mine for mine, theirs in zip(times["ours"], times["plain"], strict=True)]
    return statistics.median(times["ours"]), statistics.median(times["plain"]), statistics.median(ratios)


if __name__ == "__main__":
    main()
