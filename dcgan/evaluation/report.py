"""One generator's report: every figure beside its floor, and the rows of the pictures that prove it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dcgan.config import Config
from dcgan.data import dataset
from dcgan.errors import BadInput
from dcgan.evaluation import pixel_report
from dcgan.evaluation.asked import as_asked, real_classes
from dcgan.evaluation.floors import class_floors, floors_of, noise_precision, pictures_to_see, ruler_of
from dcgan.evaluation.reference import VERSION, Figures, Reference, reference_of, shuffled_score
from dcgan.evaluation.spread import whole
from dcgan.judges.judge import judge_of
from dcgan.latent.class_centres import labels_of_seeds, z_of
from dcgan.latent.render import render
from dcgan.latent.seeds import sample_seeds
from dcgan.metrics.class_score import SPLITS
from dcgan.metrics.classes import class_report
from dcgan.metrics.enough import SURE, at_once, is_blind, is_enough, too_few
from dcgan.runs.run import Run
from dcgan.system.files import PRIVATE, publish

if TYPE_CHECKING:
    from dcgan.networks.models import Generator

COPIES = 1000  # fakes whose nearest training pictures are looked for
SHOWN = 24  # pictures of each kind that a report lists
PRODUCTS_PER_PICTURE = 10**8  # multiplications that take about as long as one look of the judge
Progress = Callable[[float, str], None]  # called with the share done, 0 to 1, and what is being done


def evaluate(
    generator: "Generator", n: int = 1000, seed: int = 0, progress: Progress = lambda share, doing: None
) -> dict[str, Any]:
    """The report of the fakes from seeds seed, seed + 1, ..., plain numbers and text, ready for JSON.

    Figures that can't tell good fakes from bad ones, since there are too few real pictures, are None. Raises BadInput
    when the data can't be read. The first one of a data set also looks at the real pictures and keeps what it saw. No
    global random state moves.
    """
    if not 2 <= n <= pixel_report.MAX_PICTURES:
        raise BadInput(f"n must be from 2 to {pixel_report.MAX_PICTURES}, not {n!r}.")
    config = generator.config
    bar = _Bar(progress, pixel_report.MAX_PICTURES + 15 * n)  # a guess, until it is known what was kept
    bar.doing = "Looking at real pictures"
    reference = reference_of(config, bar.tick)
    copies = min(n, COPIES)
    search = len(reference.train) * 4 * copies * reference.train[0].size // PRODUCTS_PER_PICTURE
    bar.restart(pictures_to_see(reference, n) + 2 * n + search)
    floors, ruler = floors_of(reference, n, bar.tick), ruler_of(reference, n, bar.tick)
    noise = noise_precision(reference, n, bar.tick)

    bar.doing = "Drawing fakes"
    fakes = pixel_report.fake_pictures(generator, n, seed, bar.tick)
    bar.doing = "Looking at the fakes"
    features = reference.judge.features(fakes, bar.tick)
    bar.doing = "Comparing every picture with every other"
    figures, realism, class_precision = Figures(), np.full(n, np.nan), None
    if reference.enough:
        figures, realism, class_precision = reference.compare(features, seed, lambda: bar.tick(0))
    if blind := "precision" in floors and is_blind(noise, floors["precision"]["mean"]):
        figures, realism[:], class_precision = figures._replace(precision=None, density=None), np.nan, None
    bar.doing = "Looking for copies among the training pictures"
    measured = pixel_report.measure(generator, copies, seed, fakes[:copies], lambda share: bar.tick(share * search))

    report: dict[str, Any] = {
        "version": VERSION,
        "n": n,
        "seed": seed,
        "data": config.data,
        "data_fingerprint": config.data_fingerprint,
        "image_size": config.image_size,
        "channels": config.channels,
        "step": generator.origin.step if generator.origin else None,
        "weights": measured.report["weights"],
        "weights_hash": measured.report["weights_hash"],
        "judge": {"name": reference.judge.name, "hash": reference.judge.hash, "limits": reference.judge.limits},
        "reference": {
            "split": "test" if reference.held_out else "train",
            "n": len(reference.pictures),
            "floor_n": at_once(n, len(reference.train)),  # training pictures in each draw of a floor, and fakes at once
            "noise_precision": noise,  # of very noisy training pictures
        },
        "neighbours_n": len(reference.beside(features[: reference.at_once(n)])[0]),
        "figures": {
            name: None if value is None else {"value": value, "floor": floors.get(name)}
            for name, value in figures._asdict().items()
        },
        "ruler": ruler,
        "classes": None,
        "pixels": measured.report,
        "pictures": {
            "closest": measured.fakes.closest(SHOWN).listed(),
            "first": measured.fakes.take(slice(SHOWN)).listed(),
        },
        "notes": _notes(reference, blind) + measured.report.pop("notes"),
    }
    if measured.held_out is not None:
        report["pictures"]["closest_real"] = measured.held_out.closest(SHOWN).listed()
        report["pictures"]["first_real"] = measured.held_out.take(slice(SHOWN)).listed()
        if measured.report["disguised"]["alarm"]:
            report["pictures"]["disguised"] = measured.disguised.closest(SHOWN).listed()
    compared = np.flatnonzero(~np.isnan(realism))
    if len(compared):
        order = compared[np.argsort(-realism[compared], kind="stable")]
        report["pictures"] |= {"best": order[:SHOWN].tolist(), "worst": order[::-1][:SHOWN].tolist()}
    real_side = whole(real_classes(reference, config, reference.at_once(n)))
    labels = labels_of_seeds(sample_seeds(seed, n), config)
    report["asked"] = (
        None
        if real_side is None or labels is None
        else as_asked(reference, real_side, features[: reference.at_once(n)], labels.numpy()[: reference.at_once(n)])
    )
    judge, real = reference.judge, reference.probabilities
    probabilities = judge.probabilities(features)
    if reference.enough and probabilities is not None and real is not None and judge.confusion is not None:
        report["classes"] = class_report(probabilities, real, judge.confusion, judge.class_names)
        report["classes"] |= {"precision": class_precision, "real_precision": class_floors(reference, n) or None}
        if figures.score is not None and len(real) >= 2 * SPLITS:
            report["figures"]["score"] |= {"deviation": shuffled_score(probabilities).deviation}
            if reference.at_once(n) == n:  # else the fakes' is of fewer pictures at a time
                own = shuffled_score(real[np.random.default_rng(seed).permutation(len(real))[:n]])
                report["figures"]["score"] |= {"real": own.mean}
    report["too_few"] = too_few(report)  # why there are no figures, in a sentence; empty if there are
    progress(1.0, "Done")
    return report


# ---- reports are kept in the run's directory, where everything that shows the run finds them


def evaluate_run(
    run: Run, generator: "Generator", n: int = 1000, seed: int = 0, progress: Progress = lambda share, doing: None
) -> dict[str, Any]:
    """As `evaluate`; a report that the run already has is only read."""
    known = kept_report(run, generator, n, seed)
    if known is not None:
        return known
    report = evaluate(generator, n, seed, progress)
    path = _path(run, report["step"], report["weights_hash"], n, seed)
    try:
        path.parent.mkdir(PRIVATE, exist_ok=True)
        publish(path, (json.dumps(report, allow_nan=False) + "\n").encode())
    except OSError:
        pass  # a run that can't be written to is measured anew each time
    return report


def kept_report(run: Run, generator: "Generator", n: int, seed: int = 0) -> dict[str, Any] | None:
    """The report of exactly these weights, or None; one by another judge, version or data set doesn't count."""
    origin = generator.origin
    if origin is None:
        return None
    report = _read(_path(run, origin.step, origin.weights_hash, n, seed))
    return report if report is not None and _is_of(report, generator) else None


def kept_reports(run: Run, config: Config, n: int, seed: int = 0) -> list[dict[str, Any]]:
    """All reports that the run has of n fakes from this seed by the judge of today, whatever their step."""
    paths = sorted((run.path / "evaluations").glob(f"*-n{n}-seed{seed}.json"))
    return [report for path in paths if (report := _read(path)) is not None and _is_alike(report, config)]


def _is_of(report: dict[str, Any], generator: "Generator") -> bool:
    own = generator.origin.weights_hash if generator.origin else None
    return report.get("weights_hash") == own and _is_alike(report, generator.config)


def _is_alike(report: dict[str, Any], config: Config) -> bool:
    return (
        report.get("data_fingerprint") == config.data_fingerprint
        and report.get("version") == VERSION
        and (report.get("judge") or {}).get("hash") == judge_of(config).hash
        and _is_fair(report)
    )


def _is_fair(report: dict[str, Any]) -> bool:
    """Whether a report keeps to what few pictures can tell; some of those made before it was looked at don't."""
    splits, reference = report["pixels"]["splits"], report["reference"]
    if not is_enough(splits["test"], splits["train"]):
        return report["figures"]["distance"] is None
    fair = reference["floor_n"] == at_once(report["n"], splits["train"])
    return fair and ("noise_precision" in reference or reference["n"] >= SURE)


def _path(run: Run, step: int, weights: str, n: int, seed: int) -> Path:
    return run.path / "evaluations" / f"{step:08d}-{weights[:12]}-n{n}-seed{seed}.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return report if isinstance(report, dict) else None


# ---- the pictures that a report names


def fakes_of(generator: "Generator", report: dict[str, Any], rows: list[int]) -> np.ndarray:
    """Fakes by their rows in a report, uint8 (N, H, W) or (N, H, W, 3): row i comes from seed + i."""
    seeds = sample_seeds(report["seed"], report["n"])
    return render(generator, z_of(generator, [seeds[row] for row in rows]))


def pairs_of(generator: "Generator", report: dict[str, Any], kind: str) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Pictures, their nearest training pictures and the distances, for a kind of pair that the report lists."""
    listed = report["pictures"][kind]
    rows, nearest = [int(row) for row, _, _ in listed], [int(row) for _, row, _ in listed]
    train = dataset.real_pictures(generator.config, "train")
    if kind.endswith("_real"):
        pictures = dataset.real_pictures(generator.config, "test")[rows]
    else:
        pictures = fakes_of(generator, report, rows)
    return pictures, train[nearest], [distance for _, _, distance in listed]


# ---- helpers


class _Bar:
    """Adds up what is done and tells it as a share."""

    def __init__(self, show: Progress, total: float) -> None:
        self._show, self._total, self._done, self._base, self.doing = show, total, 0.0, 0.0, ""

    def tick(self, units: float) -> None:
        self._done += units
        self._show(min(0.99, self._base + (1 - self._base) * self._done / max(self._total, 1)), self.doing)

    def restart(self, total: float) -> None:
        """What is left turned out to be `total`; the share shown so far stays."""
        self._base += (1 - self._base) * min(1.0, self._done / max(self._total, 1))
        self._total, self._done = total, 0.0


def _notes(reference: Reference, blind: bool) -> list[str]:
    notes = []
    if blind:
        notes.append(
            f"Precision and density are left out: beside so few pictures {reference.judge.name} takes noise for real."
        )
    if reference.enough and not reference.judge.class_names:
        notes.append(
            f"Judged by {reference.judge.name}, fixed filters that need no labels and no download. "
            f"{reference.judge.limits}"
        )
    return notes
