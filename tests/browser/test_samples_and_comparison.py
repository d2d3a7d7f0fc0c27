"""Pointing at a sample, and several runs on one chart, as a mouse, a finger and a keyboard meet them."""

import base64
import io
import re
import shutil

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from dcgan.runs.run import Run
from tests.browser.hand import box_at_rest
from tests.browser.studio import SHIPPED, Studio
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

CELL = 10  # of 64 samples in 8 columns
PIXELS = "(canvas) => canvas.toDataURL()"


def a_finger_touches(page: Page, grid: Locator, card: Locator) -> None:
    """On a phone whose owner wants no motion: a few stages beside each other, which stay, and all of it in view."""
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def tap(x: float, y: float) -> None:
        devtools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    wait_for(lambda: grid.bounding_box()["width"] < 380, 20, "the phone's column")  # type: ignore[index]
    grid.scroll_into_view_if_needed()
    box = box_at_rest(grid)
    tap(box["x"] + box["width"] * 6.5 / 8, box["y"] + box["height"] * 1.5 / 8)
    expect(card).to_contain_text(re.compile(r"Steps 0, .*27,000\s*Sample 15, seed 14\. Tap again: Explore"))
    drawn, shown = card.locator("canvas").evaluate(PIXELS), card.inner_text()
    page.wait_for_timeout(300)  # three frames of a film
    assert (card.locator("canvas").evaluate(PIXELS), card.inner_text()) == (drawn, shown)
    place = card.bounding_box()
    assert place and place["x"] >= 0 and place["x"] + place["width"] <= 390
    tap(box["x"] + 5, box["y"] - 10)
    expect(card).to_have_count(0)
    devtools.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(reduced_motion="no-preference")


def test_what_is_below_a_grid_waits_there_for_its_picture(page: Page, studio: Studio) -> None:
    held: list[Route] = []
    page.route("**/media/*.png", lambda route: held.append(route))
    page.goto(f"{studio.url}/train?run={SHIPPED.name}")
    room = page.locator(".st-key-pixels-samples")
    expect(room.locator("img")).to_be_attached()
    height = box_at_rest(room)["height"]
    for route in held:
        route.continue_()
    page.wait_for_function("() => document.querySelector('.st-key-pixels-samples img').naturalWidth")
    assert 300 < box_at_rest(room)["height"] == pytest.approx(height, abs=2)


def test_a_sample_plays_its_history_and_opens_and_runs_are_compared_by_a_link(page: Page, studio: Studio) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "sample-history" in request.url else None)
    page.goto(f"{studio.url}/train?run={SHIPPED.name}")
    grid = page.locator("img.has-history")
    expect(grid).to_have_attribute("alt", re.compile("^Samples at step"))
    assert not asked
    box = box_at_rest(grid)
    card = page.locator(".sample-card")
    page.mouse.move(box["x"] + box["width"] * 2.5 / 8, box["y"] + box["height"] * 1.5 / 8)
    expect(card).to_contain_text("Sample 11, seed 10. Click: Explore it at step")
    expect(card).to_contain_text(re.compile("Step 1,000|Step [2-9],000"))  # it plays
    page.mouse.move(5, 5)
    expect(card).to_have_count(0)
    a_finger_touches(page, grid, card)
    grid.focus()
    page.keyboard.press("End")
    expect(card).to_contain_text("Sample 64, seed 63. Enter")
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(card).to_contain_text("Sample 11, seed 10. Enter")
    assert len({url for url in asked if url.endswith(f"cell={CELL}")}) == 1 and "cell=0" not in asked[0]
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/explore\?.*seed={CELL}(&|$)"))
    canvas = page.get_by_test_id("latent-canvas")
    expect(canvas).not_to_have_attribute("data-frame", "0")
    run = Run(SHIPPED)
    sheet = np.asarray(Image.open(run.sample_path(run.samples()[-1])).convert("L")).astype(int)
    wanted = sheet[34:66, 68:100]

    def apart() -> float:
        png = base64.b64decode(canvas.evaluate("(canvas) => canvas.toDataURL()").partition(",")[2])
        shown = Image.open(io.BytesIO(png)).convert("L").resize((32, 32), Image.Resampling.NEAREST)
        return float(np.abs(np.asarray(shown).astype(int) - wanted).mean())

    wait_for(lambda: apart() < 4, 30, "Explore to show the sample that was chosen")

    other = Run(studio.root / "other")
    shutil.copytree(SHIPPED, other.path)
    try:
        other.config_path.write_text(other.config.replace(seed=7).to_json())
        page.goto(f"{studio.url}/runs?run={SHIPPED.name}&run=other&figure=losses&axis=time")
        expect(page.get_by_role("figure", name=re.compile("^1, .*; 2, "))).to_be_visible()
        expect(page.get_by_text("minutes of training")).to_be_visible()
        table = page.locator(".apart")
        expect(table).to_contain_text("seed")
        expect(table.get_by_role("row")).to_have_count(3)
        page.get_by_role("radio", name="D's accuracy").click()
        expect(page).to_have_url(re.compile("figure=accuracy"))
        page.get_by_role("button", name="Link").click()
        link = page.get_by_test_id("stCode")
        expect(link).to_contain_text(f"{studio.url}/runs?run={SHIPPED.name}&run=other&figure=accuracy&axis=time")
    finally:
        other.delete()
