"""Evaluate and Learn with tiny networks and a folder of small pictures."""

import json
import tomllib

import numpy as np
import pytest
import torch

from dcgan.cli.main import main
from dcgan.config import Config
from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.evaluation import floors
from dcgan.evaluation import report as evaluation
from dcgan.evaluation.verdict import Verdict
from dcgan.images import encode, grids
from dcgan.images.grids import to_uint8
from dcgan.judges import train_classifier, training_process
from dcgan.latent.seeds import z_from_seeds
from dcgan.metrics import enough
from dcgan.networks.generator_file import generator_bytes
from dcgan.networks.inspection import layer_tables
from dcgan.networks.models import Discriminator, Generator
from dcgan.presets import PRESETS, preset_config
from dcgan.runs.checkpoint import open_generator, save_state
from dcgan.runs.quality_log import FIELDS
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.system.files import publish
from dcgan.system.paths import PROJECT
from pages.common.colours import BLUE, RUNS
from pages.evaluate import one_generator, several_runs
from pages.learn.loss_curves import _moments
from pages.learn.questions import QUESTIONS
from tests.pages.app import labels, open_page, texts

SIZE = 16
SCREENS = (
    "Two players",
    "From z to picture",
    "What D looks at",
    "Why curves wobble",
    "The rules",
    "Asking for a class",
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A root without runs, and a folder of 240 pictures, of which 12 are held out and taken to be enough."""
    monkeypatch.setattr(enough, "ENOUGH", 12)
    for module in (floors, evaluation):
        monkeypatch.setattr(module, "SURE", 0)
    monkeypatch.setenv("DCGAN_ROOT", str(tmp_path / "runs"))
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path)
    rng = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for i in range(240):
        picture = np.zeros((SIZE, SIZE), np.uint8)
        y, x = rng.integers(0, 10, 2)
        picture[y : y + 6, x : x + 6] = rng.integers(80, 255)
        (tmp_path / "pictures" / f"{i}.png").write_bytes(encode.png_bytes(picture))
    return tmp_path


def make_run(place, name="tiny", channels=1, state=True, **settings):
    """A finished run with two kept moments, curves and sample grids."""
    data = str(place / "pictures")
    settings = {"image_size": SIZE, "channels": channels, "z_dim": 8, "ngf": 4, "ndf": 4, "num_samples": 6} | settings
    config = Config(data=data, **settings)
    run = Run.create(config, place / "runs", name)
    torch.manual_seed(0)
    generator = Generator(config).eval()
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.mul_(3)  # so that pictures of different z differ
        grid = grids.grid(to_uint8(generator(z_from_seeds(range(6), 8)).numpy()))
    for step in (0, 40):
        for path in (run.sample_path(step), run.snapshot_path(step)):
            path.parent.mkdir(exist_ok=True)
        publish(run.sample_path(step), encode.png_bytes(grid))
        publish(run.snapshot_path(step), generator_bytes(generator, step, half=True))
    publish(run.generator_path, generator_bytes(generator, 40))
    points = [
        {"step": step, "d_loss": 1.0, "g_loss": 1.5, "d_real": 0.7, "d_fake": 0.3, "d_accuracy": 0.8}
        for step in range(1, 41)
    ]
    publish(run.metrics_path, "".join(json.dumps(point) + "\n" for point in points).encode())
    if state:
        save_state(run, {"gan": {"D": Discriminator(config).state_dict()}, "config": config.to_json()})
    return run


def html(app):
    return " ".join(element.proto.body for element in app.get("html"))


# -- Evaluate


def test_evaluate_without_a_run_sends_to_train(place):
    app = open_page("evaluate/evaluate")
    assert "Train one first" in texts(app)
    assert not app.button


def is_measured(app):
    return "pictures that this generator made up" in texts(app)


def measure_button(app):
    return next(button for button in app.button if button.label.startswith("Measure"))


def test_evaluate_measures_on_the_click_and_keeps_it_with_the_run(place):
    run = make_run(place)
    app = open_page("evaluate/evaluate")
    assert "three questions" in texts(app) and not is_measured(app)
    measure_button(app).click().run()
    assert not app.exception
    text = texts(app)
    assert "nearer to real pictures" in text or "farther from real pictures" in text or "as near to" in text
    assert "step 40" in text and "seeds 0 to 999" in text and "no labels" in text
    for said in ("Do the fakes look real?", "of 100 fakes", "Is everything there?", "Does it copy?"):
        assert said in text
    assert "4 draws" in text and "EMA weights" in text
    assert len(app.get("plotly_chart")) == 4  # the pictures have no classes
    assert html(app).count("data:image/png") == 24
    assert measure_button(app).disabled and measure_button(app).label == "Measured"
    assert len(list((run.path / "evaluations").iterdir())) == 1
    again = open_page("evaluate/evaluate", run="tiny")
    assert is_measured(again) and texts(again) == texts(app)


def test_evaluate_of_too_few_pictures_says_so_and_gives_no_figure(place, monkeypatch):
    monkeypatch.setattr(enough, "ENOUGH", 100)
    make_run(place)
    app = open_page("evaluate/evaluate")
    measure_button(app).click().run()
    assert not app.exception and is_measured(app)
    assert "12 are held out to compare with, and it takes 100; 500 in all would do" in app.info[0].value
    assert not app.get("plotly_chart") and not app.expander and "istance" not in texts(app)
    for claim in ("Do the fakes look real?", "could pass", "Does it copy?", "no classes"):
        assert claim not in texts(app)
    assert html(app).count("data:image/png") == 2 * 12, "there is still something to see"


def test_evaluate_at_another_step_asks_to_measure_anew_and_never_shows_the_old_figures(place):
    make_run(place)
    app = open_page("evaluate/evaluate")
    measure_button(app).click().run()
    app.select_slider[0].set_value(0).run()
    assert not app.exception and not is_measured(app) and not measure_button(app).disabled
    measure_button(app).click().run()
    assert "step 0" in texts(app) and is_measured(app)


def test_evaluate_shows_every_kind_of_picture(place):
    make_run(place)
    app = open_page("evaluate/evaluate")
    measure_button(app).click().run()
    seen = set()
    for kind in ("best", "worst", "first", "closest", "closest_real"):
        control = next(control for control in app.segmented_control if control.label == "Which pictures")
        control.set_value(kind).run()
        assert not app.exception
        seen.add(html(app))
    assert len(seen) == 5


def quality_rows(run, *points, **facts):
    """Let a run have measured distances of its own, (step, distance) each."""
    rows = [
        FIELDS | {"step": step, "distance": far, "judge": "edges-v1", "judge_hash": "e", "n": 57} | facts
        for step, far in points
    ]
    publish(run.quality_path, b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    best_step, best = min(points, key=lambda point: point[1])
    run.write_status(Status(state="finished", step=40, best_step=best_step, best_distance=best))


def chart(app, at=0):
    return json.loads(app.get("plotly_chart")[at].proto.spec)


def test_evaluate_shows_at_once_what_the_run_measured_of_itself_with_its_one_best(place, monkeypatch):
    run = make_run(place)
    quality_rows(run, (10, 9.0), (20, 3.0), (40, 4.0), distance_floor=0.5, distance_floor_deviation=0.1)
    monkeypatch.setattr(evaluation, "evaluate", None)  # would fail if called
    app = open_page("evaluate/evaluate", view="steps")
    line, best = chart(app)["data"]
    assert (line["x"], line["y"]) == ([10, 20, 40], [9.0, 3.0, 4.0]) and (best["x"], best["y"]) == ([20], [3.0])
    assert r"step 20 (3.00)" in app.info[0].value and "Measure 2 steps" in texts(app)
    assert app.get("plotly_chart")[0].proto.alt == (
        "Distance over training steps: 4.00 at step 40, the newest; 9.00 at step 10, the first; 3.00 at step 20, the "
        "best; real pictures 0.50."
    )
    quality_rows(run, (10, 9.0))
    app = open_page("evaluate/evaluate", view="steps")
    assert "At step 10" in app.info[0].value and not app.get("plotly_chart"), "one point is no curve"
    assert "Too few real pictures" in texts(app)


def test_evaluate_keeps_one_best_when_steps_are_measured_as_the_run_did(place):
    run = make_run(place)
    quality_rows(run, (0, 3.0), (40, 4.0), distance_floor=0.5)
    app = open_page("evaluate/evaluate", view="steps")
    measure_button(app).click().run()
    assert not app.exception and len(app.get("plotly_chart")) == 2 and "best so far is step 0" in app.info[0].value
    assert [trace["name"] for trace in chart(app, 1)["data"]] == ["Precision", "Recall"]


def test_evaluate_follows_a_run_over_its_steps(place):
    make_run(place)
    app = open_page("evaluate/evaluate", view="steps")
    assert measure_button(app).label == "Measure 2 steps"
    measure_button(app).click().run()
    assert not app.exception and "is the best, with a distance" in texts(app)
    assert len(app.get("plotly_chart")) == 2 and measure_button(app).disabled


def test_evaluate_follows_a_run_whose_newest_generator_is_of_no_kept_step(place):
    run = make_run(place)
    publish(run.generator_path, generator_bytes(open_generator(run), 47))
    app = open_page("evaluate/evaluate", view="steps")
    measure_button(app).click().run()
    assert not app.exception and "is the best, with a distance" in texts(app)
    assert json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]["x"] == [0, 47]


def test_evaluate_shows_names_of_classes_as_they_are(place, monkeypatch):
    make_run(place)
    monkeypatch.setattr(one_generator, "verdict", lambda report: Verdict("watch", "*bags* is missing."))
    app = open_page("evaluate/evaluate")
    measure_button(app).click().run()
    assert r"\*bags\* is missing" in app.warning[0].value


def test_each_of_two_runs_of_one_name_can_be_picked(place):
    for name in ("one", "two"):
        make_run(place, name).rename("tiny")
    app = open_page("evaluate/evaluate")
    for name in ("one", "two", "one"):
        app.selectbox(key="picked-run").set_value(name).run()
        assert app.query_params["run"] in (name, [name])


def test_evaluate_tells_runs_of_one_name_apart(place):
    for name in ("one", "two"):
        make_run(place, name).rename("tiny")
    app = open_page("evaluate/evaluate", view="runs")
    measure_button(app).click().run()
    labels = json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]["yaxis"]["ticktext"]
    assert sorted(labels) == ["real pictures", "tiny [one]", "tiny [two]"]
    assert len(app.dataframe[0].value) == 2


def test_evaluate_sets_runs_side_by_side_best_first(place):
    make_run(place, "one")
    make_run(place, "two", z_prior="uniform")
    app = open_page("evaluate/evaluate", view="runs")
    assert measure_button(app).label == "Measure 2 more"
    measure_button(app).click().run()
    assert not app.exception and not app.warning
    table = app.dataframe[0].value
    assert sorted(table["Run"]) == ["one", "two"] and (table["Distance"] > 0).all()
    assert list(table["Distance"]) == sorted(table["Distance"]) and len(app.get("plotly_chart")) == 3
    ladder, looks, variety = (chart(app, at) for at in range(3))
    named = ladder["layout"]["yaxis"]["ticktext"]
    assert named == looks["layout"]["yaxis"]["ticktext"] == variety["layout"]["yaxis"]["ticktext"]
    assert named == ["real pictures", *table["Run"]], "each run has its line in all charts, named"
    colours = looks["data"][0]["marker"]["color"]
    assert colours == [BLUE, *RUNS[:2]] == ladder["data"][3]["marker"]["color"], "and its colour"
    for at in range(3):
        assert all(f"{name} " in app.get("plotly_chart")[at].proto.alt for name in named)


def test_evaluate_says_that_runs_of_different_sizes_are_in_one_ranking(place):
    make_run(place, "small")
    make_run(place, "large", image_size=32)
    app = open_page("evaluate/evaluate", view="runs")
    measure_button(app).click().run()
    assert "pictures of 16 and 32 px" in app.info[0].value and "can be compared" in app.info[0].value
    named = chart(app)["layout"]["yaxis"]["ticktext"]
    assert {"small · 16 px", "large · 32 px"} < set(named)
    app.multiselect[0].set_value(["small"]).run()
    assert not app.info and "small" in chart(app)["layout"]["yaxis"]["ticktext"]


def test_evaluate_ranks_only_what_can_be_compared_and_names_what_cannot_be_told(place, monkeypatch):
    for name in ("one", "two"):
        make_run(place, name)
    make_run(place, "other", channels=3)
    make_run(place, "few", held_out=5)
    app = open_page("evaluate/evaluate", view="runs")
    measure_button(app).click().run()
    assert not app.exception and list(app.dataframe[0].value["Run"])[-1] == "few"
    assert "only those of one group" in app.warning[0].value and len(app.get("plotly_chart")) == 3
    assert set(chart(app)["layout"]["yaxis"]["ticktext"]) == {"real pictures", "one", "two"}
    assert "**few** · Too few pictures to tell: 5 are held out" in texts(app).replace("\\", "")


def test_the_colours_of_runs_can_be_seen_on_a_light_and_on_a_dark_page():
    with open(PROJECT / ".streamlit" / "config.toml", "rb") as file:
        theme = tomllib.load(file)["theme"]

    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] + 0.05

    for ground in (theme["light"]["backgroundColor"], theme["dark"]["backgroundColor"]):
        for colour in RUNS:
            ratio = light(colour) / light(ground)
            assert max(ratio, 1 / ratio) >= 3, (colour, ground)
    assert len(set(RUNS)) == len(RUNS) >= several_runs.MOST and BLUE not in RUNS


def test_evaluate_warns_of_runs_that_cannot_be_compared(place):
    make_run(place, "grey")
    make_run(place, "colour", channels=3)
    app = open_page("evaluate/evaluate", view="runs")
    measure_button(app).click().run()
    assert "can't be compared" in app.warning[0].value and not app.get("plotly_chart")


def test_evaluate_in_a_run_that_cannot_be_written_to_shows_what_it_measured(place, monkeypatch):
    run = make_run(place)
    publish(run.path / "evaluations", b"a file in the way")
    app = open_page("evaluate/evaluate")
    measure_button(app).click().run()
    assert not app.exception and is_measured(app)


@pytest.mark.parametrize("view", ["moment", "steps", "runs"])
def test_evaluate_says_what_is_wrong_with_the_data(place, view):
    make_run(place, data_fingerprint="of other pictures")
    app = open_page("evaluate/evaluate", view=view)
    measure_button(app).click().run()
    assert not app.exception
    assert "has changed" in app.error[0].value


@pytest.mark.parametrize("view", ["x", ""])
def test_evaluate_with_a_strange_address_shows_one_generator(place, view):
    make_run(place)
    app = open_page("evaluate/evaluate", view=view, n="7")
    assert "three questions" in texts(app) and app.selectbox[1].value == 1000


# -- the judge of a run's data


def classes_run(place):
    """A run on the same pictures, sorted into two classes."""
    for i in range(240):
        (place / "pictures" / ("odd" if i % 2 else "even")).mkdir(exist_ok=True)
        (place / "pictures" / f"{i}.png").rename(place / "pictures" / ("odd" if i % 2 else "even") / f"{i}.png")
    fingerprint = sources.fingerprint(sources.resolve(str(place / "pictures")))
    return make_run(place, data_fingerprint=fingerprint)


def test_pictures_without_classes_say_what_a_judge_needs(place):
    make_run(place)
    app = open_page("evaluate/evaluate")
    assert "has no classes" in texts(app) and r"sub\-folders" in texts(app) and "Train a judge" not in labels(app)


def test_pictures_with_classes_offer_to_train_a_judge(place, monkeypatch):
    run = classes_run(place)
    app = open_page("evaluate/evaluate")
    assert "2 classes but no judge that knows them yet" in texts(app)
    started = []
    monkeypatch.setattr(training_process, "start", started.append)
    next(button for button in app.button if button.label == "Train a judge").click().run()
    assert started == [run.config] and not app.exception


def test_a_judge_that_cannot_be_trained_says_why(place, monkeypatch):
    classes_run(place)

    def refuse(config):
        raise BadInput("The disk is full.")

    monkeypatch.setattr(training_process, "start", refuse)
    app = open_page("evaluate/evaluate")
    next(button for button in app.button if button.label == "Train a judge").click().run()
    assert app.error[0].value == r"The disk is full\."


def test_a_judge_in_training_shows_how_far_it_is_and_can_be_cancelled(place, monkeypatch):
    run = classes_run(place)
    training_process.folder().mkdir(parents=True)
    training_process.Reporter("pictures", training_process.path_for(run.config)).tell(0.4, "Learning the classes")
    cancelled = []
    monkeypatch.setattr(training_process, "cancel", lambda: cancelled.append(True))  # it would be this process
    app = open_page("evaluate/evaluate")
    assert "Cancel" in labels(app) and "Train a judge" not in labels(app) and "goes on when you leave" in texts(app)
    assert app.get("progress")[0].proto.value == 40
    next(button for button in app.button if button.label == "Cancel").click().run()
    assert cancelled


def test_a_judge_in_training_is_seen_from_every_page(place):
    training_process.folder().mkdir(parents=True)
    training_process.Reporter("my *cats*", training_process.folder() / "cats.safetensors").tell(
        0.4, "Learning the classes"
    )
    app = open_page("learn/learn")
    card = " ".join(element.value for element in [*app.sidebar.markdown, *app.sidebar.caption])
    assert r"Judge for my \*cats\*" in card and "Learning the classes" in card and "No run is training" not in card
    assert app.sidebar.get("progress")[0].proto.value == 40
    training_process.forget()
    app.run()
    assert "No run is training" in app.sidebar.caption[0].value and not app.sidebar.get("progress")


def test_a_judge_in_training_for_other_pictures_is_named(place):
    classes_run(place)
    training_process.folder().mkdir(parents=True)
    training_process.Reporter("faces", training_process.folder() / "faces.safetensors").tell(
        0.4, "Learning the classes"
    )
    app = open_page("evaluate/evaluate")
    assert "A judge for faces is in training" in texts(app) and "Train a judge" not in labels(app)


@pytest.mark.parametrize(
    ("state", "said"),
    [("failed", "could not be told apart"), ("interrupted", "ended without a word"), ("cancelled", "Train")],
)
def test_what_became_of_a_judge_is_said_and_it_can_be_tried_again(place, state, said):
    run = classes_run(place)
    training_process.folder().mkdir(parents=True)
    out = str(training_process.path_for(run.config))
    state = "running" if state == "interrupted" else state  # of a process that is no more
    training_process.forget(
        training_process.Progress(state, "pictures", out, error="They could not be told apart.", pid=2**22 + 1)
    )
    app = open_page("evaluate/evaluate")
    assert said in texts(app) + " ".join(labels(app)) and "Train a judge" in labels(app)


def test_a_new_judge_asks_for_another_measurement(place):
    run = classes_run(place)
    app = open_page("evaluate/evaluate")
    measure_button(app).click().run()
    assert is_measured(app)
    command = ["train-judge", "--data", str(place / "pictures"), "--channels", "1", "--steps", "30"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_classifier, "named", lambda network, examples: examples.labels.numpy())  # all right
        assert main(command) == 0
    again = open_page("evaluate/evaluate")
    assert not is_measured(again) and "The judge of pictures is ready" in texts(again)
    measure_button(again).click().run()
    assert is_measured(again) and "picturescnn" in texts(again) and "edges" not in texts(again)
    assert training_process.path_for(run.config).exists()


# -- Learn


@pytest.mark.parametrize("screen", range(1, 7))
@pytest.mark.parametrize("kind", ["with D", "without D", "colour", "no run"])
def test_every_screen_of_learn_draws(place, screen, kind):
    if kind != "no run":
        make_run(place, channels=3 if kind == "colour" else 1, state=kind == "with D")
    app = open_page("learn/learn", screen=str(screen))
    assert app.segmented_control[1].value == screen
    text = texts(app)
    assert len(text) > 300 and not app.error
    if screen == 1:
        assert "1406.2661" in text and "1511.06434" in text and app.get("bidi_component")
    if screen == 3 and kind == "with D":
        assert "The fakes it believes most" in text
    if screen == 3 and kind == "without D":
        assert "hand-made filters" in text
    if screen == 4 and kind != "no run":
        assert app.get("plotly_chart") and "gives real pictures 70% and fakes 30%" in text
    if screen == 5:
        assert "Total" in html(app)


@pytest.mark.parametrize("loss", ["hinge", "wgan-gp", "lsgan", "relativistic"])
def test_no_page_takes_scores_for_probabilities(place, loss):
    """D's outputs are probabilities with bce only."""
    make_run(place, loss=loss, norm_d="none")
    for path, query in (
        ("learn/learn", {"screen": "3"}),
        ("learn/learn", {"screen": "4"}),
        ("training/train", {"run": "tiny"}),
        ("training/runs", {"run": "tiny"}),
    ):
        app = open_page(path, **query)
        said = texts(app) + "".join(metric.value for metric in app.metric)
        assert not app.error and "70%" not in said and "30%" not in said, path
        if path == "learn/learn":
            assert "score" in said, query


def test_learn_goes_on_and_back_and_the_address_follows(place):
    make_run(place)
    app = open_page("learn/learn")
    for screen in (2, 3, 4, 5):
        next(button for button in app.button if button.label.startswith("Next")).click().run()
        assert not app.exception and app.query_params["screen"] == str(screen)
    next(button for button in app.button if button.label == "Back").click().run()
    assert app.query_params["screen"] == "4"


def test_learn_another_z_changes_the_maps(place):
    make_run(place)
    app = open_page("learn/learn", screen="2", seed="3")
    assert app.number_input[0].value == 3
    before = html(app)
    next(button for button in app.button if button.label == "Another z").click().run()
    assert app.query_params["seed"] == "4" and html(app) != before


def recipe(app):
    return next(box for box in app.selectbox if box.label == "Layers of the recipe")


def test_learn_shows_the_layers_of_the_chosen_recipe(place):
    make_run(place)
    app = open_page("learn/learn", screen="5", preset="paper")
    assert "12,654,337" in html(app)
    recipe(app).set_value("classic-64").run()
    assert "12,654,337" not in html(app) and app.query_params["preset"] == "classic-64"


def test_learn_shows_the_layers_of_the_run_that_it_is_told_with(place):
    make_run(place, channels=3, preset="quick")
    app = open_page("learn/learn", screen="5")
    assert recipe(app).value == "quick" and f"3 × {SIZE} × {SIZE}" in html(app) and "As trained in tiny" in texts(app)
    recipe(app).set_value("classic-64").run()
    assert "3 × 64 × 64" in html(app) and "As trained" not in texts(app)
    recipe(app).set_value("three-sets-digit").run()
    assert "1 × 28 × 28" in html(app)  # as it was published


@pytest.mark.parametrize("preset", PRESETS)
def test_learn_says_of_every_recipe_which_rules_it_keeps(place, preset):
    app = open_page("learn/learn", screen="5", preset=preset)
    assert recipe(app).value == preset
    assert texts(app).count("Kept.") + texts(app).count("Broken.") == 5
    total = sum(layer.parameters for layer in layer_tables(PRESETS[preset].config)["G"])
    assert f"{total:,}" in html(app) and PRESETS[preset].source in texts(app)


@pytest.mark.parametrize("preset", ["three-sets-digit", "custom-loop"])
@pytest.mark.parametrize("screen", range(1, 7))
def test_every_screen_of_learn_draws_with_a_published_network(place, screen, preset):
    config = preset_config(preset).replace(ngf=2, ndf=2, num_samples=6, data=str(place / "pictures"))
    run = Run.create(config, place / "runs", "published")
    publish(run.generator_path, generator_bytes(Generator(config).eval(), 40))
    save_state(run, {"gan": {"D": Discriminator(config).state_dict()}, "config": config.to_json()})
    assert len(texts(open_page("learn/learn", screen=str(screen)))) > 300


def test_learn_without_its_data_shows_the_rest(place):
    make_run(place, data_fingerprint="of other pictures")
    app = open_page("learn/learn", screen="1")
    assert "Real pictures can't be shown" in texts(app) and "A fake batch" in html(app)


@pytest.mark.parametrize("screen", ["0", "7", "x", ""])
def test_learn_with_a_strange_address_begins_at_the_start(place, screen):
    make_run(place)
    assert open_page("learn/learn", screen=screen).segmented_control[1].value == 1


def test_every_screen_has_a_question_and_each_answer_is_answered():
    assert len(QUESTIONS) == len(SCREENS)
    assert all(len(question.answers) >= 2 and all(question.answers.values()) for question in QUESTIONS)


def test_moments_keep_both_ends_and_are_denser_early_on():
    steps = list(range(0, 10_001, 100))
    found = _moments(steps, 12)
    assert found[0] == 0 and found[-1] == 10_000 and len(found) <= 12 and found == sorted(found)
    assert found[1] - found[0] < found[-1] - found[-2]
    assert _moments([0, 5], 12) == [0, 5]
