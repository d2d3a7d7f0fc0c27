"""Two servers on one root: one trainer for each run, and each sees what the other did."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dcgan.config import Config
from dcgan.runs import launch
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT
from tests.runs.test_launch import _no_worker_is_left  # noqa: F401 (a fixture)
from tests.waiting import wait_for

SERVER = """
import json, sys
from dcgan.errors import BadInput
from dcgan.runs import launch
from dcgan.runs.run import Run, list_runs
launch.LAUNCH_SECONDS = 120.0  # a busy machine must not decide
deeds = {
    "start": lambda path: launch.start(Run(path)),
    "see": lambda path: launch.observe(Run(path)).state,
    "stop": lambda path: Run(path).ask("stop"),
    "delete": lambda path: Run(path).delete(),
    "list": lambda path: [run.id for run in list_runs()],
}
for line in sys.stdin:
    deed, path = json.loads(line)
    try:
        answer = deeds[deed](path)
    except BadInput as error:
        answer = str(error)
    print(json.dumps(answer), flush=True)
"""


class Server:
    """What a server does with runs, in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", SERVER]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, deed: str, run: Run) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([deed, str(run.path)]) + "\n")
        self.process.stdin.flush()

    def answer(self) -> object:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def do(self, deed: str, run: Run) -> object:
        self.ask(deed, run)
        return self.answer()


@pytest.fixture
def servers(root) -> Iterator[list[Server]]:
    both = [Server(), Server()]
    yield both
    for server in both:
        server.process.kill()
        server.process.communicate()


def together(servers: list[Server], deed: str, run: Run) -> list[object]:
    for server in servers:
        server.ask(deed, run)
    return [server.answer() for server in servers]


@pytest.mark.slow
def test_two_servers_share_their_runs(servers: list[Server], root, tiny: Config):
    run = Run.create(tiny.replace(num_steps=10**9, checkpoint_seconds=0.0), root, "one")
    trainers = set()
    for times in (1, 2):  # a start and a resume
        assert together(servers, "list", run) == [["one"], ["one"]]  # both are there
        answers = together(servers, "start", run)
        assert answers.count(None) == 1, answers
        (refusal,) = [answer for answer in answers if answer is not None]
        assert "is being trained by another process" in str(refusal) or "trains at a time" in str(refusal)
        wait_for(lambda: launch.observe(run).state == "running" and bool(run.read_metrics()[0]), 60)
        assert together(servers, "see", run) == ["running", "running"]
        trainers.add(run.status().pid)
        servers[answers.index(refusal)].do("stop", run)  # by the one that did not start it
        wait_for(lambda: together(servers, "see", run) == ["stopped", "stopped"], 60)
        assert len(trainers) == times
    steps = [point["step"] for point in run.read_metrics()[0]]
    assert steps == list(range(1, len(steps) + 1))  # nothing was trained twice
    assert servers[0].do("delete", run) is None
    assert together(servers, "list", run) == [[], []]
    assert str(servers[1].do("start", run)).startswith("Run one can't be started")
    assert servers[1].do("delete", run) == "Run one can't be deleted (No such file or directory)."
    assert [path.name for path in root.iterdir() if path.is_dir()] == []
