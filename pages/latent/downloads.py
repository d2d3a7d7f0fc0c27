"""The row of files on Explore: what a person takes away, and the field for a picture that leads back."""

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import streamlit as st

from dcgan.config import Config
from dcgan.latent.axis_words import NAMED
from dcgan.runs.run import Run
from dcgan.system.names import slug
from pages.common.loading import Opened, open_at
from pages.latent import favourites, visit_axes
from pages.latent.components import drop
from pages.latent.components.laboratory import Kept
from pages.latent.view import NO_DIRECTIONS, Directions, View, recipe_of

OPEN = "explore-open"  # the field for a picture
TYPES = {"png": "image/png", "gif": "image/gif", "webp": "image/webp", "mp4": "video/mp4", "html": "text/html"}


def take_away(run: Run, opened: Opened, now: View, kind: str, shelf: list[Kept]) -> None:
    """The row: the picture, the laboratory that begins with a kind of axes, the generator, the favourites."""
    side = opened.generator.config.image_size
    along, measured = visit_axes.directions_of(run, now, opened.generator), visit_axes.measured_at(run, now)
    factor, steps = max(1, 512 // side), run.snapshots()
    name, shown = f"{run.id}-step-{opened.step}", shown_in_name(now, opened.generator.config)
    inside = "The file carries its recipe: run, step, weights, seed, walk, sliders and truncation."
    with st.container(horizontal=True, key="explore-take"):
        for size, times in ((side, 1), (side * factor, factor)):
            file(
                f"PNG {size} px",
                functools.partial(png_of, run, opened, now, times, along, measured),
                f"{name}-{shown}-{size}px.png",
                f"explore-png-{times}",
                ":material/download:",
                f"{inside} Dropped on this page, it brings all of that back.",
            )
        file(
            "WebP film",
            functools.partial(film_file, run, steps, now, factor // 2 or 1, along, measured),
            f"{run.id}-{shown}-film.webp",
            "explore-film-file",
            ":material/movie:",
            "This very picture being learned, from the first kept step to the last, as an animated WebP with its "
            "recipe inside.",
            disabled=len(steps) < 2,
        )
        file(
            "Export",
            functools.partial(explorer_of, run, opened, now, kind, visit_axes.of_visit(run)),
            f"{name}.html",
            "explore-export",
            ":material/ios_share:",
            "This laboratory as one HTML file, with the generator, its axes and how it learned inside: it opens "
            "anywhere, without the studio and without a network.",
        )
        file(
            "Weights",
            functools.partial(weights_of, opened),
            f"{name}.safetensors",
            "explore-weights",
            ":material/deployed_code:",
            "The generator as safetensors: three lines of plain PyTorch open it; README.md shows them.",
        )
        file(
            "ONNX",
            functools.partial(onnx_of, run, opened),
            f"{name}.onnx",
            "explore-onnx",
            ":material/swap_horiz:",
            "The generator for programs that know no PyTorch: z in, pictures in [-1, 1] out, any number at a time.",
            needs="onnx",
        )
        if shelf:
            file(
                "Favourites",
                functools.partial(favourites.sheet_of, list(shelf), dict(st.session_state.get(visit_axes.AXES, {}))),
                "favourites.png",
                "explore-favourites",
                ":material/bookmark:",
                "All your favourites as one PNG. Dropped on this page, it puts them back on the shelf.",
            )
        drop.open_picture(OPEN)


def shown_in_name(view: View, config: Config) -> str:
    """What a file shows, for its name: the seed, and the class that was asked for."""
    names = config.names_of_classes
    asked = view.label is not None and view.label < len(names) and not view.z
    return f"seed-{view.seed}{f'-{slug(names[view.label])}' if asked and view.label is not None else ''}"


def file(
    label: str,
    make: Callable[[], Any],
    name: str,
    key: str,
    icon: str,
    help: str,
    disabled: bool = False,
    needs: str = "",
) -> None:
    """A button for a file that is made when somebody clicks it; one that `needs` a package that isn't here says so."""
    kind = TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    if needs and importlib.util.find_spec(needs) is None:
        help, disabled = f"Needs the package {needs}: `pip install {needs}`, then start the studio again.", True
    st.download_button(label, make, name, kind, key=key, icon=icon, help=help, disabled=disabled, on_click="ignore")


def png_of(
    run: Run,
    opened: Opened,
    view: View,
    factor: int = 1,
    directions: Directions = NO_DIRECTIONS,
    measured: int | None = None,
) -> bytes:
    """The picture as a PNG file, enlarged `factor` times in crisp squares, with its recipe inside."""
    from dcgan.provenance.redraw import drawn

    return drawn(opened.generator, recipe_of(run, opened, view, directions, measured) | {"enlarged": factor}, ".png")


def film_file(
    run: Run,
    steps: list[int],
    view: View,
    factor: int = 1,
    directions: Directions = NO_DIRECTIONS,
    measured: int | None = None,
) -> bytes:
    """One z through the generators kept at these steps, as an animated WebP, enlarged, with its recipe inside."""
    from dcgan.provenance.redraw import film_file

    moments = [open_at(run, step) for step in steps]
    recipe = recipe_of(run, moments[-1], view, directions, measured) | {"steps": steps, "enlarged": factor}
    return film_file(run, recipe | {"hashes": [moment.weights_hash for moment in moments]}, ".webp")


def weights_of(opened: Opened) -> bytes:
    """The generator as a safetensors file."""
    from dcgan.networks.generator_file import generator_bytes

    return generator_bytes(opened.generator, opened.step)


def onnx_of(run: Run, opened: Opened) -> bytes:
    """The generator as an ONNX file."""
    from dcgan.export.onnx import onnx_bytes

    return onnx_bytes(opened.generator, run.name)


def explorer_of(run: Run, opened: Opened, view: View, kind: str = NAMED, visit: dict[str, Any] | None = None) -> str:
    """The laboratory as one HTML file that starts from this view, with a kind of axes; `visit` are those measured."""
    from dcgan.export.explorer_page import explorer

    params = {name: text for name, text in view.params().items() if text}
    inside, dims = visit_axes.inside(run, opened, kind, visit or {}), visit_axes.ranked_dims(run, opened)
    return explorer(opened.generator, run.name, params, inside, dims, run)
