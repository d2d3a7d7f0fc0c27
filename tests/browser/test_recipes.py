"""A picture takes its view along: saved, brought back after a restart, and saved again, it is the same file."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from dcgan.cli.main import main
from dcgan.images import encode
from dcgan.images.embedded import read_recipe
from dcgan.runs.run import Run
from tests.browser.studio import SHIPPED, Studio
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

DROP = """([name, text]) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  const options = { dataTransfer, bubbles: true, cancelable: true, composed: true };
  for (const type of ["dragenter", "dragover", "drop"])
    document.querySelector("[data-testid=stMain]").dispatchEvent(new DragEvent(type, options));
}"""


def saved(page: Page, label: str, folder: Path, name: str) -> bytes:
    """The file behind a button."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=label).click()
    content = Path(waiting.value.path()).read_bytes()
    (folder / name).write_bytes(content)
    return content


def open_explore(page: Page, studio: Studio, query: str = "seed=1") -> None:
    page.goto(f"{studio.url}/explore?run={SHIPPED.name}&{query}")
    expect(page.get_by_test_id("latent-canvas")).not_to_have_attribute("data-frame", "0")


def shown(page: Page) -> str:
    """What the canvas shows once it has come to rest."""
    canvas, frame = page.get_by_test_id("latent-canvas"), None
    while frame != (frame := canvas.get_attribute("data-frame")):
        page.wait_for_timeout(400)
    return canvas.evaluate("(canvas) => canvas.toDataURL()")


VIEW = "step=8000&seed=7&walk=40.3.2&sliders=2~0.5_c1~1.25_c3~-0.5&axes=components&truncation=0.8"


def test_a_view_survives_a_restart_of_the_server_in_its_own_picture(page: Page, studio: Studio, tmp_path: Path) -> None:
    open_explore(page, studio, VIEW)
    expect(page.get_by_test_id("latent-slider-0")).to_be_enabled()
    before = shown(page)
    first, large = saved(page, "PNG 32 px", tmp_path, "first.png"), saved(page, "PNG 512 px", tmp_path, "large.png")
    film = saved(page, "WebP film", tmp_path, "film.webp")
    recipe = read_recipe(first)
    assert (
        recipe is not None and recipe["sliders"] == {"2": 0.5, "c1": 1.25, "c3": -0.5} and len(recipe["offset"]) == 64
    )

    page.goto("about:blank")
    studio.kill()
    studio.start()
    open_explore(page, studio)
    page.evaluate(DROP, ["first.png", base64.b64encode(first).decode()])
    for part in ("step=8000", "seed=7", "walk=40.3.2", "sliders=2~0.5_c1~1.25_c3~-0.5", "truncation=0.8"):
        expect(page).to_have_url(re.compile(re.escape(part)))
    wait_for(lambda: shown(page) == before, 60)  # the axes have to be measured anew
    assert saved(page, "PNG 32 px", tmp_path, "again.png") == first
    assert saved(page, "PNG 512 px", tmp_path, "again.png") == large
    assert saved(page, "WebP film", tmp_path, "again.webp") == film

    for name in ("first.png", "large.png", "film.webp"):  # and the terminal makes the same files
        out = tmp_path / f"terminal-{name}"
        assert main(["sample", "--recipe", str(tmp_path / name), "--out", str(out), "--root", str(studio.root)]) == 0
        assert out.read_bytes() == (tmp_path / name).read_bytes()


def test_the_button_opens_what_the_terminal_made(page: Page, studio: Studio, tmp_path: Path) -> None:
    def made(*command: object) -> str:
        assert main([*map(str, command), "--root", str(studio.root)]) == 0
        return str(command[-1])

    grid, gif, film = tmp_path / "grid.png", tmp_path / "morph.gif", tmp_path / "film.gif"
    open_explore(page, studio)
    field = page.get_by_test_id("open-picture")
    field.set_input_files(made("sample", SHIPPED.name, "--n", 9, "--seed", 77, "--truncation", 0.6, "--out", grid))
    expect(page).to_have_url(re.compile("seed=77&truncation=0.6"))
    expect(page.get_by_text("the first of 9 pictures, seed 77")).to_be_visible()
    seeds = ("--seeds", 4, 5, 6, "--frames", 24, "--mode", "even")
    field.set_input_files(made("interpolate", SHIPPED.name, *seeds, "--out", gif))
    expect(page).to_have_url(re.compile("/interpolate.*seeds=4_5_6.*mode=even.*frames=24"))
    open_explore(page, studio)
    page.get_by_test_id("open-picture").set_input_files(made("film", SHIPPED.name, "--out", film))
    expect(page).to_have_url(re.compile(f"/train.*run={SHIPPED.name}"))


def test_what_can_not_be_shown_is_one_sentence_and_changes_nothing(page: Page, studio: Studio, tmp_path: Path) -> None:
    open_explore(page, studio, "seed=5")
    before, first = shown(page), saved(page, "PNG 32 px", tmp_path, "first.png")
    recipe = read_recipe(first)
    assert recipe is not None
    blank, newest = np.zeros((4, 4), np.uint8), Run(SHIPPED).snapshots()[-1]
    for content, words in (
        (b"MZ\x90 no picture", "The file is not a PNG, GIF or WebP picture."),
        (encode.png_bytes(blank), "carries no recipe"),
        (first[:200], "recipe"),
        (encode.png_bytes(blank, recipe | {"seed": "<b>x</b>"}), "'seed' must be a whole number"),
        (encode.png_bytes(blank, recipe | {"run": "gone", "weights_hash": "ab" * 32}), "copy its folder there"),
        (encode.png_bytes(blank, recipe | {"weights_hash": "ab" * 32}), f"take step {newest} instead"),
    ):
        page.get_by_test_id("open-picture").set_input_files(
            {"name": "x.png", "mimeType": "image/png", "buffer": content}
        )
        expect(page.get_by_test_id("stAlert")).to_have_count(1)
        expect(page.get_by_test_id("stAlert")).to_contain_text(words)
        assert "seed=5" in page.url and shown(page) == before
    page.get_by_role("button", name=f"Show it with step {newest:,}").click()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    expect(page).to_have_url(re.compile("seed=5"))
