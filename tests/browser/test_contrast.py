"""Everything that is written on a page can be read: 4.5 to 1 against what is behind it, 3 to 1 where it is large."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.studio import SHIPPED, Studio

pytestmark = pytest.mark.browser

# disabled controls are exempt; a slider's number stands above its thumb, a bar's inside it, not on what is found here
FAINT = """() => {
  const apart = "[disabled], [aria-disabled=true], [data-testid=stSliderThumbValue], .bartext-inside";
  const parse = (text) => {
    const [r, g, b, a = 1] = (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    return text.startsWith("color(") ? [255 * r, 255 * g, 255 * b, a] : [r, g, b, a];
  };
  const over = (top, below) => {
    const a = top[3] + below[3] * (1 - top[3]);
    return [...[0, 1, 2].map((i) => (a ? (top[i] * top[3] + below[i] * below[3] * (1 - top[3])) / a : 0)), a];
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = new Set();
  for (const element of document.querySelectorAll("body *")) {
    const texts = [...element.childNodes].filter((node) => node.nodeType === 3);
    const words = texts.map((node) => node.data.trim()).join(" ");
    const [box, style] = [element.getBoundingClientRect(), getComputedStyle(element)];
    if (!words || box.width < 2 || box.height < 2 || style.visibility === "hidden" || element.closest(apart)) continue;
    let [ground, opacity] = [[0, 0, 0, 0], 1];
    for (let each = element; each; each = each.parentElement) {
      ground = over(ground, parse(getComputedStyle(each).backgroundColor));
      opacity *= Number(getComputedStyle(each).opacity);
    }
    ground = over(ground, [255, 255, 255, 1]);
    const colour = parse(element instanceof SVGElement ? style.fill : style.color);
    colour[3] *= opacity;
    const [low, high] = [luminance(over(colour, ground)), luminance(ground)].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const ratio = (high + 0.05) / (low + 0.05);
    if (opacity && ratio < least) faint.add(`${words.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return [...faint];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_can_be_read(chromium: Browser, studio: Studio, scheme: str) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page, found = context.new_page(), {}
    for path in (
        "train?new=1",
        f"train?run={SHIPPED.name}",
        "runs",
        "explore",
        f"evaluate?run={SHIPPED.name}",
        "learn",
    ):
        page.goto(f"{studio.url}/{path}")
        expect(page.get_by_test_id("stMain").get_by_role("heading").first).to_be_visible()
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        page.wait_for_timeout(1500)  # charts draw after the page
        if faint := page.evaluate(FAINT):
            found[path] = faint
    context.close()
    assert not found
