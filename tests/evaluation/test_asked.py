"""Whether fakes are what was asked for: by a judge that knows the classes, class by class."""

from types import SimpleNamespace

import numpy as np
import pytest

from dcgan.evaluation import asked, asked_words
from dcgan.evaluation.asked import RealClasses, as_asked
from dcgan.evaluation.spread import whole
from pages.charts import asked_classes

PER_CLASS = 60


def seen(labels: np.ndarray, seed: int) -> np.ndarray:
    """Features (N, 4) of pictures whose class can be read from them."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(len(labels), 4)) + 6 * np.eye(4)[labels]).astype(np.float32)


@pytest.fixture(scope="module")
def sides() -> tuple[SimpleNamespace, RealClasses]:
    """A judge whose classes are c, a, b, and real pictures of a, b, c."""
    judged_as = np.array([1, 2, 0])
    labels = np.repeat(np.arange(3), PER_CLASS)
    judge = SimpleNamespace(probabilities=lambda features: features[:, [2, 0, 1]].astype(np.float64))
    reference = SimpleNamespace(judge=judge, features=seen(labels, 0))
    return reference, RealClasses(("a", "b", "c"), judged_as, labels, 0.99, [0.1, 0.1, None])


def test_fakes_like_real_pictures_are_named_as_asked_and_near(sides):
    labels = np.tile(np.arange(3), PER_CLASS)
    found = as_asked(*sides, seen(labels, 1), labels)
    assert found["named_as_asked"] > 0.98 and min(found["each"]) > 0.95 and found["names"] == ["a", "b", "c"]
    assert max(found["distances"][:2]) < 0.7 and found["distances"][2] is None  # for which there is no floor


def test_a_class_that_is_another_is_found_and_is_the_weakest(sides):
    labels = np.tile(np.arange(3), PER_CLASS)
    shown = np.where(labels == 1, 0, labels)  # whoever asks for b gets a
    found = as_asked(*sides, seen(shown, 2), labels)
    assert found["each"][1] < 0.05 and found["named_as_asked"] == pytest.approx(2 / 3, abs=0.02)
    name, times = asked_words.weakest(found)
    assert name == "b" and times > 100
    words = asked_words.in_words(found)
    assert "67% of the fakes are named" in words and "real pictures 99% are" in words and "weakest class is b" in words


def test_a_row_of_the_quality_log_says_the_same_and_names_stay_text():
    row = {"named_as_asked": 0.5, "real_named_right": 0.9, "asked_names": ["<b>", "c"], "asked_each": [0.5, -1.0]}
    row |= {"class_distances": [4.0, -1.0], "class_floors": [2.0, -1.0]}
    found = asked_classes.of_row(row)
    assert found["each"] == [0.5, None] and asked_words.weakest(found) == ("<b>", 2.0)
    assert "&lt;b&gt;" in asked_classes.html(found) and "2.0 floors" in asked_classes.html(found)
    assert asked_classes.of_row(row | {"named_as_asked": None}) is None
    assert asked_classes.of_row(row | {"asked_each": [0.5]}) is None  # damaged
    assert asked_words.weakest(found | {"distances": [None, None]}) is None


def test_held_out_pictures_of_other_classes_are_not_counted(monkeypatch, tmp_path):
    labels = np.array([0, 1, -1])
    monkeypatch.setattr(asked, "real_labels", lambda config, split: labels)
    config = SimpleNamespace(names_of_classes=("a", "b"), class_shares=(0.5, 0.5))
    judge = SimpleNamespace(class_names=("a", "b"))
    probabilities = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    reference = SimpleNamespace(
        judge=judge, enough=True, held_out=True, pictures=labels, probabilities=probabilities, features=np.zeros((3, 4))
    )
    reference.cache_path = lambda *about: tmp_path / "floors.json"
    found = whole(asked.real_classes(reference, config, 100))
    assert found.named_right == 1.0 and found.floors == [None, None]  # of too few to say


def test_without_classes_of_the_judge_there_is_nothing_to_say():
    config = SimpleNamespace(names_of_classes=("a", "x"))
    reference = SimpleNamespace(judge=SimpleNamespace(class_names=("a", "b")), enough=True)
    assert asked.expected(SimpleNamespace(class_shares=(0.25, 0.75)), 1, 1000) == 750
    with pytest.raises(StopIteration) as end:
        next(asked.real_classes(reference, config, 100))
    assert end.value.value is None
