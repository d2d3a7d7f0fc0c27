"""Who trains what, as it really is: real processes that die, hang, outlive their parents and compete."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from dcgan.errors import BadInput
from dcgan.runs import launch
from dcgan.runs.launch import hold, kill, observe, start
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.system import processes
from dcgan.system.paths import PROJECT
from dcgan.system.processes import is_process
from dcgan.training.worker import work
from tests import waiting

wait_for = functools.partial(waiting.wait_for, seconds=60.0)
bystanders: set[int] = set()  # children of this process before a test: a browser, for one


@pytest.fixture
def endless(root, tiny) -> Run:
    """A run that trains until it is told to stop, and saves all the time."""
    return Run.create(tiny.replace(num_steps=10**9, checkpoint_seconds=0.0, sample_every=10**6), root, "endless")


@pytest.fixture(autouse=True)
def _no_worker_is_left(root):
    bystanders.clear()
    bystanders.update(child.pid for child in psutil.Process().children())
    yield
    for run in [Run(path) for path in root.iterdir() if path.is_dir()]:
        status = run.status()
        if is_process(status.pid, status.pid_started) and status.pid != os.getpid():
            psutil.Process(status.pid).kill()
    for child in workers():
        child.kill()
        with contextlib.suppress(psutil.NoSuchProcess):
            child.wait(5)
    for child in processes.children:
        child.wait(5)
    processes.reap()


def me(**values) -> Status:
    """The status that a living worker with our process id would write."""
    started = psutil.Process().create_time()
    alive = {"state": "running", "pid": os.getpid(), "pid_started": started, "heartbeat": time.time()}
    return Status(**(alive | values))


def workers() -> list[psutil.Process]:
    """Processes started by the test, dead ones that nobody collected included; what was there before doesn't count."""
    return [child for child in psutil.Process().children() if child.pid not in bystanders]


def idle(code: str = "import time; time.sleep(60)") -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", code])


# -- observe


@pytest.mark.parametrize("state", ["starting", "running", "paused"])
def test_a_living_worker_is_seen_as_it_says(endless, state):
    status = me(state=state, message="hello", step=3)
    endless.write_status(status)
    assert observe(endless) == status


@pytest.mark.parametrize("state", ["created", "finished", "stopped", "failed"])
def test_a_state_without_a_process_stays(endless, state):
    endless.write_status(Status(state=state, pid=2**22 + 1))
    assert observe(endless).state == state


def test_a_dead_worker_is_interrupted(endless):
    child = idle()
    endless.write_status(me(pid=child.pid, pid_started=psutil.Process(child.pid).create_time(), step=9, eta_s=3.0))
    assert observe(endless).state == "running"
    child.kill()
    child.wait()
    seen = observe(endless)
    assert (seen.state, seen.step, seen.eta_s, seen.images_per_s) == ("interrupted", 9, None, 0.0)
    assert seen.message.endswith(".")


def test_a_zombie_is_dead(endless):
    child = idle("")
    process = psutil.Process(child.pid)
    endless.write_status(me(pid=child.pid, pid_started=process.create_time()))
    wait_for(lambda: process.status() == psutil.STATUS_ZOMBIE)
    assert observe(endless).state == "interrupted"
    child.wait()


@pytest.mark.parametrize("shift", [-3600.0, -3.0, 3.0])
def test_a_process_id_that_went_to_a_stranger_is_no_worker(endless, shift):
    endless.write_status(me(pid_started=psutil.Process().create_time() + shift))
    assert observe(endless).state == "interrupted"


@pytest.mark.parametrize("state", ["starting", "running", "paused"])
def test_a_worker_that_does_not_answer_is_stalled(endless, state):
    endless.write_status(me(state=state, heartbeat=time.time() - launch.STALL_SECONDS - 1))
    seen = observe(endless)
    assert seen.state == "stalled" and seen.state in launch.ACTIVE
    endless.write_status(me(state=state, heartbeat=time.time() + 3600))  # and then the clock was set back
    assert observe(endless).state == "stalled"
    endless.write_status(me(state=state, heartbeat=time.time() - launch.STALL_SECONDS + 3))
    assert observe(endless).state == state


@pytest.mark.parametrize("pid", [0, -1, 2**22 + 1, 10**17])
def test_an_absurd_process_id_is_nobody(pid):
    assert not is_process(pid, time.time())


@pytest.mark.parametrize("content", ['{"state": "running", "pid": "abc"}', '{"state": "running", "pid": null}', "{"])
def test_a_damaged_status_can_be_observed(endless, content):
    endless.status_path.write_text(content)
    assert observe(endless).state in ("interrupted", "created")


# -- hold


def test_a_run_has_one_trainer_and_so_has_its_root(endless, tiny, root):
    other = Run.create(tiny, root, "other")
    with hold(endless):
        with pytest.raises(BadInput, match="^Run endless is being trained by another process already.$"), hold(endless):
            pass
        with pytest.raises(BadInput, match="^Another run is starting just now: one trains at a time.$"), hold(other):
            pass
        endless.write_status(me())
        with pytest.raises(BadInput, match="^endless is training, and one run trains at a time: stop it first"):
            hold(other).__enter__()
        with hold(other, parallel=True):
            pass
    with hold(other):
        pass


def test_a_run_that_is_gone_can_not_be_held(endless, root):
    endless.delete()
    with pytest.raises(BadInput, match="^Run endless is gone.$"):
        hold(endless).__enter__()
    assert os.listdir(root) == []


def test_a_place_that_can_not_be_written_to_can_not_be_held(endless, root):
    for path, owner in ((endless.lock_path, "Run endless"), (root / ".trainer.lock", str(root))):
        path.unlink(missing_ok=True)
        path.mkdir()
        with pytest.raises(BadInput, match=f"^{owner} can't be written to .Is a directory..$"):
            hold(endless).__enter__()
        path.rmdir()
    with hold(endless):  # and the run's own lock was given back
        pass


def test_a_run_whose_log_can_not_be_opened_is_refused(endless):
    endless.log_path.symlink_to("nowhere/log.txt")
    with pytest.raises(BadInput, match="^Run endless can't be written to .No such file or directory..$"):
        work(endless)
    assert endless.status() == Status()


# -- start


def test_a_second_run_is_refused_and_nothing_starts(endless, tiny, root):
    other = Run.create(tiny, root, "other")
    for state, word in (("running", "is training"), ("paused", "is paused"), ("starting", "is training")):
        endless.write_status(me(state=state))
        for each in (other, endless):
            with pytest.raises(BadInput, match=f"^endless {word}, and one run trains at a time: stop it first"):
                start(each)
    assert not other.log_path.exists() and not endless.log_path.exists()


@pytest.mark.slow
def test_a_worker_that_is_refused_gives_its_reason(endless):
    with hold(endless), pytest.raises(BadInput, match="^Run endless is being trained by another process already.$"):
        start(endless)
    endless.config_path.write_text("{")
    with pytest.raises(BadInput, match="^config.json is not valid JSON.$"):
        start(endless)
    assert observe(endless).state == "created" and processes.children == []


def test_a_run_that_is_gone_can_not_be_started(endless):
    endless.delete()
    with pytest.raises(BadInput, match="^Run endless can't be started"):
        start(endless)


def test_a_worker_that_dies_without_a_word(endless, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(BadInput, match="^The process ended at once and left no word.$"):
        start(endless)


@pytest.mark.slow
def test_data_that_are_gone_fail_with_a_sentence(root, tiny):
    run = Run.create(tiny.replace(data="/nowhere/at-all"), root)
    with contextlib.suppress(BadInput):  # it may fail before it was seen to live
        start(run)
    wait_for(lambda: observe(run).state == "failed")
    assert run.status().error.startswith("There is no data set or path '/nowhere/at-all'")


@pytest.mark.slow
def test_of_twenty_starts_at_once_one_trains(root, tiny, monkeypatch):
    monkeypatch.setattr(launch, "LAUNCH_SECONDS", 120.0)  # a busy machine must not decide
    runs = [Run.create(tiny.replace(num_steps=10**9), root, f"run {i}") for i in range(4)]
    together = threading.Barrier(20)

    def attempt(i: int) -> str:
        together.wait()
        try:
            start(runs[i % 4])
            return "started"
        except BadInput as error:
            return str(error)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(attempt, range(20)))
    assert answers.count("started") == 1
    answers.remove("started")
    assert all("is being trained by another process" in each or "trains at a time" in each for each in answers), answers
    active = [run for run in runs if observe(run).state in launch.ACTIVE]
    found = launch.active_run(root)
    assert len(active) == 1 and found is not None and found.path == active[0].path
    assert [child.pid for child in workers() if child.status() != psutil.STATUS_ZOMBIE] == [active[0].status().pid]
    assert len(processes.children) == 1  # the others were collected
    active[0].ask("stop")
    wait_for(lambda: observe(active[0]).state == "stopped" and workers() == [])


# -- the life of a real worker


@pytest.mark.slow
def test_a_worker_outlives_its_parent_and_stops_when_asked(endless):
    code = f"from dcgan.runs import launch, run; launch.start(run.Run({str(endless.path)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True, timeout=120)
    wait_for(lambda: observe(endless).state == "running" and observe(endless).step > 3)
    pid = endless.status().pid
    assert os.getsid(pid) == os.getpgid(pid) == pid != os.getsid(0)  # out of reach of the parent's terminal
    assert psutil.Process(pid).ppid() != os.getpid()
    asked = time.monotonic()
    endless.ask("stop")
    wait_for(lambda: observe(endless).state == "stopped")
    assert time.monotonic() - asked < 5
    wait_for(lambda: not is_process(pid, endless.status().pid_started))
    assert endless.state_path.exists() and endless.generator_path.exists()


@pytest.mark.slow
def test_a_killed_worker_is_seen_at_once_and_resumed_and_a_frozen_one_is_ended(endless):
    start(endless)
    wait_for(lambda: endless.state_path.exists() and len(endless.read_metrics()[0]) > 5)
    os.kill(endless.status().pid, signal.SIGKILL)
    wait_for(lambda: observe(endless).state == "interrupted", seconds=2)
    wait_for(lambda: observe(endless).state == "interrupted" and workers() == [], seconds=2)

    reached = len(endless.read_metrics()[0])
    start(endless)
    status = endless.status()
    wait_for(lambda: observe(endless).state == "running" and observe(endless).step > reached + 5)
    assert "resuming at step" in endless.log_path.read_text()
    steps = [point["step"] for point in endless.read_metrics()[0]]
    assert steps == list(range(1, len(steps) + 1))  # no point is missing, none is there twice

    os.kill(status.pid, signal.SIGSTOP)
    kill(endless)
    wait_for(lambda: observe(endless).state == "interrupted", seconds=2)
    assert not is_process(status.pid, status.pid_started)
    with hold(endless):  # the locks are free again
        pass


@pytest.mark.slow
def test_a_worker_that_is_asked_to_end_saves_first(endless):
    start(endless)
    wait_for(lambda: observe(endless).state == "running" and observe(endless).step > 3)
    kill(endless)
    assert observe(endless).state == "stopped"


def test_kill_spares_a_stranger_with_the_workers_id(endless):
    child = idle()
    endless.write_status(me(pid=child.pid, pid_started=psutil.Process(child.pid).create_time() - 100))
    kill(endless)
    assert child.poll() is None
    endless.write_status(Status())
    kill(endless)
    child.kill()
    child.wait()
