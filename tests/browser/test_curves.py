"""The live curves' figure in a real browser, without the studio around it."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page
from plotly.offline import get_plotlyjs

from pages.charts import curves

pytestmark = pytest.mark.browser

# Draws the curves `times` times, `gap` ms apart, lets `turns` turns of the microtask queue pass and takes them down, as
# Streamlit does when the part of the page goes away; tells whether the figure was there before and a moment after.
DRAW_AND_TAKE_DOWN = """async ([source, packed, times, gap, turns]) => {
  const component = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const parentElement = document.createElement("div");
  parentElement.innerHTML = "<div class='curves' style='width: 800px'></div>";
  document.body.append(parentElement);
  let takeDown;
  for (let time = 0; time < times; time++) {
    takeDown = component.default({ parentElement, data: new Uint8Array(packed) });
    if (gap && time < times - 1) await new Promise((resolve) => setTimeout(resolve, gap));
  }
  for (let turn = 0; turn < turns; turn++) await null;
  const drawn = Boolean(parentElement.querySelector("svg"));
  takeDown();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const left = Boolean(parentElement.querySelector("svg"));
  parentElement.remove();
  return [drawn, left];
}"""


def test_curves_taken_down_while_they_are_drawn_raise_no_error(page: Page) -> None:
    """The fixture of the page fails on any error, also one in a promise that nothing waits for."""
    columns = {name: np.arange(50.0) / 50 for name in curves.CURVES} | {"step": np.arange(50.0)}
    source = Path(curves.__file__).with_suffix(".js").read_text(encoding="utf-8")
    packed = list(curves.pack("run", columns, 600))
    page.set_content("<html><body></body></html>")
    page.add_script_tag(content=get_plotlyjs())
    for times, gap in ((1, 0), (2, 0), (2, 100)):
        for turns in range(6):
            assert page.evaluate(DRAW_AND_TAKE_DOWN, [source, packed, times, gap, turns]) == [True, False]
