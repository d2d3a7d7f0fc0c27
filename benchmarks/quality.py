"""How good generators are: the Fréchet distance of their pictures to the test set, beside the real-against-real floor.

    python benchmarks/quality.py RUN_OR_FILE ... [--step K] [--n 10000] [--seed 0] [--json]

RUN is a run's directory or id, FILE a generator.safetensors or a snapshot; compare rows only at the same N and size.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan.checkpoint import load_generator, open_generator  # noqa: E402
from dcgan.config import BadInput  # noqa: E402
from dcgan.metrics.pixels import fake_pictures  # noqa: E402
from dcgan.metrics.quality import Reference  # noqa: E402
from dcgan.runs import Run  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generators", nargs="+", metavar="RUN_OR_FILE")
    parser.add_argument("--step", type=int, help="a kept step of each run (default: the newest)")
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="picture i comes from seed + i")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    args = parser.parse_args()
    references: dict[tuple[str, int, int], Reference] = {}
    failed = False
    for number, name in enumerate(args.generators):
        try:
            row = measure(name, args.step, args.n, args.seed, references)
        except BadInput as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
            continue
        if args.json:
            print(json.dumps({"generator": name} | row), flush=True)
            continue
        if number == 0:
            print(
                f"{row['metric']}, {args.n:,} fakes of seed {args.seed} against the {row['reference']:,} test pictures"
            )
            print(
                f"{'distance':>9}  {'floor (real against real)':>25}  {'x floor':>7}  {'step':>7}  weights   generator"
            )
        floor = f"{row['floor']:.3f} +- {row['floor_deviation']:.3f}"
        print(
            f"{row['distance']:9.3f}  {floor:>25}  {row['times_floor']:7.1f}  {row['step']:7,}  "
            f"{row['weights_hash'][:8]}  {name} ({row['weights']}, {row['seconds']:.0f} s)",
            flush=True,
        )
    sys.exit(2 if failed else 0)


def measure(
    name: str, step: int | None, n: int, seed: int, references: dict[tuple[str, int, int], Reference]
) -> dict[str, Any]:
    """The figures of one generator; references are shared by generators of the same data and size."""
    began = time.monotonic()
    is_file = name.endswith(".safetensors")
    generator = load_generator(Path(name)) if is_file else open_generator(Run.find(name, None), step)
    config, origin = generator.config, generator.origin
    assert origin is not None
    key = config.data_fingerprint or config.data, config.image_size, config.channels
    if key not in references:
        references[key] = Reference(config)
    reference = references[key]
    floor = reference.floor(n)
    distance = reference.distance(fake_pictures(generator, n, seed))
    return {
        "metric": f"FD-{reference.judge.name}",
        "distance": distance,
        "floor": floor.mean,
        "floor_deviation": floor.deviation,
        "floor_draws": floor.draws,
        "times_floor": distance / floor.mean,
        "n": n,
        "seed": seed,
        "reference": len(reference.test),
        "step": origin.step,
        "weights": "EMA" if config.ema_half_life_images else "raw",
        "weights_hash": origin.weights_hash,
        "seconds": time.monotonic() - began,
    }


if __name__ == "__main__":
    main()
