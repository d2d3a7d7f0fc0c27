"""The map on Learn: made by a click beside the page, kept, told in words; where visitors watch, it is only shown."""

import functools
import json

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dcgan.latent import sample_map
from dcgan.latent.sample_map import SampleMap
from dcgan.runs.run import Run
from pages.common import visitors
from pages.common.jobs import Job
from pages.learn import map_part, map_view, map_words
from tests.pages.app import labels, open_page, texts
from tests.pages.latent_pages import healthy, little_run, url

N = 100


@pytest.fixture
def run(tmp_path, monkeypatch) -> Run:
    monkeypatch.setattr(sample_map, "map_for", functools.partial(sample_map.map_for, n=N))
    return little_run(tmp_path, monkeypatch)


def visit(**params: str) -> AppTest:
    return healthy(open_page("learn/learn", part="map", **params))


def shown(app: AppTest) -> list[dict]:
    protos = [item.proto for item in app.get("bidi_component")]
    return [json.loads(proto.json) for proto in protos if proto.component_name == "sample_map"]


def test_a_click_makes_the_map_that_every_later_visit_finds(run, monkeypatch):
    app = visit(first="7", screen="3")
    assert not shown(app) and not (run.path / "maps").exists()
    assert url(app)["first"] == "7" and url(app)["part"] == "map" and "screen" not in url(app)
    app.button(key="map-make").click().run()
    app.session_state[map_part.MAKING].job.wait(60)
    (facts,) = shown(healthy(app.run()))
    assert facts["first"] == 7 and len(facts["classes"]) == N and len(facts["places"]) == 2 * N
    assert min(facts["places"]) == 0 and max(facts["places"]) == facts["side"]
    assert "van der Maaten" in texts(app) and "fmnistcnn\\-v1" in texts(app) and "a typical seed" in texts(app)
    assert "Make the map" not in labels(app)

    monkeypatch.setenv(visitors.VISITORS, "watch")  # who only watches sees what is kept, and makes none
    monkeypatch.setattr(visitors, "cookie", lambda: "")
    assert shown(visit(first="7")) == [facts]
    app = visit(first="8")
    assert not shown(app) and "Make the map" not in labels(app) and "Nobody has made a map" in texts(app)


def test_a_map_that_is_made_while_the_page_is_drawn_is_shown(run, monkeypatch):
    """Whether it is still being made is asked once for a page: an answer in between would leave nothing on it."""
    app = visit(first="7")
    app.button(key="map-make").click().run()
    app.session_state[map_part.MAKING].job.wait(60)
    answers, known, asked = iter([True]), map_part._known, []

    def known_later(*args):
        asked.append(args)
        return known(*args) if len(asked) > 1 else None

    monkeypatch.setattr(map_part, "_known", known_later)
    monkeypatch.setattr(Job, "running", property(lambda job: next(answers, False)))
    assert shown(healthy(app.run())) and len(asked) == 2


def test_only_samples_of_the_map_can_be_opened(monkeypatch):
    made = SampleMap(2**32 - 2, [(0, 0)] * 4, [-1] * 4, (), "edges-v1")
    for said, seeds in (
        ({"seeds": [2**32 - 1]}, [2**32 - 1]),
        ({"seeds": [0, 1, 2**32 - 2]}, [0, 1, 2**32 - 2]),
        *(({"seeds": odd}, []) for odd in ([2], [-1], [2**32], ["0"], [True], [], [0] * 9, 3, None)),
        *((odd, []) for odd in (None, 3, [], {})),
    ):
        monkeypatch.setattr(st, "session_state", {"map": {"open": said}})
        assert map_view.opened_seeds("map", made) == seeds
    monkeypatch.setattr(st, "session_state", {})
    assert map_view.opened_seeds("map", made) == []


def test_a_map_in_words_names_each_class_and_what_it_lies_beside():
    """Three groups on a line: the outer ones lie beside the middle one only."""
    places = [(10 * group + i % 3, i // 3) for group in (0, 40, 80) for i in range(9)]
    names = ("bags *", "coats", "never", "shirts")
    made = SampleMap(5, places, [0] * 9 + [3] * 9 + [1] * 9, names, "x")
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in map_words.table(made).splitlines()[2:]]
    assert rows == [["bags \\*", "9", "9", "shirts"], ["coats", "9", "27", "shirts"], rows[2]]
    assert rows[2][:3] == ["shirts", "9", "18"] and {*rows[2][3].split(" and ")} == {"bags \\*", "coats"}
    areas = map_words.table(made._replace(class_names=(), classes=[-1] * 27))
    assert areas.count("\n") >= 4 and "| top left |" in areas
