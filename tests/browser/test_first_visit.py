"""What works before any training, with the shipped model, and with a person's own pictures."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from dcgan.images.embedded import read_recipe
from tests.browser.studio import SHIPPED, Studio
from tests.files import encode, write_tar

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


def choose_upload(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/train?new=1")
    page.get_by_role("combobox", name="Pictures").click()
    page.get_by_role("option", name="upload them").click()


def test_uploaded_pictures_are_counted_and_an_archive_gives_the_run_its_name(
    context: BrowserContext, studio: Studio, tmp_path: Path
) -> None:
    page, rng = context.new_page(), np.random.default_rng(0)
    cats = [Image.fromarray(rng.integers(0, 256, (30 + i, 40, 3), np.uint8)) for i in range(12)]
    loose = [tmp_path / "a.jfif", tmp_path / "b.ppm", tmp_path / "c.PGM"]
    for path, cat in zip(loose, cats, strict=False):
        cat.convert("L").save(path, "JPEG" if path.suffix == ".jfif" else "PPM")
    choose_upload(page, studio)
    page.locator("input[type=file]").set_input_files(loose)
    expect(page.get_by_text("3 real pictures, all of them here.")).to_be_visible()
    expect(page.get_by_alt_text("Three real pictures of this data set")).to_be_visible()

    files = {f"cat {i}.png": encode(cat) for i, cat in enumerate(cats)}
    files["half.png"] = files["cat 0.png"][:300]
    archive = write_tar(tmp_path / "Holiday cats.tar.gz", files, mode="w:gz")
    choose_upload(page, studio)
    page.locator("input[type=file]").set_input_files(archive)
    expect(page.get_by_text("12 real pictures, nine of them here. 1 more file can't be read, such as")).to_be_visible()
    expect(page.get_by_text("12 is few")).to_be_visible()
    page.get_by_role("button", name="Start training").click()
    expect(page.locator("img[alt^='Samples at step']").first).to_be_visible()
    expect(page.get_by_role("heading", name="Holiday cats", exact=True)).to_be_visible()
    expect(page.get_by_text("training quick on Holiday cats.tar.gz")).to_be_visible()
    (run,) = studio.runs()
    assert run.id == "holiday-cats" and run.config.channels == 3

    other = context.new_page()
    other.goto(f"{studio.url}/train?new=1")
    other.get_by_role("button", name="Start training").click()
    expect(other.get_by_text("Holiday cats is training, and one run trains at a time")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("link", name="Explore it")).to_be_visible()
    expect(other.get_by_text("one run trains at a time")).to_have_count(0)  # the word does not outlive the other run
