"""The real app, a real Chromium, and an eye on everything that must not happen."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from dcgan import launch
from dcgan.runs import PROJECT, Run, list_runs

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync"
)
PATIENCE_MS = 45_000  # on a busy machine; what must be quick is timed by its test
SHIPPED = PROJECT / "checkpoints" / "quick-fashion"


class Studio:
    """A `streamlit run app.py` on a port and a root of its own."""

    def __init__(self, root: Path, log: Path) -> None:
        self.root, self.log = root, log
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        env = os.environ | {"DCGAN_ROOT": str(self.root)}
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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.fail("Chromium is missing: install Debian's package chromium, or name the program in CHROMIUM.")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """The studio as a newcomer finds it: the shipped run is there, nothing else."""
    folder = tmp_path_factory.mktemp("studio")
    shutil.copytree(SHIPPED, folder / "runs" / SHIPPED.name)
    studio = Studio(folder / "runs", folder / "server.log")
    yield studio
    studio.end_runs()
    studio.kill()
    assert "Traceback" not in studio.log.read_text(), studio.log.read_text()
    assert not [child for child in psutil.Process().children(recursive=True) if "dcgan" in " ".join(child.cmdline())]


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A visitor at a desk; fails if a page raised an error or asked anything of another host."""
    yield from _visitor(chromium, 1440, 900)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def phone(chromium: Browser) -> Iterator[BrowserContext]:
    yield from _visitor(chromium, 390, 844)


def _visitor(chromium: Browser, width: int, height: int) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE_MS)
    errors, strangers = [], []
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("request", lambda request: strangers.append(request.url) if not _is_ours(request.url) else None)
    yield context
    context.close()
    assert not errors
    assert not strangers


def _is_ours(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:"))
