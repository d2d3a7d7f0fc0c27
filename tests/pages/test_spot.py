"""Spot the fake, played on a tiny run."""

from dcgan.evaluation.spot_pairs import PAIRS, draw_pairs
from pages.learn import spot_scores
from tests.pages.app import open_page, texts
from tests.pages.test_understanding import make_run, place  # noqa: F401


def press(app, key):
    next(button for button in app.button if button.key == key).click().run()
    assert not app.exception, app.exception


def go_on(app):
    press(app, "spot-go-on")


def test_ten_pairs_are_played_once_and_told_beside_d_and_guessing(place):  # noqa: F811
    make_run(place)
    app = open_page("learn/learn", part="spot", draw="3")
    assert app.query_params["draw"] == "3" and "Pair 1 of 10" in texts(app)
    sides = [pair.fake for pair in draw_pairs(12, 3, 40)]  # twelve pictures are held out
    for at, side in enumerate(sides):
        press(app, f"spot-{side if at < 8 else 1 - side}")
        assert ("**Right:**" if at < 8 else "**No:**") in texts(app)
        assert all(button.disabled for button in app.button if button.key in ("spot-0", "spot-1"))
        go_on(app)
    said = texts(app)
    assert app.metric[0].value == "8 of 10" and app.metric[1].value.endswith(" of 10")
    assert "8 or more in 5.5% of games: this may be luck" in said and "from 49% to 94%" in said
    assert "as of step" in said and "In training, about step 40, D named 80%" in said and "held out" in said
    press(app, "spot-again")
    assert "Pair 1 of 10" in texts(app) and app.query_params["draw"] == "4"
    app.number_input(key="spot-seed").set_value(3).run()
    assert app.metric[0].value == "8 of 10", "its pairs are known: it is not played anew"


def test_an_earlier_step_has_other_pairs_and_without_a_state_d_can_not_play(place):  # noqa: F811
    run = make_run(place, state=False)
    app = open_page("learn/learn", part="spot", step="0")
    for pair in draw_pairs(12, 0, 0):
        press(app, f"spot-{1 - pair.fake}")
        go_on(app)
    said = texts(app)
    assert [metric.value for metric in app.metric] == ["0 of 10", "–"]
    assert "kept only G" in said and "you see a difference, but take the fakes for the real ones" in said
    games = app.session_state[spot_scores.GAMES]
    assert set(games) == {(run.id, 0, 0)} and len(games[run.id, 0, 0].found) == PAIRS


def test_without_its_pictures_the_game_says_so(place):  # noqa: F811
    make_run(place)
    (place / "pictures").rename(place / "elsewhere")
    app = open_page("learn/learn", part="spot")
    assert "pictures" in app.info[0].value and not app.error
