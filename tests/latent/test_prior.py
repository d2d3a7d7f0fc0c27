"""Latent vectors have the prior's moments."""

import pytest
import torch

from dcgan.latent.prior import balanced_z
from tests.training.test_gan import TINY


@pytest.mark.parametrize(("prior", "variance"), [("normal", 1.0), ("uniform", 1 / 3)])
@pytest.mark.parametrize("z_dim", [1, 8, 128])
def test_balanced_z_have_the_mean_and_covariance_of_their_prior(prior, variance, z_dim):
    z = balanced_z(256, TINY.replace(z_dim=z_dim, z_prior=prior), torch.Generator().manual_seed(5))
    assert z.shape == (256, z_dim) and not z[:100].sum(0).any(), "any even part has mean 0"
    torch.testing.assert_close(z.T @ z / 256, variance * torch.eye(z_dim), atol=1e-4, rtol=0)


def test_of_more_numbers_than_vectors_z_are_only_paired():
    z = balanced_z(256, TINY.replace(z_dim=300), torch.Generator().manual_seed(5))
    assert torch.equal(z[0::2], -z[1::2]) and z.std().item() == pytest.approx(1, abs=0.02)
