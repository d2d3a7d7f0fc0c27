"""A training state that is saved comes back, and one that is damaged or hostile leads to the one before it."""

import json
import os
import pickle
import random
import warnings
import zipfile

import pytest
import torch

from dcgan.errors import BadInput
from dcgan.runs import checkpoint
from dcgan.runs.checkpoint import load_state, save_state
from dcgan.runs.run import Run


@pytest.fixture
def run(root, tiny) -> Run:
    return Run.create(tiny, root, "one")


def state(number: int) -> dict:
    rng = torch.Generator().manual_seed(number)
    return {"number": number, "weights": torch.randn(50, 50, generator=rng), "config": "{}", "nested": {"a": [1, 2.5]}}


def number_in(run: Run) -> int:
    """Which state would be resumed; without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load_state(run)["number"]


def test_a_state_comes_back_and_the_one_before_it_is_kept(run):
    with pytest.raises(BadInput, match="no saved state"):
        load_state(run)
    save_state(run, state(1))
    save_state(run, state(2))
    loaded = load_state(run)
    assert loaded["number"] == 2 and torch.equal(loaded["weights"], state(2)["weights"])
    run.state_path.unlink()
    assert number_in(run) == 1


def test_damage_anywhere_in_the_newest_state_leads_to_the_one_before_it(run):
    save_state(run, state(1))
    save_state(run, state(2))
    content, rng, fallbacks = run.state_path.read_bytes(), random.Random(0), 0
    for _ in range(200):
        place = rng.randrange(len(content))
        damaged = bytearray(content)
        damaged[place] ^= 1 << rng.randrange(8)
        run.state_path.write_bytes(damaged)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loaded = load_state(run)
        number = loaded["number"]
        assert torch.equal(loaded["weights"], state(number)["weights"]) and loaded["nested"] == {"a": [1, 2.5]}, place
        assert len(caught) == (number == 1), place
        fallbacks += number == 1
    assert fallbacks > 150  # the rest fell into padding


def test_a_state_that_is_renamed_while_it_is_read_is_read_under_its_new_name(run, monkeypatch):
    save_state(run, state(1))
    save_state(run, state(2))
    run.state_path.rename(run.next_state_path)  # as save_state does, between its two renames
    read = checkpoint._read_state

    def late(path):
        if run.next_state_path.exists():
            run.next_state_path.rename(run.state_path)
        return read(path)

    monkeypatch.setattr(checkpoint, "_read_state", late)
    assert number_in(run) == 2


@pytest.mark.parametrize("damaged", [b"", b"PK", b"\0" * 20_000, pickle.dumps({"number": 9})])
def test_a_state_that_is_none_leads_to_the_one_before_it(run, damaged):
    save_state(run, state(1))
    save_state(run, state(2))
    run.state_path.write_bytes(damaged)
    with pytest.warns(UserWarning, match="^state.pt is damaged"):
        assert load_state(run)["number"] == 1
    run.previous_state_path.write_bytes(damaged)
    with pytest.warns(UserWarning), pytest.raises(BadInput, match="^Run one can't go on: its saved states are damaged"):
        load_state(run)


def test_a_cut_state_leads_to_the_one_before_it(run):
    save_state(run, state(1))
    save_state(run, state(2))
    content = run.state_path.read_bytes()
    for length in range(0, len(content), 997):
        run.state_path.write_bytes(content[:length])
        with pytest.warns(UserWarning, match="damaged"):
            assert load_state(run)["number"] == 1


class Payload:
    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


def test_a_hostile_state_runs_no_code(run, tmp_path):
    trap = tmp_path / "trap"
    pickle.loads(pickle.dumps(Payload(trap)))
    trap.rmdir()  # the trap works
    torch.save({"gan": Payload(trap)}, run.state_path)
    with pytest.warns(UserWarning, match="state.pt is damaged"), pytest.raises(BadInput):
        load_state(run)
    run.state_path.write_bytes(pickle.dumps(Payload(trap)))
    with pytest.warns(UserWarning, match="state.pt is damaged"), pytest.raises(BadInput):
        load_state(run)
    assert not trap.exists()


def test_a_state_that_holds_something_else_is_refused(run):
    torch.save([1, 2], run.state_path)
    with pytest.warns(UserWarning, match="not a training state"), pytest.raises(BadInput):
        load_state(run)
    with zipfile.ZipFile(run.state_path, "w") as archive:
        archive.writestr("a", json.dumps({}))
    with pytest.warns(UserWarning), pytest.raises(BadInput):
        load_state(run)


@pytest.mark.parametrize("earlier", [0, 1, 2])
@pytest.mark.parametrize("crash_at", [0, 1, 2])
def test_a_crash_while_saving_loses_nothing(run, monkeypatch, earlier, crash_at):
    """0 is within the write, 1 before the first rename, 2 between the two renames."""
    for number in range(1, earlier + 1):
        save_state(run, state(number))
    new, calls, real = earlier + 1, [], os.replace

    def crashing(source, target):
        calls.append(target)
        if len(calls) > crash_at:
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", crashing)
    if earlier or crash_at < 2:  # the very first save has one rename less
        with pytest.raises(KeyboardInterrupt):
            save_state(run, state(new))
    else:
        save_state(run, state(new))
    monkeypatch.setattr(os, "replace", real)
    if crash_at or earlier:
        assert bool(run.state_paths()) and number_in(run) == (new if crash_at else earlier)
    else:
        assert run.state_paths() == []
    save_state(run, state(new + 1))  # and the next save finds its way
    assert number_in(run) == new + 1
    assert not run.next_state_path.exists()


def test_saving_writes_through_publish(run, monkeypatch):
    """A full disk raises before anything was renamed."""
    save_state(run, state(1))

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "publish", full)
    with pytest.raises(OSError, match="No space"):
        save_state(run, state(2))
    assert number_in(run) == 1
