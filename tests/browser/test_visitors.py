"""A studio whose visitors watch, and the key that lets one of them act."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from dcgan.runs import notes
from dcgan.runs.run import Run
from tests.browser.studio import SHIPPED, Studio

pytestmark = pytest.mark.browser

NOTE = "Tried *once*: <b>brighter</b>.\nThe bags came last."


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("watched")
    for name in (SHIPPED.name, "noted"):
        shutil.copytree(SHIPPED, folder / "runs" / name)
    notes.write(Run(folder / "runs" / "noted"), NOTE)
    studio = Studio(folder / "runs", folder / "server.log", DCGAN_VISITORS="watch")
    yield studio
    studio.end_runs()
    studio.kill()
    assert "Traceback" not in studio.log.read_text(), studio.log.read_text()


def type_key(page: Page, key: str) -> None:
    page.get_by_role("button", name="Type the key").click()
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_label("Key", exact=True).press("Enter")


def a_link_compares(page: Page, studio: Studio) -> None:
    """What somebody handed on: chart, settings and notes are there for who only watches, and nothing to write with."""
    page.goto(f"{studio.url}/runs?run=noted&run={SHIPPED.name}&figure=losses&axis=time")
    expect(page.get_by_role("figure", name=re.compile("^1, noted.*; 2, "))).to_be_visible()
    expect(page.get_by_text("minutes of training")).to_be_visible()
    expect(page.get_by_alt_text(re.compile("^Samples at step"))).to_have_count(2)
    rest = page.get_by_text("The bags came last.")
    expect(rest).to_be_hidden()
    page.locator(".apart summary", has_text="Tried *once*: <b>brighter</b>.").click()
    expect(rest).to_be_in_viewport()
    expect(page.get_by_role("button", name="Link")).to_be_enabled()
    assert page.get_by_role("button", name=re.compile("note|Rename|Delete")).count() == 0
    page.goto(f"{studio.url}/runs?run=noted")
    expect(page.locator(".st-key-run-note")).to_contain_text(NOTE)
    expect(page.get_by_role("button", name="Open", exact=True)).to_be_visible()
    assert page.get_by_role("button", name=re.compile("note|Rename|Delete")).count() == 0


def test_the_key_lets_its_visitor_act_and_nobody_else(
    context: BrowserContext, phone: BrowserContext, studio: Studio
) -> None:
    page, other = context.new_page(), phone.new_page()
    page.goto(f"{studio.url}/train")
    expect(page.get_by_text("Learn how it works")).to_be_visible()
    assert page.get_by_role("button", name="Start training").count() == 0
    a_link_compares(page, studio)

    type_key(page, "AAAA-BBBB-CCCC")
    expect(page.get_by_text("That is not the key.")).to_be_visible()
    assert not any("dcgan" in each["name"] for each in context.cookies())
    page.keyboard.press("Escape")
    (key,) = re.findall(r"key may also .*: (\S+)", studio.log.read_text())
    type_key(page, key)
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    expect(page.get_by_role("button", name="Edit the note")).to_be_visible()
    assert "run=" in page.url and key not in page.url and not any(key in each["value"] for each in context.cookies())
    second = context.new_page()
    second.goto(f"{studio.url}/train")
    expect(second.get_by_role("button", name="Start training")).to_be_enabled()

    other.goto(f"{studio.url}/train")
    expect(other.get_by_text("Learn how it works")).to_be_visible()
    assert other.get_by_role("button", name="Start training").count() == 0
