"""A report as one HTML file that needs nothing else: figures, classes and pictures."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dcgan.evaluation.asked_words import in_words
from dcgan.evaluation.figures import FIGURES, beside, copy_sentence, floors, metric_name, origin, times_floor
from dcgan.evaluation.report import fakes_of, pairs_of
from dcgan.evaluation.verdict import answers, verdict
from dcgan.images.encode import png_bytes
from dcgan.images.grids import grid, upscale
from dcgan.metrics.enough import too_few
from dcgan.system.templates import filled

if TYPE_CHECKING:
    from dcgan.networks.models import Generator

TEMPLATE = Path(__file__).with_name("report_page.html")
FAKES_MARK = "These fakes"  # on the ruler


def html_report(generator: "Generator", report: dict[str, Any], name: str) -> bytes:
    """The report of a generator called `name`; raises BadInput when the data for the pictures are gone."""
    can_tell = not too_few(report)
    limits = report["judge"]["limits"] if can_tell else ""
    page = filled(
        TEMPLATE,
        title=f"How good is {name}?",
        verdict=verdict(report).text,
        answers=answers(report),
        figures=_figures(report) if can_tell else [],
        times=f"{times_floor(report):.1f}" if can_tell else "",
        copies=copy_sentence(report) if can_tell else "",
        ruler=_ruler(report) if can_tell else [],
        fakes_mark=FAKES_MARK,
        classes=_classes(report),
        pictures=_pictures(generator, report),
        origin=f"{origin(report)} {floors(report)} {limits}",
        notes=report["notes"],
    )
    return page.encode()


def _figures(report: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Each figure's label, meaning, value, and the same of real pictures."""
    rows = []
    for key, figure in FIGURES.items():
        found = report["figures"][key]
        if found is not None:
            label = f"{figure.label} ({metric_name(report)})" if key == "distance" else figure.label
            meaning = f"{figure.meaning} {figure.better.capitalize()} is better."
            rows.append((label, meaning, f"{found['value']:.{figure.digits}f}", beside(figure, found)))
    return rows


def _ruler(report: dict[str, Any]) -> list[tuple[str, str]]:
    """What stands on the ruler, each with its distance, rising."""
    found = report["figures"]["distance"]
    marks = [(f"Real pictures, {mark['label']}", mark["distance"]) for mark in report["ruler"]]
    marks += [("Real pictures (the floor)", found["floor"]["mean"]), (FAKES_MARK, found["value"])]
    return [(label, f"{distance:.3f}") for label, distance in sorted(marks, key=lambda mark: mark[1])]


def _classes(report: dict[str, Any]) -> dict[str, Any] | None:
    """How many classes appear, and a row of each: its shares, as text and as the width of a bar, and its precision."""
    classes = report["classes"]
    if classes is None:
        return None
    own, real = classes["share"], classes["real_share"]
    most = max(*own, *real, 1e-9)
    rows: list[dict[str, str]] = [
        {
            "name": name,
            "width": f"{100 * share / most:.1f}%",
            "real_width": f"{100 * real_share / most:.1f}%",
            "share": f"{share:.1%}",
            "real_share": f"{real_share:.1%}",
        }
        for name, share, real_share in zip(classes["names"], own, real, strict=True)
    ]
    if classes["precision"] is not None:
        floors_each = classes["real_precision"] or [None] * len(rows)
        for row, precision, floor in zip(rows, classes["precision"], floors_each, strict=True):
            row["precision"] = "–" if precision is None else f"{precision:.0%}"
            row["real_precision"] = f"{floor['mean']:.0%} ± {floor['deviation']:.0%}" if floor else ""
    covered = f"{classes['covered']} of {classes['classes']} classes appear."
    if report.get("asked"):
        covered += f" {in_words(report['asked'])}"
    return {"covered": covered, "rows": rows, "with_precision": classes["precision"] is not None}


def _pictures(generator: "Generator", report: dict[str, Any]) -> list[tuple[str, str]]:
    """Each heading with its pictures, as a PNG in base64."""
    found = []
    for kind, heading in (
        ("best", "The fakes most like real pictures"),
        ("worst", "The fakes least like real pictures"),
    ):
        if kind in report["pictures"]:
            found.append((heading, _sheet(fakes_of(generator, report, report["pictures"][kind]))))
    for kind, heading in (
        ("first", "The first seeds, each above its nearest training picture"),
        ("closest", "The fakes that come closest to a training picture, each above it"),
        ("disguised", "The fakes that are nearest to one that was moved, mirrored or lit otherwise, each above it"),
        ("closest_real", "The same of held-out real pictures: the floor"),
    ):
        if kind in report["pictures"]:
            pictures, nearest, _ = pairs_of(generator, report, kind)
            found.append((heading, _sheet(np.concatenate([pictures[:12], nearest[:12]]))))
    return found


def _sheet(pictures: np.ndarray) -> str:
    """uint8 (N, H, W) or (N, H, W, 3) in rows of 12, as a PNG in base64."""
    sheet = grid(pictures, columns=12)
    return base64.b64encode(png_bytes(upscale(sheet, max(1, 64 // pictures.shape[1])))).decode()
