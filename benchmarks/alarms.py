"""Alarms, proven by sabotage: faults planted in a training must raise theirs, and healthy trainings none.

    python -m benchmarks.alarms --root DIR [--only NAME ...] [--threads 2] [--table]

Each case trains in a directory of its own below DIR, in a process of its own; those that are there already go on or are
only read, so an interrupted table continues, and --table trains nothing. A fault is planted at step PLANTED of a
healthy `quick`. CelebA need not be there: presets that want it get Fashion-MNIST in three channels.
"""

import argparse
import dataclasses
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.planted_faults import DATA_FAULTS, FAULTS
from dcgan.compute import allocator
from dcgan.data import batches, dataset
from dcgan.monitoring.alarm_signs import BEGUN
from dcgan.monitoring.alarm_words import title
from dcgan.monitoring.alarms import Alarm, Watcher
from dcgan.monitoring.class_rows import class_rows
from dcgan.monitoring.diagnostics import Diagnostics
from dcgan.presets import PRESETS, preset_config
from dcgan.runs.run import Run
from dcgan.training.gan import GAN
from dcgan.training.step import one_step
from dcgan.training.worker import work

PLANTED = 400  # steps of healthy training before a fault


@dataclasses.dataclass(frozen=True)
class Case:
    """One training: a preset, what is set otherwise, and what is broken in it."""

    preset: str = "quick"
    steps: int = 1_500
    settings: tuple[str, ...] = ()
    fault: str = ""  # a key of FAULTS


# ---- cases

SMALL = ("batch_size=8",)
COLOUR = ("data=fashion-mnist", "channels=3")
CASES: dict[str, Case] = {
    f"quick-{seed}": Case(steps=1_500 if not seed else 800, settings=(f"seed={seed}",)) for seed in range(4)
}
CASES |= {
    "classic-32": Case(steps=800, settings=("lr_g=2e-4", "lr_d=2e-4", "lr_decay=0")),
    "classic-64": Case("classic-64", 300, ("batch_size=16",)),
    "modern": Case("modern", 300, ("batch_size=16",)),
    "paper": Case("paper", 250, SMALL),
    "basic-dcgan": Case("basic-dcgan", 350),
    "synthetic-1": Case("synthetic-1", 250),
    "synthetic-2": Case("synthetic-2", 250, SMALL),
    "rules-64": Case("rules-64", 100, (*COLOUR, *SMALL)),
    "fashion-64": Case("fashion-64", 250, SMALL),
    "fashion-128": Case("fashion-128", 60, SMALL),
    "three-sets-fashion": Case("three-sets-fashion", 300),
    "three-sets-digit": Case("three-sets-digit", 250, ("data=fashion-mnist:1", "batch_size=32")),
    "three-sets-faces": Case("three-sets-faces", 60, (*COLOUR, *SMALL, "ngf=32", "ndf=32")),
    "custom-loop": Case("custom-loop", 300, ("batch_size=64",)),
}
CASES["before"] = Case(steps=PLANTED)  # where the faults of the players begin
CASES |= {f"fault-{i}": Case(steps=PLANTED + 350, fault=name) for i, name in enumerate(FAULTS)}
CASES["fault-9"] = Case(steps=PLANTED + 700, fault="players learn in turns")  # it takes some turns
CASES |= {f"data-{i}": Case(steps=800, fault=name) for i, name in enumerate(DATA_FAULTS)}
CASES["data-1"] = dataclasses.replace(CASES["data-1"], steps=300)
CASES["data-2"] = dataclasses.replace(CASES["data-2"], steps=2_400)  # first every class must have had its time


EXPECTED = {  # fault -> its alarm, and within how many steps it must speak
    "learning rate x 100": ("rate", 50),
    "learning rate x 10": ("rate", 50),
    "constant G": ("collapse", 150),
    "G knows two pictures": ("collapse", 150),
    "frozen G": ("g_dead", 150),
    "NaN in a weight": ("nan", 5),
    "G's rate / 1,000": ("d_wins", 200),
    "momentum 0.98, rates x 3": ("rate", 50),
    "every fourth pixel dead": ("grid", 200),
    "players learn in turns": ("swings", 450),
    "D's last layer x 1,000": ("runaway", 100),
    "256 pictures": ("held_out", 800),
    "10 pictures, 600 times each": ("copies", 0),
    "no sandals": ("missing", 2_400),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path("."), help="where the runs are kept")
    parser.add_argument("--only", nargs="+", choices=list(CASES), default=list(CASES), metavar="NAME")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--table", action="store_true", help="train nothing, read what is there")
    parser.add_argument(
        "--cost", choices=list(PRESETS), metavar="PRESET", help="only time what is recorded, in a preset"
    )
    parser.add_argument("--case", choices=list(CASES), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.cost:
        show_cost(args.cost, args.threads)
        return
    if args.case:
        sys.exit(train_case(args.case, args.root, args.threads))
    if not args.table:
        for name in args.only:
            command = [sys.executable, "-m", "benchmarks.alarms", "--root", args.root, "--threads", str(args.threads)]
            subprocess.run([*command, "--case", name], check=False)
    there = {name: Run(args.root / name) for name in args.only if (args.root / name).exists()}
    wrong = show_faults(there) + show_healthy(there)
    sys.exit(1 if wrong else 0)


# ---- the tables


def show_faults(runs: dict[str, Run]) -> int:
    """Print when each fault raised its alarm; returns how many did not in time."""
    print("| fault | alarm | spoke after | stated | as well |\n|---|---|---|---|---|")
    late = 0
    for name, run in runs.items():
        if not (fault := CASES[name].fault):
            continue
        planted = PLANTED if fault in FAULTS else 0
        wanted, within = EXPECTED[fault]
        raised = {alarm.name: alarm.raised - planted for alarm in reversed(raisings(run))}  # the first of each name
        took = raised.pop(wanted, None)
        late += took is None or took > within
        others = ", ".join(
            f"{title(other)} {steps}" for other, steps in sorted(raised.items(), key=lambda pair: pair[1])
        )
        print(f"| {fault} | {title(wanted)} | {'never' if took is None else took} | {within} | {others} |", flush=True)
    return late


def show_healthy(runs: dict[str, Run]) -> int:
    """Print what healthy trainings reached of each figure, after their beginning; returns how many raised an alarm."""
    print(
        "\n| healthy | steps, batch | alarms | " + " | ".join(EXTREMES) + " |\n|---|---|---|" + "---|" * len(EXTREMES)
    )
    false = 0
    for name, run in runs.items():
        if CASES[name].fault or name == "before":
            continue
        alarms = raisings(run)
        false += bool(alarms)
        steps = run.status().step
        first = min(BEGUN, steps / 2)
        points = [point for point in run.read_metrics()[0] if "update_g" in point and point["step"] >= first]
        cells = [extreme(points, field, best) for field, best in EXTREMES.items()]
        said = ", ".join(f"{title(alarm.name)} at {alarm.raised}" for alarm in alarms) or "none"
        print(f"| {name} | {steps:,}, {run.config.batch_size} | {said} | {' | '.join(cells)} |", flush=True)
    return false


EXTREMES: dict[str, Callable[..., float]] = {
    "grad_g": max,
    "grad_d": max,
    "update_g": min,
    "spread": min,
    "nearest": min,
    "grid": max,
    "held_gap": max,
}


def extreme(points: list[dict[str, float]], field: str, best: Callable[..., float]) -> str:
    values = [point[field] for point in points if field in point]
    return f"{best(values):.3g}" if values else "-"


def raisings(run: Run) -> list[Alarm]:
    """Every alarm of a run, as it was when it spoke, in order."""
    watcher = Watcher()
    watcher.feed(run.read_lines()[0])
    watcher.feed(class_rows(run.path / "quality.jsonl"))
    return watcher.raisings


# ---- the cost


def show_cost(preset: str, threads: int, steps: int = 200) -> None:
    """Print which share of the time of so many steps goes into what alarms need, beyond the losses."""
    torch.set_num_threads(threads)
    allocator.keep_buffers()
    config = preset_config(preset).replace(data="fashion-mnist")
    pictures = dataset.load(config.data, config.image_size, config.channels)
    gan = GAN(config, torch.device("cpu"))
    feed = batches.Feed(pictures.images, gan.device)
    stream = batches.BatchStream(len(pictures.images), config.batch_size, config.seed)
    probe, watcher = Diagnostics(gan, feed, pictures.held_out, config.log_every), Watcher()
    spent, rounds = 0.0, 2  # the first round warms up
    for step in range(1, rounds * steps + 1):
        if step == steps + 1:
            spent, began = 0.0, time.perf_counter()
        start = time.perf_counter()
        probe.before(step)
        spent += time.perf_counter() - start
        measured = one_step(gan, feed, stream, config)
        start = time.perf_counter()
        if step % config.log_every == 0:
            found = {name: value.item() for name, value in (measured | probe.after(step)).items()}
            watcher.feed([found | {"step": step, "images": step * config.batch_size}])
        spent += time.perf_counter() - start
    whole = time.perf_counter() - began
    print(f"{preset}: {1e3 * spent:.0f} ms of {whole:.2f} s, {spent / whole:.2%}, {whole / steps * 1e3:.1f} ms a step")


# ---- the trainings


def train_case(name: str, root: Path, threads: int) -> int:
    """Train one case to its end in this process, with its fault."""
    case = CASES[name]
    config = preset_config(case.preset).replace(**dict(setting.split("=", 1) for setting in case.settings))
    config = config.replace(num_steps=case.steps, num_threads=threads, augment="off" if case.fault else config.augment)
    if case.fault in FAULTS:
        plant(FAULTS[case.fault])
    elif case.fault:
        spoil_data(DATA_FAULTS[case.fault])
    if case.fault in FAULTS and not (root / name).exists():
        shutil.copytree(root / "before", root / name)
        Run(root / name).extend(case.steps)
    run = Run(root / name) if (root / name).exists() else Run.create(config, root, name)
    return work(run, parallel=True)


def plant(fault: Callable[[GAN], None]) -> None:
    """Break the players before step PLANTED + 1."""
    step, spoilt_ones = GAN.step, []

    def spoilt(gan: GAN, *args: Any, **options: Any) -> Any:
        if gan.steps >= PLANTED and not spoilt_ones:
            spoilt_ones.append(gan)
            fault(gan)
        return step(gan, *args, **options)

    GAN.step = spoilt  # type: ignore[method-assign]


def spoil_data(fault: Callable[..., np.ndarray]) -> None:
    """Train on other pictures than those of the run; what is held out stays."""
    load = dataset.load

    def spoilt(*args: Any, **options: Any) -> dataset.ImageData:
        found = load(*args, **options)
        return dataclasses.replace(found, images=np.ascontiguousarray(fault(found.images, found.labels)), labels=None)

    dataset.load = spoilt


if __name__ == "__main__":
    main()
