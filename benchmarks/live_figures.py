"""What measuring the fakes, and keeping samples and checkpoints, takes of a training's time.

python -m benchmarks.live_figures quick classic-64 --minutes 0.5
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from dcgan.runs.quality_log import read_quality
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT

LINE = re.compile(r"([\d.]+) s of training: samples and checkpoints took ([\d.]+), measuring the fakes ([\d.]+)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("presets", nargs="+")
    parser.add_argument("--minutes", type=float, default=0.5)
    args = parser.parse_args()
    print("| preset | trained | samples and checkpoints | measured | rows | one row, median | first row after |")
    print("|---|---|---|---|---|---|---|")
    for preset in args.presets:
        with tempfile.TemporaryDirectory() as folder:
            run = trained(preset, args.minutes, Path(folder))
            found = LINE.search(run.log_path.read_text())
            assert found, run.log_path.read_text()
            whole, kept, spent = (float(number) for number in found.groups())
            rows = read_quality(run)
            costs = sorted(row["seconds"] for row in rows) or [0.0]
            first = f"{rows[0]['time_s']:.0f} s" if rows else "–"
            print(
                f"| {preset} | {whole:.0f} s | {kept / whole:.1%} | {spent / whole:.1%} | {len(rows)} | "
                f"{costs[len(costs) // 2]:.2f} s | {first} |",
                flush=True,
            )


def trained(preset: str, minutes: float, root: Path) -> Run:
    """A run of its own process, on all cores and at the priority at which the pages start one."""
    command = [sys.executable, "-m", "dcgan", "train", "--preset", preset, "--minutes", str(minutes), "--parallel"]
    subprocess.run(
        ["nice", "-n", "5", *command, "--root", str(root), "--name", "run"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    return Run(root / "run")


if __name__ == "__main__":
    main()
