"""The losses of D and G: logits (b,) of D, positive for real, go in; a scalar in nats per picture comes out.

Each term is a mean over its pictures, so the losses of the parts of a batch, weighted by their share, add up to the
loss of the whole.
"""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from dcgan.config import Config
from dcgan.training.microbatch import Noise

MAX_LOGIT = 16.1  # a probability of 1 - 1e-7, where Keras stops: a label above 1 would reward logits without end


def discriminator_loss(on_real: Tensor, on_fake: Tensor, config: Config, noise: Noise) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), scalar, of logits (b,) on real and on fake pictures.

    Goodfellow et al. 2014 (arXiv:1406.2661), equation 1, with the labels that the settings ask for: flipped, or noisy
    with numbers from `noise`, first for the real pictures and then for the fakes.
    """
    terms = ((on_real, True), (on_fake, False))
    losses = [cross_entropy(logits, real, config.labels, config.label_noise, noise) for logits, real in terms]
    return losses[0] + losses[1]


def generator_loss(on_fake: Tensor, config: Config) -> Tensor:
    """-log D(G(z)), scalar, of logits (b,) on fakes: the non-saturating loss of Goodfellow et al. 2014, section 3."""
    return cross_entropy(on_fake, True, config.labels)


def cross_entropy(
    logits: Tensor, real: bool, labels: str = "plain", label_noise: float = 0.0, noise: Noise | None = None
) -> Tensor:
    """The mean of -y log p - (1 - y) log(1 - p), scalar, where p = sigmoid(logits (b,)) and y = 1 for real, 0 for fake.

    With `labels` flipped, p is the probability of fake and y = 0 for real: both are turned round, so that positive
    logits mean real here too. With `label_noise` each y grows by up to so much, uniformly drawn from `noise`.
    """
    if labels == "flipped":
        logits, real = -logits, not real
    y = torch.full_like(logits, float(real))
    if label_noise:
        assert noise is not None
        y = y + label_noise * noise.rand(y.shape)
        logits = logits.clamp(-MAX_LOGIT, MAX_LOGIT)
    return binary_cross_entropy_with_logits(logits, y)


@torch.no_grad()
def discriminator_scores(on_real: Tensor, on_fake: Tensor) -> dict[str, Tensor]:
    """What logits (b,) on real and on fake pictures say of D, scalars: mean D(x), mean D(G(z)), share it got right."""
    return {
        "d_real": on_real.sigmoid().mean(),
        "d_fake": on_fake.sigmoid().mean(),
        "d_accuracy": ((on_real > 0).float().mean() + (on_fake <= 0).float().mean()) / 2,
    }
