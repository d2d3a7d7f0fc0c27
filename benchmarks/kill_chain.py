"""Trains one run through many SIGKILLs and compares its end with that of an undisturbed run.

    python -m benchmarks.kill_chain [--kills 200] [--steps 400] [--seed 0] [--fresh 10]

Both train `quick` on 40 small pictures in batches of 8 and save a checkpoint at every step. Each life of the killed run
is a process of its own, which is killed from outside at a random moment: one in ten while it still starts, the others
so that the kills spread over all steps. Every n-th life (`--fresh`) is a `python -m dcgan train --resume`, the others
are forked from a process that has loaded PyTorch, and tell which file operation they had begun last.

Exit code 1 if anything differs, or if the run ended before it was killed often enough.
"""

import argparse
import collections
import mmap
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # a forked process has none of its parent's threads

import numpy as np
import torch
from PIL import Image

from dcgan.networks.generator_file import load_generator, metadata_of
from dcgan.runs.checkpoint import load_state
from dcgan.runs.kept_states import newest_facts
from dcgan.runs.new_run import order
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT
from dcgan.training import worker

CLOCKS = ("time_s", "images_per_s")
SETTINGS = {"batch_size": 8, "log_every": 1, "sample_every": 5, "max_samples": 12, "max_snapshots": 6}
SETTINGS |= {"num_samples": 16, "checkpoint_seconds": 0.0, "max_states_mb": 60, "num_threads": 1, "measure_images": 0}
OPERATIONS = {"open", "os.rename", "os.remove", "os.mkdir", "os.link", "os.truncate"}
last = mmap.mmap(-1, 512)  # what a forked life began last, shared with the process that kills it


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--fresh", type=int, default=10, help="every n-th life loads everything anew; 0: none")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return compare(Path(folder), args)


def compare(folder: Path, args: argparse.Namespace) -> int:
    """Train both runs and print the table; returns the exit code."""
    os.environ["DCGAN_DATA"] = str(folder / "data")
    rng = np.random.default_rng(0)
    (folder / "pictures").mkdir()
    for i in range(40):
        Image.fromarray(rng.integers(0, 256, (32, 32), dtype=np.uint8)).save(folder / "pictures" / f"{i:02d}.png")
    config = order("quick", SETTINGS, str(folder / "pictures"), steps=args.steps, root=folder)
    reference, run = (Run.create(config, folder / place, "same") for place in ("alone", "killed"))
    began = time.monotonic()
    worker.work(reference)  # loads all that the forked lives take over
    step_s, began = (time.monotonic() - began) / args.steps, time.monotonic()
    kills, dead = chain(run, args, step_s)
    while fresh(run).wait():
        pass
    print(f"{dead} kills over {args.steps} steps in {time.monotonic() - began:.0f} s\n")
    print("| last operation begun | kills |\n|---|---|")
    for operation, number in kills.most_common():
        print(f"| {operation} | {number} |")
    print("\n| compared | equal |\n|---|---|")
    same = equalities(run, reference)
    for name, equal in same.items():
        print(f"| {name} | {'yes' if equal else 'NO'} |")
    return 0 if all(same.values()) and dead == args.kills else 1


def chain(run: Run, args: argparse.Namespace, step_s: float) -> tuple[collections.Counter[str], int]:
    """Kill one life after the other; returns how many kills came after which operation, and how many there were.

    A step takes `step_s` seconds with its checkpoint.
    """
    draw, kills, dead, lives = random.Random(args.seed), collections.Counter[str](), 0, 0
    while dead < args.kills:
        step = int(newest_facts(run).get("step", 0))
        if step >= args.steps:
            break
        lives += 1
        is_fresh = bool(args.fresh) and lives % args.fresh == 0
        last[:] = bytes(len(last))
        child = fresh(run) if is_fresh else Forked(run)
        if draw.random() < 0.1:
            wait(child, draw.uniform(0, 4.0 if is_fresh else 0.3))
        else:  # its first checkpoint, some more, and a part of the next step
            more = max(0.0, (args.steps - step) / (args.kills - dead + 1) - 1.5)
            for _ in range(1 + round(draw.uniform(0, 2 * more))):
                wait(child, 60.0, until_other=run.state_path)
            wait(child, draw.uniform(0, step_s))
        child.kill()
        if child.wait() == -9:
            dead += 1
            kills["a process of its own, not observed" if is_fresh else told()] += 1
    return kills, dead


def fresh(run: Run) -> subprocess.Popen:
    """Resume the run in a process that has nothing loaded."""
    command = [sys.executable, "-m", "dcgan", "train", "--resume", str(run.path)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Forked:
    """A worker that takes over what this process has loaded; waited for and killed as a Popen."""

    def __init__(self, run: Run) -> None:
        self.code: int | None = None
        self.pid = os.fork()
        if not self.pid:
            try:
                sys.addaudithook(lambda event, args: note(event, args, str(run.path)))
                os._exit(worker.work(run))
            finally:
                os._exit(99)

    def poll(self) -> int | None:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def wait(self) -> int:
        while (code := self.poll()) is None:
            time.sleep(0.001)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, 9)


def wait(child: subprocess.Popen | Forked, seconds: float, until_other: Path | None = None) -> None:
    """Wait so long, or until a life has ended, or a file is another one."""
    end, before = time.monotonic() + seconds, until_other and identity(until_other)
    while child.poll() is None and time.monotonic() < end and before == (until_other and identity(until_other)):
        time.sleep(0.0005)


def identity(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError:
        return 0, 0
    return about.st_ino, about.st_mtime_ns


def note(event: str, args: tuple, folder: str) -> None:
    """Write down which operation on the run's files begins, where the process that kills can read it."""
    if event not in OPERATIONS or not str(args[0]).startswith(folder):
        return
    if event == "open" and not (isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
        return
    place = args[1] if event in ("os.rename", "os.link") else args[0]
    words = f"{event.removeprefix('os.')} {os.path.relpath(str(place), folder)}".encode()[: len(last)]
    last[:] = words.ljust(len(last), b"\0")


def told() -> str:
    """The operation that a forked life noted last, with the same word for every step and every draft."""
    words = bytes(last).rstrip(b"\0").decode() or "none yet"
    return re.sub(r"\d{8}", "STEP", re.sub(r"\.[0-9a-f]{8}\.tmp", ".tmp", words))


def equalities(run: Run, reference: Run) -> dict[str, bool]:
    """Which parts of two runs are the same."""
    ours, theirs = load_state(run), load_state(reference)
    runs = (run, reference)
    lines = [[{k: v for k, v in line.items() if k not in CLOCKS} for line in each.read_lines()[0]] for each in runs]
    return {
        "weights, optimisers and random states": alike(ours["gan"], theirs["gan"]),
        "place in the pictures, step, settings": all(
            alike(ours[name], theirs[name]) for name in ("stream", "step", "images", "config", "kept")
        ),
        "newest generator": generator(run.generator_path) == generator(reference.generator_path),
        f"metrics.jsonl, {len(lines[1])} lines": lines[0] == lines[1],
        f"samples {reference.samples()}": pictures(run) == pictures(reference),
        f"snapshots {reference.snapshots()}": generators(run) == generators(reference),
        f"steps of states {reference.kept_states()}": run.kept_states() == reference.kept_states(),
    }


def alike(a: object, b: object) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(alike, a, b))
    return a == b


def pictures(run: Run) -> dict[str, bytes]:
    """The pixels of the kept sample grids by name."""
    found = {}
    for path in (run.path / "samples").glob("*.png"):
        with Image.open(path) as picture:
            found[path.name] = picture.tobytes()
    return found


def generator(path: Path) -> dict[str, str]:
    """What a generator says of itself, with the hash of its weights, which are known to match it."""
    load_generator(path)
    return metadata_of(path.read_bytes())


def generators(run: Run) -> dict[int, dict[str, str]]:
    return {step: generator(run.snapshot_path(step)) for step in run.snapshots()}


if __name__ == "__main__":
    sys.exit(main())
