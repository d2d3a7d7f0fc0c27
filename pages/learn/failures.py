"""The part of Learn on failures: two trainings side by side, one of them ill, and what an alarm would say."""

import json
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dcgan.config import label_of
from dcgan.monitoring import alarm_words
from pages.common import address
from pages.common.widgets import one_of
from pages.learn import failure_films
from pages.learn.failure_films import HEALTHY, Film

CASE_KEY, LEFT_KEY, RIGHT_KEY = "failures-case", "failures-left", "failures-right"
ANY = 4
CASES = {1: ("d-too-strong", HEALTHY), 2: (HEALTHY, "collapse"), 3: ("by-heart", HEALTHY)}  # left, right
LABELS = {1: "First pair", 2: "Second pair", 3: "Third pair", ANY: "Any two, named"}
TITLES = {
    HEALTHY: "Healthy",
    "d-too-strong": "D too strong",
    "collapse": "Collapse",
    "by-heart": "Learnt by heart",
}
SEEN = {  # what to look for in each
    "d-too-strong": "D's loss lies near the floor and G's is far above it; D is sure of nearly every picture. The "
    "pictures, good or bad, hardly change any more.",
    "collapse": "G's loss lies on the floor: D takes nearly every fake for real. And sixteen different z come to look "
    "like one and the same picture, a pattern that nobody would wear.",
    "by-heart": "Among the noise stand a few things that come again and again, the same to the strap. D's two verdicts "
    "part: it recognises each of its real pictures.",
}

_HERE = Path(__file__).parent
_player = st.components.v2.component(
    "failure_player",
    css=(_HERE / "failure_player.css").read_text(encoding="utf-8"),
    js=(_HERE / "failure_player.js").read_text(encoding="utf-8"),
)


def draw(chooser: DeltaGenerator) -> None:
    """The pair that is chosen; every film is bundled, so there is no run to choose."""
    case = _pick_case()
    named = case == ANY
    left, right = _pick_two() if named else CASES[case]
    address.write({"case": str(case), "left": left if named else None, "right": right if named else None})
    if named:
        st.markdown("Two trainings of the same networks for the same number of steps, with what ails them.")
    else:
        st.markdown(
            "**Which one is ill?** Both trainings have the same networks, the same sixteen z and the same number of "
            "steps. Drag the slider, or press the arrow keys, until you know; then answer, by button or with A or B."
        )
    found = failure_films.films()
    _player(key="failure-player", data=_packed(case, [found[left], found[right]]), on_next_change=_next)
    healthy = found[HEALTHY]
    st.caption(
        f"Real trainings on Fashion-MNIST at 32 px, {healthy.frames[-1]:,} steps each, without an average "
        "over G's weights. What an alarm says comes from the studio's own alarms, fed with the "
        "figures that these trainings recorded."
    )


def _pick_case() -> int:
    """The case that the address names on arrival, then the one chosen."""
    if address.just_arrived(CASE_KEY):
        st.session_state[CASE_KEY] = address.whole(st.query_params.to_dict(), "case", 1, ANY, otherwise=1)
    return one_of("Pair", LABELS, CASE_KEY)


def _pick_two() -> tuple[str, str]:
    """Two films by their names, from the address on arrival."""
    names = list(failure_films.films())
    chosen = []
    for place, key, name, first in zip(st.columns(2), (LEFT_KEY, RIGHT_KEY), ("left", "right"), names, strict=False):
        if address.just_arrived(key):
            asked = st.query_params.get(name, "")
            st.session_state[key] = asked if asked in names else first
        chosen.append(place.selectbox(name.capitalize(), names, format_func=TITLES.__getitem__, key=key))
    return chosen[0], chosen[1]


def _next() -> None:
    """The pair after this one."""
    case = st.session_state.get(CASE_KEY) or 1
    st.session_state[CASE_KEY] = case % ANY + 1


def _packed(case: int, shown: list[Film]) -> bytes:
    """Two films as bytes: a 4-byte header length, a JSON header, then their sheets and what they copied from."""
    blobs = [film.sheet for film in shown]
    told = []
    for film in shown:
        facts: dict[str, Any] = {
            "title": TITLES[film.name],
            "frames": film.frames,
            "curves": film.curves,
            "words": _words(film),
        }
        if film.alarms:
            facts["raised"] = film.alarms[0].raised
        if film.nearest:
            facts |= {"nearest": len(blobs), "nearestWords": _copied(film)}
            blobs.append(film.nearest)
        told.append(facts)
    ill = next((at for at, film in enumerate(shown) if film.name != HEALTHY), 0)
    header = {
        "identity": f"{case} {[film.name for film in shown]}",
        "named": case == ANY,
        "ill": ill,
        "next": {1: "The next pair", 2: "The next pair", 3: "Any two, named"}.get(case, ""),
        "films": told,
        "sizes": [len(blob) for blob in blobs],
    }
    text = json.dumps(header).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, *blobs])


def _words(film: Film) -> list[tuple[str, str]]:
    """What there is to say of an ill film, term by term; nothing of the healthy one."""
    if not film.alarms:
        return []
    alarm = film.alarms[0]
    words = alarm_words.TELLS[alarm.name]
    later = [f"{alarm_words.title(other.name)} at step {other.raised:,}" for other in film.alarms[1:]]
    return [
        ("What you see", SEEN[film.name]),
        ("Why", f"{words.why} Here it was made so: {_recipe(film)}."),
        ("The alarm", f"“{words.title}”, at step {alarm.raised:,}: {alarm_words.seen(alarm)}"),
        *([("And later", "; ".join(dict.fromkeys(later)) + ".")] if later else []),
        ("What to do", words.todo),
        ("Proof", _proof(film)),
    ]


def _recipe(film: Film) -> str:
    """How a film differs from the healthy one, in words."""
    changed, healthy = film.facts["changed"], failure_films.films()[HEALTHY].facts
    if changed is None:
        return (
            f"only {film.facts['pictures']} training pictures instead of {healthy['pictures']:,}, all of them in every "
            "batch, and never changed"
        )
    ((name, value),) = changed["settings"].items()
    return (
        f"healthy up to step {changed['step']:,}, and then “{label_of(name)}” ({name}) was turned down from "
        f"{healthy[name]:g} to {value:g}"
    )


def _proof(film: Film) -> str:
    """What its last generator is worth in figures."""
    proof, healthy = film.facts["proof"], failure_films.films()[HEALTHY].facts["proof"]
    if "nearest" in proof:
        side = proof["compared_at"]
        return (
            f"Compared at {side}×{side} pixels, half the fakes of the last {proof['grids']} frames lie within "
            f"{proof['nearest']['fakes']:.0f} grey levels of a training picture; of real pictures that it was never "
            f"shown half lie {proof['nearest']['test']:.0f} or more away from all of them."
        )
    if film.alarms[0].name == "collapse":
        variety = [_after(each, film.alarms[0].raised) for each in (film, failure_films.films()[HEALTHY])]
        return (
            f"From the alarm on its pictures have {variety[0]:.0%} of the variety of real ones, those of the healthy "
            f"training {variety[1]:.0%}."
        )
    return (
        f"From one frame of the film to the next a pixel changes by {proof['change']:.0f} grey levels of 255 after "
        f"that step; in the healthy training by {healthy['change']:.0f}."
    )


def _after(film: Film, step: int) -> float:
    """The median variety of a film's pictures from a step on."""
    pairs: list[tuple[Any, Any]] = list(zip(film.looks["step"], film.looks["spread"], strict=True))
    values = sorted(value for at, value in pairs if at >= step)
    return float(values[len(values) // 2])


def _copied(film: Film) -> str:
    step = film.facts["proof"]["closest"]
    return f"Left the fakes of step {step:,}, when they came closest, right the training picture nearest to each."
