"""Files to give away."""

import base64
import io
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.export.explorer_page import explorer, exported
from dcgan.export.training_sheet import learned
from dcgan.judges.judge import judge_of
from dcgan.latent.attributes import EFFECTS
from dcgan.latent.axes import KINDS, axes_of
from dcgan.latent.axis_words import facts
from dcgan.latent.directions import Axis
from dcgan.latent.render import render
from dcgan.latent.seeds import z_from_seeds
from dcgan.networks.generator_file import generator_bytes
from dcgan.networks.models import Origin
from dcgan.presets import PRESETS
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.run import Run
from tests.nets import lively


@pytest.fixture(scope="module")
def generator():
    generator = lively(Config(preset="tiny", image_size=16, z_dim=20, ngf=4, ndf=4))
    generator.origin = Origin(70, "ab" * 32)
    return generator


def test_the_explorer_is_one_page_that_may_load_nothing(generator):
    page = exported(generator, "my run", ".html").decode()
    assert "default-src 'none'" in page
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", page)
    assert "{{" not in page.split("<script")[0]


def test_a_name_is_text_wherever_it_stands(generator):
    page = explorer(generator, "</script><b>bold", {"seed": "3"})
    assert "</script><b>" not in page and "<b>bold" not in page
    start = start_of(page)
    assert start["facts"]["run"] == "</script><b>bold" and start["params"] == {"seed": "3"}
    assert start["facts"]["step"] == 70 and len(start["facts"]["dims"]) == 20


def test_weights_are_the_generators(generator):
    tensors = load(exported(generator, "x", ".safetensors"))
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in generator.state_dict().items())


def test_other_endings_are_refused(generator):
    with pytest.raises(BadInput, match="'.exe'"):
        exported(generator, "x", ".exe")


def test_the_page_has_every_kind_of_axes_and_the_origin_of_its_pictures(generator, root):
    run = Run.create(generator.config, root, "little one")
    start = start_of(exported(generator, "x", ".html", run).decode())
    axes = start["facts"]["axes"]
    assert [kind for kind, *_ in axes["kinds"]] == ["named", "components", "weights", "random", "dimensions"]
    assert all(len(axes["rows"][kind]) == 20 for kind in ("components", "weights", "random"))
    components = {axis.id: axis for axis in axes_of(generator, "components", judge_of(generator.config))}
    for id, name, strength, _ in axes["rows"]["components"]:
        assert (components[id].name, round(components[id].strength, 2)) == (name, strength)
        vector = np.frombuffer(base64.b64decode(axes["directions"][id]), np.float32)
        assert np.allclose(vector, components[id].direction)
    assert start["origin"] == {"run": "little-one", "step": 70, "weights_hash": "ab" * 32}
    assert start["learned"] is None  # nothing was kept


def start_of(page: str) -> dict:
    found = re.search(r'<script id="start"[^>]*>(.*?)</script>', page, re.S)
    assert found
    return json.loads(found[1])


def some_axes(z_dim: int) -> dict:
    """As many axes as a page can have, with long words."""
    rng, effects = torch.Generator().manual_seed(0), dict.fromkeys(EFFECTS, -1.234)
    name = "toward Ankle boot, less symmetric"
    return {
        kind: [
            Axis(f"{kind[0]}{i}", name, torch.randn(z_dim, generator=rng), 22.2, 0.5, effects, "Ankle boot")
            for i in range(24)
        ]
        for kind in KINDS
    }


@pytest.mark.parametrize(("preset", "limit"), [("quick", 3e6), ("classic-64", 10e6)])
def test_a_whole_page_is_small_enough_to_send(preset, limit, root):
    config = PRESETS[preset].config
    run = Run.create(config, root, "large")
    run.snapshot_path(0).parent.mkdir()
    for step in (0, 10, 20, 40, 70):
        generator = lively(config, step)
        with torch.no_grad():
            generator.blocks[-1][0].weight.mul_(0.03)  # fainter than noise, which nothing packs
        run.snapshot_path(step).write_bytes(generator_bytes(generator, step, half=True))
    generator.origin = Origin(70, "ab" * 32)
    dims = [(dim, 12.34) for dim in range(config.z_dim)]
    page = explorer(generator, "x", {"seed": "3"}, facts(some_axes(config.z_dim), 1.0), dims, run)
    assert len(page) < limit
    learned = start_of(page)["learned"]
    assert learned["steps"] == [0, 10, 20, 40, 70] and len(learned["seeds"]) == 12
    assert learned["lossless"] == (preset == "quick")


# -- how it learned


@pytest.fixture
def trained(root, generator) -> Run:
    run = Run.create(generator.config, root, "one")
    run.snapshot_path(0).parent.mkdir()
    for step in (0, 30, 60, 90):
        run.snapshot_path(step).write_bytes(generator_bytes(lively(generator.config, step + 1), step, half=True))
    return run


def sheet_of(found: dict) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(found["sheet"].partition(",")[2]))) as sheet:
        return np.asarray(sheet.convert("L")).astype(int)


def test_how_it_learned_is_what_its_steps_draw(trained, generator):
    found = learned(trained, generator, 10**6)
    assert found and found["steps"] == [0, 30, 60, 70] and found["seeds"] == list(range(12)) and found["lossless"]
    sheet, z = sheet_of(found), z_from_seeds(range(12), 20)
    for row, step in enumerate(found["steps"]):
        pictures = render(open_generator(trained, step) if step != 70 else generator, z)
        for column, picture in enumerate(pictures):
            assert (sheet[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16] == picture).all()


def test_how_it_learned_fits_where_there_is_little_room(trained, generator):
    whole = learned(trained, generator, 10**6)
    assert whole
    some = learned(trained, generator, len(whole["sheet"]) // 2)
    assert some and len(some["sheet"]) - 23 <= len(whole["sheet"]) // 2 and not some["lossless"]
    assert np.abs(sheet_of(some) - sheet_of(whole)).mean() < 20
    assert learned(trained, generator, 100) is None
    trained.snapshot_path(30).write_bytes(b"damaged")
    damaged = learned(trained, generator, 10**6)
    assert damaged and damaged["steps"] == [0, 60, 70]
