"""A run in training is changed and forked from the drawer at the side, while the page behind it goes on."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from dcgan import launch
from dcgan.config import Config
from dcgan.runs import Run
from tests.browser.studio import Studio
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

STEP = "() => document.querySelector('[data-testid=stMetricValue]').innerText"


@pytest.fixture
def run(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A small run without an end, in training."""
    monkeypatch.setenv("DCGAN_DATA", str(studio.root.parent / "data"))
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (60, 16, 16), np.uint8)):
        Image.fromarray(pixels).save(pictures / f"{i}.png")
    config = Config(preset="tiny", data=str(pictures), image_size=16, z_dim=8, ngf=4, ndf=4, batch_size=8, device="cpu")
    made = Run.create(config.replace(num_steps=10**6, num_threads=1, measure_images=0), studio.root, "sideways")
    launch.start(made)
    yield made
    launch.kill(made)


def test_the_drawer_stays_while_the_page_ticks_and_holds_the_whole_form(page: Page, studio: Studio, run: Run) -> None:
    page.goto(f"{studio.url}/train?run={run.id}")
    expect(page.get_by_role("heading", level=1, name="sideways")).to_be_visible()
    figure = page.get_by_role("img", name=re.compile(r"^Curves of the training, step [\d,]+: D loss \d"))
    expect(figure).to_be_visible()

    page.get_by_role("button", name="Change settings").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("button", name="Apply")).to_be_in_viewport(ratio=1)
    step = page.evaluate(STEP)
    page.wait_for_function(f"() => ({STEP})() !== '{step}'")
    step = page.evaluate(STEP)
    page.wait_for_function(f"() => ({STEP})() !== '{step}'")  # two ticks: the second takes away what the first drew
    slider = drawer.get_by_role("slider", name="How fast G learns")
    slider.focus()
    slider.press("ArrowRight")
    expect(drawer.get_by_text("1.5 times as fast (0.0003)")).to_be_visible()
    drawer.get_by_role("button", name="Apply").click()
    expect(drawer).to_have_count(0)
    wait_for(lambda: run.control().lr_g == 3e-4, 20, "the new rate")
    assert run.control().lr_d is None

    page.get_by_role("button", name="Fork from here").click()
    box = drawer.bounding_box()
    assert box and box["width"] > 400 and box["height"] == 900
    expect(drawer.get_by_role("button", name="Make the fork")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    page.wait_for_function(f"() => ({STEP})() !== '{page.evaluate(STEP)}'")
    expect(drawer).to_have_count(0)
