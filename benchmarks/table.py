"""Generators side by side as a Markdown table, each measured as `python -m dcgan evaluate` measures it, best first.

    python -m benchmarks.table RUN_OR_JSON ... [--n 10000] [--seed 0]

RUN is a run's directory or id, measured unless it has that report already; JSON is a file with what `evaluate --json`
printed. Only reports of the same data, judge and number of pictures share a table.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from dcgan.errors import BadInput
from dcgan.evaluation.figures import FIGURES, floors, metric_name, origin, times_floor
from dcgan.evaluation.report import evaluate_run
from dcgan.evaluation.verdict import copy_alarm
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.run import Run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("generators", nargs="+", metavar="RUN_OR_JSON")
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    try:
        print(table({name: report for name, report in (read(text, args) for text in args.generators)}))
    except BadInput as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def read(text: str, args: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """A generator's name and its report."""
    if text.endswith(".json"):
        try:
            report = json.loads(Path(text).read_text().strip().splitlines()[-1])
            return f"{report['run']}, step {report['step']:,}", report
        except (OSError, ValueError, LookupError, TypeError):
            raise BadInput(f"{text} is not what `python -m dcgan evaluate RUN --json` prints.") from None
    run = Run.find(text, None)
    report = evaluate_run(run, open_generator(run), args.n, args.seed)
    return f"{run.name}, step {report['step']:,}", report


def table(reports: dict[str, dict[str, Any]]) -> str:
    """The Markdown of comparable reports, with the floor as its first row; raises BadInput for others."""
    first = next(iter(reports.values()))
    alike = ("n", "data_fingerprint")
    for name, report in reports.items():
        if any(report[key] != first[key] for key in alike) or report["judge"]["hash"] != first["judge"]["hash"]:
            raise BadInput(f"{name} was measured on other data, by another judge or with another number of pictures.")
    shown = [key for key in FIGURES if first["figures"][key] is not None]
    head = ["generator", *(FIGURES[key].label.lower() for key in shown), "times floor", "classes", "copies"]
    rows = [head, ["---"] * len(head)]
    if first["figures"]["distance"]["floor"]:
        real = [first["figures"][key]["floor"] for key in shown]
        cells = [f"{each['mean']:.{FIGURES[key].digits}f} ± {each['deviation']:.{FIGURES[key].digits}f}"
                 for key, each in zip(shown, real, strict=True)]  # fmt: skip
        rows.append(["real pictures (the floor)", *cells, "1", "", ""])
    for name in sorted(reports, key=lambda name: reports[name]["figures"]["distance"]["value"]):
        report = reports[name]
        classes, close, times = report["classes"], report["pixels"]["close"], times_floor(report)
        rows.append([
            name,
            *(f"{report['figures'][key]['value']:.{FIGURES[key].digits}f}" for key in shown),
            f"{times:.1f}" if times else "–",
            f"{classes['covered']} of {classes['classes']}" if classes else "–",
            "–" if close is None else "alarm" if copy_alarm(report) else "no sign",
        ])  # fmt: skip
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    origins = {name: origin(report) for name, report in reports.items()}
    return "\n".join([*lines, "", f"Distance: {metric_name(first)}. {floors(first)}", "",
                      *(f"- {name}: {text}" for name, text in origins.items())])  # fmt: skip


if __name__ == "__main__":
    main()
