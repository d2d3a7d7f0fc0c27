"""The browser's programs, each in one piece: a script with all that it imports, in one scope.

A component of Streamlit takes one script as text, and an exported page may load nothing, so the modules have to become
one text. They are few, all ours, and import in one plain form (modules.py): taking the imports' order and leaving their
words out is all that it takes. A bundler would need Node wherever the studio is installed or tested, or built files
beside their sources. What one scope would hide, such as two things with one name, `check` refuses.
"""

import base64
import functools
import json
import re
from pathlib import Path

from dcgan.browser import modules
from dcgan.browser.javascript import lean

HERE = Path(__file__).parent
KERNELS = {
    "fused": "engine/generator.wasm",
    "plain": "engine/generator-plain.wasm",
}  # the first that a browser takes is used
TAKEN = ("KERNELS", "WORKER", "GAME_WORKER", "PROVIDES", "networks")  # names of the program that no script defines
NETWORK, WORKER = "engine/network.js", "engine/worker.js"
ENTRIES = {
    "lab": "lab/lab_entry.js",
    "morph": "morph/morph_entry.js",
    "map": "map/map_entry.js",
    "explorer": "explorer/explorer.js",
    "playground": "playground/playground_entry.js",
}
WORKERS = {"playground": ("GAME_WORKER", "playground/game_worker.js")}  # a worker's program, and its name in the script
LOOKS = {
    "lab": ("lab/lab.css",),
    "morph": ("lab/lab.css", "morph/morph.css"),
    "map": ("map/map.css",),
    "explorer": ("lab/lab.css", "morph/morph.css", "explorer/explorer.css"),
    "playground": ("lab/lab.css", "playground/playground.css"),
}


@functools.cache
def script(program: str) -> str:
    """The program of this name; what its entry exports is in `PROVIDES`, in the scope that the text is put in."""
    check()
    entry = ENTRIES[program]
    provides = ", ".join(sorted(module(entry).exports))
    in_order = modules.in_order(entry, module)
    parts = []
    if NETWORK in in_order:
        kernels = {name: base64.b64encode((HERE / file).read_bytes()).decode() for name, file in KERNELS.items()}
        parts = [f"const KERNELS = {json.dumps(kernels)};\n"]
    if program in WORKERS:
        called, worker = WORKERS[program]
        text = "".join(lean(module(name).text) for name in modules.in_order(worker, module))
        parts += [f"const {called} = {json.dumps(text)};\n"]
    parts += [_network() if name == NETWORK else lean(module(name).text) for name in in_order]
    return "".join([*parts, f"const PROVIDES = {{ {provides} }};\n"])


@functools.cache
def check() -> None:
    """Raises ValueError for scripts that can't be put into one scope, or that hold what is of no use."""
    entries = [*ENTRIES.values(), WORKER, *(worker for _, worker in WORKERS.values())]
    names = {name: None for entry in entries for name in modules.in_order(entry, module)}
    modules.check({name: module(name) for name in names}, ENTRIES.values(), TAKEN)


def _network() -> str:
    """network.js as a function, whose own text is also the program of a worker, so that it is here once only."""
    network = module(NETWORK)
    assert not network.imports and set(module(WORKER).imports.values()) == {NETWORK}
    names = f"{{ {', '.join(sorted(network.exports))} }}"
    whole = f"function networks() {{\n{lean(network.text)}return {names};\n}}\nconst {names} = networks();\n"
    return whole + f"const WORKER = `const {names} = (${{networks}})();` + {json.dumps(lean(module(WORKER).text))};\n"


@functools.cache
def module(name: str) -> modules.Module:
    """One of the scripts of this folder."""
    return modules.read(name, source(name))


@functools.cache
def style(program: str) -> str:
    """The looks of a program, without indentation and remarks."""
    text = re.sub(r"/\*.*?\*/", "", "".join(map(source, LOOKS[program])))
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


def source(name: str) -> str:
    """One of the files of this folder."""
    return (HERE / name).read_text(encoding="utf-8")
