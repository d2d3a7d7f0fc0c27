"""Recipes side by side: classic, modern without and with classes, other losses; the same networks, the same distance.

    python -m benchmarks.recipes --root DIR [--recipes classic modern] [--seeds 0 1 2] [--steps 2440 19500]

All train `quick`'s networks on Fashion-MNIST, and all but wgan-gp take about as long for a step, so that equal steps
are equal time. The distance is FD-fmnistcnn-v1 of 10,000 pictures to the test set; `raw` is the trained generator,
`averaged` its moving average, which is what the studio shows. Runs that are there already go on, so an interrupted
table continues.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import torch

from dcgan.evaluation.floors import distance_floor
from dcgan.evaluation.pixel_report import fake_pictures
from dcgan.evaluation.reference import reference_of
from dcgan.runs.checkpoint import load_state, open_generator
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT
from dcgan.training.gan import GAN

_CLASSIC = ["lr_g=2e-4", "lr_d=2e-4", "lr_decay=0", "ema_half_life_images=20000"]  # Radford et al. 2016
RECIPES = {  # on top of the preset
    "classic": _CLASSIC,
    "modern": [],  # as the preset has it
    "classes": ["classes=label", "augment=auto-shift"],  # modern with classes, as quick-classes has them
    "classes-unmoved": ["classes=label"],  # where D sees the pictures as they are
    # other losses on the classic networks and rates; wgan-gp as in Gulrajani et al. 2017: no BatchNorm in D, 5 steps of
    # D for each of G, Adam without momentum
    "hinge": [*_CLASSIC, "loss=hinge"],
    "lsgan": [*_CLASSIC, "loss=lsgan"],
    "relativistic": [*_CLASSIC, "loss=relativistic"],
    "wgan-gp": [
        *("loss=wgan-gp", "norm_d=none", "d_steps=5", "lr_g=1e-4", "lr_d=1e-4", "beta1=0", "beta2=0.9"),
        *("lr_decay=0", "ema_half_life_images=20000"),
    ],
}
N = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="where the runs are kept")
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--steps", nargs="+", type=int, default=[2440, 19_500])
    args = parser.parse_args()
    args.root.mkdir(parents=True, exist_ok=True)
    book = args.root / "distances.jsonl"
    for steps in sorted(args.steps):
        for recipe in args.recipes:
            for seed in args.seeds:
                run = Run(args.root / f"{args.preset}-{recipe}-{seed}")
                if not measured(book, run.id, steps):
                    train(run, args.preset, recipe, seed, steps)
                    row = {"run": run.id, "recipe": recipe, "seed": seed, "steps": steps} | judge(run)
                    with book.open("a") as lines:
                        lines.write(json.dumps(row) + "\n")
            print(summary(book, recipe, steps), flush=True)


def train(run: Run, preset: str, recipe: str, seed: int, steps: int) -> None:
    """Begin the run, or let it go on, to a number of steps; in a process of its own, as everybody trains."""
    length = ["--root", str(run.path.parent), "--steps", str(steps), "--json", "--parallel"]
    settings = [*RECIPES[recipe], f"seed={seed}", "sample_every=1000"]
    begin = ["--preset", preset, "--name", run.id, "--set", *settings]
    order = ["--resume", str(run.path)] if run.path.exists() else begin
    command = [sys.executable, "-m", "dcgan", "train", *length, *order]
    done = subprocess.run(command, cwd=PROJECT, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{run.id}: {done.stderr.strip()}")
    made = Path(json.loads(done.stdout.splitlines()[-1])["directory"])
    if made != run.path:
        made.rename(run.path)


def judge(run: Run) -> dict[str, float]:
    """The distances of the newest averaged generator and of the trained one, and the floor."""
    averaged = open_generator(run, None)
    reference = reference_of(averaged.config)
    gan = GAN(run.config, torch.device("cpu"))
    gan.load_state_dict(load_state(run)["gan"])
    distances = {
        kind: reference.distance(reference.judge.features(fake_pictures(generator, N, 0)))
        for kind, generator in (("averaged", averaged), ("raw", gan.G.eval()))
    }
    return distances | {"floor": distance_floor(reference, N)["mean"]}


def measured(book: Path, run: str, steps: int) -> bool:
    return any((row["run"], row["steps"]) == (run, steps) for row in rows(book))


def rows(book: Path) -> list[dict]:
    return [json.loads(line) for line in book.read_text().splitlines()] if book.exists() else []


def summary(book: Path, recipe: str, steps: int) -> str:
    """One line of the table: the median over the seeds with the lowest and the highest."""
    found = [row for row in rows(book) if (row["recipe"], row["steps"]) == (recipe, steps)]
    cells = []
    for kind in ("raw", "averaged"):
        values = [row[kind] for row in found]
        cells.append(f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})")
    return f"| {recipe} | {steps:,} | {len(found)} | {' | '.join(cells)} | {found[0]['floor']:.3f} |"


if __name__ == "__main__":
    main()
