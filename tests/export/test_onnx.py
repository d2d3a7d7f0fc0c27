"""A generator as ONNX: another runtime draws the same pictures, however many are asked for."""

import importlib.util
import json

import numpy as np
import pytest
import torch

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.export import onnx
from dcgan.latent import seeds
from dcgan.networks.generator_file import generator_bytes, metadata_of
from dcgan.networks.models import Generator, Origin
from dcgan.presets import PRESETS
from tests.nets import lively

NARROW = {"three-sets-faces": 8}  # feature maps: at full width a picture takes seconds


def made(name: str) -> Generator:
    config = PRESETS[name].config
    generator = lively(config.replace(ngf=NARROW.get(name, min(config.ngf, 32))))
    generator.origin = Origin(70, "ab" * 32)
    return generator


@pytest.mark.parametrize("name", PRESETS)
def test_onnxruntime_draws_what_pytorch_does(name):
    import onnxruntime

    generator = made(name)
    session = onnxruntime.InferenceSession(onnx.onnx_bytes(generator, "x"), providers=["CPUExecutionProvider"])
    for n in (1, 3):  # any number of pictures at once
        z = seeds.z_from_seeds(range(n), generator.config.z_dim, generator.config.z_prior)
        labels = torch.arange(n) * 4 if generator.config.num_classes else None
        asked = {} if labels is None else {"class": labels.numpy()}
        (pictures,) = session.run(["pictures"], {"z": z.numpy()} | asked)
        expected = generator(generator.of_class(z, labels)).numpy()
        assert pictures.shape == expected.shape and np.ptp(expected) > 0.5
        assert np.abs(pictures - expected).max() < 1e-4


def test_the_file_says_where_it_comes_from():
    import onnx as package

    model = package.load_from_string(onnx.onnx_bytes(made("quick"), "my run"))
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert (facts["name"], facts["step"], facts["weights_hash"]) == ("my run", "70", "ab" * 32)
    assert [dim.dim_param or dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim] == ["n", 64]
    assert onnx.onnx_bytes(made("quick"), "my run") == model.SerializeToString()  # the same bytes each time


def test_the_file_of_a_generator_that_knows_classes_says_how_to_ask():
    import onnx as package

    generator = lively(
        Config(image_size=16, z_dim=20, ngf=4, classes="label", class_names='["a", "b"]', class_counts="[1, 1]")
    )
    generator.origin = Origin(70, "ab" * 32)
    model = package.load_from_string(onnx.onnx_bytes(generator, "x"))
    facts = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(facts["classes"]) == ["a", "b"] and [each.name for each in model.graph.input] == ["z", "class"]
    assert json.loads(facts["inputs"])["class"] == "int64 (n,), from 0 to 1: the place of a name in classes"
    assert model.graph.input[1].type.tensor_type.elem_type == package.TensorProto.INT64
    told = json.loads(metadata_of(generator_bytes(generator, 70))["classes"])
    assert told == {"names": ["a", "b"], "added_to_z": "centres.weight"}


def test_without_the_package_one_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match="pip install onnx"):
        onnx.onnx_bytes(made("quick"), "x")
