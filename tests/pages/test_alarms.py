"""Alarms on the Train page: in words, marked on the curves, and one click back to before them."""

import json

import pytest

from dcgan.monitoring.thinned_curves import COLUMNS
from dcgan.runs import launch, live_settings
from dcgan.runs.run import list_runs
from pages.charts.history import alarms_of, marks_of
from pages.common.words import escaped
from tests.monitoring.test_alarms import HEALTHY, judged
from tests.pages.app import labelled, texts
from tests.pages.test_control import open_run, run, started  # noqa: F401

LABEL = "Fork from step 8, the last healthy one"


@pytest.fixture
def wild(run):  # noqa: F811
    """Its weights jumped between the looks at steps 9 and 10."""
    look = dict.fromkeys(COLUMNS, 0.5) | HEALTHY
    rows = [{"step": 0, "event": "begun", "looked_at": 5000, "different": 5000, "weight_g": 0.03, "weight_d": 0.025}]
    rows += [look | {"step": step} for step in (3, 6, 9)] + [look | {"step": 10, "weight_d": 0.5}]
    run.metrics_path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return run


def test_an_alarm_says_what_is_wrong_and_marks_the_curves(wild):
    app = open_run("train", wild)
    said = texts(app)
    assert "Learning rate too high" in said and "since step 10" in said
    assert escaped("A player's weights became 20 times as large in some 50 steps") in said
    assert "a tenth of the learning rates" in said
    assert marks_of(wild) == [(10, "Learning rate too high")]
    assert "lr_g 2e-05, lr_d 2e-05" in said and "still looked well at 9" in said


def test_one_click_forks_from_before_it_with_the_remedy(wild, started):  # noqa: F811
    app = open_run("train", wild)
    labelled(app.button, LABEL).click().run()
    assert not app.exception and not app.error
    made = list_runs(wild.path.parent)[0]
    assert started == [made.id] and made.parent().step == 8
    assert (made.config.lr_g, made.config.lr_d) == (2e-5, 2e-5)
    assert alarms_of(made) == []
    assert max(point["step"] for point in made.read_metrics()[0]) == 6


def test_a_run_in_training_is_stopped_first(wild, started, monkeypatch):  # noqa: F811
    asked = []

    def stop(run, command) -> None:  # noqa: F811
        asked.append(command)
        monkeypatch.setattr(launch, "observe", observe)

    observe, running = launch.observe, lambda run: observe(run).__class__(state="running", step=12, num_steps=12)  # noqa: F811
    app = open_run("train", wild)
    monkeypatch.setattr(type(wild), "ask", stop)
    monkeypatch.setattr(launch, "observe", running)
    app.run()
    labelled(app.button, LABEL).click().run()
    assert asked == ["stop"] and len(started) == 1


def test_where_settings_were_changed_live_going_back_undoes_that(wild, started):  # noqa: F811
    wild.extend(40)
    live_settings.ask(wild, {"lr_d": 0.5})
    app = open_run("train", wild)
    assert "the settings of that step" in texts(app)
    labelled(app.button, LABEL).click().run()
    assert list_runs(wild.path.parent)[0].config.lr_d == wild.config.lr_d


def test_without_a_state_from_before_it_there_is_no_button(wild):
    for step in wild.kept_states():
        wild.kept_state_path(step).unlink()
    app = open_run("train", wild)
    assert "No whole state up to step 9" in texts(app) and LABEL not in [button.label for button in app.button]


def test_copies_in_the_data_offer_no_way_back(run):  # noqa: F811
    row = {"step": 0, "event": "begun", "looked_at": 5000, "different": 10}
    run.metrics_path.write_text(json.dumps(row) + "\n")
    app = open_run("train", run)
    assert "Most pictures are copies" in texts(app) and not [
        b for b in app.button if b.label.startswith("Fork from step")
    ]


def test_a_missing_class_is_named_and_its_name_is_text(run):  # noqa: F811
    rows = [judged(2000), judged(2400, "<b>Bag</b>"), judged(2800, "<b>Bag</b>")]
    (run.path / "quality.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = open_run("train", run)
    assert "A class is missing" in texts(app) and escaped("Of <b>Bag</b> there") in texts(app)


def test_a_healthy_run_shows_none(run):  # noqa: F811
    app = open_run("train", run)
    assert alarms_of(run) == [] and not [b for b in app.button if b.label.startswith("Fork from step")]
