"""A page that is drawn again: what stands on it stays until its successor comes, or it would be blank in between."""

import pytest
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from dcgan.networks.generator_file import generator_bytes
from dcgan.presets import preset_config
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.system.files import publish
from pages.learn.learn import PARTS
from tests.pages.app import open_page
from tests.pages.latent_pages import little_run, tiny

PAGES = [
    ("training/train", {"new": "1"}),
    ("training/train", {"run": "little-one"}),
    ("training/runs", {}),
    ("training/runs", {"run": "little-one"}),
    ("training/runs", {"run": ["little-one", "second"]}),
    ("training/runs", {"run": "published"}),
    ("latent/explore", {"run": "little-one"}),
    ("latent/interpolate", {"run": "little-one"}),
    ("evaluate/evaluate", {"run": "little-one"}),
    *(("learn/learn", {"run": "little-one", "part": part}) for part in PARTS),
]


@pytest.fixture
def emptied(monkeypatch):
    """Places that a page, drawn since the list was cleared, emptied and then filled again, as it told the browser."""
    found, empty = [], set()

    def watch(message) -> None:
        path, element = tuple(message.metadata.delta_path), message.delta.new_element
        if element.WhichOneof("type") == "empty":
            empty.add(path)
        elif message.WhichOneof("type") == "delta" and path in empty:
            found.append(path)

    ForwardMsgQueue.on_before_enqueue_msg(watch)
    yield found
    ForwardMsgQueue.on_before_enqueue_msg(None)


@pytest.mark.parametrize(("page", "query"), PAGES)
def test_a_page_drawn_again_empties_no_place_that_it_fills(page, query, tmp_path, monkeypatch, emptied):
    run = little_run(tmp_path, monkeypatch)
    run.write_status(Status(state="failed", error="the disk is full", notice="a notice", step=100))
    Run.create(run.config, name="second")
    published = Run.create(preset_config("basic-dcgan"), name="published")
    publish(published.generator_path, generator_bytes(tiny(1, published.config), 100))
    published.write_status(Status(state="finished", step=100))
    app = open_page(page, **query)
    emptied.clear()
    app.run()
    assert not app.exception, app.exception
    assert not emptied
