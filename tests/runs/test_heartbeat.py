"""status.json beats while the training loop is busy."""

import os
import threading
import time

import psutil
import pytest

from dcgan.config import Config
from dcgan.runs import heartbeat, launch
from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.system.processes import is_process
from tests.waiting import wait_for


@pytest.fixture
def run(root, monkeypatch) -> Run:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.02)
    return Run.create(Config(), root, "one")


def test_the_first_beat_says_who_trains(run):
    with Heartbeat(run):
        status = run.status()
        assert (status.state, status.pid) == ("starting", os.getpid())
        assert status.pid_started == pytest.approx(psutil.Process().create_time())
        assert abs(time.time() - status.heartbeat) < 5
        assert is_process(status.pid, status.pid_started)


def test_it_beats_on_while_the_main_thread_is_busy(run):
    with Heartbeat(run) as heart:
        beats = set()

        def beaten() -> bool:
            beats.add(run.status().heartbeat)
            return len(beats) > 5

        wait_for(beaten, 5)
        heart.update(step=7)
        wait_for(lambda: run.status().step == 7, 5)


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_set_makes_no_ghost(run, monkeypatch, hours):
    """The start of a process, told in the time of the clock, is set with it."""
    with Heartbeat(run) as heart:
        heart.update(state="running")
        wait_for(lambda: launch.observe(run).state == "running", 5)
        now, started = time.time, psutil.Process.create_time
        monkeypatch.setattr(time, "time", lambda: now() + 3600 * hours)
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: started(self) + 3600 * hours)
        wait_for(lambda: launch.observe(run).state == "running", 5)
        heart.update(step=9)
        wait_for(lambda: launch.observe(run).step == 9 and launch.observe(run).state == "running", 5)


def test_a_change_of_state_is_published_at_once_and_numbers_wait_for_the_beat(run, monkeypatch):
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 1000.0)
    with Heartbeat(run) as heart:
        heart.update(step=5)
        assert run.status().step == 0
        heart.update(state="running")
        assert (run.status().state, run.status().step) == ("running", 5)
        heart.update(state="running", step=6)
        assert run.status().step == 5
    assert run.status().step == 6  # the last word


def test_it_stops_with_the_work(run):
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), Heartbeat(run) as heart:
        heart.update(state="failed", error="Divided by zero.")
        raise ZeroDivisionError
    assert threading.active_count() == before
    last = run.status()
    time.sleep(0.1)
    assert run.status() == last and last.error == "Divided by zero."


def test_a_full_disk_costs_beats_and_nothing_else(run, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with Heartbeat(run) as heart:
        with monkeypatch.context() as patch:
            patch.setattr(Run, "write_status", full)
            heart.update(state="running", step=3)
            time.sleep(0.1)
        wait_for(lambda: run.status().step == 3, 5)


def test_a_new_process_keeps_the_figures_and_forgets_the_failure_and_old_wishes(run):
    run.write_status(Status(state="failed", error="Oh.", step=40, time_s=9.0, pid=1, obeyed=1))
    run.ask("pause")
    run.ask("stop")
    status = Heartbeat(run).status
    assert (status.state, status.error, status.step, status.time_s, status.obeyed) == ("starting", "", 40, 9.0, 2)
