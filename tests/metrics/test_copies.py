import numpy as np
import pytest

from dcgan.data import dataset
from dcgan.metrics.copies import close_calls
from dcgan.metrics.disguise import undisguised
from dcgan.metrics.nearest import as_it_is, nearest_training
from dcgan.metrics.spoil import blurred, noisy


def test_close_calls_have_the_stated_chance():
    rng = np.random.default_rng(0)
    draws = [close_calls(rng.random(200), rng.random(300)) for _ in range(400)]
    assert np.mean([draw["fakes"] for draw in draws]) == pytest.approx(draws[0]["expected"], rel=0.15)
    share = np.mean([draw["probability"] < 0.05 for draw in draws])
    assert share < 0.08 and not any(draw["alarm"] for draw in draws[:200])


def test_copies_raise_the_alarm_also_changed_or_disguised_but_test_pictures_do_not():
    """On real clothes."""
    train, test = (dataset.load("fashion-mnist", 28, 1, split).images[:, 0] for split in ("train", "test"))
    searched, held_out, other = train[:6000], test[:400], test[400:800]

    def close(pictures, seen):
        of_fakes, floor = (nearest_training(each, searched, seen=seen)[1] for each in (pictures, held_out))
        return close_calls(of_fakes, floor)

    for seen in (as_it_is, undisguised):
        assert not close(other, seen)["alarm"]
    copies = searched[:400]
    for changed in (copies, noisy(copies, 8), blurred(copies, 0.5 / 28)):
        assert close(changed, as_it_is)["alarm"] and close(changed, as_it_is)["fakes"] > 300
    for changed in (np.roll(copies, (2, -1), (1, 2)), copies // 2, copies[:, :, ::-1], copies[:, :, ::-1] // 2):
        assert close(changed, undisguised)["fakes"] > 300
