"""What folders mean: classes, and splits above or below them."""

import pytest

from dcgan.data.layout import layout_of


@pytest.mark.parametrize(
    "train,held",
    [
        ("train", "test"),
        ("Training", "Validation"),
        ("train2017", "val2017"),
        ("training_set", "test_set"),
        ("seg_train", "seg_pred"),
        ("images_train", "holdout"),
        ("trn", "dev"),
    ],
)
@pytest.mark.parametrize("around", ["", "set/", "download/set/images/"])
def test_train_is_trained_on_and_the_rest_held_out(train, held, around):
    names = [f"{around}{split}/{kind}/{i}" for split in (train, held) for kind in ("cats", "dogs") for i in "12"]
    found = layout_of(names)
    assert found.held == {name for name in names if f"{held}/" in name} and found.outside == ()
    assert {name.split("/")[-2]: own for name, own in found.classes.items()} == {"cats": "cats", "dogs": "dogs"}
    assert (found.train_folders, found.held_folders) == ((train,), (held,))


def test_splits_may_stand_below_the_classes():
    found = layout_of(["cats/train/1", "cats/test/2", "dogs/train/1", "dogs/val/2"])
    assert found.held == {"cats/test/2", "dogs/val/2"} and set(found.classes.values()) == {"cats", "dogs"}


def test_a_picture_beside_the_splits_is_of_none():
    found = layout_of(["set/train/1", "set/test/2", "set/overview"])
    assert found.outside == ("set/overview",) and "set/overview" not in found.classes


@pytest.mark.parametrize(
    "names",
    [
        ["train/1", "bus/2", "car/3"],  # vehicles
        ["train/1", "test/2", "bus/3"],
        ["train/cats/1", "train/dogs/2"],
        ["test/1", "val/2"],
        ["1", "2"],
        ["training-day/1", "test-pattern/2"],
    ],
)
def test_what_is_no_split_is_a_class(names):
    assert layout_of(names).held == set() and set(layout_of(names).classes) == set(names)


def test_nothing_has_no_classes():
    assert layout_of([]) == ({}, set(), (), (), (), set())
