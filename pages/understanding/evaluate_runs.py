"""Several runs in one table, best first, with what may be compared and what not."""

from typing import Any

import streamlit as st

from dcgan.config import BadInput
from dcgan.metrics.verdict import copy_alarm
from dcgan.metrics.words import FIGURES, floors, metric_name, times_floor
from dcgan.names import data_title
from dcgan.runs import Run, list_runs
from pages.common.choose import titles
from pages.common.shelf import newest_thumbnail
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.understanding.evaluate_cache import Wanted, kept, measure, pick_n, show_kept
from pages.understanding.evaluate_charts import draw_runs, draw_shares_of_runs

MOST = 8
KEY = "evaluate-runs"
SHARES = ("precision", "recall", "density", "coverage")


def several_runs() -> None:
    runs = {run.id: run for run in list_runs() if run.generator_path.is_file()}
    names = titles(runs.values())
    left, right, button = st.columns([6, 3, 3], vertical_alignment="bottom", gap="medium")
    if KEY in st.session_state:
        st.session_state[KEY] = [name for name in st.session_state[KEY] if name in runs]
    else:
        st.session_state[KEY] = list(runs)[:MOST]
    with left:
        help = "The newest generator of each."
        chosen = st.multiselect(
            "Runs", list(runs), format_func=names.__getitem__, key=KEY, max_selections=MOST, help=help
        )
    with right:
        n = pick_n()
    reports: dict[str, dict[str, Any]] = {}
    missing = []
    for name in chosen:
        try:
            with st.spinner("Opening the generators …"):
                report = kept(Wanted(runs[name], None), n)
        except BadInput as error:
            refuse(error)
            continue
        if report is None:
            missing.append(name)
        else:
            reports[name] = report
    label = f"Measure {len(missing)} more" if missing else "All measured"
    if button.button(label, type="primary", icon=":material/balance:", width="stretch", disabled=not missing):
        for name in missing:
            try:
                for wanted, report in measure([Wanted(runs[name], None)], n):
                    reports[wanted.run.id] = report
            except BadInput as error:
                refuse(error)
        show_kept(Wanted(runs[missing[-1]], None), n)
    if not reports:
        st.markdown(f"Press **{label}** to set these runs side by side." if missing else "Choose one or more runs.")
        return
    _draw({name: reports[name] for name in chosen if name in reports}, runs, names)


def _draw(reports: dict[str, dict[str, Any]], runs: dict[str, Run], names: dict[str, str]) -> None:
    order = sorted(reports, key=lambda name: reports[name]["figures"]["distance"]["value"])
    rows = [_row(runs[name], names[name], reports[name]) for name in order]
    numbers = {
        FIGURES[key].label: st.column_config.NumberColumn(help=FIGURES[key].meaning, format=f"%.{FIGURES[key].digits}f")
        for key in FIGURES
    }
    samples = st.column_config.ImageColumn(width="small", help="The newest sample grid's corner.")
    times = st.column_config.NumberColumn(help="The distance divided by that of real pictures.", format="%.1f")
    st.dataframe(rows, hide_index=True, row_height=64, column_config={"Samples": samples, "× floor": times, **numbers})
    if len({(r["data_fingerprint"], r["judge"]["hash"]) for r in reports.values()}) > 1:
        st.warning(
            "These runs were trained on different data or have different judges: their distances can't be compared.",
            icon=":material/warning:",
        )
    else:
        named = {names[name]: reports[name] for name in order}
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown("**Distance from real: the higher in this list, the better**", help=FIGURES["distance"].meaning)
            draw_runs(named)
        with right:
            help = "  \n".join(f"**{FIGURES[key].label}**: {FIGURES[key].meaning}" for key in SHARES)
            st.markdown("**The bars should reach the blue ones of real pictures**", help=help)
            draw_shares_of_runs(named, SHARES)
    first = reports[order[0]]
    st.caption(escaped(f"{metric_name(first)} of {first['n']:,} fakes of seeds from 0 on, best first. {floors(first)}"))


def _row(run: Run, name: str, report: dict[str, Any]) -> dict[str, Any]:
    classes, close = report["classes"], report["pixels"]["close"]
    row: dict[str, Any] = {"Samples": newest_thumbnail(run), "Run": name, "Step": report["step"]}
    for key, figure in FIGURES.items():
        found = report["figures"][key]
        row[figure.label] = found["value"] if found is not None else None
        if key == "distance":
            row["× floor"] = times_floor(report)
            row["Classes"] = f"{classes['covered']} of {classes['classes']}" if classes else ""
            row["Copies"] = "" if close is None else "alarm" if copy_alarm(report) else "no sign"
    row["Data"] = f"{data_title(report['data'])}, {report['image_size']} px"
    return row
