"""The rule checker looks at the layers, and its verdicts on every preset are known."""

import pytest
import torch
from torch import nn

from dcgan.config import Config
from dcgan.networks import architectures, paper_rules
from dcgan.presets import PRESETS

POOLING, NORM, DENSE, RELU, LEAKY = paper_rules.RULES
BROKEN = {
    "quick": set(),
    "quick-classes": set(),
    "classic-64": set(),
    "modern": set(),
    "modern-classes": {POOLING},
    "paper": set(),
    "basic-dcgan": {NORM, RELU},
    "synthetic-1": {NORM, RELU},
    "synthetic-2": {NORM, RELU},
    "rules-64": set(),
    "fashion-64": set(),
    "fashion-128": set(),
    "three-sets-fashion": {NORM, RELU},
    "three-sets-digit": {NORM, RELU},
    "three-sets-faces": {NORM, RELU},
    "custom-loop": {NORM, DENSE},
}
SMALL = Config(image_size=32, ngf=4, ndf=4, z_dim=8)


def verdict(config: Config, rule: str) -> paper_rules.Verdict:
    return next(verdict for verdict in paper_rules.check(config) if verdict.rule == rule)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_presets_broken_rules_are_known(preset):
    verdicts = paper_rules.check(PRESETS[preset].config)
    assert [verdict.rule for verdict in verdicts] == list(paper_rules.RULES)
    assert {verdict.rule for verdict in verdicts if not verdict.kept} == BROKEN[preset]
    for each in verdicts:
        assert each.reason.endswith(".") and each.reason.count(". ") == 0 and each.reason.isprintable()


def test_the_reason_names_the_layers():
    config = PRESETS["custom-loop"].config
    assert verdict(config, DENSE).reason == "G has Dense 512 and Dense 3136, and D has Dense 512."
    assert verdict(config, NORM).reason == "D has none after Conv2d 5x5 with 64 maps and Dense 512."
    reason = verdict(PRESETS["three-sets-digit"].config, NORM).reason
    assert reason == "G has none after Dense 256; D's input layer, Conv2d 3x3 with 64 maps, has one."
    assert "SELU after ConvTranspose2d 5x5 with 64 maps" in verdict(PRESETS["basic-dcgan"].config, RELU).reason


@pytest.mark.parametrize(
    ("values", "broken", "named"),
    [
        ({"stem": "dense"}, None, ""),  # reshaped at once: the start of the convolutions
        ({"norm_g": "none"}, NORM, "G has none after ConvTranspose2d 4x4 with 16 maps"),
        ({"norm_d": "none"}, NORM, "D has none after Conv2d 4x4 with 8 maps"),
        ({"g_activation": "selu"}, RELU, "SELU"),
        ({"g_activation": "leaky-relu"}, RELU, "LeakyReLU 0.2"),
        ({"output": "sigmoid"}, RELU, "Sigmoid at the end"),
        ({"dropout": 0.3, "kernel": 5, "conv_bias": "always", "d_growth": 3}, None, ""),
    ],
)
def test_each_option_breaks_its_own_rule_only(values, broken, named):
    verdicts = paper_rules.check(SMALL.replace(**values))
    assert [each.rule for each in verdicts if not each.kept] == ([broken] if broken else [])
    assert named in " ".join(each.reason for each in verdicts)


@pytest.mark.parametrize(
    ("part", "changed", "broken", "named"),
    [
        ("D", lambda blocks: [*blocks[:-1], nn.MaxPool2d(2), nn.Conv2d(16, 1, 2)], POOLING, "D's MaxPool2d"),
        ("G", lambda blocks: [*blocks[:-1], nn.Upsample(scale_factor=2), nn.Conv2d(4, 1, 1), nn.Tanh()], POOLING, "Up"),
        ("G", lambda blocks: [*blocks, nn.BatchNorm2d(1)], NORM, "G's output"),
        ("D", lambda blocks: [*blocks[:1], nn.ReLU(), *blocks[1:]], LEAKY, "ReLU after Conv2d 4x4 with 4 maps"),
        (
            "D",
            lambda blocks: [*blocks[:-1], nn.Flatten(), nn.Linear(256, 9), nn.LeakyReLU(), nn.Linear(9, 1)],
            DENSE,
            "9",
        ),
    ],
)
def test_it_looks_at_the_layers_not_at_the_settings(monkeypatch, part, changed, broken, named):
    builders = architectures.GENERATORS if part == "G" else architectures.DISCRIMINATORS
    build = builders["dcgan"]
    monkeypatch.setitem(builders, "dcgan", lambda config: changed(build(config)))
    found = verdict(SMALL, broken)
    assert not found.kept and named in found.reason


def test_it_takes_no_memory_and_no_randomness():
    before = torch.get_rng_state()
    paper_rules.check(PRESETS["three-sets-faces"].config)
    assert torch.equal(torch.get_rng_state(), before)
