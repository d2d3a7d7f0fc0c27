import sys
import types
import urllib.error

import numpy as np
import pytest
import torch

from dcgan.config import BadInput, Config
from dcgan.metrics import inception
from dcgan.models import Generator


@pytest.fixture
def generator(monkeypatch):
    pictures = np.random.default_rng(0).integers(0, 256, (60, 16, 16), dtype=np.uint8)
    monkeypatch.setattr(inception, "real_pictures", lambda config, split: pictures)
    return Generator(Config(image_size=16, z_dim=4, ngf=4)).eval()


def library(monkeypatch, calculate):
    module = types.ModuleType("torch_fidelity")
    module.calculate_metrics = calculate
    monkeypatch.setitem(sys.modules, "torch_fidelity", module)


def test_without_the_package_a_sentence_says_how_to_get_it(generator, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(BadInput, match="pip install torch-fidelity"):
        inception.inception_report(generator, 60)


@pytest.mark.parametrize("error", [urllib.error.URLError("no network"), RuntimeError("invalid hash value")])
def test_without_a_connection_a_sentence_says_so(generator, monkeypatch, error):
    def calculate(**options):
        raise error

    library(monkeypatch, calculate)
    with pytest.raises(BadInput, match="could not be downloaded .*(no network|invalid hash)"):
        inception.inception_report(generator, 60)


def test_the_library_gets_colour_bytes_and_ten_splits_and_leaves_chance_alone(generator, monkeypatch):
    seen = {}

    def calculate(input1, input2, **options):
        seen.update(options, first=input1[0], sizes=(len(input1), len(input2)))
        torch.rand(3)
        names = ("frechet_inception_distance", "inception_score_mean", "inception_score_std")
        return dict.fromkeys((*names, "kernel_inception_distance_mean", "kernel_inception_distance_std"), 2.0)

    library(monkeypatch, calculate)
    before = torch.get_rng_state()
    report = inception.inception_report(generator, 55, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    assert seen["first"].dtype == torch.uint8 and seen["first"].shape == (3, 16, 16) and seen["sizes"] == (55, 60)
    assert seen["isc_splits"] == 10 and seen["kid_subset_size"] == 55 and report["fid"] == 2.0
    with pytest.raises(BadInput, match="at least 50"):
        inception.inception_report(generator, 49)
