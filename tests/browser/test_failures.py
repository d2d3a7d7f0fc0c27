"""Failures, a part of Learn: two films under one slider, and the guess which of them is ill."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio import Studio

pytestmark = pytest.mark.browser
PIXELS = "(canvas) => canvas.toDataURL()"


def test_a_failure_is_found(page: Page, studio: Studio) -> None:
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
