import gc

import pytest
import torch
from torch import nn

from dcgan.latent.render import render
from dcgan.networks import folding
from dcgan.networks.folding import folded
from dcgan.networks.models import Generator, initialise
from dcgan.presets import PRESETS, preset_config
from dcgan.training.ema import recalibrate


def trained(name: str) -> Generator:
    """A generator whose BatchNorms have something to say."""
    config = preset_config(name).replace(**({"ngf": 8} if PRESETS[name].config.architecture == "dcgan" else {}))
    generator, rng = Generator(config), torch.Generator().manual_seed(0)
    initialise(generator, rng, config.initial_weights)
    for module in generator.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5, generator=rng)
            nn.init.normal_(module.bias, generator=rng)
    recalibrate(generator, config, rng)
    return generator.eval()


@pytest.mark.parametrize("name", [name for name in PRESETS if PRESETS[name].config.image_size <= 64])
def test_folding_changes_no_picture(name):
    generator = trained(name)
    z = torch.randn(4, generator.config.z_dim)
    with torch.inference_mode():
        torch.testing.assert_close(folded(generator)(z), generator(z), rtol=1e-3, atol=1e-4)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded(trained("quick")).modules())
    assert any(isinstance(module, nn.BatchNorm2d) for module in trained("quick").modules())


def test_it_is_done_once_and_again_when_the_weights_have_moved(monkeypatch):
    generator, done = trained("quick"), []
    monkeypatch.setattr(folding, "_fold", lambda generator, do=folding._fold: done.append(1) or do(generator))
    z = torch.randn(2, generator.config.z_dim)
    first = render(generator, z)
    assert (render(generator, z) == first).all() and len(done) == 1
    with torch.no_grad():
        generator.blocks[0][0].weight.mul_(1.5)
    assert (render(generator, z) != first).any() and len(done) == 2


def test_a_generator_that_is_gone_is_not_kept():
    gc.collect()
    before = len(folding._folded)
    generator = trained("quick")
    folded(generator)
    assert len(folding._folded) == before + 1
    del generator
    gc.collect()
    assert len(folding._folded) == before
