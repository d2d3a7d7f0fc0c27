"""A run over its steps: when was it best, and is it still getting better?"""

from typing import Any

import streamlit as st

from dcgan.config import BadInput
from dcgan.metrics.words import FIGURES, metric_name
from dcgan.runs import Run, thin
from pages.common.choose import pick_run
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.understanding.evaluate_cache import Wanted, kept, measure, pick_n, show_kept
from pages.understanding.evaluate_charts import draw_over_steps

MOST = 8  # steps measured at one click


def over_steps() -> None:
    left, right, button = st.columns([6, 3, 3], vertical_alignment="bottom", gap="medium")
    with left:
        run = pick_run()
    if run is None:
        return
    with right:
        n = pick_n()
    steps = run.snapshots()
    if not steps:
        st.info("This run kept no earlier generators, so there is nothing to follow.", icon=":material/info:")
        return
    try:
        with st.spinner("Opening the generators …"):
            known = _known(run, steps, n)
        missing = [step for step in steps if step not in known]
        chosen = [step for step in missing if step not in thin(missing, MOST)]
        label = f"Measure {len(chosen)} steps" if len(chosen) != 1 else "Measure 1 step"
        if button.button(label, type="primary", icon=":material/balance:", width="stretch", disabled=not chosen):
            for _, report in measure([_wanted(run, step, steps) for step in chosen], n):
                known[report["step"]] = report
            show_kept(_wanted(run, chosen[-1], steps), n)
    except BadInput as error:
        refuse(error)
        return
    if len(known) < 2:
        st.markdown(
            f"Press **{label}** to see how the distance fell as training went on, whether it still does, and which "
            "kept step was best."
        )
        return
    reports = sorted(known.values(), key=lambda report: report["step"])  # the newest may be of a later step than kept
    _draw({report["step"]: report for report in reports})


def _known(run: Run, steps: list[int], n: int) -> dict[int, dict[str, Any]]:
    found = {step: kept(_wanted(run, step, steps), n) for step in steps}
    return {step: report for step, report in found.items() if report is not None}


def _wanted(run: Run, step: int, steps: list[int]) -> Wanted:
    """The last of the steps is that of the newest generator, as on the other views."""
    return Wanted(run, None if step == steps[-1] else step)


def _draw(reports: dict[int, dict[str, Any]]) -> None:
    newest, best = list(reports.values())[-1], min(reports.values(), key=_distance)
    floor = best["figures"]["distance"]["floor"]
    sentence = f"Step {best['step']:,} is the best measured, with a distance of {_distance(best):.2f}"
    sentence += f" (real pictures: {floor['mean']:.2f} ± {floor['deviation']:.2f})." if floor else "."
    sure = floor["deviation"] if floor else 0.0
    if newest is best:
        sentence += " It is the newest measured, so going on may still help."
    elif _distance(newest) <= _distance(best) + 2 * sure:
        sentence += " Later steps are as good within the error: it has levelled off."
    else:
        sentence += f" By step {newest['step']:,} it has grown to {_distance(newest):.2f}: it was better before."
    st.info(f"**{sentence}**", icon=":material/flag:")
    st.markdown("**The distance should fall to that of real pictures, dotted**", help=FIGURES["distance"].meaning)
    draw_over_steps(reports, ("distance",), log=True, best=best["step"])
    help = "  \n".join(f"**{FIGURES[key].label}**: {FIGURES[key].meaning}" for key in ("precision", "recall"))
    st.markdown(
        "**Looking real (precision) and variety (recall) should rise to those of real pictures, dotted**", help=help
    )
    draw_over_steps(reports, ("precision", "recall"))
    st.caption(
        escaped(f"{metric_name(best)} of {best['n']:,} fakes at each of {len(reports)} kept steps, seeds from 0 on.")
    )


def _distance(report: dict[str, Any]) -> float:
    return report["figures"]["distance"]["value"]
