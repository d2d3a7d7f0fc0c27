import json
import re
import signal

import numpy as np
import pytest
import torch
from PIL import Image

from dcgan.cli.main import main
from dcgan.config import Config
from dcgan.data import sources
from dcgan.data.layout import layout_of
from dcgan.errors import BadInput
from dcgan.judges import classifier, training_process
from dcgan.judges.judge import judge_of
from dcgan.judges.labelled import classes_of, labelled
from dcgan.judges.train_classifier import train_own
from dcgan.judges.training_process import path_for, path_of


@pytest.fixture
def shapes(tmp_path, monkeypatch):
    """A folder with bars and squares, 120 of each, in colour."""
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    rng = np.random.default_rng(0)
    for name, (height, width) in {"bars": (16, 3), "squares": (8, 8)}.items():
        (tmp_path / "shapes" / name).mkdir(parents=True)
        for i in range(120):
            picture = rng.integers(0, 40, (20, 20, 3), dtype=np.uint8)
            y, x = rng.integers(0, 20 - height + 1), rng.integers(0, 20 - width + 1)
            picture[y : y + height, x : x + width] = rng.integers(120, 255, 3)
            Image.fromarray(picture).save(tmp_path / "shapes" / name / f"{i}.png")
    return tmp_path / "shapes"


def test_a_folder_of_classes_gets_a_judge_of_its_own(shapes, capsys):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    handler = signal.getsignal(signal.SIGTERM)
    assert main(["train-judge", "--data", str(shapes), "--steps", "40"]) == 0
    said = capsys.readouterr().out
    assert "step 40 of 40" in said and "right on held-out" in said and signal.getsignal(signal.SIGTERM) is handler
    assert torch.equal(torch.get_rng_state(), before)
    source = sources.resolve(str(shapes))
    config = Config(data=str(shapes), channels=3, data_fingerprint=sources.fingerprint(source))
    judge = judge_of(config)
    assert (
        re.fullmatch("shapescnn-[0-9a-f]{6}", judge.name)
        and judge.class_names == ("bars", "squares")
        and judge.about.border == 0
    )
    assert judge.about.test_accuracy > 0.8 and judge.confusion.sum(0) == pytest.approx([1, 1], abs=1e-3)
    found = judge.probabilities(judge.features(np.zeros((5, 20, 20, 3), np.uint8)))
    assert found.shape == (5, 2) and found.sum(1) == pytest.approx(np.ones(5))
    assert judge_of(config.replace(channels=1)).name == "edges-v1"  # a judge of grey pictures would be another one


def test_a_judge_can_be_written_elsewhere_under_a_name(shapes, tmp_path, capsys):
    command = ["train-judge", "--data", str(shapes), "--channels", "1", "--steps", "40", "--json"]
    assert main([*command, "--name", "own-v1", "--out", str(tmp_path / "own.safetensors")]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    facts = json.loads(line)
    assert facts["judge"] == "own-v1" and facts["classes"] == ["bars", "squares"] and 0.8 < facts["accuracy"] <= 1
    about, digest = classifier.load(tmp_path / "own.safetensors")[1:]
    assert (about.name, digest) == (facts["judge"], facts["hash"]) and facts["out"] == str(tmp_path / "own.safetensors")
    assert training_process.observe().state == "finished"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "The following arguments are required: --data"),
        (["--data", "nowhere"], "nowhere"),
        (["--data", "fashion-mnist", "--steps", "0"], "--steps must be at least 1, not 0."),
        (["--data", "fashion-mnist", "--channels", "2"], "--channels"),
        (["--data", "fashion-mnist", "--out", "x.pt"], "--out 'x.pt' must end in .safetensors."),
    ],
)
def test_a_judge_that_can_not_be_trained_is_refused_in_one_sentence(shapes, capsys, arguments, sentence):
    assert main(["train-judge", *arguments]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err and captured.err.count("\n") == 1 and captured.out == ""
    assert training_process.observe().state == "none"


def test_a_training_that_breaks_says_so_to_the_pages(shapes, capsys, monkeypatch):
    def broken(*arguments):
        raise RuntimeError("no more memory")

    monkeypatch.setattr("dcgan.judges.train_classifier.train_own", broken)
    assert main(["train-judge", "--data", str(shapes)]) == 1
    captured = capsys.readouterr().err
    assert "Traceback" in captured and captured.endswith("The judge could not be trained: no more memory.\n")
    assert training_process.observe().error == "The judge could not be trained: no more memory."


def test_the_same_seed_gives_the_same_weights_and_a_folded_network_sees_the_same(shapes, tmp_path):
    first, about = train_own(sources.resolve(str(shapes)), 3, 8)
    second, _ = train_own(sources.resolve(str(shapes)), 3, 8)
    for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    (tmp_path / "judge").write_bytes(classifier.save_bytes(first, about))
    folded, read, _ = classifier.load(tmp_path / "judge")
    pictures = labelled(sources.resolve(str(shapes)), 3).test.pictures.permute(0, 2, 3, 1).numpy()
    with torch.inference_mode():
        plain = first.embed(classifier.to_input(torch.tensor(pictures).permute(0, 3, 1, 2))).numpy()
    assert classifier.features(folded, read, pictures) == pytest.approx(plain, abs=1e-4) and read == about


def test_held_out_pictures_are_those_of_the_data_set(shapes):
    found = labelled(sources.resolve(str(shapes)), 1)
    assert (len(found.train.labels), len(found.test.labels)) == (192, 48)
    assert found.train.pictures.shape[1:] == (1, 32, 32) and found.train.pictures.dtype == torch.uint8


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["a/1.png", "b/2.png"], {"a": ["a/1.png"], "b": ["b/2.png"]}),
        (["all/a/1.png", "all/b/c/2.png"], {"a": ["all/a/1.png"], "b": ["all/b/c/2.png"]}),
        (["1.png", "2.png"], {}),
        (["a/1.png", "2.png"], {}),
        ([], {}),
    ],
)
def test_classes_of(names, classes):
    assert classes_of(layout_of(names).classes, names) == classes


def test_a_folder_without_classes_is_refused(shapes):
    with pytest.raises(BadInput, match="has no classes: put its pictures into two or more sub-folders"):
        train_own(sources.resolve(str(shapes / "bars")), 1)


def test_too_few_pictures_are_refused(shapes):
    for i in range(110):
        (shapes / "bars" / f"{i}.png").unlink()
    with pytest.raises(BadInput, match="too few pictures .*'bars' has 10"):
        train_own(sources.resolve(str(shapes)), 1)


def test_classes_that_cannot_be_told_apart_are_refused(shapes):
    pictures = sorted(shapes.rglob("*.png"))
    for i, path in enumerate(np.random.default_rng(1).permutation(pictures)):
        path.rename(shapes / ("bars" if i % 2 else "squares") / f"mixed-{i}.png")
    with pytest.raises(BadInput, match="could not be told apart"):
        train_own(sources.resolve(str(shapes)), 1, 5)


def test_a_judge_sees_pictures_as_the_run_made_them_square(shapes):
    """In a wide strip a square cut shows the middle only, and pad leaves dark borders above and below."""
    for path in shapes.rglob("*.png"):
        strip = Image.new("L", (60, 20), 90)
        strip.paste(Image.open(path), (20, 0))
        strip.save(path)
    source = sources.resolve(str(shapes))
    config = Config(data=str(shapes), channels=1, data_fingerprint=sources.fingerprint(source))
    square, padded = config, config.replace(crop="pad")
    assert path_for(square) == path_of(source, config.data_fingerprint, 1), "as before there was a choice"
    assert path_for(padded) == path_of(source, config.data_fingerprint, 1, "pad") != path_for(square)
    pad = labelled(source, 1, crop="pad").train.pictures
    assert (pad[:, 0, :9] == 90).all() and not (labelled(source, 1).train.pictures[:, 0, :9] == 90).all()
    network, about = train_own(source, 1, 60, crop="pad")
    path_for(padded).parent.mkdir(parents=True, exist_ok=True)
    path_for(padded).write_bytes(classifier.save_bytes(network, about))
    assert judge_of(padded).name == about.name and judge_of(square).name == "edges-v1"


def test_idx_judges_serve_every_filter_of_their_classes(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path)
    whole, part = (sources.resolve(spec) for spec in ("fashion-mnist", "fashion-mnist:1,2"))
    assert path_of(whole, "a", 1) == path_of(part, "b", 1)
    assert judge_of(Config(data="fashion-mnist:1,2")).name == "fmnistcnn-v1"
