"""One generator: the verdict, its figures beside those of real pictures, and the pictures that prove it."""

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import streamlit as st

from dcgan.config import BadInput
from dcgan.metrics.words import FIGURES, copy_sentence, metric_name, times_floor, verdict
from dcgan.runs import Run, slug
from pages.common.choose import pick_run, pick_step
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.understanding.evaluate_cache import Wanted, kept, measure, pick_n, show_kept
from pages.understanding.evaluate_charts import draw_bars, draw_classes, draw_hills, draw_ruler, draw_shares
from pages.understanding.gallery import Card, gallery

if TYPE_CHECKING:
    from dcgan.models import Generator

LOOKS = {  # level -> (alert, icon)
    "good": (st.success, ":material/check_circle:"),
    "watch": (st.warning, ":material/visibility:"),
    "bad": (st.error, ":material/report:"),
}
KINDS = {  # what the gallery shows -> (label, caption)
    "best": ("Best", "The fakes that sit deepest among real pictures, best first."),
    "worst": ("Worst", "The fakes that lie farthest from all real pictures, worst first."),
    "first": ("First seeds", "Seeds 0, 1, 2 and so on: no choice was made. Below each its nearest training picture."),
    "closest": (
        "Closest to a training picture",
        "Above the fake, below it its nearest training picture, with their distance in grey levels of 255. A copy "
        "would look the same twice.",
    ),
    "closest_real": (
        "The same for real ones",
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
        report = kept(wanted, n)
        label = "Measure" if report is None else "Measured"
        done = report is not None
        pressed = button.button(label, type="primary", icon=":material/balance:", width="stretch", disabled=done)
        if report is None and pressed:
            ((_, report),) = measure([wanted], n)
            show_kept(wanted, n)
        if report is None:
            _invite(n)
        else:
            _draw(report, wanted)
    except BadInput as error:
        refuse(error)


def _invite(n: int) -> None:
    st.markdown(f"Press **Measure** to compare {n:,} fakes with real pictures. It answers three questions:")
    for column, (icon, title, text) in zip(st.columns(3), QUESTIONS, strict=True):
        with column.container(border=True, height="stretch"):
            st.markdown(f":material/{icon}: **{title}**  \n{text}")
    st.caption(
        "The first time, the real pictures are looked at, too, which takes up to a minute. What was measured is kept "
        "with the run."
    )


def _draw(report: dict[str, Any], wanted: Wanted) -> None:
    level, sentence = verdict(report)
    alert, icon = LOOKS[level]
    alert(f"**{escaped(sentence)}**", icon=icon)  # it may name a person's own classes
    _headline(report)
    generator = wanted.opened.generator

    if report["ruler"]:
        st.markdown(
            "**How far from real? The blue marks are real pictures made worse; farther left is better**",
            help="The distance of the fakes from real pictures, and that of real pictures made worse in known ways. "
            f"{FIGURES['distance'].meaning} The scale is logarithmic.",
        )
        draw_ruler(report)
    left, right = st.columns(2, gap="large")
    with left:
        help = "  \n".join(f"**{FIGURES[key].label}**: {FIGURES[key].meaning}" for key in FIGURES if key in SHARES)
        st.markdown("**Fakes should reach the real bars beside them**", help=help)
        draw_shares(report, SHARES)
    with right:
        if report["classes"] is not None:
            help = "Shares of the classes among the fakes and among real pictures, corrected for the judge's mistakes."
            st.markdown("**Each class should be as common as in real life**", help=help)
            draw_classes(report["classes"])
        else:
            _copying(report)
    for note in report["notes"]:
        st.caption(f":material/info: {escaped(note)}")
    _pictures(report, generator)
    _details(report, wanted.run)
    _downloads(report, generator, wanted)
    _origin(report)


SHARES = ("precision", "recall", "density", "coverage")


def _headline(report: dict[str, Any]) -> None:
    """The few figures that matter most, each with what real pictures get."""
    row = st.container(horizontal=True, horizontal_alignment="distribute")
    found, times = report["figures"]["distance"], times_floor(report)
    floor = f" (real {found['floor']['mean']:.2f})" if found["floor"] else ""
    what = f"{metric_name(report)}. {FIGURES['distance'].meaning}"
    if times is not None:
        what += f" Here it is {times:.1f} times the floor, at this number of pictures."
    row.metric("Distance", f"{found['value']:.2f}{floor}", width="content", help=what)
    for key, label in (("precision", "Look real"), ("recall", "Variety")):
        figure = report["figures"][key]
        if figure is not None:
            floor = f" (real {figure['floor']['mean']:.0%})" if figure["floor"] else ""
            help = f"{FIGURES[key].label}. {FIGURES[key].meaning}"
            row.metric(label, f"{figure['value']:.0%}{floor}", width="content", help=help)
    classes, close = report["classes"], report["pixels"]["close"]
    if classes is not None:
        help = "Classes with at least a tenth of their real share among the fakes."
        row.metric("Classes", f"{classes['covered']} of {classes['classes']}", width="content", help=help)
    copies = f"{close['fakes']:,} (chance {close['expected']:.0f})" if close else "–"
    help = "Fakes closer to a training picture than 99% of the held-out real pictures are. Bland ones come close, too."
    row.metric("Close calls", copies, width="content", help=help)


def _copying(report: dict[str, Any]) -> None:
    help = (
        "How far each picture is from its nearest training picture. A hill left of the real one means copied or bland."
    )
    st.markdown("**The fakes' hill should not lie left of the real one**", help=help)
    draw_hills(report["pixels"])


def _pictures(report: dict[str, Any], generator: "Generator") -> None:
    from dcgan.metrics.evaluation import fakes_of, pairs_of

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


def _details(report: dict[str, Any], run: Run) -> None:
    with st.expander("All figures, with their floors and what they mean"):
        rows = []
        for key, figure in FIGURES.items():
            found = report["figures"][key]
            if found is None:
                continue
            floor = found["floor"]
            real = f"{floor['mean']:.{figure.digits}f} ± {floor['deviation']:.{figure.digits}f}" if floor else "–"
            value = f"{found['value']:.{figure.digits}f}"
            rows.append({"Figure": figure.label, "Fakes": value, "Real against real": real, "Better": figure.better,
                         "What it says": figure.meaning})  # fmt: skip
        st.table(rows, hide_index=True, border="horizontal")
        score = report["figures"]["score"]
        if score and "real" in score:
            st.caption(f"The class score of {report['n']:,} real test pictures themselves is {score['real']:.2f}.")
        st.caption(escaped(f"{metric_name(report)}: {report['judge']['limits']} {copy_sentence(report)}"))
    with st.expander("Light, contrast and copying, in grey levels"):
        left, right = st.columns(2, gap="large")
        with left:
            st.markdown("**The fakes' bars should be as high as the real ones beside them**")
            draw_bars(report["pixels"])
        if report["classes"] is not None:  # else it has been shown above
            with right:
                _copying(report)


def _downloads(report: dict[str, Any], generator: "Generator", wanted: Wanted) -> None:
    def page() -> bytes:
        from dcgan.metrics.html import html_report

        return html_report(generator, report, wanted.title)

    name = f"{slug(wanted.title) or 'generator'}-evaluation"
    row = st.container(horizontal=True)
    row.download_button(
        "Download report", page, f"{name}.html", "text/html", icon=":material/download:", on_click="ignore",
        help="Everything on this page as one file that opens in any browser.",
    )  # fmt: skip
    figures = json.dumps(report, indent=1)
    row.download_button("Figures as JSON", figures, f"{name}.json", "application/json", on_click="ignore")


def _origin(report: dict[str, Any]) -> None:
    """What was compared with what."""
    seeds = f"{report['n']:,} fakes of seeds {report['seed']} to {report['seed'] + report['n'] - 1}"
    against, judge = report["reference"], report["judge"]
    data = escaped(PurePath(report["data"]).name)
    st.caption(
        f"{seeds}, step {report['step']:,}, {report['weights']} weights {report['weights_hash'][:12]} · against "
        f"{against['n']:,} {against['split']} pictures of {data}; precision and its kin on {report['neighbours_n']:,} "
        f"of each; copies among {report['pixels']['train_searched']:,} training pictures · judge "
        f"{escaped(judge['name'])} {judge['hash'][:12]}."
    )
