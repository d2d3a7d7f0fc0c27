"""`python -m dcgan`, many times for the price of one: forked off a process that has imported torch already.

Importing it takes three seconds of a core, more than most trainings of a test. A forked process has a memory, an end
and an exit code of its own like any other; that the program starts from nothing is for other tests to prove.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from dcgan.system.paths import PROJECT

NURSERY = """
import json, os, sys
from pathlib import Path
from dcgan.cli import main
from dcgan.data import sources
from dcgan.monitoring import inline_evaluation
from dcgan.training import distributed, follower, loop

def answer(order):
    if "ended" in order:
        pid, status = os.waitpid(order["ended"], os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None
    return os.fork() or begin(order)

def begin(order):
    for number, path in ((0, os.devnull), (1, os.devnull), (2, order["said"])):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    os.environ.update(order["env"])
    sources.DATA_DIR = Path(os.environ["DCGAN_DATA"])
    exec(order["first"], {})
    raise SystemExit(main.main(order["arguments"]))

while line := sys.stdin.buffer.raw.readline():
    os.write(1, (json.dumps(answer(json.loads(line))) + "\\n").encode())
"""


class Nursery:
    """The process that the others are forked off."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", NURSERY]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **order: object) -> int | None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()


class Forked:
    """`python -m dcgan ARGUMENTS`, with what it says on stderr in a file; `first` are lines that run before."""

    def __init__(
        self, nursery: Nursery, arguments: Sequence[str], env: Mapping[str, str], said: Path, first: str = ""
    ) -> None:
        self.nursery, self.said, self.returncode = nursery, said, None
        env = {"DCGAN_DATA": os.environ["DCGAN_DATA"], "DCGAN_ROOT": os.environ["DCGAN_ROOT"], **env}
        self.pid = nursery.ask(arguments=list(arguments), env=env, said=str(said), first=first)

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self.nursery.ask(ended=self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Its exit code, negative for a signal; raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"A process is still there after {timeout:.0f} s.")
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
