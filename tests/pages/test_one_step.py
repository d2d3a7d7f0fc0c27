"""One step, slowly: the page shows the run's next step, lets the run take it, and says whether it was the same."""

import json

import pytest

from dcgan.errors import BadInput
from dcgan.runs import launch
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.training.slow_step import take
from pages.common import visitors
from pages.learn import one_step
from tests.pages.app import labelled, labels, open_page, texts
from tests.training.test_loop import play, play_to


@pytest.fixture
def run(root, tiny, monkeypatch) -> Run:
    """A run that rests at step 12 as if paused; its next step is taken in this process."""
    made = Run.create(tiny, root, "a")
    play(made)
    monkeypatch.setattr(launch, "observe", lambda run: Status(state="paused", step=run.status().step))
    monkeypatch.setattr("dcgan.runs.step_frames.next_step", take)
    monkeypatch.setattr(one_step, "next_step", take)
    one_step._frames.clear()
    return made


def header(app) -> dict:
    data = next(each.proto for each in app.get("bidi_component") if each.proto.component_name.endswith("slow_frames"))
    length = int.from_bytes(data.bytes[:4], "little")
    return json.loads(data.bytes[4 : 4 + length])


def test_the_step_that_is_shown_is_then_taken(run):
    app = open_page("learn/learn", part="step", run="a")
    labelled(app.button, "Show step 13").click().run()
    told = header(app)
    assert [frame["name"] for frame in told["frames"]] == ["z", "fakes", "verdicts", "gradient", "after"]
    assert told["count"] == 8 and told["size"] == 16 and told["scales"]["gradient"] > 0
    assert "Step 13 begins with chance" in told["frames"][0]["text"]

    labelled(app.button, "Take this step").click().run()
    assert run.control().command == "step" and "The run takes the step" in texts(app)
    run.ask("run")
    play_to(run, 13)
    app.run()
    assert "The run has taken step 13" in texts(app) and "bit for bit" in texts(app)
    assert "Show the next step" in labels(app) and "Take this step" not in labels(app)

    labelled(app.button, "Show the next step").click().run()
    assert "Step 14 begins with chance" in header(app)["frames"][0]["text"]


def test_who_watches_sees_the_step_and_can_not_take_it(run, monkeypatch):
    monkeypatch.setenv(visitors.VISITORS, "watch")
    monkeypatch.setattr(visitors, "cookie", lambda: "")
    app = open_page("learn/learn", part="step", run="a")
    labelled(app.button, "Show step 13").click().run()
    assert header(app)["count"] == 8 and "Take this step" not in labels(app)
    with pytest.raises(BadInput, match="key"):
        one_step._take(run)


def test_without_a_state_there_is_no_step(root):
    assert "No run here has a saved state" in texts(open_page("learn/learn", part="step"))
