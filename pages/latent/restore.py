"""From the recipe inside a picture to the page that shows it again: where to go, and what to set there."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dcgan.errors import BadInput
from dcgan.provenance import fields, weights
from dcgan.provenance.fields import number, whole, wholes
from dcgan.provenance.weights import Model
from dcgan.runs.run import Run
from pages.latent.morph import FRAMES, MAX_KEYS, labels_text
from pages.latent.view import MAX_SEED, MOST_CLASSES, Hop, SliderId, View

ANYWAY = "`python -m dcgan sample --recipe` draws it again."


class Target(NamedTuple):
    """Where a picture leads."""

    page: str  # explore, interpolate or train
    params: dict[str, str]  # of its address: run, step and all that was set
    told: str  # what it is, in a few words
    model: Model
    view: View | None = None  # what Explore is to show
    measured: int | None = None  # the step whose weights the view's axes were measured on
    offset: list[float] | None = None  # what they add to z


def target_of(recipe: Mapping[str, Any], root: Path | None = None, model: Model | None = None) -> Target:
    """Where a recipe leads, with the weights it names or with those of `model`.

    Raises recipes.Lost if those weights are not here, and BadInput for what no page can show.
    """
    kind = fields.kind_of(recipe)
    if kind == "training":
        run = Run.named(str(recipe["run"]), root)
        return Target("train", {"run": run.id}, f"the training of {run.id}", Model(run, None))
    if kind == "favourites":
        raise BadInput("Favourites are put on the shelf one by one.")
    model = model or weights.model_of(recipe, root)
    params = {"run": model.run.id} | ({} if model.step is None else {"step": str(model.step)})
    step = whole(recipe, "step", 0, 10**15) if model.step is None else model.step
    where = f"of {model.run.id} at step {step:,}"
    if kind == "morph":
        return Target("interpolate", params | morph_params(recipe), f"an interpolation {where}", model)
    if kind == "corners":
        return Target("interpolate", params | corner_params(recipe), f"a square between four seeds {where}", model)
    view = view_of(recipe, model.run.config.names_of_classes if isinstance(recipe.get("class"), str) else ())
    measured = whole(recipe, "measured", 0, 10**15) if "measured" in recipe else None
    offset = fields.numbers(recipe, "offset", len(recipe["offset"])) if isinstance(recipe.get("offset"), list) else None
    told = f"{'a given z' if view.z else f'seed {view.seed}'} {where}"
    if kind == "sample" and whole(recipe, "n", 1, 10**6) > 1:
        told = f"the first of {recipe['n']:,} pictures, {told}"
    return Target("explore", params | _plain(view), told, model, view, measured, offset)


def view_of(recipe: Mapping[str, Any], classes: Sequence[str] = ()) -> View:
    """The view of one picture, or of the first of a sample, which may name one of the model's `classes`.

    Raises BadInput for a damaged recipe.
    """
    sliders = {_slider(name): value for name, value in fields.sliders(recipe).items()}
    named = {name: value for name, value in sliders.items() if name is not None}
    view = View(whole(recipe, "seed", 0, MAX_SEED), tuple(Hop(*hop) for hop in fields.hops(recipe)))
    for name, value in named.items():
        view = view.moved(name, value)
    params = {name: text for name, text in view.params().items() if text}
    params["truncation"] = f"{number(recipe, 'truncation', 0, 2, 1.0):g}"
    params |= {"z": recipe["z"]} if isinstance(recipe.get("z"), str) else _class_params(recipe, classes)
    return View.from_params(params)  # as an address would have it


def _class_params(recipe: Mapping[str, Any], classes: Sequence[str]) -> dict[str, str]:
    """The class of a view or of a sample's first picture, as an address has it."""
    if isinstance(recipe.get("class"), str):
        found = [label for label, name in enumerate(classes) if name == recipe["class"]]
        return {"class": str(found[0])} if found else {}
    if "rows" in recipe:
        return {"class": str(wholes(recipe, "rows", 1, 10**6, MOST_CLASSES - 1)[0])}
    labels = {name: whole(recipe, name, 0, MOST_CLASSES - 1) for name in ("class", "toward") if name in recipe}
    return {name: str(label) for name, label in labels.items()} | {"share": f"{number(recipe, 'share', 0, 1, 0.0):g}"}


def _slider(name: str) -> SliderId | None:
    """A slider's name as a view has it; None for what is none."""
    if re.fullmatch("[0-9]{1,4}", name):
        return int(name)
    return name if re.fullmatch("[a-z][0-9]{1,4}", name) else None


def _plain(view: View) -> dict[str, str]:
    return {name: text for name, text in view.params().items() if text}


def morph_params(recipe: Mapping[str, Any]) -> dict[str, str]:
    """The address of a morph; one that the page can't hold is refused."""
    seeds, frames = wholes(recipe, "seeds", 2, 5000), whole(recipe, "frames", 2, 5000)
    if len(seeds) > MAX_KEYS or not FRAMES[0] <= frames <= FRAMES[1]:
        raise BadInput(
            f"This interpolation of {len(seeds)} keyframes and {frames} frames is outside what the page plays, up to "
            f"{MAX_KEYS} and from {FRAMES[0]} to {FRAMES[1]}: {ANYWAY}"
        )
    mode = fields.choice(recipe, "mode", fields.MODES)
    loop = fields.choice(recipe, "loop", (False, True), False)
    params = {"seeds": "_".join(map(str, seeds)), "mode": mode, "frames": str(frames), "loop": str(int(loop))}
    params["truncation"] = f"{number(recipe, 'truncation', 0, 2, 1.0):g}"
    params["fps"] = f"{max(1, round(number(recipe, 'fps', 0, 50, 20)))}"
    views = recipe.get("keyframes", [])
    if not isinstance(views, list) or not all(isinstance(view, dict) for view in views):
        raise BadInput("The recipe inside the picture is damaged: 'keyframes' must be views.")
    for place, view in enumerate(views[:MAX_KEYS], 1):
        told = [f"{name}:{text}" for name, text in _plain(view_of(view)).items() if name != "seed"]
        params |= {f"key{place}": ";".join(told)} if told else {}
    return params


def corner_params(recipe: Mapping[str, Any]) -> dict[str, str]:
    """The address of a square between four corners, or of a point in one."""
    params = {"view": "corners", "corners": "_".join(map(str, wholes(recipe, "corners", 4, 4)))}
    if "classes" in recipe:
        params["classes"] = labels_text(fields.labels(recipe, "classes", 4, MOST_CLASSES))
    params["truncation"] = f"{number(recipe, 'truncation', 0, 2, 1.0):g}"
    if "n" in recipe:
        params["n"] = str(whole(recipe, "n", 2, 100))
    if point := fields.numbers(recipe, "at", 2):
        params["at"] = "_".join(f"{share:g}" for share in point)
    return params
