"""Runs, uploads and prepared pictures may show what is private: no other user of the machine can read them."""

import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dcgan.data import uploads
from dcgan.networks.generator_file import load_generator
from dcgan.runs import fork
from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.run import Run
from dcgan.system.kept_json import keep
from dcgan.system.paths import PROJECT
from dcgan.training.loop import train
from tests.files import colour, encode

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")


@pytest.fixture(autouse=True)
def usual_rights():
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(*tops: Path) -> list[str]:
    """What is in the folders, they themselves included, that somebody else has any right to."""
    found = [path for top in tops for path in [top, *top.rglob("*")]]
    assert len(found) > len(tops)
    return [str(path) for path in found if stat.S_IMODE(path.lstat().st_mode) & 0o077]


def test_a_run_its_fork_and_its_prepared_pictures_are_private(root, tiny, tmp_path):
    run = Run.create(tiny.replace(num_steps=4, max_states_mb=50), root, "mine")
    done = subprocess.run(
        [sys.executable, "-m", "dcgan", "train", "--resume", str(run.path)], cwd=PROJECT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    run.rename("Mine")
    names = {path.name for path in run.path.rglob("*")}
    assert {"metrics.jsonl", "status.json", "control.json", "log.txt", "lock", "samples", "states"} <= names
    forked = fork.fork(run, 4, {"num_steps": 6})
    with Heartbeat(forked) as heart:
        train(forked, heart)
    assert load_generator(forked.generator_path)
    assert open_to_others(run.path, forked.path, tmp_path / "data" / "cache") == []


def test_uploads_are_private(tmp_path):
    files = [(f"{i}.png", io.BytesIO(encode(colour(seed=i)))) for i in range(3)]
    uploads.store_upload(files, tmp_path)
    assert open_to_others(tmp_path / "uploads") == []


def test_what_is_kept_of_pictures_is_private(tmp_path):
    keep(tmp_path / "cache" / "features", b"numbers")
    assert open_to_others(tmp_path / "cache") == []


def test_what_a_person_asks_for_has_the_usual_rights(root, tmp_path):
    out = tmp_path / "grid.png"
    shipped = PROJECT / "checkpoints" / "quick-fashion"
    done = subprocess.run(
        [sys.executable, "-m", "dcgan", "sample", str(shipped), "--n", "1", "--out", str(out)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(out.stat().st_mode) == 0o644
