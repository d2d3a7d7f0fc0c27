"""The map of the shipped run in a real browser: looked at closely, opened in Explore, morphed through along a line."""

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from dcgan.latent.render import render
from dcgan.latent.seeds import z_from_seeds
from dcgan.networks.generator_file import load_generator
from tests.browser.hand import box_at_rest
from tests.browser.studio import SHIPPED, Studio

pytestmark = pytest.mark.browser
PIXELS = """(canvas) => {
  const { width, height } = canvas, { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  return Array.from({ length: width * height }, (_, i) => data[4 * i]);
}"""


def number(canvas: Locator, name: str) -> float:
    return float(canvas.get_attribute(f"data-{name}") or "nan")


def test_a_map_is_looked_at_closely_and_leads_to_a_morph_and_to_explore(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/learn?part=map&run={SHIPPED.name}")
    canvas = page.get_by_test_id("map-canvas")
    expect(canvas).to_have_attribute("aria-label", re.compile("^2000 samples, seeds 0 to 1999: .*Trouser"))
    expect(canvas).to_have_attribute("data-drawn", re.compile(r"\d{2}"))

    # keys go from sample to sample, which is drawn as PyTorch draws it
    canvas.focus()
    before = number(canvas, "chosen")
    page.keyboard.press("ArrowRight")
    expect(canvas).not_to_have_attribute("data-chosen", f"{before:.0f}")
    seed = int(number(canvas, "chosen"))
    expect(page.locator(".map-said")).to_have_text(re.compile(f"Seed {seed}: "))
    card = page.locator(".map-card canvas")
    expect(card).to_have_attribute("width", "32")
    drawn = np.array(card.evaluate(PIXELS)).reshape(32, 32)
    generator = load_generator(SHIPPED / "generator.safetensors")
    assert np.abs(drawn - render(generator, z_from_seeds([seed], 64))[0]).max() <= 1

    # the wheel goes closer, to where the pointer is, and 0 back
    box = box_at_rest(canvas)
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.wheel(0, -700)
    expect(canvas).to_have_attribute("data-zoom", re.compile(r"^3\.0"))
    page.keyboard.press("0")
    expect(canvas).to_have_attribute("data-zoom", "1.00")

    # a line becomes a morph
    page.keyboard.down("Shift")
    page.mouse.move(middle[0] - 200, middle[1])
    page.mouse.down()
    page.mouse.move(middle[0] + 200, middle[1], steps=10)
    page.mouse.up()
    page.keyboard.up("Shift")
    page.get_by_test_id("map-morph").click()
    expect(page).to_have_url(re.compile(r"/interpolate\?.*seeds=\d+(_\d+){4,7}&"))
    assert f"run={SHIPPED.name}" in page.url

    # and a click on a sample goes to Explore
    page.goto(f"{studio.url}/learn?part=map&run={SHIPPED.name}")
    expect(canvas).to_have_attribute("data-drawn", re.compile(r"\d{2}"))
    places = [(middle[0] + 8 * k, middle[1] + 8 * j) for k in range(-4, 5) for j in range(-4, 5)]
    for place in places:
        page.mouse.move(*place)
        if canvas.evaluate("canvas => canvas.style.cursor") == "pointer":
            break
    seed = int(number(canvas, "chosen"))
    page.mouse.click(*place)
    expect(page).to_have_url(re.compile(rf"/explore\?.*seed={seed}(&|$)"))
    assert f"run={SHIPPED.name}" in page.url
