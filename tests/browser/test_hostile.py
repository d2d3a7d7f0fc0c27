"""Runs from a stranger: whatever their files say, no page formats it, links it, fetches it, or falls over it."""

import dataclasses
import json
import shutil

import pytest
from playwright.sync_api import Page, expect

from dcgan.runs.records import Control, Parent, Status, dump
from dcgan.runs.run import Run
from tests.browser.studio import SHIPPED, Studio

pytestmark = pytest.mark.browser

EVIL = (
    "![x](http://evil.example/a.png) <img src=http://evil.example/b.png> [y](http://evil.example/c) "
    "http://evil.example/d www.evil.example :red[x] $\\href{http://evil.example/e}{x}$"
)
SHORT = "![x](//evil.example/a) www.evil.example http://evil.example <b>b</b>"  # a name has 80 characters
# links and pictures that lead to the stranger's; the studio's own links may name a run whose id looks like an address
FOREIGN = """() => [...document.querySelectorAll("[href], [src]")].map(each => each.href || each.src)
    .filter(url => String(url).startsWith("http") && new URL(url).host.endsWith("evil.example"))"""
FOLDER = "![x](www.evil.example) <b> $x$"  # a folder's has no slash


def hostile(studio: Studio, id: str, **status: object) -> Run:
    """A copy of the shipped run in which every text says EVIL."""
    run = Run(studio.root / id)
    shutil.copytree(SHIPPED, run.path, ignore=shutil.ignore_patterns("state.pt"))
    config = json.loads(run.config_path.read_text())
    run.config_path.write_text(json.dumps(config | {"preset": EVIL, "data": EVIL, "data_fingerprint": EVIL}))
    run.control_path.write_bytes(dump(Control(name=SHORT)))
    run.parent_path.write_bytes(dump(Parent(EVIL, 3, EVIL)))
    texts = dict.fromkeys(("message", "error", "device", "notice", "alarms"), EVIL)
    old = {field: value for field, value in dataclasses.asdict(run.status()).items() if field not in texts}
    run.write_status(Status(**(old | texts | status)))
    rows = [json.loads(line) for line in run.quality_path.read_text().splitlines()]
    for row in rows:
        row["judge"] = EVIL
        row["class_names"] = [f"{number} {EVIL}" for number in range(len(row["class_names"]))]
        row["missing"] = row["class_names"][:2]
    run.quality_path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open(run.metrics_path, "a") as curves:
        curves.write(json.dumps({"step": 27_000, "event": "change", "augment": EVIL}) + "\n")
    for report in (run.path / "evaluations").glob("*.json"):
        names = json.loads(report.read_text())["classes"]["names"]
        text = report.read_text()
        for name in names:
            text = text.replace(json.dumps(name), json.dumps(f"{name} {EVIL}"))
        report.write_text(text)
    return run


def settled(page: Page) -> None:
    """The page is drawn, without an error of its own and without a link or picture from elsewhere."""
    expect(page.get_by_test_id("stMain").get_by_role("heading").first).to_be_visible()
    page.wait_for_timeout(400)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate(FOREIGN) == [], page.url
    assert page.locator(".katex").count() == 0, page.url


def test_no_page_formats_links_or_fetches_what_a_stranger_wrote(page: Page, studio: Studio):
    hostile(studio, FOLDER)
    hostile(studio, "failed", state="failed")
    hostile(studio, "lost", state="interrupted")
    hostile(studio, "odd-state", state=EVIL)
    hostile(studio, "no-settings").config_path.write_text(json.dumps({EVIL: 1}))
    hostile(studio, "no-value").config_path.write_text(json.dumps({"z_dim": EVIL}))
    for place in ("train?run=failed", "train?run=lost", "runs?run=odd-state", "train?run=no-settings"):
        page.goto(f"{studio.url}/{place}")
        settled(page)
    for place in (
        *("train?run={}", "runs?run={}", "runs?run={}&run=lost", "runs?run=no-value", f"train?run={EVIL}"),
        *("explore?run={}", "interpolate?run={}", "evaluate?run={}", "evaluate?run={}&view=steps"),
        *("learn?run={}&screen=" + number for number in "1245"),
        "learn?run=no-settings",
    ):
        page.goto(f"{studio.url}/{place.replace('{}', FOLDER)}")
        settled(page)
