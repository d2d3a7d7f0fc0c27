import pytest

from dcgan.metrics.verdict import verdict
from dcgan.metrics.words import as_text, copy_sentence, times_floor

RULER = [
    {"label": "a little blurred", "distance": 1.7},
    {"label": "one class missing", "distance": 1.9},
    {"label": "blurred", "distance": 15.0},
    {"label": "one picture repeated", "distance": 95.0},
]


def report(distance=1.2, recall=0.9, alarm=False, missing=(), held_out=True, variety=1.0):
    floor = {"mean": 0.2, "deviation": 0.04, "draws": 4}
    figures = {
        "distance": {"value": distance, "floor": floor if held_out else None},
        "recall": {"value": recall, "floor": {"mean": 0.9, "deviation": 0.01, "draws": 4}} if held_out else None,
    }
    names = ["bag", "boot", "coat"]
    shares = [0.0 if name in missing else 1 / (3 - len(missing)) for name in names]
    return {
        "n": 1000,
        "seed": 0,
        "step": 7,
        "data": "clothes",
        "image_size": 32,
        "weights": "EMA",
        "weights_hash": "ab" * 32,
        "judge": {"name": "fmnistcnn-v1", "hash": "cd" * 32},
        "reference": {"split": "test", "n": 10_000},
        "figures": dict.fromkeys(("kernel", "precision", "density", "coverage", "score", "divergence")) | figures,
        "ruler": RULER if held_out else [],
        "classes": {
            "names": names,
            "share": shares,
            "real_share": [1 / 3] * 3,
            "missing": list(missing),
            "covered": 3 - len(missing),
            "classes": 3,
        },
        "pixels": {
            "n": 1000,
            "diversity": {"fakes": 80 * variety, "test": 80.0 if held_out else None},
            "per_pixel_spread": {"fakes": 50 * variety, "train": 50.0},
            "close": {"fakes": 300 if alarm else 9, "expected": 10.0, "alarm": alarm, "threshold": 12.0}
            if held_out
            else None,
        },
        "notes": ["A note."],
    }


@pytest.mark.parametrize(
    ("facts", "level", "said"),
    [
        ({}, "good", "nearer to real pictures than real ones that are a little blurred; they show 100% of"),
        ({"distance": 0.25}, "good", "as near to real pictures as other real pictures are"),
        ({"distance": 1.8}, "good", "than a set that lacks one class"),
        ({"distance": 9}, "watch", "than blurred real ones"),
        ({"distance": 50}, "bad", "than one picture repeated over and over, and no more"),
        ({"distance": 500}, "bad", "farther from real pictures than one picture repeated"),
        ({"recall": 0.6}, "watch", "67% of the real variety"),
        ({"recall": 0.2}, "bad", "collapse"),
        ({"missing": ("bag",)}, "watch", "bag is missing"),
        ({"missing": ("bag", "coat")}, "bad", "bag, coat are missing"),
        ({}, "good", "all 3 classes appear; there is no sign of copying."),
        ({"alarm": True}, "bad", "300 of 1,000, by chance about 10"),
        ({"held_out": False}, "good", "nothing is held out"),
        ({"held_out": False, "variety": 0.1}, "bad", "a collapse"),
    ],
)
def test_verdict(facts, level, said):
    found = verdict(report(**facts))
    assert found.level == level and said in found.text
    assert found.text[0].isupper() and found.text.endswith(".")


def test_the_text_for_a_terminal_has_every_figure_and_its_origin():
    text = as_text(report(missing=("bag",)))
    for said in ("FD-fmnistcnn-v1 of step 7", "1,000 fakes of seeds 0 to 999", "EMA", "abababababab", "10,000 test"):
        assert said in text
    assert "0.200 ± 0.040" in text and "Missing: bag." in text and "No sign of copying" in text and "A note." in text
    assert times_floor(report()) == pytest.approx(6)


def test_the_copy_sentence():
    assert copy_sentence(report(alarm=True)).startswith("Copy alarm: 300 of 1,000 fakes")
    assert "can't be told" in copy_sentence(report(held_out=False))
