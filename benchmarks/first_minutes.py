"""What a newcomer waits for, what watching costs, and whether the server's memory stays bounded.

    python -m benchmarks.first_minutes [--pairs 3] [--watch-minutes 30]

Needs Chromium and playwright (requirements-test.txt). Each pair trains the quick preset for 40 seconds with nobody
watching and 40 seconds with the Train page open in a browser, in alternating order; the ratio is what counts.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from dcgan.runs import launch
from dcgan.runs.new_run import order
from dcgan.runs.run import Run
from tests.browser.studio import CHROMIUM, FLAGS, SHIPPED, Studio

SECONDS = 20.0  # of training on each side of a pair


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--watch-minutes", type=float, default=30.0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        shutil.copytree(SHIPPED, Path(folder) / "runs" / SHIPPED.name)
        studio = Studio(Path(folder) / "runs", Path(folder) / "server.log")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        try:
            from_click(browser, studio)
            cost_of_watching(browser, studio, args.pairs)
            memory(browser, studio, args.watch_minutes)
        finally:
            studio.end_runs()
            browser.close()
            studio.kill()


def from_click(browser: Browser, studio: Studio) -> None:
    """Seconds from the click on Start training to the first grid, the first curve, and what is there after a minute."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(studio.url)
    page.get_by_role("button", name="Start training").wait_for()
    time.sleep(3)  # a person reads
    began = time.monotonic()
    page.get_by_role("button", name="Start training").click()
    page.locator("img[alt^='Samples at step']").first.wait_for(timeout=120_000)
    print(f"click to first sample grid   {time.monotonic() - began:5.1f} s")
    page.wait_for_function(
        "() => { const d = document.querySelector('.curves'); return d && d.data && d.data[1].x.length > 1 }",
        timeout=120_000,
    )
    print(f"click to first curve         {time.monotonic() - began:5.1f} s")
    time.sleep(max(0.0, 60 - (time.monotonic() - began)))
    page.screenshot(path=str(Path(tempfile.gettempdir()) / "studio-after-60-s.png"))
    (run,) = studio.runs()
    newest = run.sample_path(run.samples()[-1])
    print(f"60 s after the click         step {run.status().step:,}; grid of step {run.samples()[-1]:,}")
    shutil.copy(newest, Path(tempfile.gettempdir()) / "studio-after-60-s-grid.png")
    page.close()
    end(run)


def cost_of_watching(browser: Browser, studio: Studio, pairs: int) -> None:
    """Images per second with the Train page open over images per second alone, in pairs."""
    ratios = []
    for number in range(pairs):
        rates = {}
        for watched in (True, False) if number % 2 else (False, True):
            rates[watched] = images_per_s(browser, studio, watched)
        ratios.append(rates[True] / rates[False])
        print(
            f"pair {number + 1}: alone {rates[False]:6.0f}, watched {rates[True]:6.0f} images/s, ratio {ratios[-1]:.3f}"
        )
    if ratios:
        print(f"watched / alone, median      {statistics.median(ratios):.3f}")


def images_per_s(browser: Browser, studio: Studio, watched: bool) -> float:
    run = Run.create(order("quick", {"num_steps": 10**6}), studio.root)
    launch.start(run)
    page = watch(browser, studio, run) if watched else None
    while run.status().step < 20:
        time.sleep(0.1)
    time.sleep(3)
    first, began = run.status(), time.monotonic()
    time.sleep(SECONDS)
    last, seconds = run.status(), time.monotonic() - began
    if page:
        page.close()
    end(run)
    return (last.images - first.images) / seconds


def memory(browser: Browser, studio: Studio, minutes: float) -> None:
    """The server's resident memory while a run is watched."""
    if not minutes:
        return
    run = Run.create(order("quick", {"num_steps": 10**6}), studio.root)
    launch.start(run)
    page = watch(browser, studio, run)
    server, began = psutil.Process(studio.process.pid), time.monotonic()
    marks = []
    while time.monotonic() - began < 60 * minutes:
        time.sleep(60)
        marks.append(server.memory_info().rss / 1e6)
        heap = page.evaluate("() => performance.memory.usedJSHeapSize / 1e6")
        passed = (time.monotonic() - began) / 60
        print(
            f"minute {passed:4.0f}: server {marks[-1]:6.0f} MB, page's heap {heap:5.0f} MB, step {run.status().step:,}",
            flush=True,
        )
    end(run)


def watch(browser: Browser, studio: Studio, run: Run) -> Page:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{studio.url}/train?run={run.id}")
    return page


def end(run: Run) -> None:
    run.ask("stop")
    while launch.observe(run).state in launch.ACTIVE:
        time.sleep(0.1)
    run.delete()


if __name__ == "__main__":
    main()
