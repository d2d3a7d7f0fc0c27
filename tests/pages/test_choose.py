"""Which run a page opens on: the one that was named or picked, else the best measured, with a way to one's own."""

import json
import os
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from dcgan.networks.generator_file import generator_bytes
from dcgan.runs.records import Status
from dcgan.runs.run import SHIPPED, Run, list_runs
from dcgan.system.files import publish
from dcgan.system.paths import PROJECT
from pages.common.choose import LAST_RUN, RUN_KEY, UNASKED, best_measured
from tests.pages.app import APP, SECONDS
from tests.pages.latent_pages import CONFIG, healthy, tiny, url

PAGES = ["latent/explore", "latent/interpolate", "evaluate/evaluate", "learn/learn"]
ROW = {"step": 100, "distance": 3.0, "distance_floor": 0.5, "judge_hash": "a", "reference": "test", "n": 1000}
ROW |= {"reference_n": 10_000}
made = iter(range(10**6))


def a_run(name: str, step: int, data_fingerprint: str = "", **measured: object) -> Run:
    """A run at a step, younger than those before it; `measured` is its row of quality.jsonl."""
    run = Run.create(CONFIG.replace(data_fingerprint=data_fingerprint), name=name)
    publish(run.generator_path, generator_bytes(tiny(3), step))
    run.write_status(Status(state="stopped", step=step))
    if measured:
        publish(run.quality_path, (json.dumps(ROW | measured) + "\n").encode())
    when = 1.7e9 + 60 * next(made)
    os.utime(run.config_path, (when, when))
    return run


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("DCGAN_ROOT", str(tmp_path))


def visit(page: str, before: AppTest | None = None, **params: str) -> AppTest:
    """A page, after another that is left: Streamlit then forgets that one's widgets, but nothing else."""
    app = AppTest.from_file(APP, default_timeout=SECONDS)
    for key in (LAST_RUN, UNASKED):
        if before is not None and key in before.session_state:
            app.session_state[key] = before.session_state[key]
    app.switch_page(f"pages/{page}.py")
    for name, value in params.items():
        app.query_params[name] = value
    return healthy(app.run())


def own(app: AppTest) -> list[str]:
    """The label of the way to one's own run, if there is one."""
    return [button.label for button in app.button if button.key == "own-run"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_nobody_named_a_run_for_opens_on_the_best_measured_with_a_way_to_ones_own(page):
    a_run(SHIPPED[1], 500, distance=2.0)
    a_run(SHIPPED[0], 900, distance=1.0)
    mine = a_run("my first", 17)
    app = visit(page)
    assert url(app)["run"] == SHIPPED[0] and own(app) == ["Your run, step 17"]
    healthy(app.button(key="own-run").click().run())
    assert url(app)["run"] == mine.id and own(app) == []
    assert url(visit("latent/interpolate", app))["run"] == mine.id  # what was picked stays picked


def test_a_run_that_was_named_or_picked_stays_and_one_that_was_not_does_not_become_so():
    shipped, mine = a_run(SHIPPED[0], 900, distance=1.0), a_run("mine", 50)
    app = visit("learn/learn", run="mine")
    assert url(visit("latent/explore", app))["run"] == "mine"
    healthy(app.selectbox(key=RUN_KEY).set_value(shipped.id).run())
    assert own(app) == ["Your run, step 50"]  # it came with the studio, so one's own is a click away
    assert url(visit("latent/interpolate", app))["run"] == shipped.id

    app = visit("learn/learn")
    assert url(app)["run"] == shipped.id
    publish(mine.quality_path, (json.dumps(ROW | {"distance": 0.5}) + "\n").encode())
    assert url(visit("latent/explore", app))["run"] == "mine"  # by now it is the best


def test_ones_own_run_may_well_be_the_best():
    a_run(SHIPPED[0], 900, distance=1.0)
    a_run("good", 5000, distance=0.9)
    app = visit("latent/explore")
    assert url(app)["run"] == "good" and own(app) == []
    assert "Your run" in [caption.value for caption in app.caption]
    a_run("just begun", 17)
    app = visit("latent/explore")
    assert url(app)["run"] == "good" and own(app) == ["Your newest run, step 17"]


@pytest.mark.parametrize(
    ("rows", "best"),
    [
        ([{"distance": 2.0}, {"distance": 1.0}, {}], 1),
        ([{"distance": 1.0, "distance_floor": 0.5}, {"distance": 1.1, "distance_floor": 0.6}], 0),  # the same data
        # other data: by how many times the floor
        ([{"distance": 9.0, "distance_floor": 0.5}, {"distance": 30.0, "distance_floor": 10.0, "judge_hash": "b"}], 1),
        ([{"distance": 9.0, "distance_floor": 0.5}, {"distance": 30.0, "distance_floor": 1.0, "judge_hash": "b"}], 0),
        # a few pictures make any fakes look near
        ([{"distance": 9.0}, {"distance": 1.0, "distance_floor": 1.0, "judge_hash": "b", "reference_n": 10}], 0),
        ([{"distance": 9.0}, {"distance": 1.0, "distance_floor": 1.0, "judge_hash": "b", "reference": "train"}], 0),
        ([{"distance": 9.0}, {"distance": 1.0, "distance_floor": None, "judge_hash": "b"}], 0),
        # nothing that can be set side by side: the newest run's data
        ([{"distance": 1.0, "n": 9}, {"distance": 5.0, "judge_hash": "b", "n": 9},
          {"distance": 4.0, "judge_hash": "b", "n": 9}], 2),
        ([{}, {}], None),
    ],
)  # fmt: skip
def test_the_best_is_told_by_what_can_be_compared(rows, best):
    runs = [a_run(f"run {i}", 9, **row) for i, row in enumerate(rows)]
    found = best_measured(list_runs())
    assert (found and found.id) == (None if best is None else runs[best].id)


def test_the_same_judge_on_other_pictures_is_another_data_set():
    a_run("seven", 9, data_fingerprint="7", distance=0.8, distance_floor=0.2)
    a_run("all", 9, data_fingerprint="all", distance=1.0, distance_floor=0.5)
    found = best_measured(list_runs())
    assert found and found.id == "all"


def test_nothing_measured_is_the_newest_run():
    a_run("old", 400)
    a_run("new", 17)
    assert url(visit("latent/explore"))["run"] == "new"


# -- what a widget says by itself


PLACES = {
    "latent/explore": {"step": "4000"},
    "training/runs": {"step": "4000"},
    "latent/interpolate": {"view": "corners", "step": "4000"},
    "evaluate/evaluate": {"view": "steps"},
    "learn/learn?story": {"part": "story", "screen": "3"},
    "learn/learn?rules": {"part": "rules", "preset": "paper"},
    "learn/learn?failures": {"part": "failures", "case": "2"},
    "learn/learn?generator": {"part": "generator", "seed": "31"},
    "learn/learn?map": {"part": "map", "first": "2000"},
    "learn/learn?spot": {"part": "spot", "draw": "5"},
}


@pytest.mark.parametrize("place", PLACES)
def test_a_widget_that_is_drawn_late_shows_what_it_holds(tmp_path, place):
    """A slow browser may draw a widget as the second run of the page sends it, which no longer tells its value apart
    from the call: what the call says is then sent back as if a hand had set it."""
    shutil.copytree(PROJECT / "checkpoints" / "quick-fashion", tmp_path / "quick-fashion")
    app = visit(place.partition("?")[0], run="quick-fashion", **PLACES[place])
    healthy(app.run())
    held = [(each.proto, each) for kind in (app.select_slider, app.selectbox, app.button_group) for each in kind]
    for proto, widget in held:
        there = list(proto.default) if hasattr(proto.default, "__len__") else [proto.default]
        values = widget.value if isinstance(widget.value, list) else [widget.value]
        assert there == [widget.options.index(widget.format_func(value)) for value in values if value is not None]
    for widget in app.number_input:
        assert widget.proto.default == widget.value
    assert held
