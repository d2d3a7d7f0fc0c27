"""Several runs in one table, best first, with what may be compared and what not."""

from html import escape
from typing import Any

import streamlit as st

from dcgan.errors import BadInput
from dcgan.evaluation.figures import FIGURES, floors, metric_name, times_floor
from dcgan.evaluation.verdict import copy_alarm
from dcgan.metrics.enough import too_few
from dcgan.runs.run import Run, list_runs
from dcgan.system.names import data_title
from pages.common import visitors
from pages.common.choose import titles
from pages.common.colours import RUNS
from pages.common.run_rows import newest_thumbnail
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.evaluate.report_charts import Row, draw_ladder, draw_row_bars
from pages.evaluate.reports import NOT_MEASURED, Wanted, kept, measure, pick_n, show_kept

MOST = 8
KEY = "evaluate-runs"
SHARES = {"precision": "Look real", "recall": "Variety"}
FRAME = 32  # pixels: what every judge looks at (dcgan.judges.classifier.FRAME, which needs torch)
LABEL = 22  # characters


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
            "Runs",
            list(runs),
            st.session_state[KEY],
            format_func=names.__getitem__,
            key=KEY,
            max_selections=MOST,
            help=help,
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
    cannot = not missing or not visitors.may_act()
    if button.button(label, type="primary", icon=":material/balance:", width="stretch", disabled=cannot):
        for name in missing:
            try:
                for wanted, report in measure([Wanted(runs[name], None)], n):
                    reports[wanted.run.id] = report
            except BadInput as error:
                refuse(error)
        show_kept(Wanted(runs[missing[-1]], None), n)
    if not reports:
        if missing and not visitors.may_act():
            st.info(NOT_MEASURED, icon=":material/help:")
        else:
            st.markdown(f"Press **{label}** to set these runs side by side." if missing else "Choose one or more runs.")
        return
    _draw({name: reports[name] for name in chosen if name in reports}, runs, names)


def _draw(reports: dict[str, dict[str, Any]], runs: dict[str, Run], names: dict[str, str]) -> None:
    groups: dict[tuple[object, ...], list[str]] = {}
    few = [name for name in reports if too_few(reports[name])]
    for name in sorted(reports.keys() - few, key=lambda name: reports[name]["figures"]["distance"]["value"]):
        groups.setdefault(_measured_by(reports[name]), []).append(name)
    order = [name for group in groups.values() for name in group]
    rows = [_row(runs[name], names[name], reports[name]) for name in order + few]
    numbers = {
        FIGURES[key].label: st.column_config.NumberColumn(help=FIGURES[key].meaning, format=f"%.{FIGURES[key].digits}f")
        for key in FIGURES
    }
    samples = st.column_config.ImageColumn(width="small", help="The newest sample grid's corner.")
    times = st.column_config.NumberColumn(help="The distance divided by that of real pictures.", format="%.1f")
    columns = {"Samples": samples, "× floor": times, **numbers}
    st.dataframe(
        rows, height="content", row_height=64, hide_index=True, placeholder="–", column_config=columns,
        alt="Every figure of the runs",
    )  # fmt: skip
    for name in few:
        st.caption(f":material/help: **{escaped(names[name])}** · {escaped(too_few(reports[name]))}")
    if len(groups) > 1:
        st.warning(
            "These runs were trained on different data, or are judged differently: their distances can't be compared"
            + (", only those of one group below." if len(groups) < len(order) else "."),
            icon=":material/warning:",
        )
    for group in groups.values():
        if len(groups) == 1 or len(group) > 1:
            if len(groups) > 1:
                st.subheader(escaped(data_title(reports[group[0]]["data"])), anchor=False)
            _draw_group({names[name]: reports[name] for name in group})


def _measured_by(report: dict[str, Any]) -> tuple[object, ...]:
    """What must be the same for two distances to be compared."""
    reference = report["reference"]
    return report["data_fingerprint"], report["judge"]["hash"], reference["n"], reference["floor_n"]


def _draw_group(reports: dict[str, dict[str, Any]]) -> None:
    """The runs by rising distance: each has its colour and its line in all of the charts."""
    first = next(iter(reports.values()))
    sizes = sorted({report["image_size"] for report in reports.values()})
    if len(sizes) > 1:
        st.info(
            f"These runs draw pictures of {' and '.join(map(str, sizes))} px. The judge looks at all of them at "
            f"{FRAME} px, so their distances can be compared, but how sharp the larger ones are beyond that goes "
            "unseen.",
            icon=":material/photo_size_select_large:",
        )
    labels = {name: _label(name, report if len(sizes) > 1 else None) for name, report in reports.items()}
    colours = dict(zip(reports, RUNS, strict=False))

    def lines(key: str) -> list[Row]:
        shown = {name: report["figures"][key] for name, report in reports.items()}
        floor = first["figures"][key]["floor"]
        real = [Row("real pictures", floor["mean"], error=floor["deviation"])]
        return real + [Row(labels[name], found["value"], colours[name]) for name, found in shown.items() if found]

    columns = st.columns(3, gap="medium")
    with columns[0]:
        st.markdown("**Distance: best on top**", help=FIGURES["distance"].meaning)
        draw_ladder(lines("distance"), "Distance from real")
    for column, (key, title) in zip(columns[1:], SHARES.items(), strict=True):
        if first["figures"][key] is not None:
            with column:
                st.markdown(f"**{title}: longer is better**", help=FIGURES[key].meaning)
                draw_row_bars(lines(key), title)
    named = f"{metric_name(first)} of {first['n']:,} fakes of seeds from 0 on, best first. {floors(first)}"
    st.caption(escaped(named))


def _label(name: str, report: dict[str, Any] | None) -> str:
    """A run's name beside its line, cut to what there is room for, with the size of its pictures."""
    short = name if len(name) <= LABEL else f"{name[: LABEL - 1].rstrip()}…"
    return escape(short) + (f" · {report['image_size']} px" if report else "")


def _row(run: Run, name: str, report: dict[str, Any]) -> dict[str, Any]:
    classes = report["classes"]
    row: dict[str, Any] = {"Samples": newest_thumbnail(run), "Run": name, "Step": report["step"]}
    for key, figure in FIGURES.items():
        found = report["figures"][key]
        row[figure.label] = found["value"] if found is not None else None
        if key == "distance":
            row["× floor"] = times_floor(report)
            row["Classes"] = f"{classes['covered']} of {classes['classes']}" if classes else ""
            row["Copies"] = "alarm" if copy_alarm(report) else "" if too_few(report) else "no sign"
    row["Data"] = f"{data_title(report['data'])}, {report['image_size']} px"
    return row
