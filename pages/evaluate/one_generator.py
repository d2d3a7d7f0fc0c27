"""One generator: the verdict, its figures beside those of real pictures, and the pictures that prove it."""

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from dcgan.errors import BadInput
from dcgan.evaluation.figures import FIGURES, beside, copy_sentence, floors, metric_name, origin, times_floor
from dcgan.evaluation.verdict import answers, verdict
from dcgan.metrics.enough import too_few
from dcgan.system.names import slug
from pages.charts import asked_classes
from pages.common import glossary, visitors
from pages.common.choose import pick_run, pick_step
from pages.common.gallery import Card, gallery
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.evaluate.judge_training import judge_box
from pages.evaluate.report_charts import (
    draw_bars,
    draw_class_precision,
    draw_classes,
    draw_hills,
    draw_ruler,
    draw_shares,
)
from pages.evaluate.reports import NOT_MEASURED, Wanted, kept, measure, pick_n, show_kept

if TYPE_CHECKING:
    from dcgan.networks.models import Generator

LOOKS = {  # level -> (alert, icon, colour)
    "good": (st.success, ":material/check_circle:", "green"),
    "watch": (st.warning, ":material/visibility:", "orange"),
    "bad": (st.error, ":material/report:", "red"),
    "unknown": (st.info, ":material/help:", "gray"),
}
KINDS = {  # what the gallery shows -> (label, caption)
    "best": ("Best", "The fakes that sit deepest among real pictures, best first."),
    "worst": ("Worst", "The fakes that lie farthest from all real pictures, worst first."),
    "first": ("First", "Seeds 0, 1, 2 and so on: no choice was made. Below each its nearest training picture."),
    "closest": (
        "Nearest",
        "Above the fake, below it its nearest training picture, with their distance in grey levels of 255. A copy "
        "would look the same twice.",
    ),
    "disguised": (
        "Disguised",
        "Above the fake, below it the training picture that is nearest if place, light and side don't count.",
    ),
    "closest_real": (
        "Real ones",
        "Held-out real pictures above their nearest training pictures: so close come pictures that nobody copied.",
    ),
}
SHOWN = 12
QUESTIONS = (
    ("straighten", "Do the fakes look real?", "How far they are from real pictures the generator has never seen."),
    ("shuffle", "Is everything there?", "How much of the real variety they show, and whether a class is missing."),
    ("content_copy", "Does it copy?", "How close each fake comes to a training picture, and how close real ones do."),
)


def one_moment() -> None:
    left, middle, right, button = st.columns([4, 4, 2, 2], vertical_alignment="bottom", gap="medium")
    with left:
        run = pick_run()
    if run is None:
        return
    with middle:
        step = pick_step(run)
    with right:
        n = pick_n()
    wanted = Wanted(run, step)
    try:
        with st.spinner("Opening the generator …"):
            report = kept(wanted, n)
        label = "Measure" if report is None else "Measured"
        done = report is not None or not visitors.may_act()
        pressed = button.button(label, type="primary", icon=":material/balance:", width="stretch", disabled=done)
        if report is None and pressed:
            ((_, report),) = measure([wanted], n)
            show_kept(wanted, n)
        if report is None or not too_few(report):
            judge_box(run, report)
        if report is None:
            _invite(n)
        else:
            _draw(report, wanted)
    except BadInput as error:
        refuse(error)


def _invite(n: int) -> None:
    if not visitors.may_act():
        st.info(NOT_MEASURED, icon=":material/help:")
        return
    mark = glossary.marker()
    st.markdown(mark(f"Press **Measure** to compare {n:,} fakes with real pictures. It answers three questions:"))
    for column, (icon, title, text) in zip(st.columns(3), QUESTIONS, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f":material/{icon}: **{title}**  \n{mark(text)}")
    st.caption(
        "The first time, the real pictures are looked at, too, which takes up to a minute. What was measured is kept "
        "with the run."
    )


def _draw(report: dict[str, Any], wanted: Wanted) -> None:
    level, sentence = verdict(report)
    alert, icon, _ = LOOKS[level]
    alert(f"**{escaped(sentence)}**", icon=icon)  # it may name a person's own classes
    generator, few = wanted.opened.generator, too_few(report)
    _answers(report)
    fakes = f"Fakes are the {report['n']:,} pictures that this generator made up"
    real = "." if few else "; real ones are held-out pictures that it has never seen."
    st.caption(fakes + glossary.marker()(real))
    for note in report["notes"]:
        st.caption(f":material/info: {escaped(note)}")
    if not few:
        _charts(report)
        if report["classes"] is not None:
            _class_charts(report["classes"])
            if report.get("asked"):  # older reports have none
                asked_classes.draw(report["asked"])
        else:
            _pixel_charts(report)
    _pictures(report, generator)
    if not few:
        _details(report)
    _downloads(report, generator, wanted)
    st.caption(escaped(origin(report) if few else f"{metric_name(report)}: {origin(report)} {floors(report)}"))


SHARES = ("precision", "recall", "density", "coverage")


def _answers(report: dict[str, Any]) -> None:
    """The three questions, each with its answer and the figures behind it."""
    found = answers(report)
    if not found:
        return
    for column, answer in zip(st.columns(len(found)), found, strict=True):
        _, icon, colour = LOOKS[answer.level]
        with column.container(border=True, height="stretch"):
            st.markdown(f"{answer.question}  \n:{colour}[{icon} **{answer.short}**]")
            st.caption(escaped(answer.text))


def _charts(report: dict[str, Any]) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        times = times_floor(report)
        help = (
            "How far these fakes, real pictures, and real pictures made worse in known ways are from the real test "
            f"pictures. {metric_name(report)}. {FIGURES['distance'].meaning} The scale is logarithmic. The fakes' is "
            f"{times:.1f} times that of real pictures."
        )
        st.markdown("**Distance from real: the higher in this list, the better**", help=help)
        draw_ruler(report)
    with right:
        help = "  \n".join(f"**{FIGURES[key].label}**: {FIGURES[key].meaning}" for key in FIGURES if key in SHARES)
        st.markdown("**The fakes' bars should reach the real ones beside them**", help=help)
        draw_shares(report, SHARES)


def _class_charts(classes: dict[str, Any]) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        help = "Shares of the classes among the fakes and among real pictures, corrected for the judge's mistakes."
        st.markdown("**Each class should be as common as among real pictures**", help=help)
        draw_classes(classes)
    with right:
        if classes["precision"] is not None:
            help = "Of the pictures that the judge names each class, the share that lies among real pictures."
            st.markdown("**How many of each class look real: where is it weak?**", help=help)
            draw_class_precision(classes)


def _pixel_charts(report: dict[str, Any]) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        _copying(report)
    with right:
        st.markdown(
            "**Light and contrast should be those of real pictures**", help="In grey levels of 255, from the pixels."
        )
        draw_bars(report["pixels"])


def _copying(report: dict[str, Any]) -> None:
    help = (
        "How far each picture is from its nearest training picture. A hill left of the real one means copied or bland."
    )
    st.markdown("**The fakes' hill should not lie left of the real one**", help=help)
    draw_hills(report["pixels"])


def _pictures(report: dict[str, Any], generator: "Generator") -> None:
    from dcgan.evaluation.report import fakes_of, pairs_of

    kinds = [kind for kind in KINDS if kind in report["pictures"]]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.subheader("See for yourself", anchor=False, width="content")
        kind = st.segmented_control(
            "Which pictures", kinds, default=kinds[0], format_func=lambda kind: KINDS[kind][0],
            label_visibility="collapsed", required=True, key=f"evaluate-kind-{len(kinds)}",
        )  # fmt: skip
    label, caption = KINDS[kind or kinds[0]]
    try:
        if kind in ("best", "worst"):
            pictures = fakes_of(generator, report, report["pictures"][kind])
            gallery([Card((picture,), alt=f"A fake: {label.lower()}") for picture in pictures], SHOWN, phone=6)
        else:
            triples = zip(*pairs_of(generator, report, kind or kinds[0]), strict=True)
            cards = [Card((a, b), f"{distance:.1f}", alt="A picture or its nearest") for a, b, distance in triples]
            gallery(cards[:SHOWN], SHOWN)
    except BadInput as error:
        refuse(error, st.info)
    st.caption(caption)


FIGURES_CSS = """
<style>
.figures { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; }
.figures > * { padding: 0.45rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
.figures .n { text-align: right; white-space: nowrap; padding-left: 1.6rem; font-variant-numeric: tabular-nums; }
.figures small { display: block; opacity: 0.7; line-height: 1.35; } .figures .h { opacity: 0.7; font-size: 0.85rem; }
@media (max-width: 640px) { .figures { font-size: 0.9rem; } .figures .n { padding-left: 0.7rem; } }
</style>
"""


def _details(report: dict[str, Any]) -> None:
    with st.expander("All figures, with their floors and what they mean"):
        cells = "<div class=h>Figure</div><div class='h n'>Fakes</div><div class='h n'>Real against real</div>"
        for key, figure in FIGURES.items():  # our own words only
            found = report["figures"][key]
            if found is not None:
                cells += f"<div>{figure.label}<small>{figure.meaning} {figure.better.capitalize()} is better.</small>"
                cells += f"</div><div class=n>{found['value']:.{figure.digits}f}</div>"
                cells += f"<div class=n>{beside(figure, found)}</div>"
        st.html(f"{FIGURES_CSS}<div class=figures>{cells}</div>")
        score = report["figures"]["score"]
        if score and "real" in score:
            st.caption(f"The class score of {report['n']:,} real test pictures themselves is {score['real']:.2f}.")
        limits = report["judge"]["limits"]
        st.caption(escaped(f"{floors(report)} {metric_name(report)}: {limits} {copy_sentence(report)}"))
    if report["classes"] is not None:  # else they have been shown above
        with st.expander("Light, contrast and copying, in grey levels"):
            _pixel_charts(report)


def _downloads(report: dict[str, Any], generator: "Generator", wanted: Wanted) -> None:
    def page() -> bytes:
        from dcgan.evaluation.html import html_report

        return html_report(generator, report, wanted.title)

    name = f"{slug(wanted.title) or 'generator'}-evaluation"
    row = st.container(horizontal=True)
    row.download_button(
        "Download report", page, f"{name}.html", "text/html", icon=":material/download:", on_click="ignore",
        help="Everything on this page as one file that opens in any browser.",
    )  # fmt: skip
    figures = json.dumps(report, indent=1)
    row.download_button("Figures as JSON", figures, f"{name}.json", "application/json", on_click="ignore")
