"""The pages of a run: changed and forked from the drawer while it trains, its next step shown and taken, its shelf."""

import re
import shutil
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from dcgan.config import Config
from dcgan.runs import launch
from dcgan.runs.records import Parent, dump
from dcgan.runs.run import Run
from dcgan.system.files import publish
from tests.browser.studio import SHIPPED, Studio
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

STEP = "() => document.querySelector('[data-testid=stMetricValue]').innerText"
PIXELS = "(canvas) => canvas.toDataURL()"


@pytest.fixture(scope="module")
def run(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A small run without an end, in training until a test pauses it."""
    pictures = tmp_path_factory.mktemp("small") / "pictures"
    pictures.mkdir()
    for i, pixels in enumerate(np.random.default_rng(0).integers(0, 256, (60, 16, 16), np.uint8)):
        Image.fromarray(pixels).save(pictures / f"{i}.png")
    config = Config(preset="tiny", data=str(pictures), image_size=16, z_dim=8, ngf=4, ndf=4, batch_size=8, device="cpu")
    made = Run.create(config.replace(num_steps=10**6, num_threads=1, measure_images=0), studio.root, "sideways")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCGAN_DATA", str(studio.root.parent / "data"))
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
    expect(drawer.get_by_text("1.5 times (0.0003)")).to_be_visible()
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


def test_a_paused_run_takes_the_step_that_was_shown(page: Page, studio: Studio, run: Run) -> None:
    run.ask("pause")
    wait_for(lambda: run.status().state == "paused", 20, "the pause")
    step = run.status().step
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file() and path != run.status_path}
    page.goto(f"{studio.url}/train?run={run.id}")
    page.get_by_role("link", name="Look at the next step, slowly").click()
    page.get_by_role("button", name=f"Show step {step + 1:,}").click()
    frames = page.locator(".step")
    expect(frames).to_have_attribute("data-frame", "z")
    frames.focus()
    for name in ("fakes", "verdicts", "gradient", "after"):
        frames.press("ArrowRight")
        expect(frames).to_have_attribute("data-frame", name)
    change = page.locator("canvas.map").first
    first = change.evaluate(PIXELS)
    frames.press("ArrowDown")
    assert change.evaluate(PIXELS) != first
    assert {path: path.read_bytes() for path in before} == before  # nothing was done to the run until now

    page.get_by_role("button", name="Take this step").click()
    expect(page.get_by_text(f"The run has taken step {step + 1:,}")).to_contain_text("bit for bit, what you saw here")
    wait_for(lambda: (run.status().step, run.status().state) == (step + 1, "paused"), 20, "the status of that step")
    expect(frames).to_have_attribute("data-frame", "after")  # what was looked at is still there
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_text("dL/dx of G's loss")).to_be_visible()
    expect(page.get_by_role("button", name="Show the next step")).to_be_enabled()
    launch.kill(run)


def test_the_shelf_shows_every_column_and_row_and_a_wide_screen_is_used(
    context: BrowserContext, studio: Studio
) -> None:
    """Five runs, one of them a fork, which adds a column."""
    copies = [Run(studio.root / f"copy-{i}") for i in range(4)]
    for copy in copies:
        shutil.copytree(SHIPPED, copy.path)
    publish(copies[0].parent_path, dump(Parent(SHIPPED.name, 1000)))
    page = context.new_page()
    try:
        page.goto(f"{studio.url}/runs?run=copy-0&run=copy-1")
        table = page.get_by_test_id("stDataFrame").locator(".dvn-scroller")
        expect(table).to_be_visible()
        expect(page.get_by_role("slider", name="Step")).to_be_visible()
        hidden = table.evaluate("(at) => [at.scrollWidth - at.clientWidth, at.scrollHeight - at.clientHeight]")
        assert max(hidden) <= 0, f"{hidden} pixels of the shelf are out of sight"
        page.set_viewport_size({"width": 1920, "height": 1080})
        picture = page.get_by_alt_text(re.compile("^Samples at step")).first
        wait_for(lambda: picture.bounding_box()["width"] > 680, 20, "pictures that use the screen")  # type: ignore[index]

        page.set_viewport_size({"width": 390, "height": 844})
        slider = page.get_by_role("slider", name="Step")
        wait_for(lambda: picture.bounding_box()["width"] < 380, 20, "the phone's column")  # type: ignore[index]
        assert slider.bounding_box()["y"] < picture.bounding_box()["y"]  # type: ignore[index]
    finally:
        for copy in copies:
            copy.delete()
