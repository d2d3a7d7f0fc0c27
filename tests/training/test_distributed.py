"""Several processes train as one: the same weights everywhere, one that writes, and nobody left waiting."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from dcgan.compute import devices, trial
from dcgan.runs import live_settings
from dcgan.runs.checkpoint import load_state
from dcgan.runs.run import Run, list_runs
from dcgan.system.paths import PROJECT
from dcgan.training import distributed
from dcgan.training.distributed import Processes, checksum
from dcgan.training.gan import GAN
from dcgan.training.team import Team
from tests.forked import Forked, Nursery
from tests.training.test_accumulation import GAMES, NO_NORM, assert_close
from tests.training.test_gan import CPU, TINY, assert_same, pictures
from tests.training.test_loop import assert_same_end, curves, play
from tests.waiting import wait_for

# -- the mathematics, with a team of two threads


class Pair(Team):
    """One of two threads that add up by way of shared memory."""

    size = 2

    def __init__(self, rank: int, shared: list, barrier: threading.Barrier) -> None:
        self.rank, self.shared, self.barrier = rank, shared, barrier

    def exchange(self, network: torch.nn.Module, measured: dict[str, torch.Tensor]) -> None:
        self.network, self.measured = network, measured

    def collect(self) -> None:
        tensors = [*(parameter.grad for parameter in self.network.parameters()), *self.measured.values()]
        self.shared[self.rank] = [tensor.clone() for tensor in tensors]
        self.barrier.wait()
        for tensor, *parts in zip(tensors, *self.shared, strict=True):
            tensor.copy_(sum(parts))
        self.barrier.wait()


def pair(config) -> list[GAN]:
    shared, barrier = [None, None], threading.Barrier(2, timeout=30)
    return [GAN(config, CPU, Pair(rank, shared, barrier)) for rank in (0, 1)]


def step_together(gans: list[GAN], real: torch.Tensor) -> list[dict]:
    """A step of both on their parts of the batch."""
    results: list = [None, None]

    def work(gan: GAN) -> None:
        results[gan.team.rank] = gan.step(gan.team.hold(len(real)).of(real))

    threads = [threading.Thread(target=work, args=(gan,)) for gan in gans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("micro_batch", [0, 2])
@pytest.mark.parametrize("batch_size", [8, 9])
@pytest.mark.parametrize("values", GAMES)
def test_without_batchnorm_two_halves_are_the_whole_batch(values, batch_size, micro_batch):
    config = TINY.replace(**NO_NORM, **values, batch_size=batch_size)
    whole, both = GAN(config, CPU), pair(config.replace(micro_batch=micro_batch))
    for i in range(4):
        measured = whole.step(pictures(batch_size, seed=i))
        for result in step_together(both, pictures(batch_size, seed=i)):
            assert_close(result, measured)
    assert_same(both[0].state_dict(), both[1].state_dict())
    assert torch.equal(checksum(both[0]), checksum(both[1]))
    assert_close(both[0].state_dict(), whole.state_dict())
    for gan in both:  # what is cut off or decays is the sum
        for ours, theirs in zip(gan.D.parameters(), whole.D.parameters(), strict=True):
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-6)


def test_the_checksum_sees_a_single_bit():
    gan = GAN(TINY, CPU)
    before = checksum(gan)
    for network, place in ((gan.G, 0), (gan.D, 1)):
        parameter = list(network.parameters())[2]
        with torch.no_grad():
            first = (0,) * parameter.dim()
            value = parameter[first].clone()
            parameter[first] = torch.nextafter(value, torch.tensor(9.0))
        assert (checksum(gan) != before).tolist() == [place == 0, place == 1]
        with torch.no_grad():
            parameter[first] = value
    assert torch.equal(checksum(gan), before)


# -- processes


class Started:
    """Two processes as torchrun starts them, without its own; `patches` are lines that one of them runs first."""

    def __init__(self, nursery: Nursery, arguments: list[str], patches: dict[int, str], logs: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
        self.processes = [
            Forked(
                nursery,
                arguments,
                place | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
                logs / f"said-{port}-{rank}.txt",
                patches.get(rank, ""),
            )
            for rank in (0, 1)
        ]

    def end(self, seconds: float = 120.0) -> list[tuple[int, str]]:
        """The exit code of each and what it said last, within so many seconds."""
        deadline, results = time.monotonic() + seconds, []
        for process in self.processes:
            code = process.wait(max(0.1, deadline - time.monotonic()))
            results.append((code, (process.said.read_text().strip().splitlines() or [""])[-1]))
        return results


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def launch(nursery, tmp_path) -> Iterator:
    started = []

    def make(run: Run, patches: dict[int, str] | None = None) -> Started:
        started.append(Started(nursery, ["train", "--resume", str(run.path)], patches or {}, tmp_path))
        return started[-1]

    yield make
    for process in (process for each in started for process in each.processes):
        process.kill()
        process.wait(10)


@pytest.fixture
def new_run(root, tiny):
    def make(place: str, **values) -> Run:
        return Run.create(tiny.replace(**values), root / place, "same")

    return make


@pytest.mark.slow
def test_two_processes_train_the_run_that_one_would(new_run, launch):
    values = {**NO_NORM, "label_noise": 0.2, "dropout": 0.3, "augment": "on", "d_steps": 2}
    one, two = new_run("a", **values), new_run("b", **values)
    play(one)
    assert launch(two).end() == [(0, ""), (0, "")]
    assert (two.status().state, two.status().step, two.status().images) == ("finished", 12, one.status().images)
    assert two.status().device == "2 x CPU, 1 thread"
    assert_close(load_state(two)["gan"], load_state(one)["gan"])
    assert load_state(two)["stream"] == load_state(one)["stream"]
    ours, theirs = curves(two), curves(one)
    assert ours.keys() == theirs.keys()
    for step in ours:
        assert ours[step] == pytest.approx(theirs[step], abs=1e-4)
    extra = {path.name for path in two.path.iterdir()} - {path.name for path in one.path.iterdir()}
    assert extra <= {"lock", "log.txt"}


@pytest.mark.slow
def test_one_process_killed_ends_the_other_and_a_resume_goes_on_exactly(new_run, launch):
    values = {"num_steps": 250, "checkpoint_seconds": 0.0, "sample_every": 50, "dropout": 0.3}
    whole, run = new_run("a", **values), new_run("b", **values)
    assert launch(whole).end() == [(0, ""), (0, "")]
    for victim in (1, 0):
        started = launch(run)
        before = run.status().step
        wait_for(lambda before=before: run.status().state == "running" and run.status().step > before + 5, 60)
        started.processes[victim].kill()
        killed = time.monotonic()
        results = started.end()
        assert time.monotonic() - killed < 15
        code, said = results[1 - victim]
        assert code == 1 and results[victim][0] == -signal.SIGKILL
        assert said == (
            "One of the 2 processes is gone, or was silent for 300 s: all stop. A resume goes on from the last "
            "checkpoint."
        )
        if victim == 1:
            assert (run.status().state, run.status().error) == ("failed", said)
    assert launch(run).end() == [(0, ""), (0, "")]
    assert_same_end(run, whole)


@pytest.mark.slow
def test_a_process_that_hangs_is_not_waited_for_without_end(new_run, launch):
    run = new_run("a", num_steps=10**9)
    patch = "from dcgan.training import distributed; distributed.PEER_SECONDS = 2.0"
    started = launch(run, {0: patch, 1: patch})
    wait_for(lambda: run.status().step > 5, 60)
    started.processes[1].send_signal(signal.SIGSTOP)
    assert started.processes[0].wait(timeout=20) == 1
    started.processes[1].send_signal(signal.SIGCONT)
    results = started.end(20)
    assert results[1][0] == 1 and "was silent for 2 s: all stop" in run.status().error


@pytest.mark.slow
def test_weights_that_drift_apart_raise_the_alarm(new_run, launch):
    run = new_run("a", num_steps=10**9, checkpoint_seconds=10**4)
    drift = """
import torch
from dcgan.training import gan
step = gan.GAN.step
def drifting(self, *args, **options):
    measured = step(self, *args, **options)
    if self.steps == 7:
        with torch.no_grad():
            next(self.D.parameters()).view(-1)[0] += 1e-3
    return measured
gan.GAN.step = drifting
"""
    words = (
        "The 2 processes do not have the same weights after step 100: all stop. A resume goes on from the last "
        "checkpoint, where they were the same."
    )
    assert launch(run, {1: drift}).end() == [(1, words), (1, words)]
    assert (run.status().state, run.status().error) == ("failed", words)
    assert load_state(run)["step"] == 0  # nothing of it was saved


@pytest.mark.slow
def test_what_one_process_suffers_everyone_is_told(new_run, launch):
    run = new_run("a", num_steps=10**9)
    hungry = """
import torch
from dcgan.training import gan
def full(self, *args, **options):
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
gan.GAN.step = full
"""
    started = launch(run, {1: hungry})
    (code, said), (other, its) = started.end()
    assert (code, other) == (1, 1) and said == its == run.status().error
    assert said == (
        "Process 1 of 2 ran out of memory with 4 pictures in the networks at once: set a smaller micro_batch and "
        "resume, or fork the run with a smaller batch_size."
    )


@pytest.mark.slow
def test_wishes_are_obeyed_by_all(new_run, launch):
    values = {"num_steps": 10**9, "log_every": 1}
    run = new_run("a", **values)
    started = launch(run)
    wait_for(lambda: run.status().step > 3, 60)
    run.ask("pause")
    wait_for(lambda: run.status().state == "paused")
    live_settings.ask(run, {"lr_g": 1e-3, "d_steps": 2, "micro_batch": 2})
    for _ in range(2):
        before = run.control().serial
        run.ask("step")
        wait_for(lambda before=before: run.status().obeyed > before and run.status().state == "paused")
    run.ask("run")
    wait_for(lambda: run.status().state == "running")
    time.sleep(1.0)
    run.ask("stop")
    assert started.end() == [(0, ""), (0, "")]
    assert run.status().state == "stopped"
    changed = [line for line in run.read_lines()[0] if line.get("event") == "change"]
    assert [(line["lr_g"], line["d_steps"], line["micro_batch"]) for line in changed] == [(1e-3, 2, 2)]
    end = load_state(run)["step"]

    run.extend(end + 5)
    started = launch(run)
    assert started.end() == [(0, ""), (0, "")]
    assert load_state(run)["step"] == end + 5


@pytest.mark.slow
def test_ctrl_c_saves_and_ends_everyone_in_order(new_run, launch):
    run = new_run("a", num_steps=10**9)
    started = launch(run)
    wait_for(lambda: run.status().step > 3, 60)
    for process in started.processes:
        process.send_signal(signal.SIGINT)
    assert started.end() == [(0, ""), (0, "")]
    assert run.status().state == "stopped" and load_state(run)["step"] == run.status().step


@pytest.mark.slow
def test_a_batch_too_small_for_all_is_refused(new_run, launch):
    run = new_run("a", batch_size=3)
    (code, said), (other, _) = launch(run).end()
    words = "batch_size is 3, but each of 2 processes needs two pictures: use at least 4."
    assert (code, said) == (2, words) and other in (0, 1)  # whether it hears of the refusal or of the leader's end
    assert run.status().error == words and not run.state_paths()


@pytest.mark.slow
def test_torchrun_is_the_same_program(root, tiny, new_run, pictures):
    settings = [f"{name}={getattr(tiny, name)}" for name in ("image_size", "z_dim", "ngf", "ndf", "batch_size")]
    command = ["train", "--data", str(pictures), "--steps", "6", "--set", *settings, "device=cpu", "num_threads=1"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "dcgan"]
    done = subprocess.run(
        [*torchrun, *command, "--name", "two"], cwd=PROJECT, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    assert Run(root / "two").status().state == "finished" and done.stdout.strip() == str(root / "two")
    assert os.listdir(root) == ["two"] or set(os.listdir(root)) == {"two", ".trainer.lock"}  # one run, made once


@pytest.mark.slow
def test_torchrun_goes_on_by_itself_when_a_process_is_lost(root, tiny, pictures, tmp_path):
    settings = [f"{name}={getattr(tiny, name)}" for name in ("image_size", "z_dim", "ngf", "ndf", "batch_size")]
    settings += ["device=cpu", "num_threads=1", "checkpoint_seconds=0"]
    program = tmp_path / "lost_once.py"
    program.write_text(LOST_ONCE)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = ["train", "--data", str(pictures), "--steps", "30", "--name", "two", "--set", *settings]
    done = subprocess.run(
        [*torchrun, "--max-restarts", "1", str(program), *command],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert [run.id for run in list_runs(root)] == ["two"]
    assert (Run(root / "two").status().state, load_state(Run(root / "two"))["step"]) == ("finished", 30)
    assert "resuming at step" in (root / "two" / "log.txt").read_text()


LOST_ONCE = """
import os
from dcgan.cli.main import main
from dcgan.training import gan

step = gan.GAN.step

def lost(self, *args, **options):
    if self.steps == 9 and os.environ["RANK"] == "1" and os.environ["TORCHELASTIC_RESTART_COUNT"] == "0":
        os._exit(3)
    return step(self, *args, **options)

gan.GAN.step = lost
raise SystemExit(main())
"""


def test_gpus_are_given_out_by_number(monkeypatch):
    taken: list[torch.device] = []
    monkeypatch.setattr(devices, "trouble", {"cuda": None, "mps": trial.NONE}.get)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    team = Processes.__new__(Processes)
    team.local_rank, team.local_size = 1, 2
    assert team.device("auto") == torch.device("cuda", 1) and taken == [torch.device("cuda", 1)]
    team.local_size = 3
    with pytest.raises(
        ValueError, match="^--nproc-per-node is 3, but there are 2 GPUs: start as many processes as GPUs.$"
    ):
        team.device("cuda")
    with pytest.raises(ValueError, match="^device mps is one GPU"):
        team.device("mps")


@pytest.fixture
def leader(monkeypatch):
    """A leader whose orders are noted, with a clock that stands still."""
    team = Processes.__new__(Processes)
    team.orders, team.clock, team.told = [], [100.0], (100.0, 1)
    monkeypatch.setattr(distributed.time, "monotonic", lambda: team.clock[0])
    monkeypatch.setattr(team, "tell", lambda order, **facts: team.orders.append((order, facts)))
    return team


def test_as_many_steps_are_ordered_at_once_as_pass_in_a_moment(leader):
    for _ in range(3):
        leader.clock[0] += 1.0  # a slow step
        leader.step(50)
        assert leader.promised == 0
    assert leader.orders == [("step", {"times": 1})] * 3
    leader.clock[0] += 2**-7  # a fast one
    leader.step(50)
    assert leader.orders[3] == ("step", {"times": 25}) and leader.promised == 24
    for _ in range(24):
        leader.clock[0] += 2**-7
        leader.step(1)  # promised is promised
    assert len(leader.orders) == 4 and leader.promised == 0
    leader.clock[0] += 2**-7
    leader.step(3)
    assert leader.orders[4] == ("step", {"times": 3})


def test_an_order_is_read_on_the_cpu_whatever_device_its_leader_has(leader, monkeypatch):
    content, asked = io.BytesIO(), []
    torch.save({"order": "begin", "z": torch.ones(2)}, content)
    monkeypatch.setattr(leader, "_broadcast", lambda _: bytearray(content.getvalue()))
    load = torch.load
    monkeypatch.setattr(torch, "load", lambda file, **how: asked.append(how) or load(file, **how))
    assert leader.next_order()["z"].tolist() == [1, 1]
    assert asked == [{"map_location": "cpu", "weights_only": True}]
