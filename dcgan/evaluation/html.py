"""A report as one HTML file that needs nothing else: figures, classes and pictures."""

import base64
import html
from typing import TYPE_CHECKING, Any

import numpy as np

from dcgan.evaluation.figures import FIGURES, beside, copy_sentence, floors, metric_name, origin, times_floor
from dcgan.evaluation.report import fakes_of, pairs_of
from dcgan.evaluation.verdict import answers, verdict
from dcgan.images.encode import png_bytes
from dcgan.images.grids import grid, upscale
from dcgan.metrics.enough import too_few

if TYPE_CHECKING:
    from dcgan.networks.models import Generator

STYLE = """
:root { color-scheme: light dark; --warm: #B4532A; --quiet: #8a8178; --line: #8886; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { font-family: Georgia, serif; font-weight: 600; line-height: 1.2; }
h2 { margin-top: 2.2rem; }
p.verdict { font-size: 1.15rem; border-left: 4px solid var(--warm); padding-left: 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.35rem 0.6rem 0.35rem 0; border-bottom: 1px solid var(--line); }
td.number { text-align: right; white-space: nowrap; } th.number { text-align: right; }
td small, p small { color: var(--quiet); }
img { image-rendering: pixelated; max-width: 100%; border-radius: 4px; }
.answers { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
.answers div { border: 1px solid var(--line); border-radius: 8px; padding: 0.8rem 1rem; }
.answers b { display: block; font-size: 1.1rem; } .good b { color: #2E7D4F; } .watch b { color: #B07A12; }
.bad b { color: #C0392B; }
.bar { background: var(--warm); height: 0.6rem; } .bar.real { background: #5A8FB8; margin-top: 2px; }
"""


def html_report(generator: "Generator", report: dict[str, Any], name: str) -> bytes:
    """The report of a generator called `name`; raises BadInput when the data for the pictures are gone."""
    title = f"How good is {name}?"
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f"<p class=verdict>{html.escape(verdict(report).text)}</p>",
        _answers(report),
        *(("<h2>Figures</h2>", _figures(report), _ruler(report)) if not too_few(report) else ()),
        _classes(report),
        "<h2>Pictures</h2>",
        *_pictures(generator, report),
        "<h2>How it was measured</h2>",
        _origin(report),
        *(f"<p><small>{html.escape(note)}</small></p>" for note in report["notes"]),
    ]
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{html.escape(title)}</title><style>{STYLE}</style><body>{''.join(parts)}</body></html>"
    )
    return page.encode()


def _answers(report: dict[str, Any]) -> str:
    cards = "".join(
        f"<div class={answer.level}>{html.escape(answer.question)}<b>{html.escape(answer.short)}</b>"
        f"<small>{html.escape(answer.text)}</small></div>"
        for answer in answers(report)
    )
    return f"<div class=answers>{cards}</div>"


def _origin(report: dict[str, Any]) -> str:
    limits = "" if too_few(report) else report["judge"]["limits"]
    text = f"{origin(report)} {floors(report)} {limits}"
    return f"<p><small>{html.escape(text)}</small></p>"


def _figures(report: dict[str, Any]) -> str:
    rows = []
    for key, figure in FIGURES.items():
        found = report["figures"][key]
        if found is not None:
            label = f"{figure.label} ({metric_name(report)})" if key == "distance" else figure.label
            meaning = f"{figure.meaning} {figure.better.capitalize()} is better."
            rows.append(
                f"<tr><td>{html.escape(label)}<br><small>{html.escape(meaning)}</small></td>"
                f"<td class=number>{found['value']:.{figure.digits}f}<br>"
                f"<small>real {beside(figure, found)}</small></td></tr>"
            )
    head = "<tr><th>Figure<th class=number>Fakes, and real against real</tr>"
    times = times_floor(report)
    ratio = f"<p>The distance is {times:.1f} times its floor.</p>"
    return f"<table>{head}{''.join(rows)}</table>{ratio}<p>{html.escape(copy_sentence(report))}</p>"


def _ruler(report: dict[str, Any]) -> str:
    found = report["figures"]["distance"]
    marks = [(f"Real pictures, {mark['label']}", mark["distance"]) for mark in report["ruler"]]
    marks += [("Real pictures (the floor)", found["floor"]["mean"]), ("These fakes", found["value"])]
    rows = "".join(
        f"<tr><td>{f'<b>{html.escape(label)}</b>' if label == 'These fakes' else html.escape(label)}</td>"
        f"<td class=number>{distance:.3f}</td></tr>"
        for label, distance in sorted(marks, key=lambda mark: mark[1])
    )
    return f"<h2>The distance on a ruler</h2><table>{rows}</table>"


def _classes(report: dict[str, Any]) -> str:
    classes = report["classes"]
    if classes is None:
        return ""
    most = max(*classes["share"], *classes["real_share"], 1e-9)
    rows, many = [], classes["precision"] is not None
    for i, (name, share, real) in enumerate(
        zip(classes["names"], classes["share"], classes["real_share"], strict=True)
    ):
        bars = "".join(
            f"<div class='{kind}' style='width:{100 * value / most:.1f}%'></div>"
            for kind, value in (("bar", share), ("bar real", real))
        )
        row = f"<td>{html.escape(name)}</td><td style='width:45%'>{bars}</td>"
        row += f"<td class=number>{share:.1%}<br><small>real {real:.1%}</small></td>"
        if many:
            floor = classes["real_precision"][i] if classes["real_precision"] else None
            beside = f"<small>real {floor['mean']:.0%} ± {floor['deviation']:.0%}</small>" if floor else ""
            own = classes["precision"][i]
            row += f"<td class=number>{'–' if own is None else f'{own:.0%}'}<br>{beside}</td>"
        rows.append(f"<tr>{row}</tr>")
    covered = f"{classes['covered']} of {classes['classes']} classes appear."
    head = (
        "<tr><th>Class<th>Fakes above, real below<th class=number>Share" + "<th class=number>Look real" * many + "</tr>"
    )
    return f"<h2>Classes</h2><p>{covered}</p><table>{head}{''.join(rows)}</table>"


def _pictures(generator: "Generator", report: dict[str, Any]) -> list[str]:
    parts = []
    for kind, title in (
        ("best", "The fakes most like real pictures"),
        ("worst", "The fakes least like real pictures"),
    ):
        if kind in report["pictures"]:
            parts += [f"<h3>{title}</h3>", _image(fakes_of(generator, report, report["pictures"][kind]), title)]
    for kind, title in (
        ("first", "The first seeds, each above its nearest training picture"),
        ("closest", "The fakes that come closest to a training picture, each above it"),
        ("disguised", "The fakes that are nearest to one that was moved, mirrored or lit otherwise, each above it"),
        ("closest_real", "The same of held-out real pictures: the floor"),
    ):
        if kind in report["pictures"]:
            pictures, nearest, _ = pairs_of(generator, report, kind)
            both = np.concatenate([pictures[:12], nearest[:12]])
            parts += [f"<h3>{title}</h3>", _image(both, title)]
    return parts


def _image(pictures: np.ndarray, alt: str) -> str:
    sheet = grid(pictures, columns=12)
    data = base64.b64encode(png_bytes(upscale(sheet, max(1, 64 // pictures.shape[1])))).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt)}">'
