"""How long the first look at a run of very many lines takes, and in how much memory, beside a look at a short one.

Writes N lines of metrics.jsonl, of Fashion-MNIST figures with a look of the alarms every tenth point, into a temporary
folder (200 MB for a million), and looks at them in fresh processes, each with all that a page loads:

    python -m benchmarks.long_run --n 1000000
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dcgan.monitoring.alarms import Watcher
from dcgan.runs.metrics_log import append_line, read_lines
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT

SHORT = 5_000  # lines
POLLS = 20
PROBE_EVERY = 10


def write(folder: Path, n: int) -> Run:
    """The curves of the run that came with the studio, again and again."""
    folder.mkdir()
    points = [row for row in read_lines(PROJECT / "checkpoints/quick-fashion/metrics.jsonl")[0] if "event" not in row]
    probed = [row for row in points if "update_g" in row and "spread" in row]
    plain = [row for row in points if "update_g" not in row]
    with open(folder / "metrics.jsonl", "w") as file:
        for i in range(1, n + 1):
            row = probed[i % len(probed)] if i % PROBE_EVERY == 0 else plain[i % len(plain)]
            moment = {"step": 5 * i, "images": 320 * i, "epoch": round(320 * i / 60_000, 4), "time_s": round(i / 9, 3)}
            file.write(json.dumps(row | moment) + "\n")
            if i % 10_000 == 0:
                file.write(json.dumps({"step": 5 * i, "event": "change", "lr_g": 1e-4 * (1 + i % 3)}) + "\n")
    return Run(folder)


def look(way: str, run: Run) -> dict[str, float | None]:
    """The first look, its pack for the chart, and looks after one more line each."""
    import pyarrow.compute  # noqa: F401, I001  a page has loaded it
    import pyarrow.json  # noqa: F401

    from pages.charts.curves import pack
    from pages.charts.history import alarms_of, history_of, marks_of

    before, began = _peak_mb(), time.perf_counter()
    if way == "rows":
        rows = read_lines(run.metrics_path)[0]
        Watcher().feed(rows)
        return {"seconds": time.perf_counter() - began, "mb": _peak_mb() - before, "poll_ms": None}
    columns = history_of(run)
    pack("benchmark", columns, 520, marks_of(run))
    alarms_of(run)
    seconds, mb = time.perf_counter() - began, _peak_mb() - before
    point = {name: float(columns[name][-1]) for name in columns if " " not in name}
    began = time.perf_counter()
    for i in range(POLLS):
        append_line(run.metrics_path, point | {"step": int(point["step"]) + 5 * (i + 1)})
        pack("benchmark", history_of(run), 520, marks_of(run))
        alarms_of(run)
    return {"seconds": seconds, "mb": mb, "poll_ms": (time.perf_counter() - began) / POLLS * 1000}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(what: str, way: str, run: Run) -> None:
    """A row of the table, from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.long_run", "--look", way, str(run.path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    poll = "–" if found["poll_ms"] is None else f"{found['poll_ms']:.0f} ms"
    print(f"| {what} | {found['seconds']:.2f} s | {found['mb']:,.0f} MB | {poll} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--look", nargs=2, metavar=("WAY", "RUN"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.look:
        print(json.dumps(look(args.look[0], Run(args.look[1]))))
        return
    with tempfile.TemporaryDirectory() as work:
        short, long = write(Path(work) / "short", SHORT), write(Path(work) / "long", args.n)
        print(f"{long.metrics_path.stat().st_size / 1e6:.0f} MB of {args.n:,} points\n")
        print("| look | seconds | more memory | each later look |\n|---|---|---|---|")
        measured(f"{SHORT:,} lines", "page", short)
        measured(f"{args.n:,} lines, all as rows", "rows", long)
        measured("without a summary", "page", long)
        measured("with the summary that it left", "page", long)


if __name__ == "__main__":
    main()
