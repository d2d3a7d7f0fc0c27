"""How many threads train: fewer while another program stays on a core, all again when it has gone."""

import subprocess
import sys
import time

import pytest
import torch

from dcgan.compute.threads import LOOK_SECONDS, Threads, Usage, measured_usage, usable_cores, wanted
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT


@pytest.mark.parametrize(
    ("now", "others", "number"),
    [
        (2, 0.0, 2),
        (2, 0.5, 2),  # a page that draws its curves
        (2, 1.0, 1),  # a busy loop
        (2, 1.5, 2),  # two, against which two threads get more than one
        (1, 1.0, 1),
        (1, 1.5, 1),
        (1, 1.9, 2),
        (1, 0.5, 1),
        (1, 0.2, 2),
    ],
)
def test_two_cores(now, others, number):
    assert wanted(now, 2, 2, others) == number


@pytest.mark.parametrize(("now", "others", "number"), [(16, 0.9, 16), (16, 3.0, 13), (13, 3.9, 13), (13, 0.0, 16)])
def test_many_cores(now, others, number):
    assert wanted(now, 16, 16, others) == number


def test_fewer_threads_than_cores_are_left_alone_by_programs_on_the_other_cores():
    assert wanted(8, 8, 16, 5.0) == 8


class Machine:
    """A machine of two cores whose clock and load are what a test says."""

    def __init__(self, monkeypatch):
        self.clock = self.machine = self.own = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.clock)
        monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
        self.set: list[int] = []
        monkeypatch.setattr(torch, "set_num_threads", self.set.append)

    def usage(self):
        return Usage(self.clock, self.machine, self.own)

    def runs(self, others, seconds=LOOK_SECONDS):
        self.clock += seconds
        self.machine += (others + 1.0) * seconds
        self.own += seconds


def test_only_a_load_that_stays_changes_the_number(monkeypatch):
    machine = Machine(monkeypatch)
    threads = Threads(True, 2, machine.usage)
    said = []
    for others in (0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0):
        machine.runs(others)
        said.append(threads.look())
        assert not threads.look()  # at the next step, a moment later
    assert said == [False, False, False, False, True, False, False, True]
    assert machine.set == [1, 2]


def test_a_number_that_was_asked_for_never_changes(monkeypatch):
    machine = Machine(monkeypatch)
    threads = Threads(False, 2, machine.usage)
    for _ in range(4):
        machine.runs(1.0)
        assert not threads.look()
    threads.use(1)
    assert machine.set == []


def test_a_resumed_run_goes_on_with_the_threads_of_its_state(monkeypatch):
    machine = Machine(monkeypatch)
    threads = Threads(True, 2, machine.usage)
    threads.use(7)  # of a machine with more cores
    assert threads.now == 2
    threads.use(1)
    assert threads.now == 1 and machine.set == [1]


def test_another_program_is_seen_and_this_one_is_not_taken_for_it():
    def others(seconds):
        before, end = measured_usage(), time.monotonic() + seconds
        while time.monotonic() < end:
            pass
        clock, machine, own = (new - old for new, old in zip(measured_usage(), before, strict=True))
        assert 0.2 * clock < own < 1.5 * clock
        return machine - own

    assert len(usable_cores()) >= 1
    assert others(0.5) > -0.2


def test_every_process_of_the_studio_lets_go_of_its_core_at_a_barrier():
    code = "import dcgan, os; print(os.environ['GOMP_SPINCOUNT'])"
    env = {"PATH": "/usr/bin", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=PROJECT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "1000\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=env | {"GOMP_SPINCOUNT": "7"},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "7\n"  # a person's own choice stands


def test_a_run_whose_threads_changed_says_so_and_keeps_saying_it(root, tiny, monkeypatch):
    from dcgan.runs.checkpoint import load_state
    from dcgan.runs.heartbeat import Heartbeat
    from dcgan.training.loop import train
    from dcgan.training.recorder import UNEVEN

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    monkeypatch.setattr("dcgan.compute.threads.LOOK_SECONDS", 0.0)
    monkeypatch.setattr("dcgan.compute.threads.wanted", lambda now, most, cores, others: 1)
    run = Run.create(tiny.replace(num_threads=0), root)
    try:
        with Heartbeat(run) as heart:
            train(run, heart)
        status: Status = run.status()
        assert UNEVEN in status.notice and "CPU, 1 thread" in status.device
        (event,) = [line for line in run.read_lines()[0] if line.get("event") == "threads"]
        assert event["threads"] == 1 and event["step"] == 2
        assert load_state(run)["threads"] == 1

        torch.set_num_threads(2)
        monkeypatch.setattr("dcgan.compute.threads.wanted", lambda now, most, cores, others: now)
        run.extend(16)
        with Heartbeat(run) as heart:
            train(run, heart)
        assert run.status().step == 16 and UNEVEN in run.status().notice
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
