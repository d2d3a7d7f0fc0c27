"""The real app as a process of its own, for browser tests and benchmarks."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page

from dcgan.runs import launch
from dcgan.runs.run import Run, list_runs
from dcgan.system.paths import PROJECT

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")  # the first draws the same with a fifth less work
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    "--no-sandbox --disable-gpu --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
SHOTS = os.environ.get("DCGAN_SHOTS")  # a folder for pictures of what a visitor sees
SHIPPED = PROJECT / "checkpoints" / "quick-fashion"


class Studio:
    """A `streamlit run app.py` on a port and a root of its own."""

    def __init__(self, root: Path, log: Path, **settings: str) -> None:
        self.root, self.log, self.settings = root, log, settings
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        env = os.environ | {"DCGAN_ROOT": str(self.root), "DCGAN_DATA": str(self.root.parent / "data")} | self.settings
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*command, "--server.headless", "true"], cwd=PROJECT, env=env, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=2).read()
                return
            time.sleep(0.1)
        raise TimeoutError(self.log.read_text())

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def runs(self) -> list[Run]:
        return [run for run in list_runs(self.root) if run.id != SHIPPED.name]

    def end_runs(self) -> None:
        for run in self.runs():
            launch.kill(run)


def shot(page: Page, name: str) -> None:
    """Keep a picture of the page where DCGAN_SHOTS names a folder for them; else nothing."""
    if SHOTS:
        page.wait_for_timeout(700)  # what fades in is there
        page.screenshot(path=Path(SHOTS) / f"{name}.png")
