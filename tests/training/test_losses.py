"""The losses are the formulas of their papers, with the labels that the settings ask for."""

import math

import pytest
import torch
from torch.nn.functional import logsigmoid

from dcgan.training import losses
from dcgan.training.microbatch import Noise
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
