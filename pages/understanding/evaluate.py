"""Measure a generator against real pictures it was not trained on."""

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import streamlit as st

from dcgan.config import BadInput
from dcgan.runs import Run
from pages.common import address
from pages.common.choose import pick_run, pick_step
from pages.common.loading import open_at
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.understanding.evaluate_cache import SHOWN, Evaluation, evaluation
from pages.understanding.evaluate_charts import draw_bars, draw_distances
from pages.understanding.evaluate_words import LIMITS, variety_share, verdict
from pages.understanding.gallery import Card, gallery

if TYPE_CHECKING:
    from dcgan.metrics.pixels import Pairs

MEANINGS = (
    "**Brightness**: mean of all pixels. **Contrast**: their standard deviation. **Spread of one pixel**: how much a "
    "pixel differs from picture to picture, averaged over the picture; small after a collapse. **Distance of two**: "
    "how far two pictures are apart."
)
HILLS = (
    "How far each picture is from its nearest training picture. Left of the real hill means copied or bland; right "
    "of it means unlike anything in the data."
)
N_KEY = "evaluate-n"
NUMBERS = (100, 500, 1000, 2000)
LOOKS = {  # level -> (alert, icon)
    "good": (st.success, ":material/check_circle:"),
    "watch": (st.warning, ":material/visibility:"),
    "bad": (st.error, ":material/report:"),
}


def page() -> None:
    st.title("Evaluate", anchor=False)
    left, middle, right, button = st.columns([4, 4, 2, 2], vertical_alignment="bottom", gap="medium")
    with left:
        run = pick_run()
    if run is None:
        return
    with middle:
        step = pick_step(run)
    with right:
        n = _pick_n()
    pressed = button.button("Measure", type="primary", icon=":material/balance:", width="stretch")
    try:
        found = _newest_evaluation(run, step, n, pressed)
    except BadInput as error:
        refuse(error)
        return
    if found is None:
        _invite(n)
    else:
        _draw(found, run, step)


def _pick_n() -> int:
    if address.just_arrived(N_KEY):
        asked = address.read_whole(st.query_params.get("n", ""))
        st.session_state[N_KEY] = asked if asked in NUMBERS else 1000
    help = "So many fakes, and as many held-out real pictures. More takes longer and is steadier."
    n = st.selectbox("Pictures", NUMBERS, format_func=lambda n: f"{n:,}", help=help, key=N_KEY)
    address.write({"n": str(n)})
    return n


def _newest_evaluation(run: Run, step: int | None, n: int, pressed: bool) -> Evaluation | None:
    """Measure if asked to; else show what the address says was measured, or the last look at the same choice."""
    opened = open_at(run, step)
    generator, weights = opened.generator, opened.weights_hash
    choice = (run.id, step, n)
    if pressed or st.query_params.get("measured") == weights[:12]:
        with st.spinner(f"Drawing {n:,} fakes and comparing each with every training picture: some seconds …"):
            found = evaluation(run.id, weights, n, 0, generator)
        address.write({"measured": weights[:12]})
        st.session_state["evaluation"] = (choice, found)
        return found
    looked_at, found = st.session_state.get("evaluation", (None, None))
    if looked_at != choice:
        return None
    st.caption("Training has gone on since this was measured. Press Measure for the newest generator.")
    return found


def _invite(n: int) -> None:
    st.markdown(
        f"Press **Measure** to compare {n:,} fakes with real pictures that the generator has never seen. It answers "
        "three questions:"
    )
    for column, (icon, title, text) in zip(
        st.columns(3),
        (
            ("palette", "Is the light right?", "Brightness and contrast of all pixels, beside those of real pictures."),
            ("shuffle", "Is there variety?", "How far two fakes are apart. A collapsed generator repeats itself."),
            (
                "content_copy",
                "Does it copy?",
                "The distance from each fake to its nearest training picture, and the same for real ones.",
            ),
        ),
        strict=True,
    ):
        with column.container(border=True, height="stretch"):
            st.markdown(f":material/{icon}: **{title}**  \n{text}")
    st.caption(LIMITS)


def _draw(found: Evaluation, run: Run, step: int | None) -> None:
    report = found.report
    level, sentence = verdict(report)
    alert, icon = LOOKS[level]
    alert(f"**{sentence}**", icon=icon)
    st.caption(LIMITS)
    _figures(report)

    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**The fakes' bars should be as high as the real ones beside them**", help=MEANINGS)
        draw_bars(report)
    with right:
        st.markdown("**The fakes' hill should lie on the real one, not left of it**", help=HILLS)
        draw_distances(found.fake_distances, found.real_distances, report["close"])
    for note in report["notes"]:
        st.info(note, icon=":material/info:")

    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.subheader("Each picture above its nearest training picture", anchor=False, width="content")
        choice = st.segmented_control(
            "Which", ("Closest", "First seeds"), default="Closest", label_visibility="collapsed"
        )
    _pairs(found.first if choice == "First seeds" else found.closest, choice == "First seeds")
    _origin(report, run, step)


def _origin(report: dict[str, Any], run: Run, step: int | None) -> None:
    """What was compared with what."""
    kept = run.snapshots()
    at = step if step is not None else kept[-1] if kept else None
    seeds = f"{report['n']:,} fakes of seeds {report['seed']} to {report['seed'] + report['n'] - 1}"
    moment = f", step {at:,}" if at is not None else ""
    splits = report["splits"]
    st.caption(
        f"{seeds}{moment}, {report['weights']} weights {report['weights_hash'][:12]} · {report['held_out_drawn']:,} "
        f"of {splits['test']:,} held-out and {report['train_searched']:,} of {splits['train']:,} training pictures of "
        f"{escaped(PurePath(report['data']).name)}."
    )


def _figures(report: dict[str, Any]) -> None:
    close, nearest = report["close"], report["nearest"]
    real = "test" if report["diversity"]["test"] is not None else "train"
    row = st.container(horizontal=True, horizontal_alignment="distribute")
    row.metric(
        "Variety",
        f"{variety_share(report):.0%}",
        width="content",
        help="Mean distance between two fakes as a share of that between two real pictures. 100% is right; near 0 is "
        "collapse.",
    )
    row.metric(
        "Brightness off by",
        f"{report['mean']['fakes'] - report['mean'][real]:+.1f}",
        width="content",
        help="Mean of all pixels of the fakes minus that of real pictures, in grey levels of 255.",
    )
    row.metric(
        "Nearest picture",
        f"{nearest['fakes']['median']:.1f}" + (f" (real {nearest['test']['median']:.1f})" if nearest["test"] else ""),
        width="content",
        help="Of the training pictures: the median root mean square difference of pixels, in grey levels of 255; in "
        "brackets for held-out real pictures.",
    )
    row.metric(
        "Close calls",
        f"{close['fakes']:,} (chance {close['expected']:.0f})" if close else "–",
        width="content",
        help="Fakes that are closer to a training picture than 99% of the held-out real pictures are. "
        "Blandness brings them, too: a blurred picture is close to many.",
    )


def _pairs(pairs: dict[str, "Pairs | None"], first: bool) -> None:
    names = {
        "fakes": "Fakes" if first else "The fakes that come closest to a training picture",
        "test": "Held-out real pictures" if first else "The held-out real pictures that come closest: the floor",
    }
    for name, title in names.items():
        shown = pairs[name]
        if shown is not None:
            st.markdown(f"**{title}**")
            triples = zip(shown.pictures, shown.nearest, shown.distances, strict=True)
            alt = "A fake" if name == "fakes" else "A held-out picture"
            gallery([Card((a, b), f"{distance:.1f}", alt=f"{alt} or its nearest") for a, b, distance in triples], SHOWN)
    st.caption(
        "Above the picture, below it its nearest training picture; the number is their distance in grey levels of 255."
    )


page()
