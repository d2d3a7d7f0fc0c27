"""A map of samples: made once per weights, the same samples that Explore shows, never taken for another model's."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from dcgan.judges.judge import EdgeJudge, judge_of
from dcgan.latent import sample_map, seeds
from dcgan.latent.render import render
from dcgan.latent.sample_map import SIDE, kept_map, map_for
from dcgan.networks.generator_file import load_generator
from dcgan.runs import launch
from dcgan.runs.run import Run
from dcgan.system.files import publish
from tests.pages.latent_pages import little_run

N = 100


def quiet(share: float, doing: str) -> None:
    pass


@pytest.fixture
def run(tmp_path, monkeypatch) -> Run:
    return little_run(tmp_path, monkeypatch)


def test_a_map_is_made_once_of_the_samples_of_its_seeds(run, monkeypatch):
    generator, judge = load_generator(run.generator_path), judge_of(run.config)
    told: list[tuple[float, str]] = []
    made = map_for(run, generator, lambda *each: told.append(each), first=7, n=N)
    assert [share for share, _ in told] == sorted(share for share, _ in told) and told[-1][0] == 1.0
    z = seeds.z_from_seeds(range(7, 7 + N), run.config.z_dim, run.config.z_prior)
    named = judge.probabilities(judge.features(render(generator, z)))
    assert named is not None and made.classes == named.argmax(1).tolist()
    places = np.array(made.places)
    assert places.shape == (N, 2) and places.min() == 0 and places.max() == SIDE and len({*made.places}) > N // 2
    assert made.class_names == judge.class_names and made.features == judge.name == "fmnistcnn-v1"
    monkeypatch.setattr(sample_map, "_made", None)
    assert map_for(run, generator, quiet, first=7, n=N) == made == kept_map(run, generator, 7)
    assert kept_map(run, generator, 8) is None


def test_other_weights_another_judge_and_damage_are_no_map(run, monkeypatch):
    generator = load_generator(run.generator_path)
    map_for(run, generator, quiet, n=N)
    assert kept_map(run, load_generator(run.snapshot_path(50))) is None
    (path,) = (run.path / "maps").iterdir()
    good = json.loads(path.read_text())
    for damage in (
        b"", b"[]", b"{",
        json.dumps(good | {"version": 0}).encode(),
        json.dumps(good | {"judge": "another"}).encode(),
        *(json.dumps(good | {"found": found}).encode() for found in (
            3, [], [1], [[0, 0]], [[0, -1, 0]], [[0, SIDE + 1, 0]], [[0, 0, 10]], [[0, 0, -1]], [["<b>", 0, 0]],
            [[0, 0, float("inf")]], [[0, 0, 0]] * 2001,
        )),
    ):  # fmt: skip
        publish(path, damage)
        assert kept_map(run, generator) is None, damage[:80]


def test_a_run_in_training_keeps_none_and_data_without_classes_have_no_names(run, monkeypatch):
    monkeypatch.setattr(sample_map, "judge_of", lambda config: EdgeJudge(config.channels))
    monkeypatch.setattr(launch, "observe", lambda run: SimpleNamespace(state="running"))
    generator = load_generator(run.generator_path)
    made = map_for(run, generator, quiet, n=N)
    assert made.class_names == () and {*made.classes} == {-1} and made.features == "edges-v1"
    assert not (run.path / "maps").exists()
