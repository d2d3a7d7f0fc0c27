import itertools

import pytest

from dcgan.evaluation.faults import faults
from dcgan.evaluation.figures import as_text, copy_sentence, times_floor
from dcgan.evaluation.verdict import answers, uneven_classes, verdict, weak_classes
from dcgan.metrics.enough import at_once, is_blind, is_enough, too_few

RULER = [
    {"label": "a little blurred", "distance": 1.7},
    {"label": "one class missing", "distance": 1.9},
    {"label": "blurred", "distance": 15.0},
    {"label": "one picture repeated", "distance": 95.0},
]


def report(distance=1.2, recall=0.9, alarm=False, missing=(), held_out=True, variety=1.0, **others):
    floor = {"mean": 0.2, "deviation": 0.04, "draws": 4}
    precision, shares, light = others.get("precision", 0.85), others.get("shares"), others.get("light", 70.0)
    figures = {
        "precision": {"value": precision, "floor": {"mean": 0.9, "deviation": 0.01, "draws": 4} if held_out else None},
        "distance": {"value": distance, "floor": floor if held_out else None},
        "recall": {"value": recall, "floor": {"mean": 0.9, "deviation": 0.01, "draws": 4}} if held_out else None,
    }
    names = ["bag", "boot", "coat"]
    shares = shares or [0.0 if name in missing else 1 / (3 - len(missing)) for name in names]
    return {
        "n": 1000,
        "seed": 0,
        "step": 7,
        "data": "clothes",
        "image_size": 32,
        "weights": "EMA",
        "weights_hash": "ab" * 32,
        "judge": {"name": "fmnistcnn-v1", "hash": "cd" * 32, "limits": "It has some."},
        "reference": {"split": "test", "n": 10_000, "floor_n": 1000},
        "neighbours_n": 1000,
        "figures": dict.fromkeys(("kernel", "density", "coverage", "score", "divergence")) | figures,
        "ruler": RULER if held_out else [],
        "classes": {
            "names": names,
            "share": shares,
            "real_share": [1 / 3] * 3,
            "missing": list(missing),
            "covered": 3 - len(missing),
            "classes": 3,
            "precision": others.get("class_precision", [0.9, 0.88, None]),
            "real_precision": [{"mean": 0.92, "deviation": 0.02, "draws": 4}] * 2 + [None],
        },
        "pixels": {
            "n": 1000,
            "splits": others.get("splits", {"test": 10_000, "train": 60_000}) if held_out else {"test": 0, "train": 40},
            "train_searched": 60_000,
            "mean": {"fakes": light, "test": 72.0, "train": 72.0},
            "spread": {"fakes": 80.0, "test": 80.0, "train": 80.0},
            "diversity": {"fakes": 80 * variety, "test": 80.0 if held_out else None},
            "per_pixel_spread": {"fakes": 50 * variety, "train": 50.0},
            "close": {"fakes": 300 if alarm else 9, "expected": 10.0, "alarm": alarm, "threshold": 12.0}
            if held_out
            else None,
            "disguised": {
                "fakes": 200 if others.get("disguised") else 8,
                "expected": 10.0,
                "threshold": 9.0,
                "alarm": others.get("disguised", False),
            }
            if held_out
            else None,
        },
        "notes": ["A note."],
    }


@pytest.mark.parametrize(
    ("facts", "level", "said"),
    [
        ({}, "good", "real ones that are a little blurred; they show nearly all of the real variety"),
        ({"recall": 0.8}, "good", "they show most of the real variety"),
        ({"distance": 0.25}, "good", "as near to real pictures as other real pictures are"),
        ({"distance": 1.8}, "good", "than a set that lacks one class"),
        ({"distance": 9}, "watch", "than blurred real ones"),
        ({"distance": 50}, "bad", "than one picture repeated over and over, and no more"),
        ({"distance": 500}, "bad", "farther from real pictures than one picture repeated"),
        ({"recall": 0.6}, "watch", "they show only a part of the real variety"),
        ({"recall": 0.2}, "bad", "collapse"),
        ({"missing": ("bag",)}, "watch", "bag is missing"),
        ({"missing": ("bag", "coat")}, "bad", "bag, coat are missing"),
        ({}, "good", "all 3 classes appear; there is no sign of copying."),
        ({"class_precision": [0.5, 0.9, None]}, "good", "the weakest class is bag"),
        ({"alarm": True}, "bad", "300 of 1,000, by chance about 10"),
        ({"disguised": True}, "bad", "200 of 1,000, by chance about 10) lie very close to a training picture, moved,"),
        ({"precision": 0.5}, "watch", "a little blurred"),
        ({"held_out": False}, "unknown", "Too few pictures to tell: none are held out"),
        (
            {"held_out": False, "variety": 0.1},
            "bad",
            "Too few pictures to tell: none are held out to compare with, and it",
        ),
        ({"held_out": False, "variety": 0.1}, "bad", "10% as far apart as two real pictures, a collapse"),
        ({"splits": {"test": 42, "train": 168}, "alarm": True}, "bad", "would do. 300 of 1,000 fakes lie suspiciously"),
    ],
)
def test_verdict(facts, level, said):
    found = verdict(report(**facts))
    assert found.level == level and said in found.text
    assert found.text[0].isupper() and found.text.endswith(".")


def test_the_text_for_a_terminal_has_every_figure_and_its_origin():
    text = as_text(report(missing=("bag",)))
    for said in (
        "FD-fmnistcnn-v1: 1,000",
        "step 7",
        "1,000 fakes of seeds 0 to 999",
        "EMA",
        "abababababab",
        "10,000 test",
        "4 draws",
    ):
        assert said in text
    assert "0.200 ± 0.040" in text and "Missing: bag." in text and "No sign of copying" in text and "A note." in text
    assert times_floor(report()) == pytest.approx(6)


def test_the_copy_sentence():
    assert copy_sentence(report(alarm=True)).startswith("Copy alarm: 300 of 1,000 fakes")
    assert "can't be told" in copy_sentence(report(held_out=False))
    few = report(splits={"test": 42, "train": 168})
    assert "too few" in copy_sentence(few) and "Copy" not in as_text(few)
    few = report(splits={"test": 42, "train": 168}, alarm=True)
    assert copy_sentence(few).startswith("Copy alarm") and "Copy alarm" in as_text(few)


def texts(**facts):
    return [answer.text for answer in answers(report(**facts))]


def test_the_answers_set_each_figure_beside_that_of_real_pictures():
    look, there, copy = texts(recall=0.83)
    assert "85 of 100 fakes could pass for real pictures; 90 of 100 other real pictures could." in look
    assert "83 of 100 real pictures have fakes like them; 90 of 100 have other real ones like them." in there
    assert "9 of 1,000 fakes lie suspiciously close to a training picture; chance alone brings about 10." in copy


@pytest.mark.parametrize(
    ("facts", "shorts"),
    [
        ({}, ("Nearly", "Yes", "No sign of it")),
        ({"distance": 0.2}, ("Yes", "Yes", "No sign of it")),
        ({"recall": 0.8}, ("Nearly", "Nearly everything", "No sign of it")),
        ({"distance": 9}, ("Not quite", "Yes", "No sign of it")),
        ({"precision": 0.3}, ("No", "Yes", "No sign of it")),
        ({"missing": ("bag", "coat")}, ("Nearly", "No", "No sign of it")),
        ({"alarm": True}, ("Nearly", "Yes", "Perhaps: look at the pairs")),
        ({"distance": 50, "precision": 0.88}, ("One by one, not as a whole", "Yes", "No sign of it")),
        ({"held_out": False}, ()),
        ({"held_out": False, "variety": 0.1}, ("No",)),
        ({"splits": {"test": 99, "train": 900}, "alarm": True}, ("Perhaps: look at the pairs",)),
    ],
)
def test_the_short_answers(facts, shorts):
    assert tuple(answer.short for answer in answers(report(**facts))) == shorts


def test_no_answer_contradicts_itself_or_the_verdict():
    order = ("good", "watch", "bad")
    for far, precise, much in itertools.product((0.2, 1.2, 9, 50, 500), (0.3, 0.6, 0.8, 0.99), (0.2, 0.6, 0.8, 0.95)):
        found = report(distance=far, precision=precise, recall=much)
        look, there, copy = answers(found)
        assert verdict(found).level == max((look.level, there.level, copy.level), key=order.index)
        assert (look.level == "bad") == ("pass for real" not in look.text), look
        assert look.short != "No" or precise < 0.8, look
        if look.short == "Yes":
            assert "as near to real pictures" in look.text and precise > 0.7


@pytest.mark.parametrize(
    ("test", "train", "said"),
    [
        (100, 400, ""),
        (10_000, 60_000, ""),
        (0, 40, "none are held out to compare with, and it takes 100; 500 in all would do."),
        (1, 19, "one is held out"),
        (42, 168, "42 are held out to compare with, and it takes 100; 500 in all would do."),
        (50, 950, "50 are held out to compare with, and it takes 100; a new run on these pictures holds out enough."),
        (300, 399, "399 are trained on, and it takes 400; a new run on these pictures holds out enough."),
    ],
)
def test_too_few_pictures_are_told_with_how_many_would_do(test, train, said):
    sentence = too_few(report(splits={"test": test, "train": train}))
    assert said in sentence and is_enough(test, train) == (sentence == "") == (said == "")
    assert not sentence or sentence.startswith("Too few pictures to tell: ")


def test_as_many_fakes_are_compared_as_other_training_pictures_can_be_drawn():
    assert [at_once(1000, train) for train in (400, 3_999, 4_000, 60_000)] == [100, 999, 1000, 1000]
    assert is_blind(0.8, 0.9) and not is_blind(0.6, 0.9) and not is_blind(None, 0.9)


def test_weak_classes_are_those_clearly_below_their_real_pictures():
    found = weak_classes(report(class_precision=[0.6, 0.5, 0.1]))
    assert [name for name, _, _ in found] == ["boot", "bag"] and found[0][1:] == (0.5, 0.92)
    assert weak_classes(report(class_precision=[0.87, 0.92, None])) == []
    assert weak_classes(report(class_precision=[0.0, 0.9, None], missing=("bag",))) == []  # missing is more than weak
    assert "The weakest class is boot: 50 of 100 could, of real ones 92." in texts(class_precision=[0.6, 0.5, 0.1])[0]


def test_uneven_classes_are_more_than_chance():
    assert uneven_classes(report(shares=[0.2, 0.3, 0.5])) == (["bag"], ["coat"])
    assert uneven_classes(report()) == ([], [])
    assert uneven_classes(report() | {"n": 10, "classes": report(shares=[0.2, 0.3, 0.5])["classes"]}) == ([], [])


def test_faults_follow_from_the_figures():
    assert faults(report(distance=0.2, precision=0.9)) == []
    found = " ".join(
        faults(report(recall=0.5, class_precision=[0.5, 0.9, None], shares=[0.2, 0.3, 0.5], light=60.0, alarm=True))
    )
    for said in (
        "their distance is 1.20, 6 times that of other real pictures (0.200)",
        "15 of 100 do, of other real pictures 10",
        "50 of 100 real pictures have nothing like them among its own; 10 have nothing",
        "Weak classes, the weakest first: bag (50 of 100 look real, of real ones 92)",
        "Too rare: bag (20.0% of the pictures). Too common: coat (50.0% of the pictures)",
        "darker by 12 of 255",
        "Suspiciously many (300 of 1,000",
    ):
        assert said in found, (said, found)
    assert "Missing: bag." in faults(report(missing=("bag",)))
    assert faults(report(held_out=False)) == []
    assert "suspiciously close" in faults(report(splits={"test": 42, "train": 168}, alarm=True))[0]
