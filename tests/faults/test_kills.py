"""A training that is killed before any of its writes goes on to the same end as one that was left alone."""

import os
import signal
import sys
import warnings

import pytest

from dcgan.runs.checkpoint import load_state
from dcgan.runs.run import Run
from dcgan.training.snapshots import Snapshots
from tests.training.test_gan import assert_same
from tests.training.test_loop import assert_same_end, new_run, play  # noqa: F401 (a fixture)

KILLED = 99
WRITES = {"os.rename", "os.remove", "os.mkdir", "os.link", "os.truncate"}
_doom: dict[str, object] = {}  # of this process: the folder that is watched, and the writes that are left to it


def _watch(event: str, args: tuple) -> None:
    if not _doom or (event not in WRITES and event != "open"):
        return
    if event == "open" and not (isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
        return
    if not str(args[0]).startswith(str(_doom["folder"])):
        return
    if not _doom["left"]:
        if not _doom["stops"]:
            os._exit(KILLED)  # as by SIGKILL: nothing is tidied up
        os.kill(os.getpid(), signal.SIGTERM)
    _doom["left"] -= 1  # type: ignore[operator]


sys.addaudithook(_watch)  # stays for good, and does nothing outside `dies_before`


def dies_before(write: int, run: Run, stops: bool = False) -> bool:
    """Train in a process that dies before its n-th write into the run's folder; False if it ended before that.

    With `stops` it is only asked to end.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a newer Python warns of threads, none of which matters to the child
        child = os.fork()
    if not child:
        try:
            _doom.update(folder=run.path, left=write, stops=stops)
            play(run)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, KILLED, -signal.SIGTERM)
    return code != 0 or run.status().state != "finished"


def kept_steps(run: Run) -> tuple[list[int], ...]:
    return run.samples(), run.snapshots(), run.kept_states()


SETTINGS = {"num_steps": 9, "sample_every": 2, "max_samples": 4, "max_snapshots": 3, "checkpoint_seconds": 0.0}
SETTINGS |= {"max_states_mb": 1}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_before_any_write_changes_nothing_in_the_end(new_run, tmp_path):  # noqa: F811
    reference = new_run("left-alone", **SETTINGS)
    play(reference)
    events = [line["event"] for line in reference.read_lines()[0] if "event" in line]
    write, dead = 0, True
    while dead:
        run = new_run(f"killed-{write}", **SETTINGS)
        dead = dies_before(write, run)
        play(run)
        assert_same_end(run, reference)
        assert kept_steps(run) == kept_steps(reference), write
        assert [line["event"] for line in run.read_lines()[0] if "event" in line] == events, write
        write += 1 if write < 40 else 7
    assert write > 60


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_chain_of_kills_changes_nothing_in_the_end(new_run):  # noqa: F811
    reference, run = (new_run(place, **SETTINGS | {"num_steps": 24}) for place in ("left-alone", "killed"))
    play(reference)
    kills = 0
    while dies_before(17 + 5 * kills, run):
        kills += 1
    assert kills > 5
    assert_same_end(run, reference)
    assert kept_steps(run) == kept_steps(reference)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_stop_at_any_write_changes_nothing_in_the_end(new_run):  # noqa: F811
    """Before the first step it ends the process, afterwards it saves and ends in order."""
    settings = SETTINGS | {"max_samples": 100}  # where it is stopped there is one more, and others are thinned out
    reference = new_run("left-alone", **settings)
    play(reference)
    write, ended = 0, set()
    while dies_before(write, run := new_run(f"stopped-{write}", **settings), stops=True):
        ended.add(run.status().state)
        play(run)
        assert_same_end(run, reference)
        write += 17
    assert write > 60 and "stopped" in ended and len(ended) > 1


def test_a_resume_with_nothing_left_to_train_leaves_the_state_as_it_was(new_run):  # noqa: F811
    """As after a kill between the last checkpoint and the word `finished`; a decaying rate is part of the state."""
    run = new_run("a", lr_decay=1e-2)
    play(run)
    before = load_state(run)
    play(run)
    assert_same(load_state(run)["gan"], before["gan"])


def test_what_is_kept_does_not_depend_on_a_kill(new_run):  # noqa: F811
    """Whatever files a killed run has lost or gained, the same steps stay."""
    run = new_run("a")
    places = run.sample_path, run.snapshot_path

    def files(steps: list[int]) -> None:
        for path in (place(step) for place in places for step in steps):
            path.parent.mkdir(exist_ok=True)
            path.touch()

    def keep(snapshots: Snapshots, step: int) -> None:
        files([step])
        snapshots._thin("samples", step, 4)
        snapshots._thin("snapshots", step, 4)

    kept, saved = Snapshots(run, 0), {}
    for step in range(0, 161, 16):
        keep(kept, step)
        if step == 64:
            saved = {name: list(steps) for name, steps in kept.kept.items()}
    undisturbed = run.samples()
    again = Snapshots(run, 64, saved)  # killed after step 160, the newest state is that of step 64
    assert max(run.samples()) <= 64
    for step in range(80, 161, 16):
        keep(again, step)
    assert run.samples() == run.snapshots() == undisturbed == again.kept["samples"]
