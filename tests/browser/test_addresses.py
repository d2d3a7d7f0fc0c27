"""Links and buttons that change the address of the page they are on: bar and page agree, and stay agreed."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from dcgan.presets import PRESETS
from dcgan.runs import launch
from dcgan.runs.fork import fork
from dcgan.runs.run import Run
from tests.browser.studio import SHIPPED, Studio

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def only_the_shipped_run(studio: Studio) -> Iterator[None]:
    yield
    for run in studio.runs():
        launch.kill(run)
        run.delete()


WATCH_RECIPES = """() => {
  window.lowest = 0; // that the recipes ever stood, in pixels
  const look = () => {
    for (const each of document.querySelectorAll("[data-testid=stRadioOption]"))
      lowest = Math.max(lowest, each.getBoundingClientRect().y);
    requestAnimationFrame(look);
  };
  look();
}"""


def heading(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("heading", name=name, exact=True)


def in_sidebar(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stSidebarNav").get_by_role("link", name=name)


def open_shipped(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/train?run={SHIPPED.name}")
    expect(heading(page, SHIPPED.name)).to_be_visible()
    page.wait_for_function("() => window.dcganAddress")  # the page listens; a click in its first moments stays here


def expect_new_run(page: Page, recipe: str) -> None:
    """The form, in the address bar, too, and still after something on it was touched."""
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
    expect(page).not_to_have_url(re.compile("run="))
    page.get_by_test_id("stRadioOption").filter(has_text=re.compile(f"^{recipe}$")).click()
    expect(page.get_by_text(PRESETS[recipe].title).first).to_be_visible()
    page.wait_for_timeout(1000)  # time enough to be thrown back to the old run
    expect(page.get_by_role("radio", name=recipe, exact=True)).to_be_checked()
    expect(heading(page, "Train a GAN")).to_be_visible()
    expect(page).not_to_have_url(re.compile("run="))


def start(page: Page, studio: Studio) -> Run:
    """Start training; the new run is in training, here and in the address."""
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("button", name="Pause")).to_be_enabled()
    (run,) = studio.runs()
    assert run.config.preset == "modern" and launch.observe(run).state in launch.ACTIVE
    expect(heading(page, run.name)).to_be_visible()
    expect(page).to_have_url(re.compile(f"run={run.id}$"))
    return run


def test_new_run_starts_another_recipe_and_back_and_forward_lead_through(
    page: Page, context: BrowserContext, studio: Studio
) -> None:
    open_shipped(page, studio)
    page.get_by_role("link", name="New run").click()
    expect_new_run(page, "classic-64")
    page.go_back()
    expect(heading(page, SHIPPED.name)).to_be_visible()
    page.evaluate(WATCH_RECIPES)
    page.go_forward()
    expect_new_run(page, "modern")
    assert 0 < page.evaluate("() => lowest") < 900  # never below what the old run's page had there
    run = start(page, studio)

    page.go_back()
    expect(heading(page, "Train a GAN")).to_be_visible()
    page.get_by_role("link", name="Watch it").click()  # one run trains at a time
    expect(heading(page, run.name)).to_be_visible()
    expect(page).to_have_url(re.compile("run="))
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(heading(page, run.name)).to_be_visible()

    second = context.new_page()  # another tab, on the old run: the same way leads to the form
    open_shipped(second, studio)
    second.get_by_role("link", name="New run").click()
    expect(second.get_by_text("one run trains at a time")).to_be_visible()
    expect(second).to_have_url(re.compile(r"/train\?new=1$"))


def test_the_sidebar_leads_from_an_old_run_to_a_new_one(page: Page, studio: Studio) -> None:
    open_shipped(page, studio)
    in_sidebar(page, "Train").click()
    expect(heading(page, "Train a GAN")).to_be_visible()
    expect_new_run(page, "classic-64")
    page.go_back()
    expect(heading(page, SHIPPED.name)).to_be_visible()
    in_sidebar(page, "Runs").click()
    expect(page).to_have_url(re.compile("/runs"))
    in_sidebar(page, "Train").click()
    expect_new_run(page, "modern")
    start(page, studio)


def test_a_run_of_the_family_is_shown_and_stays(page: Page, studio: Studio) -> None:
    made = fork(Run(studio.root / SHIPPED.name), None, {"lr_g": 1e-4}, steps=28_000, name="Child")
    page.goto(f"{studio.url}/runs?run={made.id}")
    expect(heading(page, "Child")).to_be_visible()
    page.get_by_role("link", name=f"{SHIPPED.name}, left at step").click()
    expect(heading(page, SHIPPED.name)).to_be_visible()
    expect(page).to_have_url(re.compile(f"run={SHIPPED.name}$"))
    page.get_by_role("slider").first.press("Home")
    expect(page).to_have_url(re.compile("step="))
    expect(page).to_have_url(re.compile(f"run={SHIPPED.name}"))
    expect(heading(page, SHIPPED.name)).to_be_visible()
    page.go_back()
    page.go_back()
    expect(heading(page, "Child")).to_be_visible()
