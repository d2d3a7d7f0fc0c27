"""Images per second of a training step on the studio's routes against the plain one, in turn, for every preset.

    python -m benchmarks.training_speed [--presets quick classic-64 ...] [--routes all] [--pairs 3] [--seconds 6]
                                        [--device cuda]

A row is a route: the one that training takes here, or with `--routes all` every one that pays here, or those that are
named, also where they don't. All routes of a preset and the plain way take turns, so their ratios belong together.
`python -m dcgan bench` is the short form for one preset; dcgan/training/bench.py says what the sides and the limit are.
"""

import argparse

import torch

from dcgan.compute import kernels
from dcgan.compute.devices import OWN, ROUTES, device_name, pick_device
from dcgan.presets import PRESETS, preset_config
from dcgan.training.bench import FASTEST, Speed, measure_routes, routes_here


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), choices=list(PRESETS))
    parser.add_argument("--routes", nargs="+", default=[FASTEST], choices=[FASTEST, "all", *ROUTES])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="on each side")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda", "mps"))
    args = parser.parse_args()
    device = pick_device(args.device)
    print(f"{device_name(device)}, torch {torch.__version__}\n")
    print("| preset | size, batch | precision | ours | plain | ratio (lowest to highest) | of the limit |")
    print("|---|---|---|---|---|---|---|")
    for name in args.presets:
        config = preset_config(name)
        here = routes_here(config, device)
        named = here if "all" in args.routes else list(dict.fromkeys(args.routes))
        routes = [route for route in named if route not in OWN or route in here or kernels.units()]
        for speed in measure_routes(config, routes, args.pairs, args.seconds, device):
            print(f"| {name} | {config.image_size} px, {config.batch_size} | {row(speed)} |", flush=True)


def row(speed: Speed) -> str:
    spread = f"{speed.ratio:.2f} ({min(speed.ratios):.2f} to {max(speed.ratios):.2f})"
    share = f"{speed.ours / speed.limit:.0%}" if speed.limit else "–"
    return f"{speed.precision} | {speed.ours:,.0f} | {speed.plain:,.0f} | {spread} | {share}"


if __name__ == "__main__":
    main()
