"""A generator as a file to give away: one HTML page that needs nothing else, its weights, or ONNX."""

import base64
from typing import Any

from markupsafe import Markup

from dcgan.browser import bundle
from dcgan.browser.pack import pack
from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.export.onnx import onnx_bytes
from dcgan.export.training_sheet import learned
from dcgan.judges.judge import Judge, judge_of
from dcgan.latent.axes import KINDS
from dcgan.latent.axis_words import facts
from dcgan.latent.directions import spread
from dcgan.latent.influence import ranked_dims
from dcgan.latent.kept_axes import axes_for, dims_for
from dcgan.networks.generator_file import generator_bytes
from dcgan.networks.models import Generator
from dcgan.runs.run import Run
from dcgan.system.templates import filled

Facts = dict[str, Any]

ENDINGS = (".html", ".safetensors", ".onnx")
LIMITS = (3_000_000, 10_000_000)  # bytes of a page that can be sent: of a small model, of a usual one
MOST_FILM = 700_000


def exported(generator: Generator, name: str, ending: str, run: Run | None = None) -> bytes:
    """The file's content for one of ENDINGS; `name` is what people call the run.

    With `run` a page gets all kinds of axes, as kept there, and the film of its training. The weights are half a
    second's work, a page whose axes have to be measured takes some.
    """
    assert generator.origin is not None  # it was read from a file
    if ending == ".safetensors":
        return generator_bytes(generator, generator.origin.step)
    if ending == ".html":
        if run is None:
            return explorer(generator, name).encode()
        axes, dims = axes_inside(run, generator), dims_for(run, generator)
        return explorer(generator, name, axes=axes, dims=dims, run=run).encode()
    if ending == ".onnx":
        return onnx_bytes(generator, name)
    raise BadInput(f"a generator can be exported to {' or '.join(ENDINGS)}, not {ending!r}.")


def axes_inside(run: Run, generator: Generator) -> Facts:
    """All kinds of axes that a model has by itself, for the laboratory."""
    judge = _judge(generator.config)
    found = {kind: axes_for(run, generator, kind, judge) for kind in KINDS}
    return facts(found, spread(generator.config.z_prior))


def _judge(config: Config) -> Judge | None:
    """Who names the classes of the model's data; None where nobody can be asked."""
    try:
        return judge_of(config)
    except BadInput:
        return None


def explorer(
    generator: Generator,
    name: str,
    params: dict[str, str] | None = None,
    axes: Facts | None = None,
    dims: list[tuple[int, float]] | None = None,
    run: Run | None = None,
) -> str:
    """The laboratory as one HTML page, weights and program inside; it may not load anything from anywhere.

    `params` are those of a view, as in an address: where the page starts. The address of the page itself, behind #,
    holds the view from then on. `axes` are facts for the laboratory (see lab.js); `dims` are those of `ranked_dims`,
    where they are known. With `run` the page shows how it learned, as far as the page stays as small as it should be.
    Raises BadInput for a generator that can't run in a browser.
    """
    assert generator.origin is not None
    config = generator.config
    weights = base64.b64encode(pack(generator)).decode()
    number = sum(p.numel() for p in generator.parameters())
    said = {
        "run": name,
        "step": generator.origin.step,
        "dims": [[dim, round(strength, 2)] for dim, strength in dims or ranked_dims(generator)],
        "measured": "when this page was made",
        "canMeasure": False,
        **({"axes": axes} if axes else {}),
    }
    start: Facts = {"facts": said, "params": params or {}, "weights_hash": generator.origin.weights_hash}
    start["origin"] = {"run": run.id if run else name} | generator.origin._asdict()
    parts = {
        "title": name,
        "step": f"{generator.origin.step:,}",
        "size": f"{config.image_size} px, z of {config.z_dim}, {number:,} weights",
        "style": Markup(bundle.style("explorer")),
        "script": Markup("{" + bundle.script("explorer") + "}"),
        "weights": weights,
    }
    template = bundle.HERE / "explorer" / "explorer.html"
    page = filled(template, start=start, **parts)
    if run is None:
        return page
    start["learned"] = learned(run, generator, _room_for_film(len(page)))
    return filled(template, start=start, **parts)


def _room_for_film(page_bytes: int) -> int:
    """What the film may take, so that a page stays under the next of LIMITS; one above all has room enough."""
    room = [limit - page_bytes - 2_000 for limit in LIMITS if page_bytes < 0.99 * limit]
    return min(MOST_FILM, *room) if room else MOST_FILM
