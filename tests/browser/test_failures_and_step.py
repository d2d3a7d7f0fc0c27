"""Two parts of Learn in the browser: the films of failures under one slider, and one step of a run in five frames."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio import SHIPPED, Studio

pytestmark = pytest.mark.browser
PIXELS = "(canvas) => canvas.toDataURL()"


def test_a_failure_is_found_and_a_step_is_walked_through(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/learn?part=failures&case=1")
    slider, pictures = page.get_by_role("slider", name="Step of both trainings"), page.locator("canvas.pictures")
    expect(pictures.first).to_have_attribute("data-step", "0")
    young = pictures.first.evaluate(PIXELS)
    slider.focus()
    slider.press("End")
    last = pictures.first.get_attribute("data-step")
    assert last == pictures.nth(1).get_attribute("data-step") != "0"  # at once, for no server is asked
    assert pictures.first.evaluate(PIXELS) != young
    slider.press("ArrowLeft")
    assert pictures.first.get_attribute("data-step") != last
    slider.press("b")
    expect(page.get_by_role("heading", name="No: A is ill. D too strong")).to_be_focused()
    expect(page.get_by_text("“D wins”, at step")).to_be_visible()
    page.get_by_role("button", name="The next pair").click()
    expect(page.get_by_role("button", name="A is ill")).to_be_visible()
    page.get_by_role("button", name="B is ill").click()
    expect(page.get_by_role("heading", name="Right: B is ill. Collapse")).to_be_visible()

    before = {path: path.read_bytes() for path in (studio.root / SHIPPED.name).rglob("*") if path.is_file()}
    page.goto(f"{studio.url}/learn?part=step&run={SHIPPED.name}")
    page.get_by_role("button", name="Show step 27,001").click()
    frames = page.locator(".step")
    expect(frames).to_have_attribute("data-frame", "z")
    frames.focus()
    for name in ("fakes", "verdicts", "gradient", "after"):
        frames.press("ArrowRight")
        expect(frames).to_have_attribute("data-frame", name)
    change = page.locator("canvas.map").first
    first = change.evaluate(PIXELS)
    frames.press("ArrowDown")
    assert page.locator("canvas.map").first.evaluate(PIXELS) != first
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_text("dL/dx of G's loss")).to_be_visible()
    assert {path: path.read_bytes() for path in before} == before
