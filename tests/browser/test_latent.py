"""The live laboratory: the picture follows the hand, Python follows on release; and the same as one file."""

import asyncio
import base64
import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from dcgan.export.explorer_page import explorer
from dcgan.judges.judge import judge_of
from dcgan.latent import seeds
from dcgan.latent.kept_axes import axes_for
from dcgan.latent.render import render
from dcgan.networks.generator_file import load_generator
from dcgan.networks.models import Generator
from dcgan.runs.run import Run
from pages.latent.morph import Corners, Morph, keys_of
from pages.latent.morph_downloads import frames_of, point_of
from pages.latent.view import Hop, View, neighbours_z
from tests.browser.hand import box_at_rest, drag_on
from tests.browser.studio import SHIPPED, Studio

pytestmark = pytest.mark.browser

PIXELS = "(canvas) => canvas.toDataURL()"


@pytest.fixture(scope="module")
def generator() -> Generator:
    return load_generator(SHIPPED / "generator.safetensors")


def picture(canvas: Locator) -> np.ndarray:
    """What a canvas shows, (H, W)."""
    data = base64.b64decode(canvas.evaluate(PIXELS).partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(int)


def drawn(generator: Generator, view: View) -> np.ndarray:
    """What PyTorch draws for a view and its neighbours, (13, H, W)."""
    return render(generator, neighbours_z(view, generator)).astype(int)


def open_explore(page: Page, studio: Studio, query: str = "seed=5") -> Locator:
    page.goto(f"{studio.url}/explore?{query}")
    canvas = page.get_by_test_id("latent-canvas")
    expect(canvas).not_to_have_attribute("data-frame", "0")
    return canvas


def at_rest(canvas: Locator) -> int:
    """The frame counter once nothing is painted any more."""
    frame = -1
    while frame != (frame := int(canvas.get_attribute("data-frame") or 0)):
        canvas.page.wait_for_timeout(400)
    return frame


def centre(slider: Locator) -> tuple[float, float, float]:
    box = box_at_rest(slider)
    return box["x"], box["width"], box["y"] + box["height"] / 2


def test_the_picture_and_its_neighbours_are_those_of_pytorch(page: Page, studio: Studio, generator: Generator) -> None:
    canvas = open_explore(page, studio, "seed=5&walk=40.3.2&sliders=2~0.5_48~-1.5&truncation=0.8&distance=60&around=9")
    at_rest(canvas)
    view = View(5, (Hop(40, 3, 2),), ((2, 0.5), (48, -1.5)), 0.8, 60, 9)
    expected = drawn(generator, view)
    assert np.abs(picture(canvas) - expected[0]).max() <= 1
    for i in range(12):
        assert np.abs(picture(page.get_by_test_id(f"tile-{i}").locator("canvas")) - expected[i + 1]).max() <= 1


def test_the_picture_follows_while_the_button_is_held_and_python_on_release(page: Page, studio: Studio) -> None:
    canvas = open_explore(page, studio, "seed=5&axes=dimensions")
    slider = page.get_by_test_id("latent-slider-0")
    frame, before = at_rest(canvas), picture(canvas)
    left, width, y = centre(slider)
    page.mouse.move(left + width * 0.5, y)
    page.mouse.down()
    for step in range(30):
        page.mouse.move(left + width * (0.5 + 0.015 * step), y)
    page.wait_for_function("([c, f]) => Number(c.dataset.frame) >= f", arg=[canvas.element_handle(), frame + 10])
    held = picture(canvas)
    assert np.abs(held - before).max() > 20
    assert "sliders" not in page.url  # nothing is told while the hand holds
    page.mouse.up()
    dim = re.match(r"z\[(\d+)\]", slider.get_attribute("aria-label") or "")
    assert dim
    expect(page).to_have_url(re.compile(f"sliders={dim[1]}~"))
    assert np.array_equal(picture(canvas), held)
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG 32 px").click()
    saved = np.asarray(Image.open(download.value.path()).convert("L")).astype(int)
    assert np.abs(saved - picture(canvas)).max() <= 1


def test_keys_undo_double_click_and_lock(page: Page, studio: Studio) -> None:
    open_explore(page, studio, "seed=5&axes=dimensions")
    slider = page.get_by_test_id("latent-slider-0")
    rest = slider.input_value()
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("sliders="))
    moved = slider.input_value()
    assert float(moved) > float(rest)
    page.get_by_role("button", name="Undo").click()
    expect(page).not_to_have_url(re.compile("sliders="))
    assert slider.input_value() == rest
    page.get_by_role("button", name="Redo").click()
    expect(page).to_have_url(re.compile("sliders="))
    assert slider.input_value() == moved

    page.get_by_role("button", name=re.compile("^Lock z")).first.click()
    expect(page).to_have_url(re.compile("locked="))
    page.get_by_role("button", name="Randomize").click()
    expect(page).not_to_have_url(re.compile("seed=5&"))
    assert slider.input_value() == moved and slider.is_disabled()
    page.get_by_role("button", name=re.compile("^Unlock z")).first.click()
    expect(page).not_to_have_url(re.compile("locked="))
    slider.dblclick()
    expect(page).not_to_have_url(re.compile("sliders="))


def test_sliders_of_axes_draw_what_pytorch_does_and_survive_the_address(
    page: Page, studio: Studio, generator: Generator
) -> None:
    canvas = open_explore(page, studio)
    page.get_by_test_id("axes-components").click()
    expect(page).to_have_url(re.compile("axes=components"))
    slider = page.get_by_test_id("latent-slider-0")
    expect(slider).to_be_enabled(timeout=30000)
    strongest, *others = axes_for(Run(SHIPPED), generator, "components", judge_of(generator.config))
    expect(slider).to_have_attribute("aria-label", re.compile(f"^{re.escape(strongest.name)}, changes"))
    left, width, y = centre(slider)
    page.mouse.move(left + width * 0.5, y)
    page.mouse.down()
    page.mouse.move(left + width * 0.8, y, steps=8)
    assert "sliders" not in page.url
    page.mouse.up()
    expect(page).to_have_url(re.compile(f"sliders={strongest.id}~1"))
    at_rest(canvas)
    view = View(5, sliders=((strongest.id, float(slider.input_value())),))
    directions = {axis.id: axis.direction for axis in (strongest, *others)}
    expected = render(generator, neighbours_z(view, generator, directions=directions)).astype(int)
    assert np.abs(expected[0] - drawn(generator, View(5))[0]).max() > 50
    assert np.abs(picture(canvas) - expected[0]).max() <= 1
    assert np.abs(picture(page.get_by_test_id("tile-4").locator("canvas")) - expected[5]).max() <= 1
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG 32 px").click()
    saved = np.asarray(Image.open(download.value.path()).convert("L")).astype(int)
    assert np.array_equal(saved, expected[0])

    page.get_by_test_id("axes-named").click()
    page.get_by_text("toward Sneaker").first.wait_for(timeout=30000)
    expect(page).to_have_url(re.compile(f"axes=named.*sliders={strongest.id}"))  # what is moved stays
    page.reload()
    page.get_by_text("toward Sneaker").first.wait_for(timeout=30000)
    at_rest(canvas)
    assert np.abs(picture(canvas) - expected[0]).max() <= 1
    page.get_by_test_id("axes-components").click()
    expect(slider).to_be_enabled()
    slider.dblclick()
    expect(page).not_to_have_url(re.compile("sliders="))
    at_rest(canvas)
    assert np.abs(picture(canvas) - drawn(generator, View(5))[0]).max() <= 1


def check_names(page: Page) -> None:
    """Every control of a laboratory has a name for who hears the page, and the page one headline."""
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    for control in page.locator(".lab :is(button, input, select, a[href], [role=img], [role=slider]):visible").all():
        expect(control).to_have_accessible_name(re.compile("."))


CUT = """(names) => names.filter((name) => {
  const text = document.createRange(), all = (part) => part.getBoundingClientRect();
  text.selectNodeContents(name);
  return all(text).right > Math.min(all(name).right, all(name.closest("label")).right) + 1;
}).map(({ textContent }) => textContent)"""  # those that end outside their own box


def test_explore_opens_on_named_sliders_whose_names_are_whole_and_which_keys_move_far_enough(
    page: Page, studio: Studio
) -> None:
    open_explore(page, studio)
    slider, names = page.get_by_test_id("latent-slider-0"), page.locator(".slider .name b")
    expect(names.first).to_have_text("brighter")  # kept with the run: nobody measures
    assert names.all_inner_texts()[:5] == ["brighter", "wider", "taller", "more symmetric", "toward Sneaker"]
    slider.focus()
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    keys = {"ArrowRight": 1, "PageUp": 1.5, "ArrowDown": 1.4, "PageDown": 0.9, "Home": -3, "End": 3}
    for key, value in keys.items():
        page.keyboard.press(key)
        assert float(slider.input_value()) == value, key
    expect(page).to_have_url(re.compile("sliders=a1~3"))
    for kind in ("components", "weights", "random"):
        page.get_by_test_id(f"axes-{kind}").click()
        expect(slider).to_be_enabled()
        for _ in range(3):
            assert names.evaluate_all(CUT) == [], kind
            page.get_by_role("button", name="Next 8").or_(page.get_by_role("button", name="First 8")).click()
    page.get_by_role("button", name="Raw numbers").click()
    expect(names.first).to_have_text(re.compile(r"^z\[\d+\]$"))
    check_names(page)


def test_on_a_phone_the_picture_stays_in_sight_while_any_slider_is_moved(phone: BrowserContext, studio: Studio) -> None:
    page = phone.new_page()
    canvas = open_explore(page, studio)
    expect(page.locator(".slider .name b").first).to_have_text("brighter")
    for place in (0, 7):
        slider = page.get_by_test_id(f"latent-slider-{place}")
        slider.evaluate("(slider) => slider.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(300)
        shown, hand = canvas.bounding_box(), slider.bounding_box()
        assert shown and hand
        assert shown["y"] > 40 and shown["y"] + shown["height"] < hand["y"], place
        assert shown["height"] < 0.32 * 844


def test_the_seed_wheel_turns_and_a_neighbour_is_a_click_away(page: Page, studio: Studio, generator: Generator) -> None:
    canvas = open_explore(page, studio)
    page.get_by_test_id("latent-wheel").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("latent-seed")).to_have_value("7")
    expect(page).to_have_url(re.compile("seed=7"))
    page.get_by_test_id("tile-3").click()
    expect(page).to_have_url(re.compile(r"walk=25\.0\.4"))
    at_rest(canvas)
    assert np.abs(picture(canvas) - drawn(generator, View(7))[4]).max() <= 1
    page.get_by_role("button", name="Back").click()
    expect(page).not_to_have_url(re.compile("walk="))


def test_favourites_survive_other_pages_and_lead_back(page: Page, studio: Studio) -> None:
    canvas = open_explore(page, studio)
    page.get_by_role("button", name="Keep").click()
    kept = picture(canvas)
    expect(page.get_by_role("button", name=re.compile("^Favourite 1"))).to_be_visible()
    page.get_by_role("button", name="Randomize").click()
    expect(page).not_to_have_url(re.compile("seed=5$"))
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Interpolate").click()
    expect(page).to_have_url(re.compile("/interpolate"))
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Explore").click()
    favourite = page.get_by_role("button", name=re.compile("^Favourite 1"))
    expect(favourite.locator("img")).to_be_visible()
    favourite.click()
    expect(page).to_have_url(re.compile("seed=5"))
    at_rest(canvas)
    assert np.array_equal(picture(canvas), kept)


def test_a_rewind_keeps_the_sliders_and_draws_with_the_older_weights(page: Page, studio: Studio) -> None:
    canvas = open_explore(page, studio, "seed=5&sliders=2~0.5&step=512")
    older = load_generator(SHIPPED / "snapshots" / "00000512.safetensors")
    at_rest(canvas)
    assert np.abs(picture(canvas) - drawn(older, View(5, sliders=((2, 0.5),)))[0]).max() <= 1


def test_the_film_of_training_plays_and_rests_at_a_moment_whose_weights_the_sliders_move(
    page: Page, studio: Studio
) -> None:
    canvas = open_explore(page, studio, "seed=5&axes=dimensions")
    frame = at_rest(canvas)
    page.get_by_role("button", name="Film", exact=True).click()
    pause = page.get_by_role("button", name="Pause the film")
    pause.wait_for()
    page.wait_for_function("([c, f]) => Number(c.dataset.frame) > f + 3", arg=[canvas.element_handle(), frame])
    pause.click()
    expect(page).to_have_url(re.compile("step="))
    moment = page.get_by_test_id("latent-film")
    moment.focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile("step=0(&|$)"))
    slider = page.get_by_test_id("latent-slider-0")
    slider.focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile("sliders="))
    at_rest(canvas)
    dim = re.match(r"z\[(\d+)\]", slider.get_attribute("aria-label") or "")
    assert dim
    first = load_generator(SHIPPED / "snapshots" / "00000000.safetensors")
    assert np.abs(picture(canvas) - drawn(first, View(5, sliders=((int(dim[1]), 3.0),)))[0]).max() <= 1


def test_weights_travel_once(page: Page, studio: Studio) -> None:
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
    open_explore(page, studio)
    page.wait_for_timeout(1500)
    first = sum(received)
    assert first > 500_000  # the shipped generator's weights
    received.clear()
    for _ in range(3):
        url = page.url
        page.get_by_role("button", name="Randomize").click()
        expect(page).not_to_have_url(url)
    page.wait_for_timeout(500)
    assert sum(received) < 150_000


def test_a_drag_of_three_seconds_prints_its_figures(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    with ThreadPoolExecutor(1) as apart:  # this thread has Playwright's own loop
        found = apart.submit(asyncio.run, drag_on(f"{studio.url}/explore?seed=5", 3.0)).result()
    assert found.seen_while_held == sorted(found.seen_while_held) and found.frames > 10
    with capsys.disabled():
        print(f"\n{found.fps:.0f} frames/s, input to paint {found.median_ms:.0f} ms, p95 {found.p95_ms:.0f} ms")


# ---- one file


@pytest.fixture
def alone(chromium: Browser) -> Iterator[BrowserContext]:
    """A visitor without any network; fails if a page raised an error or asked for anything but the file."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    errors, asked = [], []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("request", lambda request: asked.append(request.url[:100]))
    yield context
    context.close()
    assert not errors
    assert not [url for url in asked if not url.startswith(("file:", "blob:", "data:"))]
    assert len([url for url in asked if url.startswith("file:")]) == 1


def test_the_exported_page_draws_the_same_with_the_network_off(
    alone: BrowserContext, generator: Generator, tmp_path: Path
) -> None:
    path = tmp_path / "explorer.html"
    path.write_text(explorer(generator, "quick fashion", {"seed": "5", "truncation": "0.9"}), encoding="utf-8")
    assert path.stat().st_size < 3e6
    page = alone.new_page()
    page.goto(path.as_uri())
    canvas = page.get_by_test_id("latent-canvas")
    at_rest(canvas)
    assert np.abs(picture(canvas) - drawn(generator, View(5, truncation=0.9))[0]).max() <= 1

    expected = render(generator, seeds.z_from_seeds(range(100), generator.config.z_dim)).astype(int)
    for seed in range(100):
        page.get_by_test_id("latent-seed").fill(str(seed))
        page.get_by_test_id("latent-seed").press("Enter")
        page.get_by_test_id("latent-truncation").fill("1")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert np.abs(picture(canvas) - expected[seed]).max() <= 1, seed

    frame = at_rest(canvas)
    left, width, y = centre(page.get_by_test_id("latent-slider-0"))
    page.mouse.move(left + width / 2, y)
    page.mouse.down()
    page.mouse.move(left + width * 0.9, y, steps=10)
    page.mouse.up()
    assert at_rest(canvas) > frame
    assert "sliders=" in page.url
    frame = at_rest(canvas)
    page.get_by_role("button", name="Walk").click()
    page.wait_for_timeout(1000)
    page.get_by_role("button", name="Stop").click()
    assert int(canvas.get_attribute("data-frame") or 0) > frame + 5


def test_the_exported_page_morphs_and_has_four_corners(
    alone: BrowserContext, generator: Generator, tmp_path: Path
) -> None:
    path = tmp_path / "explorer.html"
    path.write_text(explorer(generator, "quick fashion", {"seed": "5"}), encoding="utf-8")
    page = alone.new_page()
    page.goto(path.as_uri())
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Interpolate").click()
    page.get_by_role("button", name=re.compile("^Add as a keyframe: seed 5")).click()
    expect(page).to_have_url(re.compile("room=morph&seeds=0_1_2_3_5"))
    page.get_by_test_id("player-scrub").fill("30")
    shown = page.locator(".morph .picture")
    at_rest(shown)
    expected = frames_of(generator, Morph(keys_of(0, 1, 2, 3, 5)))[30].astype(int)
    assert np.abs(picture(shown) - expected).max() <= 1
    page.get_by_role("button", name="Four corners").click()
    page.get_by_test_id("square-point").press("Shift+ArrowRight")
    expect(page).to_have_url(re.compile("room=corners&corners=0_1_2_3&at=0.666667_0.5"))
    shown = page.locator(".corners .picture")
    at_rest(shown)
    square = Corners((0, 1, 2, 3), at=(0.666667, 0.5))
    assert np.abs(picture(shown) - point_of(generator, square)).max() <= 1
    page.get_by_role("button", name="Explore").click()
    expect(page).to_have_url(re.compile("#seed=5$"))
    expect(page.get_by_test_id("latent-canvas")).to_be_visible()
