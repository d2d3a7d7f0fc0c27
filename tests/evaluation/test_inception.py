import sys
import types
import urllib.error

import numpy as np
import pytest
import torch

from dcgan.cli.main import main
from dcgan.config import Config
from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.evaluation import inception
from dcgan.networks.generator_file import generator_bytes
from dcgan.networks.models import Generator
from dcgan.runs.run import Run
from dcgan.system.files import publish

N = 150
NAMES = ("frechet_inception_distance", "inception_score_mean", "inception_score_std")


@pytest.fixture
def generator(monkeypatch, tmp_path):
    """An untrained one, its data at random, and folders of its own for weights and cache."""
    pictures = np.random.default_rng(0).integers(0, 256, (4 * N, 16, 16), dtype=np.uint8)
    monkeypatch.setattr(inception, "real_pictures", lambda config, split: pictures)
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return Generator(Config(image_size=16, z_dim=4, ngf=4)).eval()


def library(monkeypatch, calculate=None):
    module = types.ModuleType("torch_fidelity")
    module.calculate_metrics = calculate
    monkeypatch.setitem(sys.modules, "torch_fidelity", module)


def weights_are_there():
    inception.weights_path().parent.mkdir(parents=True)
    inception.weights_path().write_bytes(b"x")


def test_without_the_package_a_sentence_says_how_to_get_it(generator, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(BadInput, match="pip install torch-fidelity"):
        inception.inception_report(generator, 60)


@pytest.mark.parametrize("error", [urllib.error.URLError(OSError("no network")), RuntimeError("invalid hash value")])
def test_without_a_connection_a_sentence_says_what_to_do(generator, monkeypatch, error):
    def download(url, path, hash_prefix, progress):
        assert hash_prefix == inception.HASH and not progress
        raise error

    library(monkeypatch)
    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    said = "could not be downloaded \\((no network|invalid hash value)\\): connect and try again, or fetch https://"
    with pytest.raises(BadInput, match=said) as refused:
        inception.inception_report(generator, 60)
    assert str(inception.weights_path()) in str(refused.value) and "\n" not in str(refused.value)


def test_the_command_refuses_before_it_measures_anything(generator, monkeypatch, tmp_path, capsys):
    run = Run.create(generator.config, tmp_path / "runs", "drawn")
    publish(run.generator_path, generator_bytes(generator, 1))
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    monkeypatch.setattr("dcgan.evaluation.report.evaluate", None)  # would fail if called
    assert main(["evaluate", "drawn", "--root", str(tmp_path / "runs"), "--inception"]) == 2
    out, error = capsys.readouterr()
    assert out == "" and error.count("\n") == 1 and "pip install torch-fidelity" in error


def test_the_library_gets_colour_bytes_and_ten_splits_and_leaves_chance_alone(generator, monkeypatch):
    calls = []

    def calculate(input1, input2, **options):
        calls.append({**options, "first": input1[0], "sizes": (len(input1), len(input2))})
        torch.rand(3)
        names = (*NAMES, "kernel_inception_distance_mean", "kernel_inception_distance_std")
        return dict.fromkeys(names, float(len(calls)))

    library(monkeypatch, calculate)
    weights_are_there()
    before = torch.get_rng_state()
    report = inception.inception_report(generator, N, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    seen = calls[0]
    assert seen["first"].dtype == torch.uint8 and seen["first"].shape == (3, 16, 16) and seen["sizes"] == (N, 4 * N)
    assert seen["isc_splits"] == 10 and seen["kid_subset_size"] == N and report["fid"] == 1.0
    assert len({call["input2_cache_name"] for call in calls}) == 1 and len(calls) == 5
    assert report["floors"]["fid"] == {"mean": 3.5, "deviation": pytest.approx(1.29, abs=0.01), "draws": 4}
    kept = inception.inception_report(generator, N, seed=3)
    assert len(calls) == 6 and kept["floors"] == report["floors"]  # worked out once
    text = inception.as_text(report)
    assert "299 px" in text and "10 splits" in text and "over 4 draws" in text and "seeds 3 to 152" in text
    assert (report["split"], report["n"], report["weights"]) == ("test", N, "EMA")
    for n, said in ((99, "at least 100"), (N + 1, "--n can be at most 150")):
        with pytest.raises(BadInput, match=said):
            inception.inception_report(generator, n)


def test_damaged_weights_are_refused_in_one_sentence(generator, monkeypatch):
    def calculate(input1, input2, **options):
        raise RuntimeError("PytorchStreamReader failed\nmore")

    library(monkeypatch, calculate)
    weights_are_there()
    with pytest.raises(BadInput, match="PytorchStreamReader failed.*delete it and try again"):
        inception.inception_report(generator, N)
