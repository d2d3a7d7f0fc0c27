"""A hand on a slider: moves come at their own pace, as a mouse's do, whatever the page is busy with."""

import asyncio
import math
import statistics
from typing import NamedTuple

from playwright.async_api import Page, async_playwright
from playwright.sync_api import FloatRect, Locator

from tests.browser.studio import CHROMIUM, FLAGS

MOVES_PER_S = 120
WATCH = """(canvas) => {
  const marks = (canvas.marks = []);
  canvas.addEventListener("painted", ({ detail }) => {
    const after = new MessageChannel(); // its message comes when the frame has been drawn
    after.port1.onmessage = () => marks.push([detail.input, performance.now()]);
    after.port2.postMessage(0);
  });
}"""


class Drag(NamedTuple):
    """What a drag of some seconds showed; times in ms from the newest movement in a picture to that picture."""

    seconds: float
    frames: int  # that the canvas counted
    seen_while_held: list[int]  # its counter, looked at now and then before the mouse was released
    median_ms: float
    p95_ms: float

    @property
    def fps(self) -> float:
        return self.frames / self.seconds


def box_at_rest(element: Locator) -> FloatRect:
    """Where an element stands once it stays there: a busy page is drawn piece by piece, and moves what it has drawn."""
    before = None
    while (box := element.bounding_box()) is None or box != before:
        before = box
        element.page.wait_for_timeout(150)
    return box


async def drag(page: Page, seconds: float, slider: int = 0) -> Drag:
    """Hold a latent slider for some seconds, moving it to and fro, then let go."""
    canvas = page.get_by_test_id("latent-canvas")
    box = await page.get_by_test_id(f"latent-slider-{slider}").bounding_box()
    assert box
    await canvas.evaluate(WATCH)
    cdp = await page.context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + box["width"] / 2, y)
    await page.mouse.down()
    loop = asyncio.get_running_loop()
    first, begin = int(await canvas.get_attribute("data-frame") or 0), loop.time()
    seen, moves = [first], []
    while (t := loop.time() - begin) < seconds:
        x = box["x"] + box["width"] * (0.5 + 0.45 * math.sin(2.2 * t))
        move = {"type": "mouseMoved", "x": x, "y": y, "button": "left", "buttons": 1}
        moves.append(asyncio.create_task(cdp.send("Input.dispatchMouseEvent", move)))
        if len(moves) % (MOVES_PER_S // 2) == 0:
            seen.append(int(await canvas.get_attribute("data-frame") or 0))
        await asyncio.sleep(max(0.0, len(moves) / MOVES_PER_S - (loop.time() - begin)))
    last, took = int(await canvas.get_attribute("data-frame") or 0), loop.time() - begin
    await asyncio.gather(*moves)
    marks = await canvas.evaluate("(canvas) => canvas.marks")
    await page.mouse.up()
    latencies = sorted(painted - moved for moved, painted in marks)
    p95 = latencies[min(len(latencies) - 1, int(0.95 * len(latencies)))]
    return Drag(took, last - first, seen, statistics.median(latencies), p95)


async def drag_on(url: str, seconds: float, wait_s: float = 3.0) -> Drag:
    """The same on a page opened for it, once its first pictures have been there for a while."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        page = await (await browser.new_context(viewport={"width": 1440, "height": 900})).new_page()
        await page.goto(url)
        await page.locator("[data-testid=latent-canvas]:not([data-frame='0'])").wait_for()
        await asyncio.sleep(wait_s)
        try:
            return await drag(page, seconds)
        finally:
            await browser.close()
