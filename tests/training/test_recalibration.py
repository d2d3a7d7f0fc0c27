"""The averaged generator's BatchNorm gets the statistics of its own activations."""

import torch

from dcgan.training.recalibration import recalibrate
from tests.training.test_gan import TINY, trained


def test_recalibration_measures_the_mean_and_variance_of_the_activations():
    gan = trained(30)
    gan.ema.train()
    recalibrate(gan.ema, TINY, torch.Generator().manual_seed(3))
    conv, norm, *_ = gan.ema.get_submodule("blocks.0").children()
    assert isinstance(norm, torch.nn.BatchNorm2d) and norm.running_mean is not None and norm.running_var is not None
    with torch.no_grad():
        activations = conv(torch.randn(20_000, 8, 1, 1, generator=torch.Generator().manual_seed(4)))
    spread = activations.std(dim=(0, 2, 3))
    assert ((norm.running_mean - activations.mean(dim=(0, 2, 3))).abs() / spread).max() < 0.1
    assert (norm.running_var / activations.var(dim=(0, 2, 3)) - 1).abs().max() < 0.2
    assert norm.momentum == 0.1  # as it was


def test_a_layer_that_is_linear_in_z_is_recalibrated_without_an_error():
    gan = trained(30)
    gan.ema.train()
    recalibrate(gan.ema, TINY, torch.Generator().manual_seed(3))
    conv, norm, *_ = gan.ema.get_submodule("blocks.0").children()
    power = conv.weight.square().sum(0).mean((1, 2))  # (C,): over the positions of the mean square that unit z give
    torch.testing.assert_close(norm.running_var, power, rtol=1e-3, atol=0)
    assert norm.running_mean.abs().max() < 1e-6
