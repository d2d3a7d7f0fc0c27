"""Where to next on the Learn page: the order, the minutes, and only to parts that are there."""

from pages.learn import onward
from tests.pages.app import open_page, texts


def test_the_path_takes_an_hour():
    assert sum(stop.minutes for stop in onward.PATH.values()) == onward.HOUR


def test_each_part_leads_to_the_next_one_there_is():
    parts = ("glossary", "own", "story", "spot")
    assert onward.stops(parts) == ["story", "spot", "glossary", "own"]
    assert [onward.following(part, parts) for part in onward.stops(parts)] == ["spot", "glossary", "own", None]


def test_following_the_button_walks_the_path_and_leaves_no_parameters_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("DCGAN_ROOT", str(tmp_path))
    app = open_page("learn/learn", screen="4")
    walked = ["story"]
    while buttons := [button for button in app.button if button.key == "learn-next-part"]:
        assert "Where to next:" in texts(app)
        buttons[0].click().run()
        assert not app.exception
        walked.append(app.query_params["part"])
        assert "screen" not in app.query_params
    assert "Where to next:" not in texts(app)
    assert walked == onward.stops(walked) and walked[-1] == "glossary"
    assert "**Glossary** 5\N{NO-BREAK SPACE}min" in texts(app) and "The story 6\N{NO-BREAK SPACE}min" in texts(app)
