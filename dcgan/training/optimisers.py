"""The optimisers of G and D, and their learning rates as the settings and the number of steps have them."""

import torch
from torch import nn

from dcgan.compute import eager_optimisers
from dcgan.config import Config


def make_optimiser(network: nn.Module, lr: float, config: Config) -> torch.optim.Optimizer:
    """RMSprop or Adam over all weights of a network."""
    if config.optimizer == "rmsprop":
        return eager_optimisers.RMSprop(network.parameters(), lr, alpha=config.rho, eps=config.epsilon)
    betas = (config.beta1, config.beta2)
    return eager_optimisers.Adam(network.parameters(), lr, betas, eps=config.epsilon, fused=True)


def lay_out(optimiser: torch.optim.Optimizer) -> None:
    """Bring the moments into the order of their weights in memory, which a fused step takes for granted.

    A state keeps the order that it was saved in, which on another kind of device may be another one.
    """
    for weight, moments in optimiser.state.items():
        for name, moment in moments.items():
            if moment.shape == weight.shape and moment.stride() != weight.stride():
                moments[name] = torch.empty_like(weight, requires_grad=False).copy_(moment)


def apply_settings(optimiser: torch.optim.Optimizer, lr: float, config: Config, steps: int) -> None:
    """Take over changed settings after so many whole steps; the moments stay."""
    for group in optimiser.param_groups:
        group |= {"lr": decayed(lr, config, max(0, steps - 1)), "eps": config.epsilon}
        group |= {"alpha": config.rho} if "alpha" in group else {"betas": (config.beta1, config.beta2)}


def set_rate(optimiser: torch.optim.Optimizer, lr: float, config: Config, steps: int) -> None:
    """Before a step: set the learning rate that holds after so many whole steps; without a decay it stays."""
    if config.lr_decay:
        for group in optimiser.param_groups:
            group["lr"] = decayed(lr, config, steps)


def decayed(lr: float, config: Config, steps: int) -> float:
    """lr / (1 + decay * steps), as in Keras."""
    return lr / (1 + config.lr_decay * steps)
