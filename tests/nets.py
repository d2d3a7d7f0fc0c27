"""Generators with random weights that draw lively pictures, as trained ones do."""

import torch
from torch import nn

from dcgan.config import Config
from dcgan.latent import seeds
from dcgan.networks.models import Generator, initialise


def lively(config: Config, seed: int = 0) -> Generator:
    """A generator whose BatchNorm statistics fit its activations and whose pictures use the whole range of greys.

    Fresh weights of N(0, 0.02) give flat grey pictures, on which any arithmetic would agree.
    """
    generator = Generator(config)
    initialise(generator, torch.Generator().manual_seed(seed), config.initial_weights)
    z = seeds.z_from_seeds(range(32), config.z_dim, config.z_prior)
    leaves = [module for module in generator.blocks.modules() if not list(module.children())]
    with torch.no_grad():
        x = generator.train().as_input(z)
        for module in leaves:
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.momentum = None  # statistics of this one batch
                module.weight.uniform_(0.5, 1.5, generator=torch.Generator().manual_seed(seed))
                module.bias.normal_(0, 0.2, generator=torch.Generator().manual_seed(seed))
            elif isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
                y = module(x)
                module.weight.mul_(1.2 / y.std())
                if module.bias is not None:
                    module.bias.normal_(0, 0.1, generator=torch.Generator().manual_seed(seed))
            x = module(x)
    return generator.eval().requires_grad_(False)
