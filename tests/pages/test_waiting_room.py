"""The cards for who waits for a first run, beside a tiny run that a test pretends is in training."""

import dataclasses
import json

import numpy as np
import pytest

from dcgan.images import encode, grids
from dcgan.monitoring.what_came_first import CLASS, DETAIL, SHAPE, Powers
from dcgan.runs import launch
from dcgan.runs.quality_log import FIELDS
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from pages.training import waiting_room
from tests.pages.app import labels, open_page, texts


@pytest.fixture
def young(root, tiny, monkeypatch) -> Run:
    """A run with grids of noise at four steps, taken to be in training."""
    run = Run.create(tiny, root, "first")
    run.sample_path(0).parent.mkdir()
    for step in (0, 8, 16, 32):
        pictures = np.random.default_rng(step).integers(0, 256, (4, 16, 16), dtype=np.uint8)
        run.sample_path(step).write_bytes(encode.png_bytes(grids.grid(pictures)))
    status = Status(state="running", step=40, num_steps=100)
    run.write_status(status)
    monkeypatch.setattr(
        launch,
        "observe",
        lambda of: dataclasses.replace(of.status(), state="running") if of.id == run.id else of.status(),
    )
    return run


def test_the_first_young_run_offers_three_cards_that_can_be_put_away(young):
    app = open_page("training/train", run="first")
    said = texts(app)
    assert "At step 32: specks. Neighbouring pixels differ more" in said and "Guess what comes first" in said
    assert "Learn how it works" in {link.proto.label for link in app.get("page_link")}
    next(button for button in app.button if button.key == "waiting-close").click().run()
    assert "Guess what comes first" not in texts(app)
    app.run()
    assert "Put these away" not in labels(app), "for the whole visit"


def test_a_run_that_is_old_or_not_the_first_offers_none(young, tiny, root):
    young.write_status(dataclasses.replace(young.status(), step=waiting_room.YOUNG))
    assert "Guess what comes first" not in texts(open_page("training/train", run="first"))
    young.write_status(dataclasses.replace(young.status(), step=40))
    other = Run.create(tiny, root, "other")
    other.write_status(Status(state="finished", step=12))
    assert "Guess what comes first" not in texts(open_page("training/train", run="first"))


def test_a_guess_is_kept_and_answered_by_the_runs_own_grids(young):
    app = open_page("training/train", run="first")
    app.segmented_control(key=f"guess-{young.id}").set_value(CLASS).run()
    assert not app.exception and "You guessed **all classes**" in texts(app)
    assert "It can't be said: nothing here measures the classes" in texts(app)
    assert app.session_state[waiting_room.GUESSES] == {"first": CLASS}


@pytest.mark.parametrize(
    ("guess", "found", "said"),
    [
        (SHAPE, [(1, 1), (100, 1), (100, 1), (100, 10)], "**Right:** areas of light and dark"),
        (DETAIL, [(1, 1), (100, 1), (100, 1), (100, 10)], "It was **shapes**:"),
        (SHAPE, [(1, 1), (100, 10), (100, 10), (100, 10)], "It can't be said, too little was kept between"),
        (SHAPE, [(1, 1), (1, 1), (1, 1), (1, 1)], "Too early to say."),
    ],
)
def test_the_answer_says_what_the_grids_can_tell_and_no_more(young, monkeypatch, guess, found, said):
    at = dict(zip((0, 8, 16, 32), found, strict=True))
    monkeypatch.setattr(waiting_room, "_of_grid", lambda path, step, modified, side: Powers(*at[step]))
    monkeypatch.setattr(waiting_room, "_of_real", lambda config: Powers(100, 10))
    assert said in waiting_room._answer(young, young.config, young.status(), guess)


def test_a_measured_run_is_told_by_its_classes(young):
    row = FIELDS | {"step": 32, "n": 1000, "distance": 9.0, "classes": 10, "covered": 6}
    young.quality_path.write_text(json.dumps(row) + "\n")
    said = waiting_room._seen(young, young.config, young.status())
    assert said.startswith("At step 32, 6 of 10 classes occur among 1,000 fakes")
