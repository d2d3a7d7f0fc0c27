"""What only a GPU can tell, in one command: its tests, its speed against the official example's, a minute of training.

    python -m benchmarks.gpu [--minutes 10]

Prints Markdown to paste. The plain side of the table is PyTorch's DCGAN example: its step, its loader, float32. What
there is no time for is left out, and said.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.training_speed import row
from dcgan.compute.devices import device_name, pick_device
from dcgan.errors import BadInput
from dcgan.presets import PRESETS, preset_config
from dcgan.runs.quality_log import read_quality
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT
from dcgan.training.bench import measure

SECONDS = 2.0  # of each side of a pair
PRESET_SECONDS = 45.0  # that the slowest preset may take with its two processes' start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="to be done by then")
    end = time.monotonic() + 60 * parser.parse_args().minutes
    try:
        device = pick_device("cuda")
    except BadInput as error:
        sys.exit(str(error))
    print(f"**{device_name(device)}**, torch {torch.__version__}, Python {sys.version.split()[0]}\n", flush=True)
    print(f"Tests: {tests(end)}.\n", flush=True)
    print(f"The quick preset: {a_minute(end)}.\n", flush=True)
    print("| preset | size, batch | precision | ours | example | ratio |\n|---|---|---|---|---|---|")
    left_out = []
    for name in PRESETS:
        if time.monotonic() + PRESET_SECONDS > end:
            left_out.append(name)
            continue
        config = preset_config(name)
        speed = measure(config, 1, SECONDS, device)
        cells = row(speed).split(" | ")
        print(
            f"| {name} | {config.image_size} px, {config.batch_size} | {' | '.join(cells[:3])} | {speed.ratio:.2f} |",
            flush=True,
        )
    if left_out:
        print(f"\nLeft out for want of time: {', '.join(left_out)}.")


def tests(end: float) -> str:
    """The last line of what pytest says of tests/gpu, which may take a third of the time that is left."""
    return last_line([sys.executable, "-m", "pytest", "-q", "tests/gpu"], (end - time.monotonic()) / 3)


def a_minute(end: float) -> str:
    """What a minute of training reaches, and how fast."""
    with tempfile.TemporaryDirectory() as root:
        command = [sys.executable, "-m", "dcgan", "train", "--preset", "quick", "--minutes", "1", "--root", root]
        problem = last_line([*command, "--name", "minute", "--set", "device=cuda"], (end - time.monotonic()) / 2)
        run = Run(Path(root) / "minute")
        status, measured = run.status(), read_quality(run)
        if status.state != "finished":
            return status.error or problem
        said = f"{status.step:,} steps on {status.images:,} pictures in {status.time_s:.0f} s"
        if not measured:
            return f"{said}, never measured"
        best = min(measured, key=lambda each: each["distance"])
        floor = f", floor {best['distance_floor']:.2f}" if best["distance_floor"] else ""
        return f"{said}; best FD-{best['judge']} {best['distance']:.2f} at step {best['step']:,}{floor}"


def last_line(command: list[str], seconds: float) -> str:
    """The last line that a command prints, or that it took too long."""
    try:
        done = subprocess.run(
            command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return f"not done after {seconds:.0f} s"
    return (done.stdout.strip().splitlines() or [f"exit code {done.returncode}"])[-1].strip("= ")


if __name__ == "__main__":
    main()
