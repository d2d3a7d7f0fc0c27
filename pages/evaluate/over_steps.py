"""A run over its steps: when was it best, and is it still getting better?"""

from typing import Any

import streamlit as st

from dcgan.errors import BadInput
from dcgan.evaluation.figures import FIGURES, metric_name
from dcgan.runs.kept_steps import thin
from dcgan.runs.run import Run
from pages.charts import distance
from pages.common import visitors
from pages.common.choose import pick_run
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.evaluate.report_charts import Line, draw_over_steps
from pages.evaluate.reports import NOT_MEASURED, Wanted, kept, measure, pick_n, show_kept

MOST = 8  # steps measured at one click
Reports = list[dict[str, Any]]


def over_steps() -> None:
    left, right, button = st.columns([6, 3, 3], vertical_alignment="bottom", gap="medium")
    with left:
        run = pick_run()
    if run is None:
        return
    with right:
        n = pick_n()
    steps, rows = run.snapshots(), distance.quality_of(run)
    if not steps and not rows:
        st.info("This run kept no earlier generators, so there is nothing to follow.", icon=":material/info:")
        return
    try:
        with st.spinner("Opening the generators …"):
            known = {step: report for step in steps if (report := kept(_wanted(run, step, steps), n)) is not None}
        missing = [step for step in steps if step not in known and visitors.may_act()]
        chosen = [step for step in missing if step not in thin(missing, MOST)]
        label = f"Measure {len(chosen)} steps" if len(chosen) != 1 else "Measure 1 step"
        if button.button(label, type="primary", icon=":material/balance:", width="stretch", disabled=not chosen):
            for _, report in measure([_wanted(run, step, steps) for step in chosen], n):
                known[report["step"]] = report
            show_kept(_wanted(run, chosen[-1], steps), n)
    except BadInput as error:
        refuse(error)
        known, chosen, label = {}, [], ""
    told = [report for report in known.values() if report["figures"]["distance"]]
    told.sort(key=lambda report: report["step"])  # the newest may be of a later step than kept
    if rows and (len(told) < 2 or told[-1]["reference"]["floor_n"] == rows[-1]["n"]):
        _draw_own(run, rows)
    elif len(told) > 1:
        _draw_measured(told, rows)
    elif known:
        st.info("Too few real pictures are held out to tell how near any step came to them.", icon=":material/help:")
    if len(told) > 1:
        _draw_shares(told)
    elif chosen and (told or not known):
        tells = "how many look real, and how much they vary" if rows else "how the distance fell, and when it was best"
        st.markdown(f"Press **{label}** to see {tells}.")
    elif not told and not rows and not visitors.may_act():
        st.info(NOT_MEASURED, icon=":material/help:")


def _wanted(run: Run, step: int, steps: list[int]) -> Wanted:
    """The last of the steps is that of the newest generator, as on the other views."""
    return Wanted(run, None if step == steps[-1] else step)


TITLE = "**The distance should fall to that of real pictures, dotted**"


def _draw_own(run: Run, rows: list[distance.Row]) -> None:
    """The distances that the run measured of itself, with its best: the same as on Train."""
    newest, status = rows[-1], run.status()
    floor = newest["distance_floor"]
    st.info(distance.words(rows, status.best_step, status.best_distance), icon=":material/flag:")
    if len(rows) > 1:
        st.markdown(TITLE if floor else "**The distance should fall**", help=distance.HELP)
        steps, values = [row["step"] for row in rows], [max(row["distance"], 1e-4) for row in rows]
        line = Line("Distance", steps, values, floor, newest["distance_floor_deviation"] or 0.0)
        draw_over_steps([line], log=True, best=status.best_step)
    measured = f"FD-{newest['judge']} of {newest['n']:,} fakes at a time, as the run measured it while it trained."
    st.caption(escaped(measured))


def _draw_measured(told: Reports, rows: list[distance.Row]) -> None:
    """The distances of steps that were measured here."""
    newest, best = told[-1], min(told, key=_distance)
    floor = best["figures"]["distance"]["floor"]
    sentence = f"Of {len(told)} steps measured, step {best['step']:,} is the best, with a distance of "
    sentence += f"{_distance(best):.2f} (real pictures: {floor['mean']:.2f} ± {floor['deviation']:.2f})."
    if newest is best:
        sentence += " It is the newest, so going on may still help."
    elif _distance(newest) <= _distance(best) + 2 * floor["deviation"]:
        sentence += " Later steps are as good within the error: it has levelled off."
    else:
        sentence += f" By step {newest['step']:,} it has grown to {_distance(newest):.2f}: it was better before."
    if rows and rows[-1]["best_step"] not in (None, best["step"]):
        sentence += f" By fewer pictures the run took step {rows[-1]['best_step']:,} for its best, and kept it."
    st.info(f"**{sentence}**", icon=":material/flag:")
    st.markdown(TITLE, help=FIGURES["distance"].meaning)
    draw_over_steps([_line("distance", told)], log=True, best=best["step"])


def _draw_shares(told: Reports) -> None:
    lines = [_line(key, told) for key in ("precision", "recall") if told[-1]["figures"][key]]
    help = "  \n".join(f"**{FIGURES[key].label}**: {FIGURES[key].meaning}" for key in ("precision", "recall"))
    st.markdown(
        "**Looking real (precision) and variety (recall) should rise to those of real pictures, dotted**", help=help
    )
    draw_over_steps(lines)
    newest = told[-1]
    fakes = f"{metric_name(newest)} of {newest['n']:,} fakes at each of {len(told)} kept steps, seeds from 0 on."
    st.caption(escaped(fakes))


def _line(key: str, told: Reports) -> Line:
    """A figure of the steps that have it."""
    found = {report["step"]: report["figures"][key] for report in told if report["figures"][key]}
    floor = list(found.values())[-1]["floor"]
    values = [each["value"] for each in found.values()]
    return Line(FIGURES[key].label, list(found), values, floor["mean"], floor["deviation"])


def _distance(report: dict[str, Any]) -> float:
    return report["figures"]["distance"]["value"]
