"""The losses are the formulas of their papers, with the labels that the settings ask for."""

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from dcgan.training import losses
from dcgan.training.microbatch import Noise
from tests.files import refuse
from tests.training.test_gan import TINY

LOGITS = torch.linspace(-2, 2, 4000)


def noise(seed: int = 3) -> Noise:
    return Noise(torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("labels", ["plain", "flipped"])
def test_the_losses_are_those_of_the_paper_however_the_labels_are_called(labels):
    """Flipped labels ask for the probability of fake, of the negative logit."""
    on_real, on_fake, config = LOGITS, LOGITS.flip(0) - 1, TINY.replace(labels=labels)
    d_loss = -(logsigmoid(on_real).mean() + logsigmoid(-on_fake).mean())  # -log D(x) - log(1 - D(G(z)))
    measured = losses.discriminator_loss(on_real, on_fake, config, noise())
    assert measured.shape == () and measured.item() == pytest.approx(d_loss.item(), rel=1e-5)
    g_loss = -logsigmoid(on_fake).mean()  # non-saturating: -log D(G(z)), not log(1 - D(G(z)))
    assert losses.generator_loss(on_fake, config).item() == pytest.approx(g_loss.item(), rel=1e-5)


@pytest.mark.parametrize("labels", ["plain", "flipped"])
def test_noisy_labels_get_an_extra_of_up_to_their_share(labels):
    says = LOGITS if labels == "plain" else -LOGITS  # of what the labels name
    for real in (True, False):
        label = float(real == (labels == "plain"))
        extra = 0.05 * torch.rand(4000, generator=noise().rng)
        expected = -((label + extra) * logsigmoid(says) + (1 - label - extra) * logsigmoid(-says)).mean()
        noisy = losses.cross_entropy(LOGITS, real, labels, 0.05, noise())
        assert noisy.item() == pytest.approx(expected.item(), rel=1e-5)
        assert losses.cross_entropy(LOGITS, real, labels).item() != pytest.approx(expected.item(), rel=1e-4)


def test_the_noise_of_the_real_pictures_is_drawn_before_that_of_the_fakes():
    config, drawn = TINY.replace(label_noise=0.3), noise()
    expected = [losses.cross_entropy(LOGITS, real, label_noise=0.3, noise=drawn) for real in (True, False)]
    assert losses.discriminator_loss(LOGITS, LOGITS, config, noise()) == expected[0] + expected[1]


def test_a_label_above_one_does_not_drive_d_to_infinity():
    """Cross-entropy with a label of 1.05 falls without end as the logit grows; Keras stops where we do."""
    logits = torch.full((4,), 50.0, requires_grad=True)
    losses.cross_entropy(logits, real=True, label_noise=0.5, noise=noise()).backward()
    assert logits.grad is not None and (logits.grad == 0).all()


def test_scores_say_how_often_d_is_right():
    scores = losses.discriminator_scores(torch.tensor([3.0, -3.0]), torch.tensor([-3.0, -3.0]))
    assert scores["d_accuracy"] == 0.75 and scores["d_real"] == pytest.approx(0.5)
    assert scores["d_fake"] == pytest.approx(1 / (1 + math.exp(3)))


# -- scores

REAL, FAKE = torch.tensor([2.0, 0.5, -1.0, 1.5]), torch.tensor([-2.0, 0.0, 0.5, 1.5])
EXPECTED = {  # loss -> D's and G's of these scores, by hand from the papers' equations
    "hinge": ((0 + 0.5 + 2 + 0 + 0 + 1 + 1.5 + 2.5) / 4, -0.0),
    "wgan-gp": (0.0 - 0.75, -0.0),
    "lsgan": (((1 + 0.25 + 4 + 0.25) + (1 + 1 + 2.25 + 6.25)) / 8, (4 + 0 + 0.25 + 2.25) / 8),
    "relativistic": (
        sum(math.log1p(math.exp(-lead)) for lead in (4, 0.5, -1.5, 0)) / 4,
        sum(math.log1p(math.exp(lead)) for lead in (4, 0.5, -1.5, 0)) / 4,
    ),
}


@pytest.mark.parametrize("loss", EXPECTED)
def test_every_loss_is_the_formula_of_its_paper(loss):
    config = TINY.replace(loss=loss, norm_d="none")
    d_loss, g_loss = losses.discriminator_loss(REAL, FAKE, config, noise()), losses.generator_loss(FAKE, config, REAL)
    assert (d_loss.shape, g_loss.shape) == ((), ())
    assert (d_loss.item(), g_loss.item()) == pytest.approx(EXPECTED[loss], rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("loss", EXPECTED)
def test_every_loss_pulls_real_pictures_up_and_fakes_apart(loss):
    """D raises real pictures above fakes; G raises fakes."""
    on_real, on_fake = torch.zeros(4, requires_grad=True), torch.full((4,), -0.5, requires_grad=True)
    config = TINY.replace(loss=loss, norm_d="none")
    up, down = torch.autograd.grad(losses.discriminator_loss(on_real, on_fake, config, noise()), (on_real, on_fake))
    (raised,) = torch.autograd.grad(losses.generator_loss(on_fake, config, on_real.detach()), on_fake)
    assert (up < 0).all() and (down > 0).all() and (raised < 0).all()


def test_the_penalty_is_on_slopes_other_than_one():
    real, fake = torch.randn(6, 3, 4, 4), torch.randn(6, 3, 4, 4)
    slope = torch.randn(3, 4, 4)
    penalty = losses.gradient_penalty(lambda x: (x * slope).sum((1, 2, 3)), real, fake, noise())
    assert penalty.item() == pytest.approx(10 * (slope.norm().item() - 1) ** 2, rel=1e-5)


def test_the_penalty_looks_between_a_real_picture_and_its_fake():
    seen = []
    real, fake = torch.ones(500, 1, 2, 2), torch.zeros(500, 1, 2, 2)
    losses.gradient_penalty(lambda x: seen.append(x) or x.square().sum((1, 2, 3)), real, fake, noise())
    (points,) = seen
    assert (points == points[:, :, :1, :1]).all(), "one number for each picture"
    assert 0 <= points.min() < 0.02 and 0.98 < points.max() <= 1 and abs(points.mean() - 0.5) < 0.05


def test_scores_are_no_probabilities():
    raw = losses.discriminator_scores(REAL, FAKE, "hinge")
    assert (raw["d_real"].item(), raw["d_fake"].item()) == (0.75, 0.0)
    assert raw["d_accuracy"] == (3 / 4 + 2 / 4) / 2
    assert losses.discriminator_scores(REAL + 100, FAKE + 100, "wgan-gp")["d_accuracy"] == 2 / 4, "they have no zero"


def test_what_belongs_to_probabilities_is_refused_with_scores():
    with refuse("labels", "loss=hinge"):
        TINY.replace(loss="hinge", label_noise=0.1)
    with refuse("labels", "loss=lsgan"):
        TINY.replace(loss="lsgan", labels="flipped")
    with refuse("wgan-gp", "norm_d=none"):
        TINY.replace(loss="wgan-gp")
