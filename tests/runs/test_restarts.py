"""After a restart by torchrun, its own run is found again, and no other."""

import os

import psutil
import pytest

from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.restarts import begun_before, starter
from dcgan.runs.run import Run


@pytest.fixture
def by_torchrun(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "0")


def test_a_process_knows_the_torchrun_that_started_it(monkeypatch, by_torchrun):
    assert starter() == f"{os.getppid()} {psutil.Process(os.getppid()).create_time():.2f}"
    monkeypatch.delenv("TORCHELASTIC_RUN_ID")
    assert starter() == ""


def test_only_a_restart_finds_the_run_that_it_had_begun(root, tiny, monkeypatch, by_torchrun):
    ours, theirs = (Run.create(tiny, root, name) for name in ("ours", "theirs"))
    with Heartbeat(ours):
        pass
    with Heartbeat(theirs) as heart:
        heart.update(starter="1 2.00")
    assert begun_before(root) is None
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    found = begun_before(root)
    assert found is not None and found.path == ours.path
    ours.write_status(heart.status)
    assert begun_before(root) is None
