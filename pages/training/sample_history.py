"""Point at a sample of a grid: it grows and plays its own history; a click opens it in Explore.

The browser asks for one sample's history when somebody points at it, and gets it in one answer, past the page: nothing
is drawn anew, and a training, which never hears of it, loses nothing.
"""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qsl

import streamlit as st

from dcgan.errors import BadInput
from dcgan.runs.cell_history import GAP, history_of
from dcgan.runs.grid_cells import class_rows, grid_cells, grid_shape
from dcgan.runs.run import Run
from pages.common import address, run_rows
from pages.common.protection import App, Message, Receive, Send

PATH = "/sample-history"
_HERE = Path(__file__).parent
_watcher = st.components.v2.component(
    "sample_history",
    js=(_HERE / "sample_history.js").read_text(encoding="utf-8"),
    css=(_HERE / "sample_history.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def keep_room(place: str, run: Run) -> None:
    """Give the container with this key the shape of the run's sample grid: what is below it won't jump when it comes.

    Call it outside the part of the page that ticks.
    """
    if config := run_rows.config_of(run):
        rows, columns = grid_shape(grid_cells(config))
        st.html(f"<style>.st-key-{place} {{ aspect-ratio: {columns} / {rows}; }}</style>")


def watch(grids: Sequence[tuple[str, Run]]) -> None:
    """Let the pictures of sample grids be pointed at: the key of the container of each grid's image, and its run.

    Call it outside the part of the page that ticks. The image's alt text ends with its step.
    """
    _watcher(key="sample-history", data={"grids": [_facts(place, run) for place, run in grids]}, height=1)


def _facts(place: str, run: Run) -> dict[str, str | int | float]:
    """What the browser must know of a grid; a size of 0 where the run's settings can't be read."""
    config = run_rows.config_of(run)
    if config is None:
        return {"place": place, "run": run.id, "size": 0}
    cells = grid_cells(config)
    columns = len(cells) // len(class_rows(cells)) if config.num_classes else 0  # of a z each, where rows are classes
    told = {"size": config.image_size, "count": len(cells), "seed": config.seed, "columns": columns}
    return {"place": place, "run": run.id, "gap": GAP, "truncation": config.sample_truncation, **told}


class Answers:
    """ASGI middleware: answers requests for the history of a sample, `?run=ID&cell=N`."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].endswith(PATH):
            await self.app(scope, receive, send)
            return
        asked = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        try:
            status, body = 200, await asyncio.to_thread(answer, asked.get("run", ""), asked.get("cell", ""))
        except BadInput as error:
            status, body = 404, error.on_page.encode()
        kind = b"application/octet-stream" if status == 200 else b"text/plain; charset=utf-8"
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def answer(run_id: str, cell: str) -> bytes:
    """A history as bytes: a 4-byte header length, a JSON header, the PNG; raises BadInput for what there isn't."""
    number = address.read_whole(cell)
    if number is None:
        raise BadInput(f"cell must be a whole number, not {cell[:40]!r}.")
    found = history_of(Run.named(run_id), number)
    header = json.dumps({"steps": found.steps, "opens": found.opens, "size": found.size}).encode()
    return len(header).to_bytes(4, "little") + header + found.png
