"""How far the fakes of a run are from real pictures over its steps, and what that says."""

import math
from typing import Any

import streamlit as st

from dcgan.runs import quality_log
from dcgan.runs.run import Run
from pages.common import glossary
from pages.common.words import escaped

HELP = (
    f"{glossary.says('distance')} A small network that knows the pictures judges, or fixed filters. Few pictures make "
    "any distance larger, and the floor with it."
)

TOO_FEW = "Too few real pictures are held out to tell how near that is: it only compares the steps of this run."

Row = dict[str, Any]


def quality_of(run: Run) -> list[Row]:
    """The measurements of a run by rising step, those made as the newest was: by its judge, of as many fakes."""
    try:
        stat = run.quality_path.stat()
    except OSError:
        return []
    return _rows(str(run.path), stat.st_mtime_ns, stat.st_size)


@st.cache_data(max_entries=32, show_spinner=False)
def _rows(run_path: str, modified: int, size: int) -> list[Row]:
    rows = quality_log.read_quality(Run(run_path))
    return [row for row in rows if all(row[name] == rows[-1][name] for name in ("judge_hash", "n"))]


def chart_of(rows: list[Row], best_step: int | None, best_distance: float | None) -> dict[str, Any]:
    """What the chart of the distance is made of: points, floor, cross at the best, and its logarithmic range.

    Also by whose eyes it was measured, of how many fakes: only then are two of them comparable.
    """
    steps, values = [row["step"] for row in rows], [max(row["distance"], 1e-4) for row in rows]
    floor, deviation = (rows[-1][f"distance_floor{part}"] if rows else None for part in ("", "_deviation"))
    best = [best_step, max(best_distance, 1e-4)] if rows and best_step is not None and best_distance else None
    shown = [*values, *([floor] if floor else []), *([best[1]] if best else [])] or [1.0, 100.0]
    return {
        "steps": steps,
        "times": [row["time_s"] for row in rows],  # seconds of training
        "values": values,
        "floor": floor,
        "deviation": deviation,
        "best": best,
        "by": (rows[-1]["judge"], rows[-1]["judge_hash"], rows[-1]["n"]) if rows else None,
        "range": [math.log10(min(shown) / 1.7), math.log10(max(shown) * 1.5)],
    }


def measured(run: Run) -> dict[str, Any] | None:
    """The chart of a run's distance; None as long as nothing was measured."""
    rows, status = quality_of(run), run.status()
    return chart_of(rows, status.best_step, status.best_distance) if rows else None


def words(rows: list[Row], best_step: int | None, best_distance: float | None) -> str:
    """Whether the newest measured fakes are closer than those before, in a sentence or two; empty without any."""
    if not rows:
        return ""
    newest = rows[-1]
    distance, floor = newest["distance"], newest["distance_floor"]
    real = f" Real pictures are {floor:.2f} from each other." if floor else f" {TOO_FEW}"
    said = f"At step {newest['step']:,} the fakes are {distance:.2f} from real pictures"
    if best_step is None or best_distance is None:
        return f"{said}.{real}"
    earlier = [row for row in rows[:-1] if row["distance"] > distance]
    error = 2 * (newest["distance_floor_deviation"] or 0.0)
    if best_step == newest["step"]:
        before = f", closer than at step {earlier[-1]['step']:,} ({earlier[-1]['distance']:.2f})" if earlier else ""
        return f"{said}: **the best so far**{before}.{real}"
    best = f"step {best_step:,} ({best_distance:.2f})"
    if distance <= best_distance + error:
        return f"{said}, within the error as close as the best so far, {best}, which is kept.{real}"
    if distance > 1.5 * best_distance + error:
        return f"{said}, farther than at {best}: **it was better before**, and the best generator is kept.{real}"
    return f"{said}. The best so far is {best}, which is kept.{real}"


def tooltip(row: Row | None) -> str:
    """What the figure in the top row means."""
    if row is None:
        return f"{HELP} The first is measured within the first half minute or so."
    floor = row["distance_floor"]
    real = f" Real pictures: {floor:.2f} ± {row['distance_floor_deviation'] or 0:.2f}." if floor else f" {TOO_FEW}"
    return f"{HELP} FD-{escaped(row['judge'])} of {row['n']:,} fakes at step {row['step']:,}.{real}"
