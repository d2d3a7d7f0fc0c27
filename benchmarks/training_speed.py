"""Images per second of a training step on the studio's route against the plain one, in pairs, for every preset.

    python -m benchmarks.training_speed [--presets quick classic-64 ...] [--pairs 3] [--seconds 6]

`python -m dcgan bench` is the short form for one preset; dcgan/training/bench.py says what the sides and the limit are.
"""

import argparse

import torch

from dcgan.presets import PRESETS, preset_config
from dcgan.training.bench import Speed, measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), choices=list(PRESETS))
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="on each side of a pair")
    args = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print("| preset | size, batch | precision | ours | plain | ratio (lowest to highest) | of the limit |")
    print("|---|---|---|---|---|---|---|")
    for name in args.presets:
        config = preset_config(name)
        speed = measure(config, args.pairs, args.seconds)
        print(f"| {name} | {config.image_size} px, {config.batch_size} | {row(speed)} |", flush=True)


def row(speed: Speed) -> str:
    spread = f"{speed.ratio:.2f} ({min(speed.ratios):.2f} to {max(speed.ratios):.2f})"
    share = f"{speed.ours / speed.limit:.0%}" if speed.limit else "–"
    return f"{speed.precision} | {speed.ours:,.0f} | {speed.plain:,.0f} | {spread} | {share}"


if __name__ == "__main__":
    main()
