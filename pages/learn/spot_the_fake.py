"""Spot the fake: ten pairs of a real picture and a fake of a run, and D's answers to the same pairs."""

from typing import Any, Literal, NamedTuple

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dcgan.errors import BadInput
from dcgan.evaluation.spot_pairs import PAIRS, draw_pairs
from dcgan.runs.run import Run
from pages.common import address
from pages.common.choose import nothing_yet, pick_run, pick_step
from pages.common.gallery import Card, gallery
from pages.common.loading import generator_of, modified, open_at
from pages.common.widgets import refuse, show
from pages.learn import spot_judge, spot_scores

SEED_KEY = "spot-seed"
MAX_SEED = 9_999
SIDES = ("left", "right")
STYLE = """
<style>
/* the two pictures stand side by side on a phone, too, and a click on one is a click on its button */
.st-key-spot-pair [data-testid="stHorizontalBlock"] { flex-wrap: nowrap; }
.st-key-spot-pair [data-testid="stColumn"] { min-width: 0; position: relative; }
.st-key-spot-pair button:not(:disabled)::after { content: ""; position: absolute; inset: 0; cursor: pointer; }
.st-key-spot-pair :is(.st-key-spot-0, .st-key-spot-1) { position: static; }
.st-key-spot-pair button:disabled { color: inherit; font-weight: 600; }
.st-key-spot-pair button:disabled kbd { display: none; }
.st-key-spot-pair img { border-radius: 0.5rem; }
.st-key-spot-pair [data-testid="stElementToolbar"] { display: none; }
[class*="st-key-spot-shown-fake"] img { outline: 4px solid #C8622F; outline-offset: -1px; }
.st-key-spot-said { min-height: 3.2rem; }
</style>
"""


class Game(NamedTuple):
    """Ten pairs as they are shown."""

    real: np.ndarray  # uint8 (10, H, W) or (10, H, W, 3)
    fakes: np.ndarray  # the same shape
    sides: list[int]  # of each fake: 0 left, 1 right
    held_out: bool  # whether the real ones were never trained on


@st.cache_data(max_entries=16, show_spinner="Drawing ten pairs …")
def _pairs(run_path: str, step: int | None, modified: int, number: int, seed: int) -> Game:
    """The pairs of a game with the generator of a step; `number` is that step as a number. Raises BadInput."""
    from dcgan.latent.class_centres import z_of
    from dcgan.latent.render import render

    run = Run(run_path)
    pictures, held_out = spot_judge.real_side(run.config)
    pairs = draw_pairs(len(pictures), seed, number)
    generator = generator_of(run, step)
    z = z_of(generator, [pair.seed for pair in pairs])
    fakes = render(generator, z)
    return Game(np.stack([pictures[pair.real] for pair in pairs]), fakes, [pair.fake for pair in pairs], held_out)


def draw(chooser: DeltaGenerator) -> None:
    if nothing_yet():
        return
    with chooser:
        run = pick_run("Played with")
    assert run is not None
    st.html(STYLE)
    words, place = st.columns([7, 5], gap="medium", vertical_alignment="bottom")
    words.markdown(
        "One of the two is a real picture, the other was made by **G**. Click the fake, or press **1** or **2**; "
        "**Enter** goes on. After ten pairs you see how D did on the same ones."
    )
    with place:
        step = pick_step(run, "G as it was at step")
    try:
        opened = open_at(run, step)
    except BadInput as error:
        refuse(error)
        return
    left, right = st.columns([7, 5], gap="medium")
    with left:
        st.fragment(_play)(run, step, opened.step)
    with right:
        spot_scores.draw(run)


def _play(run: Run, step: int | None, number: int) -> None:
    """One pair after another, then the result; only this part of the page is drawn anew by a click."""
    seed = _seed()
    try:
        game = _pairs(str(run.path), step, modified(run, step), number, seed)
    except BadInput as error:
        refuse(error, st.info, ":material/hide_image:")
        return
    played = spot_scores.played(run, number, seed)
    if played.at < PAIRS:
        _pair(game, played)
    else:
        if played.new:
            played.new = False
            st.rerun()  # the chart beside has a point more
        _result(run, step, number, seed, game, played)
    _foot(played.at == PAIRS)


def _pair(game: Game, played: spot_scores.Played) -> None:
    at = played.at
    fake = game.sides[at]
    sides: list[Any] = [game.real[at], game.real[at]]
    sides[fake] = game.fakes[at]
    with st.container(key="spot-pair"):
        for side, column in enumerate(st.columns(2, gap="small")):
            what = "" if not played.open else "-fake" if side == fake else "-real"
            with column, st.container(key=f"spot-shown{what}-{side}"):
                with st.container(key=f"pixels-spot-{side}"):
                    show(sides[side], f"The picture on the {SIDES[side]}" + (f": {what[1:]}" if what else ""))
                label = what[1:].capitalize() if what else "This is the fake"
                st.button(
                    label,
                    key=f"spot-{side}",
                    width="stretch",
                    shortcut=str(side + 1),
                    disabled=played.open,
                    on_click=_answer,
                    args=(played, side == fake),
                )
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key="spot-said"):
        st.markdown(_said(played, fake), width="stretch")
        st.button(
            "Next pair" if at < PAIRS - 1 else "The result",
            key="spot-go-on",
            type="primary",
            icon=":material/arrow_forward:",
            shortcut="Enter",
            disabled=not played.open,
            on_click=_go_on,
            args=(played,),
        )


def _said(played: spot_scores.Played, fake: int) -> str:
    dots = "".join(
        f":green[{spot_scores.RIGHT}]" if found else f":red[{spot_scores.WRONG}]" for found in played.found
    ) + ":gray[:material/circle:]" * (PAIRS - len(played.found))
    if not played.open:
        return f"{dots}  \nPair {played.at + 1} of {PAIRS}: which one is the fake?"
    if played.found[-1]:
        return f"{dots}  \n**Right:** the one on the {SIDES[fake]} was made by G."
    return f"{dots}  \n**No:** the one on the {SIDES[fake]} was made by G; you took the real one for it."


def _answer(played: spot_scores.Played, right: bool) -> None:
    if not played.open:
        played.found.append(right)
        played.open = True


def _go_on(played: spot_scores.Played) -> None:
    played.open = False
    played.new = len(played.found) == PAIRS


def _result(run: Run, step: int | None, number: int, seed: int, game: Game, played: spot_scores.Played) -> None:
    verdict = spot_judge.verdict(run, step, number, seed, game.real, game.fakes)
    right = sum(played.found)
    with st.container(horizontal=True, gap="large"):
        st.metric("You", f"{right} of {PAIRS}", width="content")
        by_d = f"{sum(verdict.found)} of {PAIRS}" if verdict.found else "–"
        st.metric("D, on the same pairs", by_d, width="content")
    total, n = spot_scores.totals(run)[number]
    before = f"In your {n // PAIRS} games at this step you were right in **{total} of {n}**. " if n > PAIRS else ""
    st.markdown(before + spot_scores.words(total, n))
    st.markdown(verdict.words)
    if by_curves := spot_scores.in_training(run, number):
        st.markdown(by_curves)
    cards = []
    for at in range(PAIRS):
        who = "you\N{NO-BREAK SPACE}" + "✗✓"[played.found[at]]
        who += " D\N{NO-BREAK SPACE}" + "✗✓"[verdict.found[at]] if verdict.found else ""
        cards.append(Card([game.real[at], game.fakes[at]], who, alt="A real picture above a fake"))
    gallery(cards, PAIRS, phone=5)
    kind = "held out from training" if game.held_out else "training pictures: this data holds none out"
    st.caption(f"Above the real ones ({kind}), below the fakes of step {number:,}.")


def _foot(over: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        help = "The same number draws the same pairs of this run and step: send the address to play against somebody."
        st.number_input("Draw", 0, MAX_SEED, st.session_state[SEED_KEY], step=1, key=SEED_KEY, width=140, help=help)
        kind: Literal["primary", "secondary"] = "primary" if over else "secondary"
        st.button("Another ten", icon=":material/casino:", type=kind, key="spot-again", on_click=_next_seed)


def _seed() -> int:
    """The number of the draw: that of the address on arrival, then the one in the field; the address follows."""
    if address.just_arrived(SEED_KEY):
        params = st.query_params.to_dict()
        st.session_state[SEED_KEY] = address.whole(params, "draw", 0, MAX_SEED, otherwise=0)
    seed = int(st.session_state[SEED_KEY])
    address.write({"draw": str(seed)})
    return seed


def _next_seed() -> None:
    st.session_state[SEED_KEY] = (int(st.session_state[SEED_KEY]) + 1) % (MAX_SEED + 1)
