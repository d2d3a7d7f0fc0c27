import json
import time

import pytest
import torch

from dcgan.compute import autotune


@pytest.fixture(autouse=True)
def fresh(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(autotune, "_chosen", {})
    monkeypatch.setattr(autotune, "_read", set())


class Way:
    def __init__(self, seconds: float) -> None:
        self.seconds, self.calls = seconds, 0

    def __call__(self) -> torch.Tensor:
        self.calls += 1
        time.sleep(self.seconds)
        return torch.tensor(self.seconds)


def test_the_faster_way_is_taken_and_measured_only_once():
    slow, fast = Way(0.03), Way(0.0)
    ways = {"slow": slow, "fast": fast}
    assert autotune.fastest("a job", ways) is fast
    measured = slow.calls
    assert autotune.fastest("a job", ways) is fast
    assert slow.calls == measured and autotune.chosen() == {"a job": "fast"}


def test_the_next_process_reads_what_was_measured(monkeypatch):
    autotune.fastest("a job", {"slow": Way(0.03), "fast": Way(0.0)})
    monkeypatch.setattr(autotune, "_chosen", {})
    monkeypatch.setattr(autotune, "_read", set())
    slow, fast = Way(0.0), Way(0.0)  # which now are equally fast, but nobody measures them
    assert autotune.fastest("a job", {"slow": slow, "fast": fast}) is fast
    assert not slow.calls


@pytest.mark.parametrize("content", ["{", "[]", '{"a job": "gone"}', "\0"])
def test_a_spoilt_file_is_measured_anew(content):
    autotune.cache_file().parent.mkdir(parents=True)
    autotune.cache_file().write_text(content)
    fast = Way(0.0)
    assert autotune.fastest("a job", {"slow": Way(0.03), "fast": fast}) is fast
    assert json.loads(autotune.cache_file().read_text()) == {"a job": "fast"}


def test_a_home_that_cannot_be_written_is_no_obstacle(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    fast = Way(0.0)
    assert autotune.fastest("a job", {"slow": Way(0.03), "fast": fast}) is fast


def test_a_resumed_run_takes_its_own_choices_over():
    slow = Way(0.03)
    autotune.choose({"a job": "slow"})
    assert autotune.fastest("a job", {"slow": slow, "fast": Way(0.0)}) is slow
