"""The browser's program in one piece: kernels, networks, latents and the laboratory, as one script."""

import base64
import functools
import json
from pathlib import Path

HERE = Path(__file__).parent
MODULES = {"fused": "kernels.wasm", "plain": "kernels-plain.wasm"}  # the first that a browser takes is used


@functools.cache
def script() -> str:
    """All of it but the start: defines Lab, Network and the functions of latent.js in the scope it is put in."""
    kernels = {name: base64.b64encode((HERE / file).read_bytes()).decode() for name, file in MODULES.items()}
    worker = source("network.js") + source("worker.js")
    constants = f"const KERNELS = {json.dumps(kernels)};\nconst WORKER = {json.dumps(worker)};\n"
    return constants + "\n".join(
        source(name) for name in ("network.js", "latent.js", "engine.js", "views.js", "lab.js")
    )


@functools.cache
def style() -> str:
    """The laboratory's looks."""
    return source("lab.css")


def source(name: str) -> str:
    """One of the files of this folder."""
    return (HERE / name).read_text(encoding="utf-8")
