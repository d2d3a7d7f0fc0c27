"""The figures of a run that was trained without them: quality.jsonl from the generators that it kept."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dcgan.evaluation.spread import whole
from dcgan.monitoring.inline_evaluation import best_facts, best_of, is_better, line_of
from dcgan.monitoring.quick_figures import about, figures_in_pieces, standard_in_pieces
from dcgan.networks.generator_file import generator_bytes, load_generator
from dcgan.networks.models import Generator
from dcgan.runs import launch
from dcgan.runs.metrics_blocks import columns_of
from dcgan.runs.quality_log import read_quality
from dcgan.runs.run import Run
from dcgan.system.files import publish

Progress = Callable[[int, int], None]  # called with the number of generators measured, of how many


def fill_history(run: Run, progress: Progress = lambda done, total: None) -> list[dict[str, Any]]:
    """Measure every kept generator that quality.jsonl has no row of, and keep the best; returns all rows.

    Rows by another judge, or of another number of fakes at a time, give way. Raises BadInput without the data, without
    a generator, and while the run is being trained: then its trainer writes the file.
    """
    with launch.hold(run, parallel=True):
        paths = {load_generator(run.generator_path).origin.step: run.generator_path}  # type: ignore[union-attr]
        paths |= {step: run.snapshot_path(step) for step in run.snapshots()}
        standard = whole(standard_in_pieces(run.config))
        alike = {name: value for name, value in about(standard).items() if name in ("judge_hash", "n")}
        rows = {row["step"]: row for row in read_quality(run) if alike.items() <= row.items()}
        missing = sorted(paths.keys() - rows.keys())
        moments = _moments(run, missing)
        for done, step in enumerate(missing):
            progress(done, len(missing))
            rows[step] = moments[step] | _row(standard, load_generator(paths[step]))
        progress(len(missing), len(missing))
        ordered = list(_with_best([rows[step] for step in sorted(rows)]))
        _keep_best(run, ordered, paths)
        publish(run.quality_path, b"".join(line_of(row) for row in ordered))
        newest, best = ordered[-1], best_of(run)
        facts = {name: newest[name] for name in ("distance", "distance_floor")}
        facts |= {f"best_{name}": best.get(name) for name in ("step", "distance")}
        run.note(**facts)
        return ordered


def _row(standard: Any, generator: Generator) -> dict[str, Any]:
    assert generator.origin is not None  # it was read from a file
    weights = "EMA" if generator.config.ema_half_life_images else "raw"
    figures = whole(figures_in_pieces(standard, generator))
    return figures | {"weights": weights, "weights_hash": generator.origin.weights_hash, "seconds": 0.0}


def _moments(run: Run, steps: list[int]) -> dict[int, dict[str, Any]]:
    """Training pictures seen and training time at each step, from the curves."""
    config, points = run.config, columns_of(run.metrics_path, "step", "time_s", "images")
    found = {}
    for step in steps:
        found[step] = {"step": step, "images": step * config.d_steps * config.batch_size, "time_s": 0.0}
        before = np.flatnonzero(points["step"] <= step)
        if len(before):
            at, time_s, images = (float(points[name][before[-1]]) for name in ("step", "time_s", "images"))
            found[step]["time_s"] = 0.0 if np.isnan(time_s) else time_s
            if at == step and not np.isnan(images):
                found[step]["images"] = int(images)
    return found


def _keep_best(run: Run, rows: list[dict[str, Any]], paths: dict[int, Path]) -> None:
    """Let best.safetensors be the generator of the lowest distance that can still be had."""
    at_hand = [row for row in rows if row["step"] in paths]
    lowest = min(at_hand, key=lambda row: row["distance"])
    if is_better(lowest, best_of(run)):
        generator = load_generator(paths[lowest["step"]])
        publish(run.best_path, generator_bytes(generator, lowest["step"], facts=best_facts(lowest)))


def _with_best(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each row with the lowest distance up to it."""
    lowest = np.minimum.accumulate([row["distance"] for row in rows])
    at = {row["distance"]: row["step"] for row in reversed(rows)}
    for row, distance in zip(rows, lowest.tolist(), strict=True):
        yield row | {"best_step": at[distance], "best_distance": distance}
