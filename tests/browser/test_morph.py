"""Morphs play in the browser: the frames are PyTorch's, keyframes follow the hand, files and address follow Python."""

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from dcgan.browser import bundle
from dcgan.browser.pack import pack
from dcgan.images.embedded import read_recipe
from dcgan.images.encode import png_bytes
from dcgan.networks.generator_file import load_generator
from dcgan.networks.models import Generator
from dcgan.presets import PRESETS
from pages.latent.morph import MODES, Corners, Morph, keys_of
from pages.latent.morph_downloads import corners_of, frames_of, point_of
from pages.latent.view import Hop, View
from tests.browser.hand import box_at_rest
from tests.browser.studio import SHIPPED, Studio
from tests.browser.test_latent import check_names
from tests.nets import lively
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

PIXELS = "(canvas) => canvas.toDataURL()"


@pytest.fixture(scope="module")
def generator() -> Generator:
    return load_generator(SHIPPED / "generator.safetensors")


# ---- the frames


@pytest.fixture(scope="module")
def alone(chromium: Browser):
    """A page with the program and nothing else, without a network."""
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.add_script_tag(content=f"{{ {bundle.script('morph')}; Object.assign(globalThis, PROVIDES); }}")
    yield page
    context.close()


FRAMES = """async ([packed, params]) => {
  const file = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const morph = new globalThis.Morph(document.body, { commit() {} });
  morph.setParams(params);
  morph.setModel(file);
  const mode = params.mode ?? "slerp";
  while (morph.root.dataset.pace !== mode) await new Promise((done) => setTimeout(done, 20));
  const { canvas, player } = morph, frames = [];
  for (let i = 0; i < morph.morph.frames; i++) {
    const painted = new Promise((done) => canvas.addEventListener("painted", done, { once: true }));
    player.seek(i);
    await painted;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    frames.push(btoa(String.fromCharCode(...data)));
  }
  morph.end();
  return frames;
}"""


def plain(params: dict[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in params.items() if text}


def largest_difference(page: Page, generator: Generator, walk: Morph) -> int:
    """Between the frames that the browser shows and those that Python writes into files, in grey levels."""
    expected = frames_of(generator, walk).astype(int)
    texts = page.evaluate(FRAMES, [base64.b64encode(pack(generator)).decode(), plain(walk.params())])
    side = generator.config.image_size
    shown = np.stack([np.frombuffer(base64.b64decode(text), np.uint8).reshape(side, side, 4) for text in texts])
    assert np.ptp(expected) > 100 and len(shown) == walk.frames
    got = shown[..., :3] if expected.ndim == 4 else shown[..., 0]
    return int(np.abs(got.astype(int) - expected).max())


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_the_frames_shown_are_those_of_the_files(alone: Page, generator: Generator, mode: str, loop: bool) -> None:
    keys = (View(5), View(1, (Hop(40, 3, 2),), ((2, 0.5),), 0.8), View(8), View(5))
    assert largest_difference(alone, generator, Morph(keys, mode, 40, loop, truncation=0.9)) <= 1
    assert largest_difference(alone, generator, Morph(keys_of(0, 1), mode, 25, loop)) <= 1


def test_the_frames_of_a_coloured_model_with_uniform_z_agree_as_well(alone: Page) -> None:
    generator = lively(PRESETS["classic-64"].config.replace(ngf=8, channels=3, z_prior="uniform"))
    for mode in MODES:
        assert largest_difference(alone, generator, Morph(keys_of(3, 4, 5), mode, 24)) <= 1


def test_a_seed_being_typed_is_not_overwritten_by_what_happens_meanwhile(alone: Page) -> None:
    alone.evaluate(
        """() => {
        globalThis.heard = [];
        const commit = (said) => globalThis.heard.push(said.morph.seeds);
        globalThis.morph = new globalThis.Morph(document.body, { commit });
        globalThis.morph.setParams({ seeds: "5_1_8" });
      }"""
    )
    field = alone.get_by_test_id("key-1").locator("input")
    field.press("ControlOrMeta+a")
    field.press_sequentially("4")
    alone.evaluate("() => globalThis.morph.show()")  # as when the pace or another picture is ready
    field.press_sequentially("2")
    alone.evaluate("() => globalThis.morph.show()")
    assert field.input_value() == "42"
    field.press("Enter")
    field.fill("7")
    field.press("Escape")  # thought better of it
    assert field.input_value() == "42"
    field.fill("-7")
    field.press("Enter")
    assert field.input_value() == "42"
    assert alone.evaluate("() => { globalThis.morph.end(); return globalThis.heard; }") == ["5_42_8"]


# ---- the page


def picture(canvas: Locator) -> np.ndarray:
    """What a canvas shows, (H, W)."""
    data = base64.b64decode(canvas.evaluate(PIXELS).partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(int)


def open_morph(page: Page, studio: Studio, query: str) -> Locator:
    page.goto(f"{studio.url}/interpolate?run={SHIPPED.name}&{query}")
    canvas = page.get_by_test_id("latent-canvas")
    expect(canvas).not_to_have_attribute("data-frame", "0")
    return canvas


def scrub_to(page: Page, frame: int) -> np.ndarray:
    """What the picture shows at a frame."""
    canvas = page.get_by_test_id("latent-canvas")
    canvas.evaluate("(c) => { c.seen = new Promise((done) => c.addEventListener('painted', done, { once: true })) }")
    page.get_by_test_id("player-scrub").fill(str(frame))
    canvas.evaluate("(c) => c.seen")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return picture(canvas)


def agrees(canvas: Locator, expected: np.ndarray) -> None:
    """The canvas shows this picture, or soon will."""
    wait_for(lambda: np.abs(picture(canvas) - expected).max() <= 1)


def centre(place: Locator) -> tuple[float, float]:
    box = box_at_rest(place)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def face(page: Page, place: int) -> Locator:
    return page.get_by_test_id(f"key-{place}").locator(".face")


def seeds(page: Page) -> str:
    """The keyframes' seeds as the row shows them, in its order."""
    inputs = [page.get_by_test_id(f"key-{i}").locator("input") for i in range(page.locator(".key").count())]
    return "_".join(field.input_value() for field in inputs)


def test_keyframes_are_added_copied_removed_and_typed(page: Page, studio: Studio, generator: Generator) -> None:
    open_morph(page, studio, "seeds=5_1_8")
    page.get_by_test_id("key-add").click()
    expect(page).to_have_url(re.compile(r"seeds=5_1_8_\d+"))
    page.get_by_test_id("key-3").locator("input").fill("42")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("seeds=5_1_8_42"))
    page.get_by_test_id("key-1").hover()
    page.get_by_test_id("key-1").get_by_role("button", name="Duplicate").click()
    expect(page).to_have_url(re.compile("seeds=5_1_1_8_42"))
    face(page, 0).press("Delete")
    expect(page).to_have_url(re.compile("seeds=1_1_8_42"))
    expect(page.locator(".key")).to_have_count(4)
    walk = Morph(keys_of(1, 1, 8, 42))
    assert np.abs(scrub_to(page, 45) - frames_of(generator, walk)[45]).max() <= 1


def test_keyframes_are_reordered_by_mouse_and_keys_and_the_picture_changes_at_once(
    page: Page, studio: Studio, generator: Generator
) -> None:
    open_morph(page, studio, "seeds=5_1_8_3&loop=0")
    before = scrub_to(page, 0)
    x, y = centre(face(page, 0))
    page.mouse.move(x, y)
    page.mouse.down()
    to_x, to_y = centre(face(page, 2))
    page.mouse.move(to_x, to_y, steps=12)
    assert "seeds=5_1_8_3" in page.url  # nothing is told while the hand holds
    wait_for(lambda: seeds(page) == "1_8_5_3")
    canvas = page.get_by_test_id("latent-canvas")
    wait_for(lambda: np.abs(picture(canvas) - before).max() > 50)  # but seen
    page.mouse.up()
    expect(page).to_have_url(re.compile("seeds=1_8_5_3"))
    assert np.abs(scrub_to(page, 0) - frames_of(generator, Morph(keys_of(1, 8, 5, 3), loop=False))[0]).max() <= 1
    face(page, 3).focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(page).to_have_url(re.compile("seeds=1_8_3_5"))
    expect(face(page, 2)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(face(page, 1)).to_be_focused()


def test_a_finger_drags_after_a_moment_and_scrolls_before(phone: BrowserContext, studio: Studio) -> None:
    page = phone.new_page()
    open_morph(page, studio, "seeds=5_1_8_3")
    face(page, 0).scroll_into_view_if_needed()
    page.get_by_test_id("key-3").scroll_into_view_if_needed()
    cdp = phone.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    (x, y), (to_x, to_y) = centre(face(page, 0)), centre(face(page, 2))
    touch("touchStart", (x, y))
    page.wait_for_timeout(500)
    for i in range(1, 11):
        touch("touchMove", (x + (to_x - x) * i / 10, y + (to_y - y) * i / 10))
    touch("touchEnd")
    expect(page).to_have_url(re.compile("seeds=1_8_5_3"))
    touch("touchStart", (x, y))
    for i in range(1, 6):
        touch("touchMove", (x, y - 12 * i))
    touch("touchEnd")
    page.wait_for_timeout(500)
    assert seeds(page) == "1_8_5_3"


def test_it_plays_by_itself_without_the_server_and_is_scrubbed(
    page: Page, studio: Studio, generator: Generator, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: told.append(data)))
    canvas = open_morph(page, studio, "seeds=5_1_8&mode=even&frames=36&fps=12")
    page.wait_for_timeout(1500)
    told.clear()
    count = "(c) => [Number(c.dataset.frame), performance.now()]"
    first, begin = canvas.evaluate(count)
    page.wait_for_timeout(3000)
    last, end = canvas.evaluate(count)
    assert last > first + 20
    page.get_by_role("button", name="Pause", exact=True).click()
    for name in ("lerp", "even"):
        page.get_by_test_id(f"pace-{name}").click()
    page.wait_for_timeout(300)
    assert len(told) < 6  # the two paces that were chosen, nothing for frames
    expect(page.locator(".morph")).to_have_attribute("data-pace", "even")
    expected = frames_of(generator, Morph(keys_of(5, 1, 8), "even", 36, fps=12)).astype(int)
    for frame in (0, 7, 20, 35):
        assert np.abs(scrub_to(page, frame) - expected[frame]).max() <= 1
        expect(page.get_by_test_id("player-frame")).to_have_text(f"{frame + 1} / 36")
    strip = box_at_rest(page.get_by_test_id("filmstrip"))
    page.mouse.click(strip["x"] + strip["width"] - 1, strip["y"] + 10)
    expect(page.get_by_test_id("player-frame")).to_have_text(re.compile("^3[56] / 36"))
    with capsys.disabled():
        print(f"\na morph plays at {1000 * (last - first) / (end - begin):.0f} frames/s")


def test_the_address_restores_all_of_it(page: Page, studio: Studio) -> None:
    query = "seeds=5_1_8&key2=walk:40.3.2;sliders:2~0.5"
    open_morph(page, studio, query)
    check_names(page)
    page.get_by_test_id("pace-even").click()
    page.get_by_test_id("morph-loop").click()
    for name, key, times in (("frames", "ArrowRight", 3), ("fps", "ArrowLeft", 4), ("truncation", "ArrowLeft", 2)):
        for _ in range(times):
            page.get_by_test_id(f"morph-{name}").press(key)
    expect(page).to_have_url(re.compile(r"truncation=0\.9"))
    params = dict(part.split("=") for part in page.url.partition("?")[2].split("&"))
    assert (params["mode"], params["loop"], params["frames"], params["fps"]) == ("even", "0", "75", "14")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator(".morph")).to_have_attribute("data-pace", "even")
    before = scrub_to(page, 30)
    page.reload()
    expect(page.get_by_test_id("latent-canvas")).not_to_have_attribute("data-frame", "0")
    expect(page.locator(".morph")).to_have_attribute("data-pace", "even")
    expect(page.get_by_test_id("morph-loop")).to_have_attribute("aria-checked", "false")
    assert seeds(page) == "5_1_8"
    assert np.array_equal(scrub_to(page, 30), before)


def test_files_are_those_of_what_was_set(page: Page, studio: Studio) -> None:
    av = pytest.importorskip("av")
    open_morph(page, studio, "seeds=5_1_8&frames=14")
    face(page, 2).press("Shift+ArrowLeft")
    expect(page).to_have_url(re.compile("seeds=5_8_1"))
    content = {}
    for kind in ("gif", "webp", "png", "mp4"):
        with page.expect_download() as waiting:
            page.locator(f".st-key-morph-{kind}").get_by_role("button").click()
        content[kind] = Path(waiting.value.path()).read_bytes()
    for kind in ("gif", "webp", "png"):
        recipe = read_recipe(content[kind])
        assert recipe is not None and (recipe["seeds"], recipe["frames"]) == ([5, 8, 1], 14)
    with av.open(io.BytesIO(content["mp4"])) as film:
        assert film.streams.video[0].frames == 14
        assert json.loads(film.metadata["comment"])["seeds"] == [5, 8, 1]


def test_favourites_and_saved_pictures_become_keyframes(page: Page, studio: Studio, tmp_path: Path) -> None:
    page.goto(f"{studio.url}/explore?run={SHIPPED.name}&seed=21&sliders=2~1.5")
    expect(page.get_by_test_id("latent-canvas")).not_to_have_attribute("data-frame", "0")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("button", name=re.compile("^Favourite 1"))).to_be_visible()
    # while a page is drawn again Streamlit has forgotten what the button of the one before would make
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="PNG 32 px").click()
    saved = tmp_path / "saved.png"
    saved.write_bytes(Path(waiting.value.path()).read_bytes())
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Interpolate").click()
    page.get_by_role("button", name=re.compile("^Add as a keyframe: seed 21")).click()
    expect(page).to_have_url(re.compile(r"seeds=0_1_2_3_21&key5=sliders"))
    page.get_by_test_id("key-file").set_input_files(saved)
    expect(page).to_have_url(re.compile(r"seeds=0_1_2_3_21_21&.*key6=sliders"))
    expect(page.locator(".key")).to_have_count(6)
    thumbs = [page.get_by_test_id(f"key-{i}").locator("canvas") for i in (4, 5)]
    expected = np.asarray(Image.open(saved).convert("L")).astype(int)
    for thumb in thumbs:
        page.wait_for_function("(c) => c.width === 32", arg=thumb.element_handle())
        agrees(thumb, expected)

    bare = tmp_path / "bare.png"
    Image.new("L", (8, 8)).save(bare)
    drop = """([root, data]) => {
      const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
      for (const type of ["dragover", "drop"])
        root.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }"""
    for file in (saved, bare):
        root = page.locator(".morph").element_handle()
        page.evaluate(drop, [root, base64.b64encode(file.read_bytes()).decode()])
        if file == saved:
            expect(page).to_have_url(re.compile("seeds=0_1_2_3_21_21_21&"))
    expect(page.get_by_text("This picture has no recipe inside")).to_be_visible()
    expect(page.locator(".key")).to_have_count(7)

    square = png_bytes(np.zeros((8, 8), np.uint8), {"corners": [5, 1, 8, 3], "n": 4})
    page.evaluate(drop, [root, base64.b64encode(square).decode()])
    expect(page.get_by_test_id("square")).to_be_visible()
    expect(page).to_have_url(re.compile("view=corners.*corners=5_1_8_3|corners=5_1_8_3.*view=corners"))


# ---- four corners


def test_the_point_is_dragged_and_the_picture_follows(page: Page, studio: Studio, generator: Generator) -> None:
    canvas = open_morph(page, studio, "view=corners&corners=5_1_8_3&n=5&at=0_0")
    check_names(page)
    box = box_at_rest(page.get_by_test_id("square"))
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.1)
    before = canvas.get_attribute("data-frame")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.5, steps=20)
    page.wait_for_function(
        "([c, f]) => Number(c.dataset.frame) > f + 4", arg=[canvas.element_handle(), int(before or 0)]
    )
    assert "at=0_0" in page.url
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"at=0\.75_0\.5"))
    square = Corners((5, 1, 8, 3), 5, (0.75, 0.5))
    agrees(canvas, point_of(generator, square))
    sheet = corners_of(generator, square).reshape(5, 5, 32, 32).transpose(0, 2, 1, 3).reshape(160, 160)
    agrees(page.get_by_test_id("square").locator("canvas"), sheet)
    page.get_by_test_id("square-point").press("ArrowDown")
    expect(page).to_have_url(re.compile(r"at=0\.75_0\.52"))
    page.reload()
    expect(canvas).not_to_have_attribute("data-frame", "0")
    agrees(canvas, point_of(generator, Corners((5, 1, 8, 3), 5, (0.75, 0.52))))
    with page.expect_download() as waiting:
        page.get_by_role("button", name="PNG of the point").click()
    recipe = read_recipe(Path(waiting.value.path()).read_bytes())
    assert recipe is not None and recipe["at"] == [0.75, 0.52] and recipe["corners"] == [5, 1, 8, 3]
