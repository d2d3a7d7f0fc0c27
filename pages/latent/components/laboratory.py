"""The live latent laboratory: the generator runs in the visitor's browser, and the picture follows the hand.

Two components. The courier (pages/common/courier.py) hands over the program and a model's weights. The laboratory
itself gets a small state and answers with a message when a hand lets go: the view, the page of sliders, favourites, and
single wishes.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from dcgan.browser import bundle
from dcgan.latent.axis_words import KINDS
from dcgan.runs.run import Run
from pages.common.courier import courier, packed, parcel
from pages.latent.view import View

if TYPE_CHECKING:
    from dcgan.networks.models import Generator

_HERE = Path(__file__).parent
MAX_FAVOURITES = 60
MAX_FILM_BYTES = 64_000_000  # of all its moments together


_courier = courier("latent_courier", "lab")
_lab = st.components.v2.component(
    "latent_lab", css=bundle.style("lab"), js=(_HERE / "laboratory.js").read_text(encoding="utf-8")
)

_film = st.components.v2.component("latent_film", js=(_HERE / "film_courier.js").read_text(encoding="utf-8"))


class Kept(NamedTuple):
    """A favourite: a view of a run at a step."""

    run: str
    step: int
    view: View


class Message(NamedTuple):
    """What the browser says; None for what it says nothing about."""

    number: int
    view: View | None = None
    page: int | None = None  # of the sliders, from 0
    favourites: list[Kept] | None = None
    goto: int | None = None  # a favourite of another run or step
    step: int | None = None  # a moment of training to stay at
    axes: str | None = None  # the kind of axes that the sliders act on
    measure: bool = False  # measure the dimensions and axes again
    film: bool | None = None  # show the film of training, or do so no longer


def hand_over(weights_hash: str, generator: "Generator") -> None:
    """Bring the program and this model's weights to the browser; call it on every run of the page that shows them."""
    _courier(key="latent-courier", data=parcel(weights_hash, generator))


def hand_over_film(run: Run, steps: tuple[int, ...]) -> None:
    """Bring the generators kept at these steps to the browser."""
    name = _film_name(run.id, steps)
    _film(key="latent-film", data=_packed_film(str(run.path), name, steps))


def moments_of(steps: list[int], num_bytes: int) -> tuple[int, ...]:
    """Steps of a film, evenly picked, first and last among them, so that generators of this size stay in bounds."""
    most = max(2, min(len(steps), MAX_FILM_BYTES // num_bytes))
    return tuple(steps[round(i * (len(steps) - 1) / (most - 1))] for i in range(most))


def num_bytes(weights_hash: str, generator: "Generator") -> int:
    """Of the generator as it goes to the browser."""
    return len(packed(weights_hash, generator))


def lab(
    key: str,
    model: str,
    view: View,
    page: int,
    favourites: list[Kept],
    facts: dict[str, Any],
    number: int,
    film: tuple[int, ...] = (),
) -> None:
    """Show the laboratory for the model with this weights hash.

    `facts` holds run, step, numSteps (how many are kept), dims [(dimension, strength)], axes (from `axes.facts_of`),
    measured (when, in words) and canMeasure. `number` is that of the last message taken into account: older answers
    don't undo what a person did meanwhile. `film` lists the steps of the one to show.
    """
    header = {"seq": number, "model": model, "params": _plain(view), "page": page, "facts": facts}
    header["film"] = _film_name(facts["run"], film) if film else None
    header["favourites"] = [{"run": kept.run, "step": kept.step, "params": _plain(kept.view)} for kept in favourites]
    _lab(key=key, data=header, on_message_change=lambda: None)


def read(value: object) -> Message | None:
    """The browser's message, or None if it is none; whatever can't be meant in it counts as not said."""
    if not isinstance(value, dict) or not isinstance(value.get("seq"), int):
        return None
    page, goto, favourites, step = (value.get(name) for name in ("page", "goto", "favourites", "step"))
    axes = value.get("axes")
    return Message(
        value["seq"],
        _view(value.get("params")),
        page if isinstance(page, int) and 0 <= page < 4096 else None,
        [kept for kept in map(_kept, favourites[:MAX_FAVOURITES]) if kept] if isinstance(favourites, list) else None,
        goto if isinstance(goto, int) and goto >= 0 else None,
        step if isinstance(step, int) and step >= 0 else None,
        axes if isinstance(axes, str) and axes in KINDS else None,
        value.get("measure") is True,
        value["film"] if isinstance(value.get("film"), bool) else None,
    )


def _film_name(run_id: str, steps: tuple[int, ...]) -> str:
    return f"{run_id} {' '.join(map(str, steps))}"


def _view(params: object) -> View | None:
    if not isinstance(params, dict) or not all(isinstance(text, str) for text in params.values()):
        return None
    return View.from_params(params)


def _kept(value: object) -> Kept | None:
    if not isinstance(value, dict):
        return None
    view, run, step = _view(value.get("params")), value.get("run"), value.get("step")
    good = isinstance(run, str) and isinstance(step, int) and step >= 0
    return Kept(run, step, view) if view and good else None  # type: ignore[arg-type]


def _plain(view: View) -> dict[str, str]:
    return {name: text for name, text in view.params().items() if text is not None}


@st.cache_resource(max_entries=2, show_spinner="Handing the film to your browser …")
def _packed_film(run_path: str, name: str, steps: tuple[int, ...]) -> bytes:
    """A 4-byte header length, a JSON header, then the packed generators one after the other."""
    from dcgan.browser.pack import pack
    from dcgan.runs.checkpoint import open_generator

    files = [pack(open_generator(Run(Path(run_path)), step)) for step in steps]
    header = {"name": name, "moments": [[step, len(file)] for step, file in zip(steps, files, strict=True)]}
    text = json.dumps(header).encode()
    return len(text).to_bytes(4, "little") + text + b"".join(files)
