"""Losses per epoch are the means of whole epochs; only where a published system does so the lowest is marked."""

import numpy as np

from pages.charts.epochs import figure, per_epoch
from pages.common.colours import RED


def columns(last: float) -> dict[str, np.ndarray]:
    epoch = np.arange(0.25, last + 1e-9, 0.25)
    number = np.ceil(epoch)
    return {"epoch": epoch, "d_loss": number, "g_loss": (number - 3) ** 2 + 1}


def test_means_of_whole_epochs_only():
    epochs = per_epoch(columns(5.75))
    assert epochs.number.tolist() == [1, 2, 3, 4, 5]
    assert epochs.d_loss.tolist() == [1, 2, 3, 4, 5] and epochs.g_loss.tolist() == [5, 2, 1, 2, 5]
    assert epochs.lowest == 3


def test_an_epoch_that_ends_with_the_run_counts():
    assert per_epoch(columns(2.0)).number.tolist() == [1, 2]
    assert len(per_epoch(columns(0.75)).number) == 0


def test_the_lowest_loss_is_no_best_and_never_has_its_cross():
    losses = ["discriminator loss", "adversarial loss"]
    assert [trace.name for trace in figure(per_epoch(columns(6.0))).data] == losses
    made = figure(per_epoch(columns(6.0)), marked=True)
    assert [trace.name for trace in made.data] == [*losses, "lowest adversarial loss: epoch 3"]
    ring = made.data[2]
    assert (list(ring.x), list(ring.y), ring.marker.symbol) == ([3], [1.0], "circle-open")
    assert ring.marker.color != RED
