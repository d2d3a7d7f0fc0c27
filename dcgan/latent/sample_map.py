"""A map of what a generator makes: two thousand samples in the plane, those that look alike side by side.

What a sample looks like is told by the features of the data's judge, or by fixed filters where that has no classes;
they are laid out by exact t-SNE (dcgan/metrics/tsne.py). A map is kept beside the weights that it is of, as
`maps/<step>-<weights>-<first seed>.json`; a run in training keeps none, since its newest weights are soon others.
"""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dcgan.errors import BadInput
from dcgan.judges.judge import EdgeJudge, Judge, judge_of
from dcgan.latent import seeds
from dcgan.latent.class_centres import z_of
from dcgan.latent.render import AT_ONCE, render
from dcgan.metrics.tsne import tsne
from dcgan.runs import launch
from dcgan.runs.run import Run
from dcgan.system.kept_json import found_about, keep_about

if TYPE_CHECKING:
    from pathlib import Path

    from dcgan.networks.models import Generator

NUM_SAMPLES = 2000
SIDE = 10_000  # of the square that a map lies in; places are whole numbers
VERSION = 1  # of how maps are made: those of another one are made again
DRAWN, JUDGED = 0.3, 0.45  # shares of the work after which samples are drawn and judged; the rest lays them out

Tick = Callable[[float, str], None]  # share that is done, what is being done; what it raises ends the work

_TURN = threading.Lock()  # one map at a time, however many visitors ask


class SampleMap(NamedTuple):
    """Where the samples of the seeds `first`, `first` + 1, ... lie, and of which class each is."""

    first: int
    places: list[tuple[int, int]]  # across and down, 0 to SIDE
    classes: list[int]  # of each sample; -1 where nobody names classes
    class_names: tuple[str, ...]
    features: str  # whose they are, such as fmnistcnn-v1

    def index_of(self, seed: int) -> int | None:
        """Which sample has this seed; None for a seed that isn't on the map."""
        at = (seed - self.first) % (seeds.MAX_SEED + 1)
        return at if 0 <= seed <= seeds.MAX_SEED and at < len(self.places) else None


def kept_map(run: Run, generator: "Generator", first: int = 0) -> SampleMap | None:
    """The map that is kept of exactly these weights, by this judge; None where there is none."""
    judge = namer(generator)
    found = found_about(_path(run, generator, first), _about(generator, judge), "found")
    try:
        rows = None if found is None else [(int(x), int(y), int(k)) for x, y, k in found]
    except (TypeError, ValueError, OverflowError):  # damaged, or a stranger's
        return None
    num_classes = len(judge.class_names)
    named = range(num_classes) if num_classes else (-1,)
    good = (
        rows and len(rows) <= NUM_SAMPLES and all(0 <= x <= SIDE and 0 <= y <= SIDE and k in named for x, y, k in rows)
    )
    return _of_rows(first, rows, judge) if rows and good else None


def map_for(run: Run, generator: "Generator", tick: Tick, first: int = 0, n: int = NUM_SAMPLES) -> SampleMap:
    """The map of n samples, as kept with the run, else made and then kept. Waits while another one is made.

    Raises BadInput for a first seed that is none.
    """
    while not _TURN.acquire(timeout=0.2):
        tick(0.0, "Waiting for another map")
    try:
        if (kept := kept_map(run, generator, first)) is not None:
            return kept
        judge = namer(generator)
        rows = _made(generator, judge, first, n, tick)
        if launch.observe(run).state not in launch.ACTIVE:
            about = _about(generator, judge)
            keep_about(_path(run, generator, first), about, "found", [list(row) for row in rows])
        return _of_rows(first, rows, judge)
    finally:
        _TURN.release()


def namer(generator: "Generator") -> Judge:
    """Whose features tell what a sample looks like: the judge's of the data, else fixed filters' of its pixels."""
    try:
        return judge_of(generator.config)
    except BadInput:
        return EdgeJudge(generator.config.channels)


def _made(generator: "Generator", judge: Judge, first: int, n: int, tick: Tick) -> list[tuple[int, int, int]]:
    """The rows of a map: across, down, class."""
    z = z_of(generator, seeds.sample_seeds(first, n))
    pictures: list[np.ndarray] = []
    for part in z.split(AT_ONCE):
        tick(DRAWN * len(pictures) * AT_ONCE / n, "Drawing samples")
        pictures.append(render(generator, part))
    parts: list[np.ndarray] = []
    for batch in pictures:
        tick(DRAWN + (JUDGED - DRAWN) * len(parts) * AT_ONCE / n, "Looking at them")
        parts.append(judge.features(batch))
    features = np.concatenate(parts)
    named = judge.probabilities(features)
    classes = [-1] * n if named is None else named.argmax(1).tolist()
    layout = tsne(features, lambda share: tick(JUDGED + (1 - JUDGED) * share, "Laying like beside like"))
    return [(x, y, k) for (x, y), k in zip(_fitted(layout), classes, strict=True)]


def _fitted(layout: np.ndarray) -> list[list[int]]:
    """A layout (N, 2) as whole numbers in the square, as large as fits and in its middle."""
    low, high = layout.min(0), layout.max(0)
    scaled = (layout - (low + high) / 2) / max(float((high - low).max()), 1e-9) + 0.5
    return np.rint(scaled * SIDE).clip(0, SIDE).astype(int).tolist()


def _of_rows(first: int, rows: list[tuple[int, int, int]], judge: Judge) -> SampleMap:
    return SampleMap(first, [(x, y) for x, y, _ in rows], [k for *_, k in rows], judge.class_names, judge.name)


def _path(run: Run, generator: "Generator", first: int) -> "Path":
    assert generator.origin is not None  # it was read from a file
    return run.path / "maps" / f"{generator.origin.step:08d}-{generator.origin.weights_hash[:12]}-{first}.json"


def _about(generator: "Generator", judge: Judge) -> dict[str, Any]:
    """What must be the same for what is kept to count: whose features they are is part of it."""
    assert generator.origin is not None
    return {"version": VERSION, "weights_hash": generator.origin.weights_hash, "judge": judge.hash}
