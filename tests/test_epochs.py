"""Losses per epoch are the means of whole epochs, and the cross stands at the lowest adversarial loss."""

import numpy as np

from pages.common.epochs import figure, per_epoch


def columns(last: float) -> dict[str, np.ndarray]:
    epoch = np.arange(0.25, last + 1e-9, 0.25)
    number = np.ceil(epoch)
    return {"epoch": epoch, "d_loss": number, "g_loss": (number - 3) ** 2 + 1}


def test_means_of_whole_epochs_only():
    epochs = per_epoch(columns(5.75))
    assert epochs.number.tolist() == [1, 2, 3, 4, 5]
    assert epochs.d_loss.tolist() == [1, 2, 3, 4, 5] and epochs.g_loss.tolist() == [5, 2, 1, 2, 5]
    assert epochs.best == 3


def test_an_epoch_that_ends_with_the_run_counts():
    assert per_epoch(columns(2.0)).number.tolist() == [1, 2]
    assert len(per_epoch(columns(0.75)).number) == 0


def test_the_figure_names_both_losses_and_crosses_the_best():
    made = figure(per_epoch(columns(6.0)))
    assert [trace.name for trace in made.data] == ["discriminator loss", "adversarial loss", "best: epoch 3"]
    cross = made.data[2]
    assert (list(cross.x), list(cross.y), cross.marker.symbol) == ([3], [1.0], "x")
