"""What works before any training, with the shipped model, and with a person's own pictures."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from dcgan.images import read_recipe
from tests.browser.studio import SHIPPED, Studio

pytestmark = pytest.mark.browser


def picture(page: Page) -> str:
    """What the live canvas shows once it has come to rest."""
    canvas = page.get_by_test_id("latent-canvas")
    expect(canvas).not_to_have_attribute("data-frame", "0")
    frame = None
    while frame != (frame := canvas.get_attribute("data-frame")):
        page.wait_for_timeout(400)
    return canvas.evaluate("(canvas) => canvas.toDataURL()")


def test_explore_randomizes_and_the_address_brings_the_view_back(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/explore?run={SHIPPED.name}&seed=5")
    first = picture(page)
    page.get_by_role("button", name="Randomize").click()
    expect(page).not_to_have_url(re.compile("seed=5(&|$)"))
    second, address = picture(page), page.url
    assert second != first
    page.goto(f"{studio.url}/explore?run={SHIPPED.name}&seed=5")
    assert picture(page) == first
    page.goto(address)
    assert picture(page) == second


def test_a_slider_moves_the_picture_and_the_download_carries_its_recipe(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/explore?run={SHIPPED.name}&seed=5")
    before = picture(page)
    thumb = page.get_by_test_id("latent-slider-0")
    thumb.focus()
    thumb.press("End")
    assert picture(page) != before
    expect(page).to_have_url(re.compile("sliders="))
    with page.expect_download() as waiting:
        page.locator(".st-key-explore-png-1").get_by_role("button").click()
    content = Path(waiting.value.path()).read_bytes()
    assert Image.open(io.BytesIO(content)).size == (32, 32)
    recipe = read_recipe(content)
    assert recipe is not None and recipe["seed"] == 5 and recipe["run"] == SHIPPED.name


def test_interpolate_plays_and_gives_a_gif(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/interpolate?run={SHIPPED.name}&seeds=1_2")
    canvas = page.get_by_test_id("latent-canvas")
    expect(canvas).to_be_visible()
    frame = canvas.get_attribute("data-frame")
    expect(canvas).not_to_have_attribute("data-frame", frame or "")
    with page.expect_download() as waiting:
        page.locator(".st-key-morph-gif").get_by_role("button").click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"GIF89a")


def test_uploaded_pictures_are_shown_and_can_be_trained_on(page: Page, studio: Studio, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    files = []
    for i in range(12):
        files.append(tmp_path / f"cat {i}.png")
        Image.fromarray(rng.integers(0, 256, (30 + i, 40, 3), np.uint8)).save(files[-1])
    page.goto(f"{studio.url}/train")
    page.get_by_role("combobox", name="Pictures").click()
    page.get_by_role("option", name="upload them").click()
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_text("12 real pictures, nine of them here.")).to_be_visible()
    page.get_by_role("button", name="Start training").click()
    expect(page.locator("img[alt^='Samples at step']").first).to_be_visible()
    (run,) = studio.runs()
    assert run.config.channels == 3
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("link", name="Explore it")).to_be_visible()
