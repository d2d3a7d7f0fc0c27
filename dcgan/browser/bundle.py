"""The browser's programs, each in one piece: kernels and networks, with the laboratory or the morphs on top of them."""

import base64
import functools
import json
import re
from pathlib import Path

HERE = Path(__file__).parent
MODULES = {
    "fused": "engine/generator.wasm",
    "plain": "engine/generator-plain.wasm",
}  # the first that a browser takes is used
NETWORK = "{ Network, makeKernels, unpackHeader, depthsOf }"  # what network.js has for others
BASE = (
    "latent/latent.js",
    "engine/painter.js",
    "latent/views.js",
    "controls/icons.js",
    "engine/stage.js",
    "controls/seed_field.js",
)
PROGRAMS = {  # name -> its files, what it has for pages, its looks
    "lab": (("controls/sliders.js", "lab/lab.js"), "Lab, toParams, fromParams", ("lab/lab.css",)),
    "morph": (
        (
            *(
                "latent/paths.js",
                "morph/pace.js",
                "engine/sketches.js",
                "latent/morphs.js",
                "controls/fields.js",
                "controls/reorder.js",
                "morph/keyframes.js",
            ),
            *("controls/player.js", "controls/change_chart.js", "morph/morph.js", "morph/corners.js"),
        ),
        "Morph, Corners, morphParams",
        ("lab/lab.css", "morph/morph.css"),
    ),
}


@functools.cache
def script(*programs: str) -> str:
    """The program but for its start: defines `PROVIDES`, and what is in it, in the scope that it is put in."""
    kernels = {name: base64.b64encode((HERE / file).read_bytes()).decode() for name, file in MODULES.items()}
    # the worker's program is a function's own text, so that it is here once only
    network = (
        f"function networks() {{\n{lean('engine/network.js')}\nreturn {NETWORK};\n}}\nconst {NETWORK} = networks();\n"
    )
    worker = f"const WORKER = `const {NETWORK} = (${{networks}})();` + {json.dumps(lean('engine/worker.js'))};\n"
    files = [*BASE, *(file for program in programs for file in PROGRAMS[program][0])]
    provides = ", ".join(PROGRAMS[program][1] for program in programs)
    parts = [f"const KERNELS = {json.dumps(kernels)};\n{network}{worker}", *map(lean, files)]
    return "\n".join([*parts, f"const PROVIDES = {{ {provides} }};\n"])


@functools.cache
def style(*programs: str) -> str:
    """The looks of programs."""
    files = dict.fromkeys(file for program in programs for file in PROGRAMS[program][2])  # each once, in order
    return "".join(map(lean, files))


def source(name: str) -> str:
    """One of the files of this folder."""
    return (HERE / name).read_text(encoding="utf-8")


def lean(name: str) -> str:
    """A file without indentation and remarks, which are for those who read the source: `// ...` after a space."""
    text = re.sub(r"/\*.*?\*/", "", source(name)) if name.endswith(".css") else source(name)
    lines = [re.sub(r"(^|\s+)// .*", "", line).strip() for line in text.splitlines()]
    return "\n".join(filter(None, lines)) + "\n"
