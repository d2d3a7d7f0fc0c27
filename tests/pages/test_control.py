"""Forks and live changes on the Train and Runs pages."""

import pytest
from streamlit.testing.v1 import AppTest

from dcgan.runs import launch, live_settings
from dcgan.runs.fork import fork
from dcgan.runs.run import Run, list_runs
from pages.charts.history import marks_of
from pages.common.words import escaped
from pages.training import disk_use, knobs
from tests.pages.app import labelled, open_page, texts
from tests.training.test_loop import play

D_STEPS = "Steps of D for each of G"


@pytest.fixture
def run(root, tiny) -> Run:
    """A finished run of 12 steps that kept the states of 0, 4, 8 and 12."""
    made = Run.create(tiny.replace(checkpoint_seconds=0.0), root, "first")
    play(made)
    for step in set(made.kept_states()) - {0, 4, 8, 12}:
        made.kept_state_path(step).unlink()
    made.previous_state_path.unlink()
    return made


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """The ids of the runs that a page wanted to start; nothing is."""
    ids: list[str] = []
    monkeypatch.setattr(launch, "start", lambda run: ids.append(run.id))
    return ids


def open_run(page: str, run: Run, *drawers: str, **query: str) -> AppTest:
    """A page of a run, after a press on the button that opens one of its drawers."""
    app = open_page(f"training/{page}", run=run.id, **query)
    for label in drawers:
        labelled(app.button, label).click().run()
    assert not app.exception, app.exception
    return app


@pytest.mark.parametrize("page", ["train", "runs"])
def test_fork_from_here_makes_and_starts_a_run(run, started, page):
    app = open_run(page, run, "Fork from here")
    chooser = labelled(app.selectbox, "Begin at step")
    assert chooser.options == ["12", "8", "4", "0"] and chooser.value == 12
    chooser.set_value(4).run()
    assert labelled(reversed(app.number_input), "Train until step").value == 12
    labelled(app.select_slider, "How fast G learns").set_value(1e-3)
    labelled(app.text_input, "Other settings").set_value("beta1=0.4 label_noise=0.1")
    labelled(app.button, "Start the fork").click().run()
    assert not app.exception and not app.error
    made = list_runs(run.path.parent)[0]
    assert started == [made.id] == ["first-from-4"]
    assert (made.config.lr_g, made.config.beta1, made.config.label_noise) == (1e-3, 0.4, 0.1)
    assert made.parent().run == "first" and made.parent().step == 4


def test_an_untouched_form_makes_an_unchanged_fork(run, started):
    app = open_run("train", run, "Fork from here")
    labelled(app.selectbox, "Begin at step").set_value(8).run()
    labelled(app.button, "Start the fork").click().run()
    assert list_runs(run.path.parent)[0].config == run.config


def test_a_fork_goes_on_at_twice_the_size_where_its_networks_can(run, started, root, tiny):
    app = open_run("train", run, "Fork from here")
    labelled(app.toggle, "Go on at 32 pixels").set_value(True)
    labelled(app.button, "Start the fork").click().run()
    made = list_runs(run.path.parent)[0]
    assert started == [made.id] and not app.error
    assert (made.config.image_size, made.config.ngf, made.config.ndf) == (32, 2, 2) and made.status().step == 12

    other = Run.create(tiny.replace(kernel=5, num_steps=2), root, "other")
    play(other)
    app = open_run("train", other, "Fork from here")
    assert labelled(app.button, "Start the fork") and not app.toggle


def test_at_the_end_more_steps_are_proposed(run, started):
    app = open_run("train", run, "Fork from here")
    assert labelled(app.number_input, "Train until step").value == 24
    labelled(app.button, "Start the fork").click().run()
    assert list_runs(run.path.parent)[0].config.num_steps == 24


@pytest.mark.parametrize("others", ["ngf=99", "nonsense", "batch_size=x", 'data="/no where"'])
def test_a_bad_fork_is_one_sentence_and_makes_nothing(run, started, others):
    app = open_run("train", run, "Fork from here")
    labelled(app.text_input, "Other settings").set_value(others)
    labelled(app.button, "Start the fork").click().run()
    assert len(app.error) == 1 and not started
    assert [each.id for each in list_runs(run.path.parent)] == ["first"]


def test_a_fork_that_can_not_start_is_not_left_behind(run, monkeypatch):
    def refuse(made) -> None:
        from dcgan.errors import BadInput

        raise BadInput("No room.")

    monkeypatch.setattr(launch, "start", refuse)
    app = open_run("train", run, "Fork from here")
    labelled(app.button, "Start the fork").click().run()
    assert [error.value for error in app.error] == [escaped("No room.")]
    assert [each.id for each in list_runs(run.path.parent)] == ["first"]


def test_while_another_trains_the_fork_is_made_and_waits(run, started, monkeypatch):
    monkeypatch.setattr(launch, "active_run", lambda root=None: run)
    app = open_run("train", run, "Fork from here")
    assert "The fork waits" in texts(app)
    labelled(app.button, "Make the fork").click().run()
    assert not started and len(list_runs(run.path.parent)) == 2


def test_the_form_begins_at_the_step_in_the_url(run):
    app = open_run("runs", run, "Fork from here", step="8")
    assert labelled(app.selectbox, "Begin at step").value == 8


def test_a_run_without_states_can_not_be_forked(root, tiny):
    app = open_run("train", Run.create(tiny, root, "new"))
    assert labelled(app.button, "Fork from here").disabled


def test_settings_are_changed_from_the_page(run):
    run.extend(40)
    app = open_run("train", run, "Change settings")
    labelled(app.select_slider, "How fast D learns").set_value(1e-3)
    labelled(app.number_input, D_STEPS).set_value(3)
    labelled(app.button, "Apply").click().run()
    assert not app.exception and not app.error
    assert (run.control().lr_d, run.control().d_steps, run.control().lr_g) == (1e-3, 3, None)
    assert not any(button.label == "Apply" for button in app.button)
    labelled(app.button, "Change settings").click().run()
    assert "Holds from the next resume on" in texts(app)
    assert labelled(app.select_slider, "How fast D learns").value == 1e-3
    labelled(app.number_input, D_STEPS).set_value(99)
    labelled(app.button, "Apply").click().run()
    assert [error.value for error in app.error] == [escaped("d_steps must be at most 20, not 99.")]


def test_two_sliders_say_how_fast_each_player_learns(run):
    run.extend(40)
    app = open_run("train", run, "Change settings")
    g, d = (labelled(app.select_slider, f"How fast {player} learns") for player in "GD")
    assert g.value == 2e-4 and g.options[6] == "unchanged (0.0002)"
    assert (g.options[0], g.options[-1]) == ("0.1 times (0.00002)", "10 times (0.002)")
    assert d.options == g.options
    assert knobs.rates(0.5) == [0.05, 0.075, 0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1.0]  # a rate is at most 1
    assert [field.label for field in app.number_input if field.label == field.label.lower()] == []


def test_a_drawer_that_was_left_by_way_of_another_page_is_shut(run):
    run.extend(40)
    app = open_run("train", run, "Change settings")
    app.switch_page("pages/training/runs.py").run()
    app.switch_page("pages/training/train.py")
    app.query_params["run"] = run.id
    app.run()
    assert not app.exception and not any(button.label == "Apply" for button in app.button)


def test_a_finished_run_has_nothing_to_change(run):
    assert "Change settings" not in [button.label for button in open_run("train", run).button]


def test_forks_and_changes_are_marked_on_the_curves(run):
    made = fork(run, 4, {"lr_g": 1e-3})
    assert marks_of(made) == [(4, "fork")]
    live_settings.ask(made, {"d_steps": 2})
    play(made)
    assert marks_of(made) == [(4, "d_steps 2"), (4, "fork")] and marks_of(run) == []


def test_the_family_is_shown_on_both_pages(run):
    made = fork(run, 4, {"lr_g": 1e-3}, name="child")
    play(made)
    app = open_run("train", made)
    assert "Forked at step 4" in texts(app) and escaped("lr_g 0.001 instead of 0.0002") in texts(app)
    links = [link.proto.label for link in open_run("runs", run).get("page_link")]
    assert any(label.startswith("child, from step 4") for label in links)
    links = [link.proto.label for link in open_run("runs", made).get("page_link")]
    assert "first, left at step 4" in links
    table = open_run("runs", run).dataframe[0].value
    assert sorted(table["Forked from"].fillna("")) == ["", "first @ 4"]
    run.delete()
    assert "is gone" in texts(open_run("train", made))


def test_what_is_kept_stands_beside_its_budget(run):
    assert disk_use.words(run).startswith("Kept: 4 states ") and " of 400.0 MB · 4 generators " in disk_use.words(run)
    assert disk_use.words(run) in texts(open_run("train", run)) and disk_use.words(run) in texts(open_run("runs", run))


def test_the_figures_of_a_picture_stand_under_it(run):
    accuracy = run.read_metrics()[0][-1]["d_accuracy"]
    assert f"D right {accuracy:.0%}" in texts(open_run("train", run))
