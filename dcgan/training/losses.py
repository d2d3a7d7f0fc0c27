"""The losses of D and G: what D says (b,) of pictures, positive for real, goes in; a scalar per picture comes out.

With `bce` D's outputs are logits, whose sigmoid is a probability, and losses are in nats. With every other loss they
are scores: no probability, and their size means something only beside other scores of the same D.

Each term is a mean over its pictures, so the losses of the parts of a batch, weighted by their share, add up to the
loss of the whole.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from dcgan.config import Config
from dcgan.training.microbatch import Noise

HELD = 30.0  # weight of what G's pictures hold beside enlargements
MAX_LOGIT = 16.1  # a probability of 1 - 1e-7, where Keras stops: a label above 1 would reward logits without end
PENALTY = 10.0  # weight of the gradient penalty, lambda in Gulrajani et al. 2017
PAIRED = ("wgan-gp", "relativistic")  # whose scores have no zero: D is right where a real picture leads its fake


def discriminator_loss(on_real: Tensor, on_fake: Tensor, config: Config, noise: Noise) -> Tensor:
    """D's loss, scalar, of what it says (b,) of real and of fake pictures; of wgan-gp without the penalty."""
    if config.loss == "bce":
        return bce_d(on_real, on_fake, config, noise)
    return SCORED[config.loss][0](on_real, on_fake)


def generator_loss(on_fake: Tensor, config: Config, on_real: Tensor | None = None) -> Tensor:
    """G's loss, scalar, of what D says (b,) of its fakes; relativistic also needs what D says of real pictures."""
    if config.loss == "bce":
        return cross_entropy(on_fake, True, config.labels)  # -log D(G(z)): Goodfellow et al. 2014, section 3
    return SCORED[config.loss][1](on_fake, on_real)


def bce_d(on_real: Tensor, on_fake: Tensor, config: Config, noise: Noise) -> Tensor:
    """-log D(x) - log(1 - D(G(z))), scalar, of logits (b,) on real and on fake pictures.

    Goodfellow et al. 2014 (arXiv:1406.2661), equation 1, with the labels that the settings ask for: flipped, or noisy
    with numbers from `noise`, first for the real pictures and then for the fakes.
    """
    terms = ((on_real, True), (on_fake, False))
    losses = [cross_entropy(logits, real, config.labels, config.label_noise, noise) for logits, real in terms]
    return losses[0] + losses[1]


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


# ---- losses of scores: D's and G's of what D says (b,) of real and of fake pictures


def hinge_d(on_real: Tensor, on_fake: Tensor) -> Tensor:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))): Lim and Ye 2017 (arXiv:1705.02894); Miyato et al. 2018, equation 16."""
    return (1 - on_real).relu().mean() + (1 + on_fake).relu().mean()


def wasserstein_d(on_real: Tensor, on_fake: Tensor) -> Tensor:
    """D(G(z)) - D(x): Arjovsky et al. 2017 (arXiv:1701.07875), equation 2; its negative estimates the distance of the
    two distributions, up to a factor."""
    return on_fake.mean() - on_real.mean()


def raise_score(on_fake: Tensor, on_real: Tensor | None = None) -> Tensor:
    """-D(G(z)): G's loss beside both of the above, Miyato et al. 2018 (arXiv:1802.05957), equation 17."""
    return -on_fake.mean()


def least_squares_d(on_real: Tensor, on_fake: Tensor) -> Tensor:
    """(D(x) - 1)^2 / 2 + (D(G(z)) + 1)^2 / 2: Mao et al. 2017 (arXiv:1611.04076), equation 8, which minimises the
    Pearson chi-square divergence; real is 1 and fake -1, so that here, too, positive means real."""
    return ((on_real - 1).square().mean() + (on_fake + 1).square().mean()) / 2


def least_squares_g(on_fake: Tensor, on_real: Tensor | None = None) -> Tensor:
    """D(G(z))^2 / 2: the other half of the same equation."""
    return on_fake.square().mean() / 2


def relativistic_d(on_real: Tensor, on_fake: Tensor) -> Tensor:
    """-log sigmoid(D(x) - D(G(z))), pair by pair: Jolicoeur-Martineau 2018 (arXiv:1807.00734), equation 5."""
    return softplus(on_fake - on_real).mean()


def relativistic_g(on_fake: Tensor, on_real: Tensor | None = None) -> Tensor:
    """-log sigmoid(D(G(z)) - D(x)), pair by pair: the same paper, equation 6."""
    assert on_real is not None
    return softplus(on_real - on_fake).mean()


SCORED: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor, Tensor | None], Tensor]]] = {
    "hinge": (hinge_d, raise_score),
    "wgan-gp": (wasserstein_d, raise_score),
    "lsgan": (least_squares_d, least_squares_g),
    "relativistic": (relativistic_d, relativistic_g),
}


def gradient_penalty(judge: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, noise: Noise) -> Tensor:
    """10 * (|dD/dx| - 1)^2, scalar, at points x drawn between pairs of real and fake pictures (b, C, H, W).

    Gulrajani et al. 2017 (arXiv:1704.00028), equation 3. `judge` gives D's scores (b,), each of its own picture alone:
    through BatchNorm the gradient would be of the whole batch. One number from `noise` places each point.
    """
    share = noise.rand(torch.Size([len(real), 1, 1, 1])).to(real.dtype)
    between = (share * real + (1 - share) * fake).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)  # (b, C, H, W)
    return PENALTY * (slope.flatten(1).norm(dim=1) - 1).square().mean()


@torch.no_grad()
def discriminator_scores(on_real: Tensor, on_fake: Tensor, loss: str = "bce") -> dict[str, Tensor]:
    """What D's outputs (b,) on real and on fake pictures say of it, scalars: mean D(x), mean D(G(z)), share it got
    right.

    With bce D(x) is a probability. With another loss it is the score, and of those without a zero (PAIRED) the share
    is of pairs in which the real picture has the higher one.
    """
    if loss in PAIRED:
        right = (on_real > on_fake).float().mean()
    else:
        right = ((on_real > 0).float().mean() + (on_fake <= 0).float().mean()) / 2
    if loss == "bce":
        on_real, on_fake = on_real.sigmoid(), on_fake.sigmoid()
    return {"d_real": on_real.mean(), "d_fake": on_fake.mean(), "d_accuracy": right}
