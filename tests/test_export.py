"""Files to give away."""

import base64
import json
import re

import pytest
import torch
from safetensors.torch import load

from dcgan.config import BadInput, Config
from dcgan.export import explorer, exported
from dcgan.models import Origin
from dcgan.presets import PRESETS
from dcgan.runtime import bundle
from dcgan.runtime.pack import pack
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
    start = re.search(r'<script id="start"[^>]*>(.*?)</script>', page, re.S)
    assert start
    facts = json.loads(start[1])
    assert facts["facts"]["run"] == "</script><b>bold" and facts["params"] == {"seed": "3"}
    assert facts["facts"]["step"] == 70 and len(facts["facts"]["dims"]) == 20


def test_weights_are_the_generators(generator):
    tensors = load(exported(generator, "x", ".safetensors"))
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in generator.state_dict().items())


def test_other_endings_are_refused(generator):
    with pytest.raises(BadInput, match="'.exe'"):
        exported(generator, "x", ".exe")


@pytest.mark.parametrize(("preset", "limit"), [("quick", 3e6), ("classic-64", 10e6)])
def test_a_page_is_small_enough_to_send(preset, limit):
    generator = lively(PRESETS[preset].config)
    weights = len(base64.b64encode(pack(generator)))
    assert weights + len(explorer_without_weights()) < limit


def explorer_without_weights() -> str:
    return (
        bundle.script() + bundle.style() + "".join(map(bundle.source, ("explorer.html", "explorer.css", "explorer.js")))
    )
