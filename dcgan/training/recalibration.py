"""BatchNorm's statistics of an averaged generator: averaged weights make other activations than the trained ones."""

import torch

from dcgan.config import Config
from dcgan.latent.prior import balanced_z
from dcgan.networks.architectures import NORMS
from dcgan.networks.models import Generator

BATCHES, BATCH = 2, 128  # pictures in the network at once, as few as training has there


@torch.no_grad()
def recalibrate(generator: Generator, config: Config, rng: torch.Generator) -> None:
    """Set BatchNorm's running statistics to the average over balanced z, leaving the network in train mode."""
    norms = [module for module in generator.modules() if isinstance(module, NORMS)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # None means a cumulative average
    generator.train()
    if norms:
        for z in balanced_z(BATCHES * BATCH, config, rng).split(BATCH):
            generator(z)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
