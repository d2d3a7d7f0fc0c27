"""The panels under the laboratory in a real browser: a sum of samples, and an uploaded picture, become the picture."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from dcgan.data.dataset import real_pictures
from dcgan.latent.arithmetic import combine
from dcgan.latent.codes import code_of, z_of_code
from dcgan.latent.render import render
from dcgan.latent.seeds import z_from_seeds
from dcgan.networks.generator_file import load_generator
from tests.browser.studio import SHIPPED, Studio
from tests.browser.test_latent import at_rest, open_explore, picture
from tests.latent.test_framing import photo

pytestmark = pytest.mark.browser
SECONDS = 90_000  # ms: searches share their cores with whatever else runs


def test_a_sum_of_samples_and_an_upload_become_the_picture_and_can_be_undone(page: Page, studio: Studio) -> None:
    generator = load_generator(SHIPPED / "generator.safetensors")
    canvas = open_explore(page, studio, "seed=0&panel=arithmetic&a=3.7")  # a given z has seed 0, too
    at_rest(canvas)
    page.get_by_label("seed 6: Put into B").click()
    page.get_by_label("seed 10: Put into C").click()
    expect(page).to_have_url(re.compile(r"a=3\.7&.*b=6&c=10"), timeout=SECONDS)
    page.get_by_role("button", name="Explore the result").click()
    a, b, c = (z_from_seeds(seeds, 64) for seeds in ((3, 7), (6,), (10,)))
    code = code_of(combine(a, b, c))
    expect(page).to_have_url(re.compile(f"z={code}"), timeout=SECONDS)
    expect(canvas).to_have_attribute("aria-label", re.compile("a given z"))
    at_rest(canvas)

    def drawn(code: str) -> np.ndarray:
        z = z_of_code(code)
        assert z is not None
        return render(generator, z[None])[0].astype(int)

    assert np.abs(picture(canvas) - drawn(code)).max() <= 1
    page.get_by_role("button", name="Undo").click()
    expect(page).to_have_url(re.compile("seed=0"))
    expect(page).not_to_have_url(re.compile("z="))

    page.get_by_text("A picture of yours").first.click()
    buffer = io.BytesIO()
    Image.fromarray(render(generator, z_from_seeds([7], 64))[0]).save(buffer, "PNG")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    )
    page.get_by_role("button", name="Find its z").click(timeout=SECONDS)
    expect(page).to_have_url(re.compile("z="), timeout=SECONDS)
    found = re.search("z=([A-Za-z0-9_-]+)", page.url)
    assert found
    expect(page.get_by_text("grey levels away")).to_be_visible(timeout=SECONDS)
    at_rest(canvas)
    assert np.abs(picture(canvas) - drawn(found[1])).max() <= 1
    assert np.abs(picture(canvas) - render(generator, z_from_seeds([7], 64))[0]).mean() < 2  # seed 7 again

    bag = real_pictures(generator.config, "test")[18]
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": "bag.jpg", "mimeType": "image/jpeg", "buffer": photo(bag[2:-2, 2:-2], 245)}
    )
    expect(page.get_by_text("Swapped: its background is light")).to_be_visible(timeout=SECONDS)
    page.get_by_role("button", name="Find its z").click(timeout=SECONDS)
    expect(page).not_to_have_url(re.compile(f"z={found[1]}"), timeout=SECONDS)
    expect(canvas).to_have_attribute("aria-label", re.compile("a given z"))
    at_rest(canvas)
    assert np.abs(picture(canvas) - bag).mean() < 20  # it has come near, and the laboratory shows it
