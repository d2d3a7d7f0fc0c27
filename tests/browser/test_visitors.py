"""A studio whose visitors watch, and the key that lets one of them act."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.studio import SHIPPED, Studio

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("watched")
    shutil.copytree(SHIPPED, folder / "runs" / SHIPPED.name)
    studio = Studio(folder / "runs", folder / "server.log", DCGAN_VISITORS="watch")
    yield studio
    studio.end_runs()
    studio.kill()
    assert "Traceback" not in studio.log.read_text(), studio.log.read_text()


def type_key(page: Page, key: str) -> None:
    page.get_by_role("button", name="Type the key").click()
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_label("Key", exact=True).press("Enter")


def test_the_key_lets_its_visitor_act_and_nobody_else(
    context: BrowserContext, phone: BrowserContext, studio: Studio
) -> None:
    page, other = context.new_page(), phone.new_page()
    page.goto(f"{studio.url}/train")
    expect(page.get_by_text("Learn how it works")).to_be_visible()
    assert page.get_by_role("button", name="Start training").count() == 0
    page.goto(f"{studio.url}/runs?run={SHIPPED.name}")
    expect(page.get_by_role("button", name="Open", exact=True)).to_be_visible()
    assert page.get_by_role("button", name="Delete").count() == page.get_by_role("button", name="Rename").count() == 0

    type_key(page, "AAAA-BBBB-CCCC")
    expect(page.get_by_text("That is not the key.")).to_be_visible()
    assert not any("dcgan" in each["name"] for each in context.cookies())
    page.keyboard.press("Escape")
    (key,) = re.findall(r"key may also .*: (\S+)", studio.log.read_text())
    type_key(page, key)
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    assert "run=" in page.url and key not in page.url and not any(key in each["value"] for each in context.cookies())
    second = context.new_page()
    second.goto(f"{studio.url}/train")
    expect(second.get_by_role("button", name="Start training")).to_be_enabled()

    other.goto(f"{studio.url}/train")
    expect(other.get_by_text("Learn how it works")).to_be_visible()
    assert other.get_by_role("button", name="Start training").count() == 0
