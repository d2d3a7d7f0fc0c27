"""The browser draws what PyTorch draws: within one grey level of 255, seeds included."""

import base64

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page

from dcgan.browser import bundle
from dcgan.browser.pack import pack
from dcgan.config import Config
from dcgan.images.grids import to_uint8
from dcgan.imports.foreign_layout import generator_in
from dcgan.latent.class_centres import label_of_seed
from dcgan.latent.codes import code_of
from dcgan.latent.render import render
from dcgan.latent.seeds import z_from_seeds
from dcgan.networks.generator_file import load_generator
from dcgan.networks.models import Generator
from dcgan.presets import PRESETS
from dcgan.provenance.morph_pictures import keys_z
from dcgan.runs.run import Run
from pages.latent.morph import Morph
from pages.latent.morph_downloads import morph_facts
from pages.latent.view import Hop, View, picture_of
from tests.browser.studio import SHIPPED
from tests.foreign import Example, as_if_trained
from tests.nets import lively

pytestmark = pytest.mark.browser

NARROW = {"three-sets-faces": 16}  # feature maps: at full width a picture takes seconds
COMPARE = """([packed, expected, kernels, count]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const { Network, makeKernels, modules, zFromSeed } = globalThis.runtime;
  const network = new Network(bytes(packed), makeKernels(modules, kernels));
  const { z_dim, prior, size, channels } = network.header;
  const wanted = bytes(expected);
  let [largest, other, at, low, high] = [0, 0, 0, 255, 0];
  for (let seed = 0; seed < count; seed++) {
    const pixels = network.draw(zFromSeed(seed, z_dim, prior));
    for (let i = 0; i < size * size; i++)
      for (let c = 0; c < channels; c++) {
        const [got, want] = [pixels[4 * i + c], wanted[at++]];
        const difference = Math.abs(got - want);
        [largest, low, high] = [Math.max(largest, difference), Math.min(low, got), Math.max(high, got)];
        if (difference) other++;
      }
  }
  return { largest, other: other / at, range: high - low, kernels: network.kernels.name, compared: at };
}"""


@pytest.fixture(scope="module")
def page(chromium: Browser):
    context = chromium.new_context(offline=True)
    page = context.new_page()
    names = "Network, Painter, makeKernels, modules, zFromSeed, labelOfSeed, keyZ, fromMorphParams, toMorphParams"
    page.add_script_tag(content=f"{{ {bundle.script('morph')}; globalThis.runtime = {{ {names} }}; }}")
    yield page
    context.close()


def compare(page: Page, generator: Generator, kernels: str, seeds: int) -> dict:
    config = generator.config
    pictures = render(generator, z_from_seeds(range(seeds), config.z_dim, config.z_prior))
    packed, expected = (base64.b64encode(data).decode() for data in (pack(generator), pictures.tobytes()))
    found = page.evaluate(COMPARE, [packed, expected, kernels, seeds])
    assert found["compared"] == pictures.size
    assert found["range"] == int(np.ptp(pictures.astype(int))) or found["range"] > 100
    return found


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_within_one_grey_level(page, name):
    config = PRESETS[name].config
    seeds = 100 if config.image_size <= 64 and config.ngf <= 64 else 20  # as many values, in larger pictures
    found = compare(page, lively(config.replace(ngf=NARROW.get(name, config.ngf))), "fused", seeds)
    assert found["kernels"] == "fused"
    assert found["largest"] <= 1, found


@pytest.mark.parametrize("name", PRESETS)
def test_the_other_kernels_agree_as_well(page, name):
    """plain WebAssembly SIMD, and JavaScript, which is slow: fewer maps and seeds."""
    generator = lively(PRESETS[name].config.replace(ngf=12))
    for kernels, seeds in (("plain", 20), ("javascript", 4)):
        found = compare(page, generator, kernels, seeds)
        assert found["kernels"] == kernels
        assert found["largest"] <= 1, found


@pytest.mark.parametrize("step", [32, 2000, Run(SHIPPED).snapshots()[-1]])
def test_trained_weights_agree_over_100_seeds(page, step):
    generator = load_generator(SHIPPED / "snapshots" / f"{step:08}.safetensors")
    assert compare(page, generator, "fused", 100)["largest"] <= 1


def test_the_generator_of_pytorchs_example_is_drawn_as_plain_pytorch_draws_it(page):
    theirs = as_if_trained(Example())  # 64 px, z of 100, 64 maps, colour
    _, ours = generator_in([("", theirs.state_dict())], "netG.pth")
    z = z_from_seeds(range(20), 100)
    with torch.no_grad():
        expected = to_uint8(theirs(z[:, :, None, None]).numpy())
    packed, wanted = (base64.b64encode(data).decode() for data in (pack(ours), expected.tobytes()))
    found = page.evaluate(COMPARE, [packed, wanted, "fused", 20])
    assert found["compared"] == expected.size and found["range"] > 200
    assert found["largest"] <= 1, found


def test_a_browser_without_webassembly_takes_javascript(page):
    generator = lively(PRESETS["quick"].config.replace(ngf=8))
    hidden = page.evaluate("() => { globalThis.kept = WebAssembly; delete globalThis.WebAssembly }")
    assert hidden is None
    try:
        packed = base64.b64encode(pack(generator)).decode()
        name = page.evaluate(
            "packed => { const { Network, makeKernels, modules } = globalThis.runtime;"
            " const file = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));"
            " return new Network(file, makeKernels(modules)).kernels.name }",
            packed,
        )
    finally:
        page.evaluate("() => { globalThis.WebAssembly = globalThis.kept }")
    assert name == "javascript"


KNOWS = Config(image_size=16, z_dim=20, ngf=8, ndf=4, classes="label").replace(
    class_names='["cat", "dog", "Maus \\u00fc"]', class_counts="[60, 30, 7]"
)
LABELS = "([seeds, shares]) => seeds.map((seed) => globalThis.runtime.labelOfSeed(seed, shares))"
KEYFRAMES = """([packed, params]) => {
  const { Network, makeKernels, modules, keyZ, fromMorphParams, toMorphParams } = globalThis.runtime;
  const network = new Network(Uint8Array.from(atob(packed), (c) => c.charCodeAt(0)), makeKernels(modules));
  const morph = fromMorphParams(params), { header } = network;
  const zs = morph.keys.map((view) => keyZ(view, morph.truncation, header));
  return { names: header.classes?.names, params: toMorphParams(morph), zs: zs.map((z) => Array.from(z)),
    pixels: zs.map((z) => Array.from(network.draw(z).filter((_, i) => i % 4 === 0))) };
}"""


@pytest.mark.parametrize("counts", [[1] * 10, [60, 30, 7], [1, 999, 3, 1]])
def test_a_seed_shows_the_class_that_python_says(page, counts):
    shares = [count / sum(counts) for count in counts]
    seeds = [*range(3_000), *range(2**31 - 50, 2**31 + 50), *range(2**32 - 900, 2**32), 1_618_033_988, 2_654_435_769]
    assert page.evaluate(LABELS, [seeds, shares]) == [label_of_seed(seed, shares) for seed in seeds]


def test_classes_are_drawn_where_pytorch_has_them(page):
    """Of seeds, on the way between two, after a walk, truncated twice; a given z and classes too many have none."""
    generator = lively(KNOWS)
    generator.centres.weight.mul_(1.5)
    code = code_of(z_from_seeds([77], 20)[0])
    views = [View(4, label=label) for label in (None, 0, 2, 3)]
    views += [View(4, label=1, toward=2, share=0.3), View(5, toward=0, share=0.75), View(4, label=2, toward=9, share=1)]
    views += [
        View(6, (Hop(40, 3, 2),), ((2, 0.5),), 0.8, label=1),
        View(8, z=code, label=1),
        View(7, label=1, toward=1),
    ]
    morph = Morph(tuple(views), truncation=0.7)
    params = {name: text for name, text in morph.params().items() if text}
    assert "class:1;toward:2;share:0.3" in params["key5"] and Morph.from_params(params) == morph
    for model in (generator, lively(KNOWS.replace(classes="off", class_names="", class_counts=""))):
        found = page.evaluate(KEYFRAMES, [base64.b64encode(pack(model)).decode(), params])
        assert found["params"] == params
        assert found["names"] == (["cat", "dog", "Maus ü"] if model is generator else None)
        z = keys_z(morph_facts(morph, model.config), model)
        assert np.abs(np.array(found["zs"]) - z.numpy()).max() < 1e-5
        assert np.abs(np.array(found["pixels"]).reshape(-1, 16, 16) - render(model, z)).max() <= 1
        assert np.array_equal(picture_of(model, View(8, z=code, label=1)), picture_of(model, View(8, z=code)))
    asked = [picture_of(generator, View(4, label=label)) for label in range(3)]
    assert all(np.ptp(np.abs(asked[0].astype(int) - other)) > 20 for other in asked[1:])


WITH_WORKER = """([packed, broken]) => new Promise((done) => {
  const file = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const kept = globalThis.Worker;
  if (broken) globalThis.Worker = class { postMessage() { setTimeout(() => this.onerror(), 0) } terminate() {} };
  const painter = new globalThis.runtime.Painter(file, undefined, false);
  globalThis.Worker = kept;
  painter.draw([new Float32Array(painter.header.z_dim)], ([pixels]) => {
    done({ pixels: Array.from(pixels), here: Boolean(painter.network) });
    painter.end();
  });
})"""


def test_a_worker_draws_and_without_one_the_page_does(page):
    generator = lively(PRESETS["quick"].config.replace(ngf=8))
    packed = base64.b64encode(pack(generator)).decode()
    apart, here = (page.evaluate(WITH_WORKER, [packed, broken]) for broken in (False, True))
    assert (apart["here"], here["here"]) == (False, True)
    assert apart["pixels"] == here["pixels"] and len(set(apart["pixels"])) > 10
