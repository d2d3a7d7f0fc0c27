"""What a page of another address can do to the studio: neither frame it nor speak to it."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio import Studio

pytestmark = pytest.mark.browser

SPEAK = """(address) => new Promise((done) => {
  const socket = new WebSocket(address, ["streamlit"]);
  socket.onopen = () => done("open");
  socket.onclose = () => done("closed");
})"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def elsewhere(studio: Studio, tmp_path: Path) -> Iterator[str]:
    """A page on another port of this computer, which frames the studio."""
    (tmp_path / "index.html").write_text(f"<h1>Win</h1><iframe src='{studio.url}/train' width=900 height=600></iframe>")
    handler = functools.partial(Quiet, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_foreign_page_neither_frames_the_studio_nor_speaks_to_it(page: Page, studio: Studio, elsewhere: str) -> None:
    page.goto(elsewhere)
    expect(page.get_by_role("heading", name="Win")).to_be_visible()
    page.wait_for_timeout(3000)
    assert page.frame_locator("iframe").get_by_role("button", name="Start training").count() == 0
    stream = f"ws{studio.url.removeprefix('http')}/_stcore/stream"
    assert page.evaluate(SPEAK, stream) == "closed"
    page.goto(f"{studio.url}/train")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    assert page.evaluate(SPEAK, stream) == "open"
