"""What is kept of axes: measured once, read ever after, and never taken for another model's, judge's or method's."""

import json
import os

import pytest
import torch

from dcgan.judges.judge import judge_of
from dcgan.latent import kept_axes
from dcgan.latent.influence import ranked_dims
from dcgan.latent.kept_axes import axes_for, dims_for
from dcgan.networks.generator_file import load_generator
from dcgan.runs import launch
from dcgan.runs.run import SHIPPED, Run
from dcgan.system.files import publish
from dcgan.system.paths import PROJECT
from tests.pages.latent_pages import little_run


@pytest.fixture
def run(tmp_path, monkeypatch) -> Run:
    return little_run(tmp_path, monkeypatch)


@pytest.fixture
def unmeasured(monkeypatch):
    """Whoever measures fails."""

    def refuse(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr(kept_axes, "axes_of", refuse)
    monkeypatch.setattr(kept_axes, "ranked_dims", refuse)


def files(run: Run) -> list[str]:
    return sorted(path.name for path in (run.path / "axes").iterdir()) if (run.path / "axes").exists() else []


def test_what_was_measured_once_is_read_by_every_later_visit(run, monkeypatch):
    generator, judge = load_generator(run.generator_path), judge_of(run.config)
    first, dims = axes_for(run, generator, "named", judge), dims_for(run, generator)
    assert first and [dim for dim, _ in dims] == [dim for dim, _ in ranked_dims(generator)]
    hash = generator.origin.weights_hash[:12]
    assert files(run) == [f"00000100-{hash}-dimensions.json", f"00000100-{hash}-named.json"]
    monkeypatch.setattr(kept_axes, "axes_of", None)
    monkeypatch.setattr(kept_axes, "ranked_dims", None)
    again = axes_for(run, generator, "named", judge)
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one.direction, other.direction) and one._replace(direction=None) == other._replace(
            direction=None
        )
    assert dims_for(run, generator) == [(dim, pytest.approx(strength, abs=1e-4)) for dim, strength in dims]


def test_other_weights_another_judge_and_damage_are_measured_again(run):
    generator, judge = load_generator(run.generator_path), judge_of(run.config)
    axes_for(run, generator, "components", judge)
    kept = lambda generator, judge: kept_axes.kept_axes(run, generator, "components", judge)  # noqa: E731
    assert kept(generator, judge)
    assert kept(load_generator(run.snapshot_path(50)), judge) is None
    assert kept(generator, None) is None  # nobody who knows classes: they may not be in the names
    (path,) = (run.path / "axes").iterdir()
    good = json.loads(path.read_text())
    for damage in (
        b"", b"[]", b"{", b"[" * 100_000,
        json.dumps(good | {"version": 0}).encode(),
        json.dumps(good | {"found": 3}).encode(),
        json.dumps(good | {"found": [1]}).encode(),
        json.dumps(good | {"found": [good["found"][0] | {"direction": "AAAA"}]}).encode(),
        json.dumps(good | {"found": [good["found"][0] | {"name": ["<b>"]}]}).encode(),
        json.dumps(good | {"found": [good["found"][0] | {"strength": float("nan")}]}).encode(),
    ):  # fmt: skip
        publish(path, damage)
        assert kept(generator, judge) is None
    publish(kept_axes._path(run, generator, "dimensions"), path.read_bytes())
    assert kept_axes.kept_dims(run, generator) is None


def test_a_run_in_training_keeps_none_and_one_that_cannot_be_written_to_is_no_trouble(run, monkeypatch):
    generator = load_generator(run.generator_path)
    publish(run.path / "axes", b"a file in the way")
    assert axes_for(run, generator, "random", None)
    os.remove(run.path / "axes")
    monkeypatch.setattr(launch, "observe", lambda run: run.status().__class__(state="running"))
    assert axes_for(run, generator, "random", None) and files(run) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_runs_come_with_theirs(name, unmeasured):
    """After other weights or another method: `python -m dcgan export RUN --to explorer.html`, then git add -f."""
    run = Run.find(name, PROJECT / "checkpoints")
    generator = load_generator(run.generator_path)
    judge = judge_of(generator.config)
    named = [axis.name for axis in axes_for(run, generator, "named", judge)]
    assert {"brighter", "wider", "toward Sneaker"} <= set(named)
    assert all(axes_for(run, generator, kind, judge) for kind in ("components", "weights", "random"))
    assert len(dims_for(run, generator)) == generator.config.z_dim
