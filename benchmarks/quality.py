"""How good generators are: the Fréchet distance of their pictures to the test set, beside the real-against-real floor.

    python -m benchmarks.quality RUN_OR_FILE ... [--step K] [--n 10000] [--seed 0] [--all] [--json]

RUN is a run's directory or id, FILE a generator.safetensors or a snapshot. Compare rows only at the same N. --all adds
kernel distance, precision, recall, density, coverage, class score and class imbalance.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from dcgan.errors import BadInput
from dcgan.evaluation.figures import FIGURES
from dcgan.evaluation.floors import distance_floor, floors_of
from dcgan.evaluation.pixel_report import fake_pictures
from dcgan.evaluation.reference import Reference, identity
from dcgan.networks.generator_file import load_generator
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.run import Run

References = dict[str, Reference]  # by what `identity` tells apart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generators", nargs="+", metavar="RUN_OR_FILE")
    parser.add_argument("--step", type=int, help="a kept step of each run (default: the newest)")
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="picture i comes from seed + i")
    parser.add_argument("--all", action="store_true", help="every figure, not the distance alone")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    args = parser.parse_args()
    references: References = {}
    failed = False
    for number, name in enumerate(args.generators):
        try:
            row = measure(name, args, references)
        except BadInput as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
            continue
        if args.json:
            print(json.dumps({"generator": name} | row), flush=True)
        else:
            show(name, row, heading=number == 0)
    sys.exit(2 if failed else 0)


def measure(name: str, args: argparse.Namespace, references: References) -> dict[str, Any]:
    """The figures of one generator; a reference is shared by generators of the same pictures."""
    began = time.monotonic()
    is_file = name.endswith(".safetensors")
    generator = load_generator(Path(name)) if is_file else open_generator(Run.find(name, None), args.step)
    config, origin = generator.config, generator.origin
    assert origin is not None
    key = json.dumps(identity(config))
    if key not in references:
        references[key] = Reference(config)
    reference = references[key]
    floors = floors_of(reference, args.n) if args.all else {"distance": distance_floor(reference, args.n)}
    features = reference.judge.features(fake_pictures(generator, args.n, args.seed))
    if args.all:
        figures = reference.compare(features, args.seed).figures._asdict()
    else:
        figures = {"distance": reference.distance(features)}
    floor = floors.get("distance")
    return {
        "metric": f"FD-{reference.judge.name}",
        "figures": figures,
        "floors": floors,
        "times_floor": figures["distance"] / floor["mean"] if floor else None,
        "n": args.n,
        "seed": args.seed,
        "reference": len(reference.pictures),
        "step": origin.step,
        "weights": "EMA" if config.ema_half_life_images else "raw",
        "weights_hash": origin.weights_hash,
        "judge_hash": reference.judge.hash,
        "seconds": time.monotonic() - began,
    }


def show(name: str, row: dict[str, Any], heading: bool) -> None:
    if heading:
        print(f"{row['metric']}: {row['n']:,} fakes of seed {row['seed']}, {row['reference']:,} test pictures")
        print(f"{'distance':>9}  {'floor, real against real':>25}  {'x floor':>7}  {'step':>7}  weights   generator")
    floor, times = row["floors"].get("distance"), row["times_floor"]
    beside = f"{floor['mean']:.3f} +- {floor['deviation']:.3f}" if floor else "none: nothing held out"
    print(
        f"{row['figures']['distance']:9.3f}  {beside:>25}  {f'{times:.1f}' if times else '-':>7}  {row['step']:7,}  "
        f"{row['weights_hash'][:8]}  {name} ({row['weights']}, {row['seconds']:.0f} s)",
        flush=True,
    )
    for key, figure in FIGURES.items():
        value, floor = row["figures"].get(key), row["floors"].get(key)
        if key != "distance" and value is not None:
            beside = f" (floor {floor['mean']:.4f} +- {floor['deviation']:.4f})" if floor else ""
            print(f"           {figure.label.lower()} {value:.4f}{beside}")


if __name__ == "__main__":
    main()
