"""The films of failed trainings: what is bundled, what the alarms make of it, and what the page says."""

import io
import json

import pytest
from PIL import Image

from dcgan.monitoring.alarms import Watcher
from pages.learn import failure_films, failures
from pages.learn.failure_films import FOLDER, HEALTHY, Film
from tests.pages.app import open_page, texts

ILL = {"d-too-strong": "d_wins", "collapse": "collapse", "by-heart": "held_out"}  # film -> its alarm


def rows(film: Film) -> list[dict[str, float]]:
    """The points of a film's curves as a run records them."""
    points = [dict(zip(film.curves, values, strict=True)) for values in zip(*film.curves.values(), strict=True)]
    by_step = {point["step"]: point | {"images": point["step"] * film.facts["batch"]} for point in points}
    for values in zip(*film.looks.values(), strict=True):
        look = {name: value for name, value in zip(film.looks, values, strict=True) if value is not None}
        by_step[look["step"]] |= look
    return list(by_step.values())


def test_the_bundle_is_small_and_whole():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 2_000_000
    found = failure_films.films()
    assert set(found) == {HEALTHY, *ILL} == set(failures.TITLES)
    for film in found.values():
        assert film.frames[0] == 0 and film.frames == sorted(film.frames)
        assert (film.frames[-1], film.curves["step"][-1]) == (found[HEALTHY].frames[-1],) * 2
        with Image.open(io.BytesIO(film.sheet)) as sheet:
            assert sheet.width == 1280 and sheet.height // 128 * 10 >= len(film.frames) > 40


@pytest.mark.parametrize("name", ILL)
def test_the_alarm_speaks_of_the_recorded_figures_as_the_film_says(name):
    film, watcher = failure_films.films()[name], Watcher()
    watcher.feed(rows(film))
    first = film.alarms[0]
    assert first.name == ILL[name]
    assert (first.name, first.since, first.raised) in [(it.name, it.since, it.raised) for it in watcher.raisings]


def test_the_healthy_film_raises_no_alarm():
    film, watcher = failure_films.films()[HEALTHY], Watcher()
    watcher.feed(rows(film))
    assert not film.alarms and not watcher.raisings


def header(app) -> dict:
    data = next(it.proto for it in app.get("bidi_component") if it.proto.component_name.endswith("failure_player"))
    length = int.from_bytes(data.bytes[:4], "little")
    return json.loads(data.bytes[4 : 4 + length])


@pytest.mark.parametrize("case", [1, 2, 3])
def test_a_pair_hides_its_names_and_knows_which_is_ill(root, case):
    app = open_page("learn/learn", part="failures", case=str(case))
    assert "Which one is ill?" in texts(app)
    told = header(app)
    healthy, ill = told["films"][1 - told["ill"]], told["films"][told["ill"]]
    assert healthy["title"] == "Healthy" and not healthy["words"] and "raised" not in healthy
    assert failures.CASES[case][told["ill"]] in ILL and not told["named"]
    said = dict(ill["words"])
    assert list(said)[:3] == ["What you see", "Why", "The alarm"] and "What to do" in said and "Proof" in said
    assert not any("{" in text for text in said.values())
    assert len(told["sizes"]) == 2 + ("nearest" in ill)


def test_a_link_opens_any_two_with_their_names(root):
    app = open_page("learn/learn", part="failures", case="4", left="collapse", right="by-heart")
    told = header(app)
    assert told["named"] and [film["title"] for film in told["films"]] == ["Collapse", "Learnt by heart"]
    assert all(film["words"] for film in told["films"]) and told["films"][1]["nearest"] == 2
