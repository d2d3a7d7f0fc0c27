"""The average follows the trained weights at its half-life, and the generator it gives is what its weights make."""

import copy

import pytest
import torch

from dcgan.networks.models import Generator
from dcgan.training import ema
from dcgan.training.gan import GAN
from tests.training.test_gan import CPU, TINY, pictures, trained, weights


def one_higher() -> tuple[Generator, Generator]:
    """A generator, and the same with 1 added to every weight."""
    average = GAN(TINY, CPU).G
    target = copy.deepcopy(average)
    with torch.no_grad():
        for parameter in target.parameters():
            parameter.add_(1)
    return average, target


def test_the_average_halves_its_past_every_half_life():
    average, target = one_higher()
    start = weights(average)
    for _ in range(10):  # 10 steps of 8 pictures are one half-life
        ema.update(average, target, ema.decay(80, steps=10**6, batch_size=8))  # long after the warm-up
    torch.testing.assert_close(weights(average), (start + weights(target)) / 2, rtol=1e-4, atol=1e-5)


def test_early_on_the_average_leaves_the_random_start_behind():
    average, target = one_higher()
    for step in range(1, 101):
        ema.update(average, target, ema.decay(10**9, step, 8))
    assert (weights(target) - weights(average)).abs().max() < 0.01


def test_a_step_moves_the_average_by_its_decay():
    gan = trained(10)
    before = weights(gan.ema)
    gan.step(pictures(seed=10))
    kept = 0.5 ** (8 / (0.05 * 11 * 8))  # still in the warm-up: TINY's half-life is 200 pictures
    expected = kept * before + (1 - kept) * weights(gan.G)
    torch.testing.assert_close(weights(gan.ema), expected, rtol=1e-5, atol=1e-6)


def test_without_a_half_life_the_shown_weights_are_the_trained_ones():
    gan = trained(5, ema_half_life_images=0)
    assert torch.equal(weights(gan.ema_generator()), weights(gan.G))


def large_batch(generator: Generator, prior: str = "normal") -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures of 64 z by the weights alone: BatchNorm takes its statistics from a batch of 8192."""
    rng = torch.Generator().manual_seed(77)
    z = torch.randn(8192, 8, generator=rng) if prior == "normal" else torch.rand(8192, 8, generator=rng) * 2 - 1
    with torch.no_grad():
        return z[:64], copy.deepcopy(generator).train()(z)[:64]


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_the_average_in_eval_mode_is_what_its_weights_make_of_a_large_batch(prior):
    gan = trained(240, z_prior=prior, lr_g=4e-3, ema_half_life_images=400)
    shown = gan.ema_generator()
    z, truth = large_batch(shown, prior)
    borrowed = copy.deepcopy(gan.ema)
    ours, theirs = borrowed.state_dict(), gan.G.state_dict()
    borrowed.load_state_dict({name: (theirs if "running" in name else ours)[name] for name in ours})

    def error(pictures: torch.Tensor) -> float:
        return ((pictures - truth).square().mean() / truth.var()).sqrt().item()  # of the pictures' spread

    assert not shown.training and error(shown(z)) < 0.03
    assert error(borrowed.eval()(z)) > 3 * error(shown(z))


def test_a_picture_does_not_depend_on_its_batch_mates():
    shown = trained(20).ema_generator()
    z = torch.randn(32, 8)
    together, alone = shown(z), torch.cat([shown(row[None]) for row in z])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)
    torch.testing.assert_close(shown(torch.cat([z[:1], 100 * z]))[:1], together[:1], rtol=0, atol=1e-5)


# -- BatchNorm's statistics


def test_recalibration_measures_the_mean_and_variance_of_the_activations():
    gan = trained(30)
    gan.ema.train()
    ema.recalibrate(gan.ema, TINY, torch.Generator().manual_seed(3))
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
    ema.recalibrate(gan.ema, TINY, torch.Generator().manual_seed(3))
    conv, norm, *_ = gan.ema.get_submodule("blocks.0").children()
    power = conv.weight.square().sum(0).mean((1, 2))  # (C,): over the positions of the mean square that unit z give
    torch.testing.assert_close(norm.running_var, power, rtol=1e-3, atol=0)
    assert norm.running_mean.abs().max() < 1e-6
