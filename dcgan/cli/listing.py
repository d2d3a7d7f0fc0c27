"""Commands that list: presets and runs."""

import argparse
import csv
import io
from typing import Any

from dcgan.cli.output import one_line, say
from dcgan.errors import DONE, BadInput
from dcgan.networks.layer_sizes import parameter_counts
from dcgan.presets import PRESETS
from dcgan.runs import launch
from dcgan.runs.run import Run, list_runs

COLUMNS = (  # of a run
    *("id", "name", "preset", "directory", "state", "step", "num_steps", "d_loss", "g_loss", "images_per_s"),
    *("distance", "distance_floor", "best_step", "best_distance", "alarms", "parent", "parent_step", "kept_states"),
)


def presets(args: argparse.Namespace) -> int:
    """List the named recipes with the sizes of their networks."""
    rows, lines, group = [], [], ""
    for name, preset in PRESETS.items():
        config = preset.config
        counts = parameter_counts(config)  # total as Keras counts: with BatchNorm's running statistics
        row: dict[str, Any] = {"name": name, "group": preset.group, "title": preset.title, "source": preset.source}
        row |= {"image_size": config.image_size, "channels": config.channels, "parameters": counts}
        rows.append(row | {network: each["trainable"] for network, each in counts.items()})
        if preset.group != group:
            group = preset.group
            lines.append(f"{group}: parameters in all (trainable)")
        sizes = "  ".join(f"{network} {each['total']:>10,} ({each['trainable']:,})" for network, each in counts.items())
        lines += [f"  {name:18} {config.image_size:3} px  {sizes}", f"  {'':18} {preset.title}"]
    say(args, {"presets": rows}, "\n".join(lines))
    return DONE


def list_all(args: argparse.Namespace) -> int:
    """List the runs, newest first."""
    rows, problems = [], {}
    for run in list_runs(args.root):
        status, point = launch.observe(run), run.newest_point()
        parent, (preset, problems[run.id]) = run.parent(), _preset_of(run)
        row: dict[str, Any] = {"id": run.id, "name": run.name, "preset": preset, "directory": str(run.path)}
        row |= {"state": status.state, "step": status.step, "num_steps": status.num_steps}
        row |= {key: point.get(key) for key in ("d_loss", "g_loss", "images_per_s")}
        row |= {key: getattr(status, key) for key in ("distance", "distance_floor", "best_step", "best_distance")}
        row["alarms"] = status.alarms.split(", ") if status.alarms else []
        row |= {"parent": parent.run or None, "parent_step": parent.step if parent.run else None}
        rows.append(row | {"kept_states": run.kept_states()})
    if args.csv:
        if args.json:
            raise BadInput("--csv and --json are two ways to say the same: choose one.")
        print(_table(rows), end="")
        return DONE
    lines = [
        f"{row['id']:36} {row['state']:12} {row['preset']:12} step {row['step']:<10,} "
        + (f"distance {row['distance']:.2f}" if row["distance"] is not None else "")
        + _alarmed(row)
        + problems[row["id"]]
        + (f"  called {row['name']}" if row["name"] != row["id"] else "")
        for row in rows
    ]
    lines = [line.rstrip() for line in lines]
    say(args, {"runs": rows}, "\n".join(lines) or "No runs yet: `python -m dcgan train` makes the first.")
    return DONE


def _table(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV with a line of names (RFC 4180); what is a list has a space between its parts."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in rows:
        cells = {name: " ".join(map(str, value)) if isinstance(value, list) else value for name, value in row.items()}
        writer.writerow({name: _inert(value) for name, value in cells.items()})
    return out.getvalue()


def _inert(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: a name may be anybody's."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t")) else value


def _alarmed(row: dict[str, Any]) -> str:
    return f"  alarm: {', '.join(row['alarms'])}" if row["alarms"] else ""


def _preset_of(run: Run) -> tuple[str, str]:
    """The recipe it started from, and why its settings can't be read, if so."""
    try:
        return run.config.preset, ""
    except BadInput as error:
        return "unreadable", f"  {one_line(error)}"
