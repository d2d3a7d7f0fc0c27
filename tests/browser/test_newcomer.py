"""A newcomer's first minutes, in order: each test goes on where the one before it left the run."""

import contextlib
import os
import re
import signal
import time
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from dcgan.runs.run import Run
from dcgan.system.processes import is_process
from tests.browser.studio import SHOTS, Studio, shot
from tests.files import write_pictures
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

CHART = ".curves[data-updates]"
X_RANGE = "() => document.querySelector('.curves')._fullLayout.xaxis.range.map(Math.round)"
SETTLED = """() => {
  const chart = document.querySelector('.curves');
  if (!chart || window.chartSeen !== chart) [window.chartSeen, window.chartSince] = [chart, performance.now()];
  return chart && performance.now() - window.chartSince > 4000;
}"""  # the same element through several ticks; one that is replaced at every tick never settles
POINTS = "() => { const d = document.querySelector('.curves'); return d && d.data ? d.data[1].x.length : 0 }"


def the_run(studio: Studio) -> Run:
    (run,) = studio.runs()
    return run


def shown_step(page: Page) -> int:
    alt = page.locator("img[alt^='Samples at step']").first.get_attribute("alt") or ""
    return int(alt.rsplit(" ", 1)[1].replace(",", ""))


def state(page: Page, word: str) -> Locator:
    """The badge in the run's headline."""
    return page.get_by_test_id("stMain").get_by_text(f"{word} quick on fashion-mnist")


def open_train(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/train")
    expect(page.locator("img[alt^='Samples at step']").first).to_be_visible()


def test_first_visit_leads_to_train_without_loading_torch(page: Page, studio: Studio) -> None:
    page.goto(studio.url)
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
    expect(page).to_have_url(re.compile("/train$"))
    expect(page.get_by_alt_text("Nine real pictures of this data set")).to_be_visible()
    expect(page.get_by_alt_text("Clothes drawn by a trained generator")).to_be_visible()
    maps = Path(f"/proc/{studio.process.pid}/maps")
    if maps.exists():
        assert "libtorch" not in maps.read_text()


@pytest.mark.parametrize("name", ["Runs", "Explore", "Interpolate", "Evaluate", "Learn"])
def test_a_deep_link_opens_its_page_for_the_very_first_visitor(page: Page, studio: Studio, name: str) -> None:
    if name == "Runs":  # as after an update of the studio: no page was ever run in this server
        studio.kill()
        studio.start()
    page.goto(f"{studio.url}/{name.lower()}")
    expect(page.get_by_test_id("stSidebarNav").get_by_role("link", name=name)).to_be_visible()
    expect(page).to_have_title(re.compile(name))
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_bad_pictures_are_refused_beside_the_form(page: Page, studio: Studio, tmp_path: Path) -> None:
    page.goto(f"{studio.url}/train")
    page.get_by_role("combobox", name="Pictures").click()
    page.get_by_role("option", name="a folder, archive or array").click()
    field = page.get_by_role("textbox", name="Folder or archive")
    field.fill(str(tmp_path))
    field.press("Enter")
    expect(page.get_by_test_id("stAlert")).to_contain_text(str(tmp_path))
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()
    write_pictures(tmp_path, 3)  # nothing on the page can be touched that would look again
    expect(page.get_by_text("3 real pictures, all of them here.")).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
    assert not studio.runs()


def test_a_bad_setting_is_refused_with_the_sentence_of_the_command_line(page: Page, studio: Studio) -> None:
    page.goto(f"{studio.url}/train")
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_role("tab", name="Optimisation").click()
    field = page.get_by_role("spinbutton", name="batch_size")
    field.fill("0")
    field.press("Enter")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("batch_size must be at least 2, not 0.")).to_be_visible()
    assert not studio.runs()


def test_a_newcomer_goes_from_start_to_spot_the_fake_by_what_the_pages_offer(page: Page, studio: Studio) -> None:
    page.goto(studio.url)
    start = page.get_by_role("button", name="Start training")
    expect(start).to_be_enabled()
    shot(page, "1-start")

    start.click()
    expect(page.get_by_text("While you wait")).to_be_visible()
    page.get_by_role("radio", name="shapes").click()
    expect(page.get_by_text("You guessed shapes")).to_be_visible()
    run = the_run(studio)
    if SHOTS:
        wait_for(lambda: run.status().step >= 150, 300, "pictures in which one sees something")
        shot(page, "2-waiting-room")
    else:
        run.ask("pause")  # it would take the machine from the browser
    try:
        _from_the_story_to_the_glossary(page)
    finally:
        run.ask("run")  # for the tests that follow


def _from_the_story_to_the_glossary(page: Page) -> None:
    page.get_by_role("link", name="Learn how it works").click()
    expect(page.get_by_text("Where to next")).to_be_visible()
    shot(page, "3-the-story")

    def on(to: str) -> None:
        page.locator(".st-key-learn-next-part").get_by_role("button", name=to).click()
        expect(page.get_by_role("radio", name=to)).to_be_checked()
        expect(page.get_by_role("heading", name="Learn", level=1)).to_be_focused()  # at the top, and on no button
        assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollTop") == 0

    on("Playground")
    plane = page.get_by_test_id("playground-plane")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(f"(c) => Number(c.dataset.step) >= {200 if SHOTS else 3}", arg=plane.element_handle())
    shot(page, "4-playground")
    on("One step, slowly")
    page.get_by_role("button", name="Show step 27,001").click()
    page.locator(".step").get_by_role("tab", name="Back to the pixels").click()
    expect(page.get_by_text("dL/dx of G's loss")).to_be_visible()
    shot(page, "5-one-step-slowly")
    on("Failures")
    on("Spot the fake")
    for at in range(1, 11):
        expect(page.get_by_text(f"Pair {at} of 10: which one is the fake?")).to_be_visible()
        expect(page.get_by_alt_text("The picture on the left", exact=True)).to_be_visible()
        page.keyboard.press("1")
        expect(page.locator(".st-key-spot-go-on button")).to_be_enabled()
        if at == 1:
            shot(page, "6-spot-the-fake")
        for _ in range(3):  # a key that comes before the button listens is pressed again, as a person would
            page.keyboard.press("Enter")
            with contextlib.suppress(PlaywrightTimeout):
                page.wait_for_function(
                    "() => !document.querySelector('.st-key-spot-go-on button:enabled')", timeout=20_000
                )
                break
    expect(page.get_by_test_id("stMetric").filter(has_text="D, on the same pairs")).to_contain_text("of 10")
    expect(page.get_by_role("figure", name=re.compile(r"Your scores: \d+ of 10 at step 27000"))).to_be_visible()

    shot(page, "7-your-result-and-d-s")

    page.get_by_role("radio", name="Glossary").click()
    expect(page).to_have_url(re.compile(r"/learn\?(?!.*draw=).*part=glossary"))
    page.get_by_role("textbox", name="Search").fill("ema")
    expect(page.locator(".st-key-glossary h5")).to_have_text(["EMA"])
    page.get_by_role("radio", name="The story").click()
    word = page.locator("a[href*='part=glossary&word=']").first
    page.keyboard.press("Tab")  # the keyboard, not the pointer, leads
    word.focus()
    said = word.evaluate("word => getComputedStyle(word, '::after').content")
    assert said == f'"{word.get_attribute("title")}"' and "the network that" in said
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    expect(opened.value.locator(".st-key-glossary h5").first).to_have_text("generator")


def test_curves_and_samples_advance(page: Page, studio: Studio) -> None:
    open_train(page, studio)
    expect(page.locator(CHART)).to_be_visible()
    page.wait_for_function(f"({POINTS})() > 3")
    expect(state(page, "training")).to_be_visible()
    first = shown_step(page)
    wait_for(lambda: shown_step(page) > first, 45, "a newer sample grid")
    assert the_run(studio).status().device


def test_new_points_neither_replace_the_chart_nor_reset_its_zoom(page: Page, studio: Studio) -> None:
    open_train(page, studio)
    page.wait_for_function(f"({POINTS})() > 3")
    page.wait_for_function(SETTLED)
    page.evaluate("() => { document.querySelector('.curves').mark = 'mine' }")
    page.evaluate("() => Plotly.relayout(document.querySelector('.curves'), {'xaxis.range': [3, 17]})")
    before = page.evaluate(POINTS)
    page.wait_for_function(f"({POINTS})() > {before} + 2")
    assert page.evaluate("() => document.querySelector('.curves').mark") == "mine"
    assert page.evaluate(X_RANGE) == [3, 17]


def test_reload_second_tab_and_other_pages_show_the_same_run(context: BrowserContext, studio: Studio) -> None:
    run, page = the_run(studio), context.new_page()
    open_train(page, studio)
    expect(page.get_by_role("heading", name=run.id)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name=run.id)).to_be_visible()
    second = context.new_page()
    open_train(second, studio)
    expect(second.get_by_role("heading", name=run.id)).to_be_visible()

    step = run.status().step
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Learn").click()
    expect(page).to_have_url(re.compile("/learn"))
    expect(page.get_by_test_id("stSidebar").get_by_text(run.id)).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Train").click()
    expect(page.get_by_role("heading", name=run.id)).to_be_visible()
    wait_for(lambda: run.status().step > step, 30, "steps made meanwhile")


def test_a_second_start_is_refused_with_a_clear_word(page: Page, studio: Studio) -> None:
    run = the_run(studio)
    page.goto(f"{studio.url}/train?new=1")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("one run trains at a time: stop it first")).to_be_visible()
    assert the_run(studio).id == run.id


def test_pause_step_and_resume_act_within_a_second(page: Page, studio: Studio) -> None:
    run = the_run(studio)
    open_train(page, studio)
    page.get_by_role("button", name="Pause").click()
    expect(state(page, "paused")).to_be_visible()
    step = run.status().step
    time.sleep(1.0)
    assert run.status().step == step

    page.get_by_role("button", name="Step", exact=True).click()
    wait_for(lambda: run.status().step == step + 1, 20, "one step")
    expect(page.get_by_alt_text(f"Samples at step {step + 1}", exact=True)).to_be_visible()
    assert run.status().state == "paused"

    page.get_by_role("button", name="Resume").click()
    wait_for(lambda: run.status().step > step + 3, 30, "training goes on")


def test_the_slider_goes_back_to_the_first_picture_and_follows_again(page: Page, studio: Studio) -> None:
    open_train(page, studio)
    thumb = page.get_by_role("slider").first
    thumb.focus()
    thumb.press("Home")
    expect(page.get_by_alt_text("Samples at step 0", exact=True)).to_be_visible()
    time.sleep(3)  # newer samples arrive; the view stays where the person put it
    assert shown_step(page) == 0
    thumb.focus()
    thumb.press("End")
    newest = shown_step(page)
    wait_for(lambda: shown_step(page) > newest, 60, "the view follows the training again")


def test_a_killed_worker_is_seen_as_dead_and_resumes(page: Page, studio: Studio) -> None:
    run = the_run(studio)
    open_train(page, studio)
    wait_for(run.state_path.exists, 60, "a checkpoint")
    os.kill(run.status().pid, signal.SIGKILL)
    expect(state(page, "interrupted")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(state(page, "training")).to_be_visible()
    step = run.status().step
    wait_for(lambda: run.status().step > step, 30, "training goes on")


def test_a_restarted_server_finds_the_run_still_training(page: Page, studio: Studio) -> None:
    run = the_run(studio)
    open_train(page, studio)
    worker = run.status().pid
    studio.kill()
    step = run.status().step
    wait_for(lambda: run.status().step > step, 30, "training goes on without a server")
    studio.start()
    page.goto(f"{studio.url}/train")
    expect(page.get_by_role("heading", name=run.id)).to_be_visible()
    expect(state(page, "training")).to_be_visible()
    assert run.status().pid == worker


def test_explore_follows_a_run_in_training(page: Page, studio: Studio) -> None:
    run = the_run(studio)
    page.goto(f"{studio.url}/explore?run={run.id}")
    expect(page.get_by_role("button", name="Randomize").first).to_be_visible()
    expect(page.get_by_test_id("latent-canvas")).not_to_have_attribute("data-frame", "0")


def test_stop_ends_the_process_and_offers_what_comes_next(page: Page, studio: Studio) -> None:
    run = the_run(studio)
    open_train(page, studio)
    pid, started = run.status().pid, run.status().pid_started
    page.get_by_role("button", name="Stop").click()
    expect(state(page, "stopped")).to_be_visible()
    wait_for(lambda: not is_process(pid, started), 20, "the process is gone")
    for label in ("Explore it", "Interpolate it", "Measure it"):
        expect(page.get_by_role("link", name=label)).to_be_visible()


@pytest.mark.parametrize("name", ["train", "train?new=1", "runs", "explore", "interpolate", "evaluate", "learn"])
def test_nothing_sticks_out_on_a_phone(phone: BrowserContext, studio: Studio, name: str) -> None:
    page = phone.new_page()
    run = "" if name in ("runs", "train?new=1") else f"?run={the_run(studio).id}"
    page.goto(f"{studio.url}/{name}{run}")
    expect(page.get_by_test_id("stMain").get_by_role("heading").first).to_be_visible()
    page.wait_for_timeout(2500)
    assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    for group in page.get_by_test_id("stMain").get_by_role("radiogroup").all():
        cut = group.evaluate("e => e.scrollWidth - e.clientWidth")
        assert cut <= 1, f"{group.get_attribute('aria-label')} is cut off by {cut} pixels"
    expect(page.get_by_test_id("stException")).to_have_count(0)
    if name == "train?new=1":  # from its first moment on, though the form is twice as long as the screen
        expect(page.get_by_role("button", name="Start training")).to_be_in_viewport(ratio=1)
