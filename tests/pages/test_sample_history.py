"""The answer that a browser gets when somebody points at a sample, and what it is told of the grids."""

import asyncio
import io
import json
from urllib.parse import urlencode

import numpy as np
from PIL import Image

from dcgan.config import Config
from dcgan.images import encode, grids
from dcgan.runs.run import Run
from pages.training import sample_history
from pages.training.sample_history import Answers
from tests.pages.app import open_page


def ask(path: str, method: str = "GET", **asked: str) -> tuple[int, bytes]:
    """Status and body; 299 comes from the application behind."""
    told: list[dict] = []

    async def behind(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: dict) -> None:
        told.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": urlencode(asked).encode()}
    asyncio.run(Answers(behind)(scope, None, send))
    return told[0]["status"], told[1]["body"]


def test_one_request_brings_a_whole_history(root, tiny: Config):
    run = Run.create(tiny, root, "pointed at")
    run.sample_path(0).parent.mkdir()
    for step in (0, 4, 8):
        run.sample_path(step).write_bytes(encode.png_bytes(grids.grid(np.full((4, 16, 16), step, np.uint8))))
    status, body = ask("/base/sample-history", run=run.id, cell="3")
    length = int.from_bytes(body[:4], "little")
    assert status == 200 and json.loads(body[4 : 4 + length]) == {"steps": [0, 4, 8], "opens": [], "size": 16}
    assert Image.open(io.BytesIO(body[4 + length :])).size == (48, 16)
    for asked in ({}, {"run": run.id}, {"run": run.id, "cell": "4"}, {"run": f"../{run.id}", "cell": "0"}):
        assert ask("/sample-history", **asked)[0] == 404
    assert ask("/train")[0] == ask("/sample-history", "POST", run=run.id, cell="3")[0] == 299
    run.config_path.write_text("{")
    assert ask("/sample-history", run=run.id, cell="3")[0] == 404


def test_the_first_page_hands_out_nothing_of_it_and_a_run_page_tells_what_the_browser_needs(root, tiny: Config):
    def told(app) -> list[dict]:
        parts = [each.proto for each in app.get("bidi_component")]
        return [json.loads(each.json) for each in parts if each.component_name == "sample_history"]

    assert not told(open_page("training/train"))
    run = Run.create(tiny.replace(seed=5, sample_truncation=0.5), root, "pointed at")
    run.sample_path(0).parent.mkdir()
    run.sample_path(0).write_bytes(encode.png_bytes(grids.grid(np.zeros((4, 16, 16), np.uint8))))
    facts = {"run": run.id, "gap": 2, "truncation": 0.5, "size": 16, "count": 4, "columns": 0, "seed": 5}
    for page, place in (("training/train", "pixels-samples"), ("training/runs", "grid-of-run-0")):
        assert told(open_page(page, run=run.id)) == [{"grids": [{"place": place, **facts}]}]
    run.config_path.write_text("{")
    assert sample_history._facts("x", run) == {"place": "x", "run": run.id, "size": 0}
