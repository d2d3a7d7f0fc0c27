"""Whole reports: of replayed real pictures, of a tiny network, of data with and without classes."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from dcgan.config import Config
from dcgan.data import sources
from dcgan.data.dataset import load
from dcgan.errors import BadInput
from dcgan.evaluation import figures as words
from dcgan.evaluation import report as evaluation
from dcgan.evaluation.floors import floors_of, noise_precision, pictures_to_see, ruler_of
from dcgan.evaluation.reference import Reference
from dcgan.evaluation.report import evaluate, evaluate_run, kept_report
from dcgan.networks.generator_file import generator_bytes, load_generator
from dcgan.networks.models import Generator
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.run import SHIPPED, Run
from dcgan.system.files import publish
from dcgan.system.paths import PROJECT

N = 200


class Replay(torch.nn.Module):
    """A generator that gives back the pictures it is built from, one after the other."""

    def __init__(self, pictures, config):
        super().__init__()
        self.config, self.origin, self.at = config, None, 0
        self.register_buffer("pictures", torch.tensor(pictures)[:, None].float() / 127.5 - 1)

    def forward(self, z):
        self.at += len(z)
        return self.pictures[self.at - len(z) : self.at]


@pytest.fixture(scope="module", autouse=True)
def data_dir(tmp_path_factory):
    """The cache of this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "DATA_DIR", tmp_path_factory.mktemp("data"))
        yield


@pytest.fixture(scope="module")
def clothes():
    return load("fashion-mnist", 28, 1, "train"), load("fashion-mnist", 28, 1, "test")


@pytest.fixture(scope="module")
def config(clothes):
    return Config(data="fashion-mnist", image_size=28, ngf=8, data_fingerprint=clothes[0].fingerprint)


def figures(report):
    return {name: found["value"] for name, found in report["figures"].items() if found is not None}


def test_a_replay_of_training_pictures_raises_the_copy_alarm_and_looks_perfect_otherwise(config, clothes):
    report = evaluate(Replay(clothes[0].images[-N:, 0], config), N)
    assert report["pixels"]["close"]["alarm"] and report["pixels"]["close"]["fakes"] == N
    assert words.copy_sentence(report).startswith("Copy alarm")
    assert words.times_floor(report) < 1.5 and report["pictures"]["closest"][0][2] == 0
    row, nearest, _ = report["pictures"]["first"][3]
    assert row == 3 and nearest == len(clothes[0].images) - N + 3


def test_a_replay_of_test_pictures_raises_no_alarm_and_lands_on_the_floor(config, clothes):
    replayed = clothes[1].images[1000 : 1000 + N, 0]
    report = evaluate(Replay(replayed, config), N)
    assert not report["pixels"]["close"]["alarm"]
    found = figures(report)
    for name, figure in words.FIGURES.items():
        floor = report["figures"][name]["floor"]
        assert floor["draws"] == 4 and floor["deviation"] > 0
        if name != "distance":  # these pictures are also among those they are compared with
            assert abs(found[name] - floor["mean"]) < max(8 * floor["deviation"], 0.25 * abs(floor["mean"])), figure
    assert report["classes"]["missing"] == [] and report["classes"]["covered"] == 10
    assert (report["n"], report["reference"], report["neighbours_n"]) == (
        *(N, {"split": "test", "n": 10_000, "floor_n": N, "noise_precision": None}, N),
    )
    assert report["judge"]["name"] == "fmnistcnn-v1" and words.metric_name(report) == "FD-fmnistcnn-v1"


def test_a_collapsed_generator_is_seen_as_such(config, clothes):
    report = evaluate(Replay(np.repeat(clothes[1].images[:1, 0], N, axis=0), config), N)
    found = figures(report)
    assert found["recall"] < 0.05 and found["coverage"] < 0.1 and found["precision"] == 1.0
    assert found["score"] == pytest.approx(1, abs=1e-6) and words.times_floor(report) > 20
    assert len(report["classes"]["missing"]) >= 8 and found["divergence"] > 0.5


def test_the_whole_report_is_plain_and_moves_no_random_state(config):
    torch.manual_seed(1)
    generator = Generator(config).eval()
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    shares = []
    report = evaluate(generator, 40, 5, lambda share, doing: shares.append((share, doing)))
    assert torch.equal(torch.get_rng_state(), before[0]) and (np.random.get_state()[1] == before[1]).all()
    assert json.loads(json.dumps(report, allow_nan=False)) == json.loads(json.dumps(report))
    assert [share for share, _ in shares] == sorted(share for share, _ in shares) and shares[-1][0] == 1
    assert {doing for _, doing in shares} >= {"Drawing fakes", "Looking at the fakes"}
    best, worst = report["pictures"]["best"], report["pictures"]["worst"]
    assert len(best) == 24 and set(best) <= set(range(40)) and best[16:] == worst[::-1][:8]
    text = words.as_text(report | {"step": 3})
    assert (
        "FD-fmnistcnn-v1: 40 fakes" in text
        and "step 3" in text
        and "Classes covered" in text
        and "real against real" in text
    )


def test_the_bar_never_goes_back():
    seen = []
    bar = evaluation._Bar(lambda share, doing: seen.append(share), 100)
    for _ in range(9):
        bar.tick(10)
    bar.restart(1000)
    for _ in range(10):
        bar.tick(100)
    bar.restart(5)
    bar.tick(5)
    assert seen == sorted(seen) and seen[8] == pytest.approx(0.9) and seen[9] == pytest.approx(0.91)


@pytest.fixture
def run(tmp_path, config):
    config = config.replace(ngf=8)
    made = Run.create(config, tmp_path, "judged")
    torch.manual_seed(2)
    publish(made.generator_path, generator_bytes(Generator(config).eval(), 7))
    return made


def test_a_report_is_kept_with_its_run_and_only_for_its_own_weights(run, monkeypatch):
    generator = load_generator(run.generator_path)
    assert kept_report(run, generator, 30) is None
    report = evaluate_run(run, generator, 30)
    assert report["step"] == 7 and kept_report(run, generator, 30) == report
    monkeypatch.setattr(evaluation, "evaluate", None)  # would fail if called
    assert evaluate_run(run, generator, 30) == report
    assert kept_report(run, generator, 31) is None and kept_report(run, generator, 30, seed=1) is None
    (path,) = (run.path / "evaluations").iterdir()
    for damage in (b"{", b"[]", json.dumps(report | {"judge": {"hash": "other"}}).encode(), b'{"judge": 3}'):
        path.write_bytes(damage)
        assert kept_report(run, generator, 30) is None
    torch.manual_seed(3)
    publish(run.generator_path, generator_bytes(Generator(generator.config).eval(), 7))
    assert kept_report(run, load_generator(run.generator_path), 30) is None


def test_of_too_few_pictures_no_figure_is_given_but_their_number_that_would_do(tiny):
    torch.manual_seed(0)
    report = evaluate(Generator(tiny.replace(data_fingerprint="")).eval(), 8)
    assert set(report["figures"].values()) == {None} and report["classes"] is None and report["ruler"] == []
    assert report["too_few"].endswith("500 in all would do.")
    assert report["notes"] == [] and words.times_floor(report) is None and words.floors(report) == ""
    assert not {"best", "worst"} & report["pictures"].keys() and len(report["pictures"]["first"]) == 8
    text = words.as_text(report | {"step": 0})
    assert text.startswith("Too few pictures to tell: none are held out") and "500 in all would do." in text
    assert "istance" not in text and "real against real" not in text


def clothes_folder(folder, number, clothes):
    folder.mkdir()
    for i, picture in enumerate(clothes[0].images[:number, 0]):
        Image.fromarray(picture).save(folder / f"{i}.png")
    return str(folder)


def test_fakes_and_floor_are_compared_as_many_at_a_time_and_spoilt_pictures_stand_out(tmp_path, clothes):
    """500 pictures are just enough: 100 held out, and four draws of 100 others."""
    config = Config(data=clothes_folder(tmp_path / "c", 500, clothes), image_size=28, held_out=100)
    reference = Reference(config)
    assert reference.enough and reference.at_once(1000) == 100 and len(reference.pictures) == 100
    floor = floors_of(reference, 1000)["distance"]
    marks = {mark["label"]: mark["distance"] for mark in ruler_of(reference, 1000)}
    for label in ("blurred", "very noisy", "one picture repeated"):
        assert marks[label] > floor["mean"] + 3 * floor["deviation"], label
    others = reference.judge.features(clothes[1].images[:1000, 0])
    assert reference.distance(others) < floor["mean"] + 3 * floor["deviation"] < reference.distance(others) * 2
    assert reference.distance(others) == pytest.approx(
        np.mean([reference.distance(others[start : start + 100]) for start in range(0, 1000, 100)])
    )
    report = evaluate(Replay(clothes[1].images[:300, 0], config), 300)
    assert report["reference"]["floor_n"] == report["neighbours_n"] == 100
    assert all(found["floor"]["deviation"] > 0 for found in report["figures"].values() if found)
    assert "100 at a time" in words.floors(report) and ("best" in report["pictures"]) == bool(
        report["figures"]["precision"]
    )
    blind = report["figures"]["precision"] is None
    assert blind == any("takes noise for real" in note for note in report["notes"])
    fewer = Reference(config.replace(held_out=42))
    assert not fewer.enough and floors_of(fewer, 1000) == {} == floors_of(fewer, 10)
    assert ruler_of(fewer, 1000) == [] and noise_precision(fewer, 1000) is None and pictures_to_see(fewer, 1000) == 0


def test_reports_from_before_that_claim_what_few_pictures_cannot_tell_are_made_anew(tmp_path, clothes):
    config = Config(data=clothes_folder(tmp_path / "c", 500, clothes), image_size=28, ngf=8, held_out=100)
    config = config.replace(data_fingerprint=sources.fingerprint(sources.resolve(config.data)))
    run = Run.create(config, tmp_path / "runs", "judged")
    publish(run.generator_path, generator_bytes(Generator(config).eval(), 7))
    generator = load_generator(run.generator_path)
    report = evaluate_run(run, generator, 150)
    assert kept_report(run, generator, 150) == report
    (path,) = (run.path / "evaluations").iterdir()
    older = json.loads(json.dumps(report))
    del older["reference"]["noise_precision"]
    unequal = report | {"reference": report["reference"] | {"floor_n": 150}}
    few = report | {"pixels": report["pixels"] | {"splits": {"train": 200, "test": 10}}}
    for before in (older, unequal, few):
        path.write_text(json.dumps(before))
        assert kept_report(run, generator, 150) is None


@pytest.mark.parametrize("n", [1, 0, 10_001])
def test_unusable_n_is_refused(config, n):
    with pytest.raises(BadInput, match="n must be"):
        evaluate(Generator(config).eval(), n)


def test_pictures_sorted_by_class_have_the_floors_of_shuffled_ones(tmp_path, monkeypatch):
    """A folder's come class by class; held-out ones are fewer than those drawn, so only a part is compared."""
    rng = np.random.default_rng(0)
    for name, rows in {"left": slice(0, 10), "right": slice(10, 20)}.items():
        (tmp_path / "sorted" / name).mkdir(parents=True)
        for i in range(400):
            picture = np.zeros((20, 20), np.uint8)
            picture[rng.integers(0, 15) :, rows] = rng.integers(80, 255)
            Image.fromarray(picture).save(tmp_path / "sorted" / name / f"{i}.png")
    folder = str(tmp_path / "sorted")
    fingerprint = sources.fingerprint(sources.resolve(folder))
    reference = Reference(Config(data=folder, image_size=16, data_fingerprint=fingerprint, held_out=120))
    assert len(reference.pictures) < reference.at_once(300) == 170
    assert floors_of(reference, 300)["recall"]["mean"] > 0.7 and floors_of(reference, 300)["coverage"]["mean"] > 0.7


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_run_comes_with_its_report(name):
    """So that Evaluate has something to show at once; whoever changes the judge or the report measures anew."""
    run = Run(PROJECT / "checkpoints" / name)
    generator = open_generator(run)
    report = kept_report(run, generator, 1000)
    assert report and report["step"] == run.status().step
    assert np.abs(evaluation.fakes_of(generator, report, [0, 999]).astype(int)).max() > 100
