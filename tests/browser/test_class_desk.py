"""Classes in the browser: one is asked for, two are mixed, a morph goes through all; as PyTorch draws them."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from dcgan.browser import bundle
from dcgan.browser.pack import pack
from dcgan.config import Config
from dcgan.export.explorer_page import explorer
from dcgan.images.embedded import read_recipe
from dcgan.latent.class_centres import label_of_seed
from dcgan.latent.render import render
from dcgan.networks.models import Generator, Origin
from dcgan.provenance.redraw import difference, drawn
from pages.latent.morph import Corners, Morph
from pages.latent.morph_downloads import corners_of, keyframes_of, point_of
from pages.latent.view import View, neighbours_z, picture_of
from tests.nets import lively

pytestmark = pytest.mark.browser

NAMES = ("cat", "dog", "Mouse", "<b>owl")
CONFIG = Config(image_size=16, z_dim=20, ngf=4, ndf=4, classes="label").replace(
    class_names=json.dumps(NAMES), class_counts="[60, 30, 10, 5]"
)


@pytest.fixture(scope="module")
def generator() -> Generator:
    generator = lively(CONFIG)
    generator.centres.weight.mul_(2)
    generator.origin = Origin(70, "ab" * 32)
    return generator


@pytest.fixture
def page(chromium: Browser, generator: Generator, tmp_path: Path) -> Iterator[Page]:
    """The exported page, with the laboratory and the morphs as the studio has them; fails if it raised an error."""
    path = tmp_path / "explorer.html"
    path.write_text(explorer(generator, "knows", {"seed": "5"}, dims=[(0, 1.0)]), encoding="utf-8")
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, offline=True)
    errors: list[str] = []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = context.new_page()
    page.goto(path.as_uri())
    expect(page.get_by_test_id("latent-canvas")).not_to_have_attribute("data-frame", "0")
    yield page
    context.close()
    assert not errors


def shows(canvas: Locator, expected: np.ndarray) -> None:
    """Wait until a canvas shows a picture, to within a grey level."""
    for _ in range(200):
        data = base64.b64decode(canvas.evaluate("(canvas) => canvas.toDataURL()").partition(",")[2])
        with Image.open(io.BytesIO(data)) as picture:
            found = np.asarray(picture.convert("L")).astype(int)
        if found.shape == expected.shape and np.abs(found - expected).max() <= 1:
            return
        canvas.page.wait_for_timeout(50)
    pytest.fail(f"the canvas is off by {np.abs(found - expected).max()}")


def test_a_class_is_asked_for_mixed_kept_taken_away_and_walked_through(page: Page, generator: Generator) -> None:
    canvas, choice = page.get_by_test_id("latent-canvas"), page.get_by_test_id("latent-class")
    own = label_of_seed(5, CONFIG.class_shares)
    shows(canvas, picture_of(generator, View(5)))
    expect(choice.locator("option").first).to_have_text(f"{NAMES[own]} (any)")
    for label in range(4):  # the same z in every class
        shows(page.get_by_test_id(f"class-{label}").locator("canvas"), picture_of(generator, View(5, label=label)))
    page.get_by_test_id("class-3").click()
    shows(canvas, picture_of(generator, View(5, label=3)))
    expect(canvas).to_have_attribute("aria-label", "What seed 5 gives as <b>owl at step 70")
    assert "class=3" in page.url
    page.get_by_test_id("latent-toward").select_option(label="cat")
    share = page.get_by_test_id("latent-share")
    share.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    mixed = View(5, label=3, toward=0, share=0.3)
    shows(canvas, picture_of(generator, mixed))
    expect(page.locator(".mix")).to_have_text("<b>owl 70 % \u2013 cat 30 %")
    assert "toward=0" in page.url and "share=0.3" in page.url
    expected = picture_of(generator, mixed)
    assert np.abs(expected.astype(int) - picture_of(generator, View(5, label=3))).max() > 20
    shows(page.get_by_test_id("tile-4").locator("canvas"), render(generator, neighbours_z(mixed, generator))[5])
    with page.expect_download() as waiting:  # the picture's recipe says all of it
        page.get_by_text("PNG", exact=True).click()
    content = Path(waiting.value.path()).read_bytes()
    recipe = read_recipe(content)
    assert recipe is not None and (recipe["class"], recipe["toward"], recipe["share"]) == (3, 0, 0.3)
    assert difference(content, drawn(generator, recipe, ".png")) in (0, 1)
    page.get_by_role("button", name="Randomize").click()  # another seed, the same classes
    expect(canvas).not_to_have_attribute("aria-label", "What seed 5 gives")
    assert "class=3&toward=0&share=0.3" in page.url and "seed=5&" not in page.url
    page.get_by_role("button", name="Undo").click()
    shows(canvas, expected)
    choice.select_option("")
    shows(canvas, picture_of(generator, View(5)))
    assert "class=" not in page.url

    page.get_by_role("button", name="Interpolate").click()
    page.get_by_test_id("key-0").get_by_role("spinbutton").fill("9")
    page.get_by_test_id("key-0").get_by_role("spinbutton").press("Enter")
    page.get_by_test_id("key-through").click()
    through = Morph(tuple(View(9, label=label) for label in range(4)))
    for place, expected in enumerate(keyframes_of(generator, through)):
        shows(page.get_by_test_id(f"key-{place}").locator("canvas"), expected)
    page.get_by_test_id("key-class-1").select_option(label="Mouse")
    shows(page.get_by_test_id("key-1").locator("canvas"), picture_of(generator, View(9, label=2)))
    page.get_by_test_id("key-1").locator("button").first.click()
    page.get_by_test_id("key-within").click()
    for place in range(4):
        expect(page.get_by_test_id(f"key-class-{place}")).to_have_value("2")
    labels = [
        page.get_by_test_id(f"key-{place}").locator("button").first.get_attribute("aria-label") for place in (0, 3)
    ]
    assert labels[0] == "Keyframe 1 of 4: seed 9, Mouse" and (labels[1] or "").endswith(", Mouse")


def test_corners_are_asked_for_classes_and_set_up_across_them_and_within_one(page: Page, generator: Generator) -> None:
    def shown(square: Corners) -> None:
        shows(page.locator(".corners .picture"), point_of(generator, square))
        n, side = square.n, CONFIG.image_size
        sheet = corners_of(generator, square).reshape(n, n, side, side).transpose(0, 2, 1, 3).reshape(n * side, -1)
        shows(page.get_by_test_id("square").locator("canvas"), sheet)

    def now() -> Corners:
        return Corners.from_params(dict(parse_qsl(page.url.partition("#")[2])))

    page.goto(page.url.partition("#")[0] + "#room=corners&corners=5_1_8_3&classes=3_x_2_9&n=3&at=0_0.5")
    shown(Corners((5, 1, 8, 3), 3, (0, 0.5), labels=(3, None, 2, 9)))  # 9 is a class that it lacks
    choices = [page.get_by_test_id(f"corner-class-{at}") for at in range(4)]
    own = [NAMES[label_of_seed(seed, CONFIG.class_shares)] for seed in (5, 1, 8, 3)]
    for choice, name, value in zip(choices, own, ("3", "", "2", ""), strict=True):
        expect(choice).to_have_value(value)
        expect(choice.locator("option").first).to_have_text(f"{name} (any)")
    choices[1].select_option(label="Mouse")
    choices[2].select_option("")
    asked = Corners((5, 1, 8, 3), 3, (0, 0.5), labels=(3, 2, None, 9))
    assert "classes=3_2__9" in page.url and now() == asked
    shown(asked)
    words = f"Between the seeds 5 as <b>owl, 1 as Mouse, 8 as {own[2]}, 3 as {own[3]}: 0\u00a0% across, 50\u00a0% down"
    expect(page.locator(".corners .picture")).to_have_attribute("aria-label", words)
    page.get_by_test_id("square-through").click()
    assert now() == Corners((5,) * 4, 3, (0, 0.5), labels=(3, 0, 1, 2))
    shown(now())
    page.get_by_test_id("square-within").click()
    within = now()
    assert within.labels == (3,) * 4 and within.seeds[0] == 5 and len({*within.seeds}) == 4
    shown(within)
    page.get_by_role("button", name="Randomize").last.click()  # other seeds, the same classes
    assert now().labels == (3,) * 4 and now().seeds[0] != 5
    shown(now())
    # of another model it shows the centres of that one, and no choice where it knows no classes
    older, plain = lively(CONFIG, seed=3), lively(CONFIG.replace(classes="off", class_names="", class_counts=""))
    page.add_script_tag(content=f"{{ {bundle.script('morph')}; globalThis.Square = Corners; }}")
    page.evaluate(SQUARE, [base64.b64encode(pack(model)).decode() for model in (generator, older, plain)])
    for i, model in enumerate((generator, older, plain)):
        page.evaluate("(i) => globalThis.open[i]()", i)
        shows(page.get_by_test_id("latent-canvas").last, picture_of(model, View(5, label=3)))
        for name in ("corner-class-0", "square-through"):
            expect(page.get_by_test_id(name).last).to_be_visible(visible=model is not plain)


SQUARE = """(packed) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const square = new globalThis.Square(document.body, { commit() {} });
  square.setParams({ corners: "5_1_8_3", classes: "3___", n: "3", at: "0_0" });
  globalThis.open = packed.map((text) => () => square.setModel(bytes(text)));
}"""
FILM = """([now, then]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const lab = (globalThis.lab = new globalThis.Lab(document.body, { commit() {} }));
  lab.setFacts({ run: "x", step: 2, numSteps: 2, dims: [[0, 1]], measured: "" });
  lab.setModel(bytes(now));
  lab.setView({ ...lab.view, seed: 5, label: 1 });
  lab.film.open([{ step: 1, file: bytes(then) }, { step: 2, file: bytes(now) }]);
}"""


def test_each_moment_of_the_film_of_training_has_centres_of_its_own(chromium: Browser, generator: Generator) -> None:
    older, view = lively(CONFIG, seed=3), View(5, label=1)
    context = chromium.new_context(offline=True, reduced_motion="reduce")  # it doesn't play by itself
    page = context.new_page()
    page.add_script_tag(content=f"{{ {bundle.script('lab')}; globalThis.Lab = Lab; }}")
    page.evaluate(FILM, [base64.b64encode(pack(each)).decode() for each in (generator, older)])
    canvas = page.get_by_test_id("latent-canvas")
    shows(canvas, picture_of(generator, view))
    page.evaluate("() => globalThis.lab.film.show(0)")
    shows(canvas, picture_of(older, view))
    shows(page.get_by_test_id("class-2").locator("canvas"), picture_of(generator, View(5, label=2)))
    page.evaluate("() => globalThis.lab.film.close()")
    shows(canvas, picture_of(generator, view))
    context.close()
