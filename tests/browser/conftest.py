"""The real app, a real Chromium, and an eye on everything that must not happen."""

import shutil
from collections.abc import Iterator

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.studio import CHROMIUM, FLAGS, SHIPPED, Studio

PATIENCE_MS = 120_000  # on a busy machine; what must be quick is timed by its test


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
    processes = psutil.process_iter(["cmdline"])  # a process that may not be asked, or is dead, has no command line
    assert not [process for process in processes if str(studio.root) in " ".join(process.info["cmdline"] or [])]


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
