"""A training's images per second alone and beside programs that never rest, as it was without and as it is with the
studio's care for busy machines, in turns.

    python -m benchmarks.busy_machine [--presets quick classic-64] [--rounds 2] [--seconds 25]

Each figure is a `python -m dcgan train` of its own, at the priority of one that the page starts, from its third second
on. *Fixed*: OpenMP waits as it is built to and the number of threads is fixed; *patient*: only the waiting is short;
*studio*: as the studio trains, with fewer threads while others hold the cores.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dcgan.compute.threads import usable_cores
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT

WARM_UP_S = 3.0
GNU_SPINS = "300000"  # what GNU's OpenMP does where nothing is said and no core is shared: its manual, GOMP_SPINCOUNT
WAYS = {
    "fixed": ({"GOMP_SPINCOUNT": GNU_SPINS}, [f"num_threads={len(usable_cores())}"]),
    "patient": ({}, [f"num_threads={len(usable_cores())}"]),
    "studio": ({}, []),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="+", default=["quick", "classic-64"])
    parser.add_argument("--loops", nargs="+", type=int, default=[0, 1, 2], help="programs that never rest")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=25.0)
    args = parser.parse_args()
    print("| preset | way | " + " | ".join("alone" if not n else f"beside {n}" for n in args.loops) + " |")
    print("|---|---|" + "---|" * len(args.loops))
    for preset in args.presets:
        rates: dict[tuple[str, int], list[float]] = {(way, loops): [] for way in WAYS for loops in args.loops}
        for _ in range(args.rounds):
            for way, loops in rates:
                rates[way, loops].append(images_per_s(preset, way, loops, args.seconds))
        for way in WAYS:
            alone = statistics.median(rates[way, args.loops[0]])
            cells = [(statistics.median(rates[way, loops]), rates[way, loops]) for loops in args.loops]
            words = (f"{rate:,.0f} ({min(each):,.0f} to {max(each):,.0f}), {rate / alone:.2f}" for rate, each in cells)
            print(f"| {preset} | {way} | " + " | ".join(words) + " |", flush=True)


def images_per_s(preset: str, way: str, loops: int, seconds: float) -> float:
    """The rate of a training of its own, once it is warm."""
    variables, settings = WAYS[way]
    kept_out = ("OMP_NUM_THREADS", "GOMP_SPINCOUNT")
    env = {name: value for name, value in os.environ.items() if name not in kept_out} | variables
    with tempfile.TemporaryDirectory() as root, busy(loops):
        command = [sys.executable, "-m", "dcgan", "train", "--preset", preset, "--root", root, "--name", "busy"]
        command += ["--minutes", str(seconds / 60), "--set", "log_every=1", *settings]
        done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, preexec_fn=as_launched)
        if done.returncode:
            raise RuntimeError(done.stderr)
        points = [{"images": 0, "time_s": 0.0}, *Run(Path(root) / "busy").read_metrics()[0]]
    first, last = [point for point in points[:-1] if point["time_s"] <= WARM_UP_S][-1], points[-1]
    rate = (last["images"] - first["images"]) / (last["time_s"] - first["time_s"])
    print(f"{preset}, {way}, beside {loops}: {rate:,.0f}", file=sys.stderr)
    return rate


def as_launched() -> None:
    os.nice(5)


@contextlib.contextmanager
def busy(loops: int) -> Iterator[None]:
    """So many other programs, each with a whole core's work."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


if __name__ == "__main__":
    main()
