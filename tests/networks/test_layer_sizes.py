"""The arithmetic of the networks says what the networks themselves are."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from dcgan.config import SIZES, Config
from dcgan.networks.architectures import Dropout, Originals, Rescale
from dcgan.networks.inspection import layer_tables, trace
from dcgan.networks.layer_sizes import NETWORKS, sizes
from dcgan.presets import PRESETS

NEW_NUMBERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d)
NEW_NUMBERS += (Dropout, Originals, Rescale, nn.Tanh, nn.Sigmoid)  # type: ignore[assignment]


def assert_agrees(config: Config) -> None:
    tables, layers = layer_tables(config), trace(config)
    for network, size in sizes(config).items():
        assert size.trainable == sum(layer.trainable for layer in tables[network]), network
        assert size.frozen == sum(layer.frozen for layer in tables[network]), network
        outputs = [torch.Size(shape).numel() for module, shape in layers[network] if isinstance(module, NEW_NUMBERS)]
        assert size.outputs == sum(outputs), network


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_agrees(name):
    assert_agrees(PRESETS[name].config)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_option_agrees(data):
    def pick(*values):
        return data.draw(st.sampled_from(values))

    config = Config(
        image_size=pick(*SIZES), channels=pick(1, 3), z_dim=pick(1, 7, 100), ngf=pick(1, 4, 7), ndf=pick(1, 4, 5),
        d_growth=pick(1, 2, 3), stem=pick("conv", "dense"), kernel=pick(4, 5), conv_bias=pick("needed", "always"),
        norm_g=pick("batch", "none"), norm_d=pick("batch", "none"), output=pick("tanh", "sigmoid"),
        dropout=pick(0.0, 0.3), d_sees=pick("whole", "original"),
    )  # fmt: skip
    assert_agrees(config)


@pytest.mark.parametrize("architecture", [name for name in NETWORKS if name != "dcgan"])
@pytest.mark.parametrize("options", [{}, {"output": "sigmoid"}, {"dropout": 0.0}, {"dropout": 0.2, "channels": 3}])
def test_published_networks_agree_with_options_too(architecture, options):
    preset = next(each.config for each in PRESETS.values() if each.config.architecture == architecture)
    assert_agrees(preset.replace(**{"ngf": 6, "ndf": 5, "d_growth": 2, **options}))


def test_every_architecture_is_here():
    from dcgan.networks.architectures import GENERATORS

    assert NETWORKS.keys() == GENERATORS.keys()
