"""Several runs together: one chart of all, beside it what sets them apart, below it their samples; and its link."""

from collections.abc import Sequence
from html import escape
from urllib.parse import urlencode, urlsplit

import streamlit as st

from dcgan.config import Config, describe
from dcgan.runs import notes
from dcgan.runs.run import Run
from pages.charts import compare, distance
from pages.charts.history import history_of, why_no_curves
from pages.common import address, choose, run_rows
from pages.common.widgets import one_of
from pages.common.words import escaped
from pages.training import run_grids

FIGURES = {"distance": "Distance", "losses": "Losses", "verdicts": "D's verdicts", "accuracy": "D's accuracy"}
AXES = {"step": "By step", "time": "By time"}
FIGURE_KEY, AXIS_KEY = "compare-figure", "compare-axis"
BEST_NEWEST = [
    '<span title="The lowest distance to real pictures">Best</span>',
    '<span title="The newest distance to real pictures">Newest</span>',
]
ONLY_HERE = ("localhost", "127.0.0.1", "::1")

CSS = """
<style>
.apart { overflow-x: auto; }
.apart table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
.apart :is(th, td) { padding: 0.3rem 0.7rem 0.3rem 0; text-align: left; vertical-align: top; font-weight: 400; }
.apart tr { border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
.apart thead th { opacity: 0.75; white-space: nowrap; }
.apart tbody th { font-weight: 600; min-width: 7.5rem; overflow-wrap: anywhere; }
.apart b {
  display: inline-block; min-width: 1.3rem; padding: 0 0.2rem; border: 1.5px solid; text-align: center;
  font-weight: 400; line-height: 1.3;
}
.apart i { display: block; width: 2.4rem; height: 3px; margin-top: 0.3rem; }
.apart :is(details, .note) { font-size: 0.85rem; margin: 0.6rem 0 0; }
.apart .note { overflow-wrap: anywhere; }
.apart .note b { margin-right: 0.5rem; }
.apart .note div { white-space: pre-wrap; opacity: 0.8; margin: 0.3rem 0 0 1.8rem; }
.apart summary { cursor: pointer; }
.apart dt { font-weight: 600; margin-top: 0.4rem; }
.apart dd { margin: 0; opacity: 0.8; }
</style>
"""


def draw(runs: Sequence[Run]) -> None:
    """Chart and settings of two or more runs, then their sample grids at a shared step."""
    names = choose.titles(runs)
    configs = [run_rows.config_of(run) for run in runs]
    drawn = [
        compare.Curves(names[run.id], history_of(run), distance.measured(run), bool(config and config.scores))
        for run, config in zip(runs, configs, strict=True)
    ]
    measured = any(each.distance for each in drawn)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        with st.container(horizontal=True, width="content"):
            figure = _choice("Figure", FIGURE_KEY, FIGURES, "distance" if measured else "losses", "figure")
            axis = _choice("Axis", AXIS_KEY, AXES, "step", "axis")
        _link(runs, figure, axis)
    chart, apart = st.columns([7, 5], gap="large")
    with chart:
        _chart(drawn, figure, axis, configs)
    with apart:
        st.html(CSS + compare.CSS + table(drawn, configs, [notes.read(run) for run in runs], figure == "distance"))
    run_grids.draw(runs, [f"{i} · {names[run.id]}" for i, run in enumerate(runs, 1)])


def _choice(label: str, key: str, options: dict[str, str], usual: str, param: str) -> str:
    """One of the options, which stands in the URL unless it is the usual one."""
    if address.just_arrived(key) or st.session_state[key] not in options:
        asked = st.query_params.get(param, "")
        st.session_state[key] = asked if asked in options else usual
    chosen = one_of(label, options, key)
    address.write({param: None if chosen == usual else chosen})
    return chosen


def _chart(drawn: Sequence[compare.Curves], figure: str, axis: str, configs: Sequence[Config | None]) -> None:
    if not any(len(each.columns["step"]) for each in drawn):
        st.caption(why_no_curves(configs[0]))
        return
    if axis == "time" and not any(each.columns["time_s"].any() for each in drawn):
        st.info("These runs kept no times: their curves are shown by step.", icon=":material/schedule:")
        axis = "step"
    if figure == "distance" and not any(each.distance for each in drawn):
        st.info("The distance of none of these runs was measured.", icon=":material/straighten:")
        return
    made = compare.figure(drawn, figure, axis == "time")
    st.plotly_chart(made, key=compare.KEY, config={"displayModeBar": False}, alt=compare.in_words(drawn))
    said = ["A red cross marks the best of each, a dotted line the distance of real pictures."]
    if figure != "distance":
        said = ["Moving averages over a fortieth of each run."]
    elif missing := [each.name for each in drawn if not each.distance]:
        said.append(f"Never measured: {', '.join(missing)}.")
    st.caption(escaped(" ".join(said)))
    judges = {each.distance["by"] for each in drawn if each.distance}
    if figure == "distance" and len(judges) > 1:
        by = sorted({f"{judge} on {n:,} fakes" for judge, _, n in judges})
        st.warning(
            escaped(f"These distances come from different judges or numbers of fakes ({', '.join(by)})")
            + ": compare the shapes of the curves, not their heights.",
            icon=":material/warning:",
        )


def table(drawn: Sequence[compare.Curves], configs: Sequence[Config | None], noted: Sequence[str], far: bool) -> str:
    """A line for each run, as it is drawn: its distance if `far`, and the settings that are not the same in all.

    Below it the notes, each with its run's number: beside the settings they would be out of sight. HTML; every text of
    a person in it is escaped.
    """
    readable = [config for config in configs if config is not None]
    apart = compare.differing(readable)
    shown = {name: iter(values) for name, values in apart.items()}
    measured = far and any(each.distance for each in drawn)
    heads = ["", "Run", *BEST_NEWEST * measured, *(_head(name) for name in apart)]
    rows = []
    for i, (each, config) in enumerate(zip(drawn, configs, strict=True)):
        cells = _distances(each) if measured else []
        cells += [escape(_value(next(values))) if config else "unreadable" for values in shown.values()]
        marks = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f'<tr><td>{_swatch(i)}</td><th scope="row">{escape(each.name)}</th>{marks}</tr>')
    head = "".join(f'<th scope="col">{head}</th>' for head in heads)
    meanings = "".join(f"<dt>{escape(name)}</dt><dd>{escape(describe(name))}</dd>" for name in apart)
    details = f"<details><summary>What these settings mean</summary><dl>{meanings}</dl></details>" if apart else ""
    same = "" if apart else "<p>Their settings are the same.</p>"
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    said = "".join(_note(i, note) for i, note in enumerate(noted) if note)
    return f'<div class="apart">{body}{same}{said}{details}</div>'


def _note(i: int, note: str) -> str:
    """The note of the i-th run: its first line, and the others once it is opened."""
    first, _, rest = note.partition("\n")
    head = f'<b style="border-color: {compare.style(i)[0]}">{i + 1}</b>{escape(first)}'
    if not rest.strip():
        return f'<p class="note">{head}</p>'
    return f'<details class="note"><summary>{head}</summary><div>{escape(rest)}</div></details>'


def _head(name: str) -> str:
    return f'<span title="{escape(describe(name))}">{escape(name)}</span>'


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"


def _distances(run: compare.Curves) -> list[str]:
    """The lowest distance and the newest."""
    if not run.distance:
        return ["–", "–"]
    best, newest = run.distance["best"], run.distance["values"][-1]
    return [f"{best[1]:.2f}" if best else "–", f"{newest:.2f}"]


def _swatch(i: int) -> str:
    """How the i-th curve is drawn, as a stroke."""
    colour, dash = compare.style(i)
    gaps = {"solid": "100%, transparent 0", "dash": "60%, transparent 0", "dot": "50%, transparent 0"}
    size = {"solid": "100%", "dash": "11px", "dot": "5px"}.get(dash, "16px")
    paint = f"linear-gradient(90deg, {colour} {gaps.get(dash, '60%, transparent 0')}) 0 0 / {size} 100%"
    return f'<b style="border-color: {colour}">{i + 1}</b><i style="background: {paint}"></i>'


def _link(runs: Sequence[Run], figure: str, axis: str) -> None:
    """The address that opens this comparison for anybody, with a button to copy it."""
    asked = [*(("run", run.id) for run in runs), ("figure", figure), ("axis", axis)]
    link = f"{st.context.url or ''}?{urlencode(asked)}"
    with st.popover("Link", icon=":material/link:", help="The address of this very comparison, to hand on."):
        st.markdown("**Opens this comparison:** these runs, this figure, this axis; visitors need no key.")
        st.code(link, language=None, wrap_lines=True)
        if urlsplit(link).hostname in ONLY_HERE:
            st.caption("It begins with this computer's own name, which only works on it: for others put the name or "
                       "number by which they reach the studio in its place.")  # fmt: skip
