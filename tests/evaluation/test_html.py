"""The report as a page of its own: it shows every name as it is, and runs none."""

import re

from dcgan.evaluation.html import html_report
from dcgan.evaluation.report import kept_report
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT

HOSTILE = '<script>alert("it\'s")</script>&'


def test_names_and_notes_of_strangers_stay_texts():
    run = Run(PROJECT / "checkpoints" / "quick-fashion")
    generator = open_generator(run, None)
    report = kept_report(run, generator, 1000)
    assert report is not None
    report["classes"]["names"][0] = HOSTILE
    report["notes"] = [HOSTILE]
    report["ruler"][0]["label"] = HOSTILE
    page = html_report(generator, report, HOSTILE).decode()
    assert "<script" not in page and page.count("&lt;script&gt;alert(") == 5  # the title twice, and each of the three
    assert page.count('<img src="data:image/png;base64,') == len(re.findall("<h3>", page)) == 5
    assert page.count('<div class="bar real"') == 10 and "Look real" in page
