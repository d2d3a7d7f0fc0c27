"""The classes of pictures as they come: their names, their sizes, and the label of each picture that is trained on."""

import shutil

import numpy as np
import pytest

from dcgan.data import class_labels, dataset, sources
from dcgan.errors import BadInput
from dcgan.runs.new_run import order
from tests.files import colour, encode, refuse, write_mnist, write_pictures, write_zip


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")


def ordered(path, **values):
    return order("quick-classes", {"image_size": 16, **values}, str(path))


def labels_by_colour(config, split="train"):
    """Labels as the red of each class's pictures tells them: it is 20 times the label."""
    found = dataset.load_for(config, split)
    assert np.array_equal(np.round(found.images[:, 0].reshape(len(found.images), -1).mean(1) / 20), found.labels)
    return found.labels.tolist()


def write_red(folder, label, n):
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for i in range(n):
        content = encode(Image.fromarray(np.full((8, 8, 3), (20 * label, i, 7), np.uint8)))
        (folder / f"{i}.png").write_bytes(content)


@pytest.mark.parametrize("form", ["folder", "zip", "chosen classes", "splits"])
def test_every_picture_gets_the_label_of_its_folder(tmp_path, form):
    zoo = path = tmp_path / "zoo"
    for place in ("train/", "test/") if form == "splits" else ("",):
        for label, (name, n) in enumerate({"Ant": 5, "Cat": 4, "bee": 3}.items()):
            write_red(zoo / f"{place}{name}", label, n + 2 * (place == "test/"))
    (zoo / ("train/" if form == "splits" else "") / "Ant" / "broken.png").write_bytes(b"no picture")
    if form == "zip":
        members = {str(file.relative_to(zoo)): file.read_bytes() for file in zoo.rglob("*.png")}
        path = write_zip(tmp_path / "zoo.zip", members)
    spec = f"{path}:Ant,Cat" if form == "chosen classes" else path
    config = ordered(spec)
    names = ("Ant", "Cat", "bee")[: 2 if form == "chosen classes" else 3]
    assert config.names_of_classes == names and config.class_counts == ("[6, 4]" if len(names) == 2 else "[6, 4, 3]")
    assert sorted(labels_by_colour(config)) == [0] * 5 + [1] * 4 + [2] * 3 * (len(names) == 3)
    if form == "splits":
        assert sorted(labels_by_colour(config, "test")) == [0] * 7 + [1] * 6 + [2] * 5
    shutil.rmtree(zoo)  # the prepared pictures go on, and know their classes
    path.unlink(missing_ok=True)
    again = dataset.load_for(config, expected=config.data_fingerprint)
    assert sorted(again.labels.tolist()) == [0] * 5 + [1] * 4 + [2] * 3 * (len(names) == 3)


def test_chosen_classes_of_mnist_are_numbered_anew(tmp_path):
    write_mnist(tmp_path / "data" / "mnist")
    config = ordered("mnist:7,3")
    assert config.names_of_classes == ("3", "7") and config.class_counts == "[4, 4]"
    for split, n in (("train", 4), ("test", 2)):
        found = dataset.load_for(config, split)
        assert sorted(found.labels.tolist()) == [0] * n + [1] * n and found.class_names == ("3", "7")
    plain = dataset.load("mnist:7,3", 16, 1)
    assert {*plain.labels.tolist()} == {3, 7}  # without classes to ask for, as it was


def test_pictures_without_classes_are_refused_in_a_sentence(tmp_path):
    write_pictures(tmp_path / "flat")
    with refuse("classes=label needs pictures of two classes", "flat has none"):
        ordered(tmp_path / "flat")
    write_red(tmp_path / "one" / "cats", 0, 3)
    (tmp_path / "one" / "top.png").write_bytes(encode(colour()))
    with refuse("1 of one lie in no class folder"):
        ordered(tmp_path / "one")
    write_red(tmp_path / "mixed" / "cats", 0, 3)
    write_red(tmp_path / "mixed" / "dogs", 1, 3)
    with refuse("has one class only"):
        ordered(f"{tmp_path / 'mixed'}:cats")
    for i in range(300):
        write_red(tmp_path / "many" / str(i), 0, 1)
    with refuse("at most 200 classes", "many has 2"):
        ordered(tmp_path / "many")


def test_other_pictures_than_the_run_knows_are_refused(tmp_path):
    for label, name in enumerate(("cats", "dogs")):
        write_red(tmp_path / "zoo" / name, label, 3)
    config = ordered(tmp_path / "zoo")
    odd = config.replace(class_names='["cats", "cows"]')
    with pytest.raises(BadInput, match="in none of the classes that this run knows"):
        dataset.load_for(odd)


def test_held_out_pictures_of_a_class_that_is_not_trained_on_have_no_label():
    own = {"a": "cats", "b": "cows"}
    assert class_labels.labels_of(["a", "b"], own, ["dogs", "cats"], strict=False).tolist() == [1, -1]
