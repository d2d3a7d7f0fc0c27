"""The exported page, opened from a file with the network off: axes, how it learned, and pictures that lead back."""

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from dcgan.cli.main import main
from dcgan.images.embedded import read_recipe
from dcgan.judges.judge import judge_of
from dcgan.latent import seeds
from dcgan.latent.kept_axes import axes_for
from dcgan.latent.render import render
from dcgan.networks.generator_file import load_generator
from dcgan.provenance import redraw
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.run import Run
from pages.latent.view import View, picture_of
from tests.browser.hand import box_at_rest
from tests.browser.studio import SHIPPED

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as the command line writes it."""
    path = tmp_path_factory.mktemp("exported") / "explorer.html"
    assert main(["export", str(SHIPPED), "--to", str(path)]) == 0
    assert path.stat().st_size < 3e6
    return path


@pytest.fixture
def page(chromium: Browser, file: Path) -> Iterator[Page]:
    """It in a browser without a network; fails if it asked for anything, or if a console said anything."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    said, asked = [], []
    context.on("weberror", lambda error: said.append(str(error.error)))
    context.on("console", lambda message: said.append(message.text))
    context.on("request", lambda request: asked.append(request.url[:60]))
    page = context.new_page()
    page.goto(file.as_uri())
    expect(page.get_by_test_id("latent-canvas")).not_to_have_attribute("data-frame", "0")
    yield page
    context.close()
    assert not said
    assert [url for url in asked if not url.startswith(("blob:", "data:"))] == [file.as_uri()[:60]]


def pixels(canvas: Locator) -> np.ndarray:
    """What a canvas shows once it has come to rest, (H, W)."""
    before = None
    while before != (now := canvas.evaluate("(canvas) => canvas.toDataURL()")):
        before = now
        canvas.page.wait_for_timeout(300)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(now.partition(",")[2]))).convert("L")).astype(int)


@pytest.mark.parametrize("kind", ["named", "components", "weights", "random"])
def test_an_axis_draws_what_pytorch_does(page: Page, kind: str) -> None:
    generator = load_generator(SHIPPED / "generator.safetensors")
    strongest = axes_for(Run(SHIPPED), generator, kind, judge_of(generator.config))[0]
    page.get_by_test_id("latent-seed").fill("5")
    page.get_by_test_id("latent-seed").press("Enter")
    page.get_by_test_id(f"axes-{kind}").click()
    slider = page.get_by_test_id("latent-slider-0")
    expect(slider).to_have_attribute("aria-label", re.compile(f"^{re.escape(strongest.name)}, changes"))
    box = box_at_rest(slider)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.85, box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()
    view = View(5, sliders=((strongest.id, float(slider.input_value())),))
    expected = picture_of(generator, view, {strongest.id: strongest.direction}).astype(int)
    found = pixels(page.get_by_test_id("latent-canvas"))
    assert np.abs(found - expected).max() <= 1
    assert np.abs(found - picture_of(generator, View(5)).astype(int)).max() > 20
    assert f"sliders={strongest.id}%7E" in page.url or f"sliders={strongest.id}~" in page.url

    with page.expect_download() as waiting:  # the picture leads back to the model that drew it
        page.get_by_text("PNG", exact=True).click()
    content = Path(waiting.value.path()).read_bytes()
    recipe = read_recipe(content)
    assert recipe is not None and recipe["seed"] == 5 and recipe["sliders"] == {strongest.id: view.sliders[0][1]}
    again, inside = redraw.redrawn(recipe, ".png", SHIPPED.parent)
    assert json.dumps(inside, sort_keys=True) == json.dumps(recipe, sort_keys=True)
    difference = redraw.difference(content, again)
    assert difference is not None and difference <= 1


def test_how_it_learned_plays_and_its_pictures_open(page: Page) -> None:
    run, learned = Run(SHIPPED), page.locator("#learned")
    newest = run.snapshots()[-1]
    slider, first = page.get_by_test_id("learned-step"), learned.locator("canvas").nth(2)
    expect(learned).to_be_visible()
    slider.focus()
    for key, step in (("Home", 0), ("End", newest)):
        page.keyboard.press(key)
        expect(learned).to_have_attribute("data-shown", str(step))
        generator = open_generator(run, step) if step < newest else load_generator(run.generator_path)
        expected = render(generator, seeds.z_from_seeds([generator.config.seed + 2], 64))[0].astype(int)
        assert np.array_equal(pixels(first), expected)
    page.get_by_role("button", name="Play").click()
    expect(learned).not_to_have_attribute("data-shown", str(newest))
    page.get_by_role("button", name="Pause").click()
    learned.locator("button").nth(2).click()
    expect(page.get_by_test_id("latent-seed")).to_have_value(str(generator.config.seed + 2))
    assert np.abs(pixels(page.get_by_test_id("latent-canvas")) - expected).max() <= 1
