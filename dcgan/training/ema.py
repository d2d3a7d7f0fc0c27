"""The exponential moving average of G's weights (Karras et al. 2018, arXiv:1710.10196), and the generator it gives.

Averaged weights make other activations than the trained ones, so BatchNorm's running statistics of the trained network
would be wrong for them: they are measured anew.
"""

import torch

from dcgan.compute import devices
from dcgan.config import Config
from dcgan.latent.class_centres import labels_of_seeds
from dcgan.latent.prior import balanced_z
from dcgan.networks.architectures import NORMS
from dcgan.networks.models import Generator

SHARE = 0.05  # of all pictures seen: the best of 0.05, 0.1 and 0.3 at every length that was tried
BATCHES, BATCH = 2, 128  # pictures in the network at once, as few as training has there
FEWEST = 8  # where memory is short: the variance of fewer says little


def decay(half_life_images: float, steps: int, batch_size: int) -> float:
    """The share of the old average that stays in the last of `steps` steps; it halves every `half_life_images`.

    Early on the half-life is a share of the pictures seen so far, as in StyleGAN2-ADA (Karras et al. 2020,
    arXiv:2006.06676), so that the random start is left behind. Without a half-life nothing stays: the average is then
    the trained weights.
    """
    half_life = min(half_life_images, SHARE * steps * batch_size)
    return 0.5 ** (batch_size / half_life) if half_life > 0 else 0.0


@torch.no_grad()
def update(average: Generator, trained: Generator, kept: float) -> None:
    """average <- kept * average + (1 - kept) * trained, in place, for every weight."""
    torch._foreach_lerp_(list(average.parameters()), list(trained.parameters()), 1 - kept)


def shown(average: Generator, config: Config, device: torch.device) -> Generator:
    """The averaged generator in eval mode, its statistics measured on z that are the same each time.

    It is the network `average` itself. No stream of random numbers of the training is drawn from.
    """
    recalibrate(average, config, torch.Generator(device).manual_seed(config.seed + 2))
    return average.eval()


@torch.no_grad()
def recalibrate(generator: Generator, config: Config, rng: torch.Generator) -> None:
    """Set BatchNorm's running statistics to the average over balanced z, leaving the network in train mode.

    Where memory runs out for BATCH pictures at once, the average is one over smaller batches.
    """
    norms = [module for module in generator.modules() if isinstance(module, NORMS)]
    momenta = [norm.momentum for norm in norms]
    generator.train()

    def measure(at_once: int) -> None:
        for norm in norms:
            norm.reset_running_stats()
        for part in z.split(at_once):
            generator(part)

    try:
        for norm in norms:
            norm.momentum = None  # None means a cumulative average
        if norms:
            z = balanced_z(BATCHES * BATCH, config, rng)  # (BATCHES * BATCH, z_dim)
            labels = labels_of_seeds(range(len(z)), config)
            z = generator.of_class(z, None if labels is None else labels.to(z.device))
            devices.fewer_at_once(measure, BATCH, rng.device, least=FEWEST)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
