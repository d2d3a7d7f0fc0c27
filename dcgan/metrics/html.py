"""A report as one HTML file that needs nothing else: figures, classes and pictures."""

import base64
import html
from typing import TYPE_CHECKING, Any

import numpy as np

from dcgan.images import grid, png_bytes, upscale
from dcgan.metrics.evaluation import fakes_of, pairs_of
from dcgan.metrics.words import FIGURES, copy_sentence, metric_name, times_floor, verdict

if TYPE_CHECKING:
    from dcgan.models import Generator

STYLE = """
:root { color-scheme: light dark; --warm: #B4532A; --quiet: #8a8178; --line: #8886; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { font-family: Georgia, serif; font-weight: 600; line-height: 1.2; }
h2 { margin-top: 2.2rem; }
p.verdict { font-size: 1.15rem; border-left: 4px solid var(--warm); padding-left: 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.35rem 0.6rem 0.35rem 0; border-bottom: 1px solid var(--line); }
td.number { text-align: right; white-space: nowrap; }
td small, p small { color: var(--quiet); }
img { image-rendering: pixelated; max-width: 100%; border-radius: 4px; }
.bar { background: var(--warm); height: 0.6rem; } .bar.real { background: #5A8FB8; margin-top: 2px; }
"""


def html_report(generator: "Generator", report: dict[str, Any], name: str) -> bytes:
    """The report of a generator called `name`; raises BadInput when the data for the pictures are gone."""
    title = f"How good is {name}?"
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f"<p class=verdict>{html.escape(verdict(report).text)}</p>",
        _origin(report),
        "<h2>Figures</h2>",
        _figures(report),
        _ruler(report),
        _classes(report),
        "<h2>Pictures</h2>",
        *_pictures(generator, report),
        *(f"<p><small>{html.escape(note)}</small></p>" for note in report["notes"]),
    ]
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{html.escape(title)}</title><style>{STYLE}</style><body>{''.join(parts)}</body></html>"
    )
    return page.encode()


def _origin(report: dict[str, Any]) -> str:
    against, judge = report["reference"], report["judge"]
    text = (
        f"{report['n']:,} fakes of seeds {report['seed']} to {report['seed'] + report['n'] - 1}, step "
        f"{report['step']:,}, {report['weights']} weights {report['weights_hash'][:12]}, against {against['n']:,} "
        f"{against['split']} pictures of {report['data']} at {report['image_size']} px; judge {judge['name']} "
        f"{judge['hash'][:12]}. {judge['limits']}"
    )
    return f"<p><small>{html.escape(text)}</small></p>"


def _figures(report: dict[str, Any]) -> str:
    rows = []
    for key, figure in FIGURES.items():
        found = report["figures"][key]
        if found is not None:
            floor = found["floor"]
            beside = f"{floor['mean']:.{figure.digits}f} ± {floor['deviation']:.{figure.digits}f}" if floor else "none"
            label = f"{figure.label} ({metric_name(report)})" if key == "distance" else figure.label
            rows.append(
                f"<tr><td>{html.escape(label)}<br><small>{html.escape(figure.meaning)}</small></td>"
                f"<td class=number>{found['value']:.{figure.digits}f}</td><td class=number>{beside}</td>"
                f"<td>{figure.better}</td></tr>"
            )
    head = "<tr><th>Figure<th>Fakes<th>Real against real<th>Better</tr>"
    times = times_floor(report)
    ratio = f"<p>The distance is {times:.1f} times its floor.</p>" if times is not None else ""
    return f"<table>{head}{''.join(rows)}</table>{ratio}<p>{html.escape(copy_sentence(report))}</p>"


def _ruler(report: dict[str, Any]) -> str:
    found = report["figures"]["distance"]
    if not report["ruler"] or found["floor"] is None:
        return ""
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
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td style='width:60%'><div class=bar style='width:{100 * share / most:.1f}%'>"
        f"</div><div class='bar real' style='width:{100 * real / most:.1f}%'></div></td>"
        f"<td class=number>{share:.1%}<br><small>real {real:.1%}</small></td></tr>"
        for name, share, real in zip(classes["names"], classes["share"], classes["real_share"], strict=True)
    )
    covered = f"{classes['covered']} of {classes['classes']} classes appear."
    return f"<h2>Classes</h2><p>{covered}</p><table>{rows}</table>"


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
