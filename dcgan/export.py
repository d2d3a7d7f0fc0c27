"""A generator as a file to give away: one HTML page that needs nothing else, its weights, or ONNX."""

import base64
import html
import json
from typing import Any

from dcgan.checkpoint import generator_bytes
from dcgan.config import BadInput
from dcgan.latent import ranked_dims
from dcgan.models import Generator
from dcgan.onnx import onnx_bytes
from dcgan.runtime import bundle
from dcgan.runtime.pack import pack

ENDINGS = (".html", ".safetensors", ".onnx")


def exported(generator: Generator, name: str, ending: str) -> bytes:
    """The file's content for one of ENDINGS; `name` is what people call the run."""
    assert generator.origin is not None  # it was read from a file
    if ending == ".safetensors":
        return generator_bytes(generator, generator.origin.step)
    if ending == ".html":
        return explorer(generator, name).encode()
    if ending == ".onnx":
        return onnx_bytes(generator, name)
    raise BadInput(f"a generator can be exported to {' or '.join(ENDINGS)}, not {ending!r}.")


def explorer(
    generator: Generator,
    name: str,
    params: dict[str, str] | None = None,
    axes: dict[str, Any] | None = None,
    dims: list[tuple[int, float]] | None = None,
) -> str:
    """The laboratory as one HTML page, weights and program inside; it may not load anything from anywhere.

    `params` are those of a view, as in an address: where the page starts. The address of the page itself, behind #,
    holds the view from then on. `axes` are facts for the laboratory (see lab.js); `dims` are those
    of `ranked_dims`, where they are known. Raises BadInput for a generator that
    can't run in a browser.
    """
    assert generator.origin is not None
    config = generator.config
    packed = pack(generator)
    weights = sum(p.numel() for p in generator.parameters())
    facts = {
        "run": name,
        "step": generator.origin.step,
        "dims": [[dim, round(strength, 2)] for dim, strength in dims or ranked_dims(generator)],
        "measured": "when this page was made",
        "canMeasure": False,
        **({"axes": axes} if axes else {}),
    }
    start = {"facts": facts, "params": params or {}, "weights_hash": generator.origin.weights_hash}
    parts = {
        "TITLE": html.escape(name),
        "STEP": f"{generator.origin.step:,}",
        "SIZE": f"{config.image_size} px, z of {config.z_dim}, {weights:,} weights",
        "STYLE": bundle.style() + bundle.source("explorer.css"),
        "START": json.dumps(start).replace("<", "\\u003c"),  # a run's name must not end the script
        "SCRIPT": "{" + bundle.script() + bundle.source("explorer.js") + "}",
        "WEIGHTS": base64.b64encode(packed).decode(),
    }
    return _filled(bundle.source("explorer.html"), parts)


def _filled(page: str, parts: dict[str, str]) -> str:
    """The page with each {{NAME}} replaced once; what is put in is not looked at again."""
    pieces = page.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [parts[name], rest]
    return "".join(filled)
