"""The Runs page: what stands on the shelf, what is shown of it, what can be done to it."""

import dataclasses
import io
import json
import os
import time

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from dcgan.config import NO_END, Config
from dcgan.errors import BadInput
from dcgan.images import encode, grids
from dcgan.presets import preset_config
from dcgan.runs import launch, live_settings, notes
from dcgan.runs.records import Status
from dcgan.runs.run import Run, list_runs
from dcgan.system.names import data_title
from dcgan.system.paths import PROJECT
from pages.charts import compare
from pages.charts.curves import CURVES
from pages.common import colours, run_rows, upkeep
from pages.common.words import age, escaped
from pages.training import compare_runs, run_actions, run_notes
from tests.foreign import Example, as_if_trained
from tests.pages.app import labelled, labels, open_page, texts

ODD = "<b>bold</b> *star* :red[x] $x^2$ 日本語"


def make_run(name: str, state: str = "finished", step: int = 100, config: Config | None = None) -> Run:
    """A run as a worker would have left it, without training anything."""
    run = Run.create((config or preset_config("quick")).replace(num_steps=100), None, name)
    grid = grids.grid(np.random.default_rng(0).integers(0, 256, (16, 32, 32), np.uint8))
    for kept in (0, step // 2, step):
        run.sample_path(kept).parent.mkdir(exist_ok=True)
        run.sample_path(kept).write_bytes(encode.png_bytes(grid))
    points = [{"step": i, "d_loss": 1.25, "g_loss": 2.5, "d_real": 0.6, "d_fake": 0.4} for i in range(1, step + 1)]
    run.metrics_path.write_text("".join(json.dumps(point | {"d_accuracy": 0.7}) + "\n" for point in points))
    run.write_status(Status(state=state, step=step, num_steps=100, time_s=61.0, device="CPU, 2 threads", pid=1))
    run.generator_path.write_bytes(b"weights")
    run.state_path.write_bytes(b"state")
    return run


def open_runs(*chosen: str, **params: str) -> AppTest:
    return open_page("training/runs", **({"run": list(chosen)} if chosen else {}), **params)


def in_url(at: AppTest, name: str) -> list[str]:
    value = at.query_params.get(name, [])
    return [value] if isinstance(value, str) else list(value)


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    at.run()
    assert not at.exception
    return at


# -- the shelf


def test_an_empty_shelf_leads_to_training(root):
    at = open_runs()
    assert "Train the first run" in labels(at)
    assert not at.dataframe


def test_the_shelf_shows_every_run_newest_first(root):
    older = make_run("Older")
    make_run("Newer", "failed", step=40)
    config = older.config_path.stat()
    os.utime(older.config_path, (config.st_atime - 600, config.st_mtime - 600))
    table = open_runs().dataframe[0].value
    assert list(table["Name"]) == ["Newer", "Older"]
    assert list(table["State"]) == ["failed", "finished"]
    assert list(table["Steps"]) == [40, 100]
    assert list(table["D loss"]) == [1.25, 1.25]
    assert list(table["G loss"]) == [2.5, 2.5]
    assert list(table["Preset"]) == ["quick", "quick"]
    assert list(table["Data"]) == ["fashion-mnist", "fashion-mnist"]
    assert all(uri.startswith("data:image/png;base64,") for uri in table["Samples"])
    assert all(table["Size"] > 0)


def test_a_run_without_anything_but_its_config_is_shown(root):
    Run.create(preset_config("quick"), None, "fresh")
    at = open_runs()
    assert list(at.dataframe[0].value["State"]) == ["new"]
    assert "No sample grid yet" in texts(at)
    assert "No curves yet" in texts(at)


def test_an_unreadable_run_is_shown_and_can_be_deleted(root):
    run = make_run("broken")
    run.config_path.write_text("{")
    at = open_runs()
    assert list(at.dataframe[0].value["Preset"]) == ["unreadable"]
    assert escaped("config.json is not valid JSON.") in texts(at)
    assert "Delete" in labels(at)
    upkeep.delete(run)
    assert not run.path.exists()


def test_odd_names_are_text_everywhere(root):
    make_run("plain").rename(ODD)
    at = open_runs()
    assert list(at.dataframe[0].value["Name"]) == [ODD]
    assert "<b>" not in texts(at)
    assert "\\<b\\>bold" in texts(at)


def test_a_hundred_runs_are_drawn_quickly(root):
    for i in range(100):
        make_run(f"run {i}")
    at = open_runs()
    began = time.perf_counter()
    at.run()
    again = time.perf_counter() - began
    assert len(at.dataframe[0].value) == 100
    assert again < 2.5, f"{again:.1f} s"


def test_the_newest_point_is_read_from_the_end_of_a_long_file(root):
    run = make_run("long")
    with open(run.metrics_path, "a") as file:
        file.writelines(json.dumps({"step": i, "d_loss": float(i)}) + "\n" for i in range(200_000))
        file.write('{"step": 200000, "d_lo')
    began = time.perf_counter()
    assert run.newest_point()["d_loss"] == 199_999
    assert time.perf_counter() - began < 0.1


# -- the choice


def test_the_newest_run_is_chosen_for_who_asks_for_none(root):
    run = make_run("only")
    at = open_runs()
    assert in_url(at, "run") == [run.id]
    assert [heading.value for heading in at.subheader] == ["only"]


def test_the_url_chooses_one_run_and_a_step(root):
    make_run("one")
    make_run("two")
    at = open_runs("one", step="50")
    assert [heading.value for heading in at.subheader] == ["one"]
    assert at.select_slider[0].value == 50
    at.select_slider[0].set_value(0).run()
    assert in_url(at, "step") == ["0"]
    at.select_slider[0].set_value(100).run()
    assert "step" not in at.query_params


@pytest.mark.parametrize("step", ["7", "-1", "x", "²", "9" * 400])
def test_an_odd_step_in_the_url_shows_the_newest(root, step):
    make_run("one")
    assert open_runs("one", step=step).select_slider[0].value == 100


def test_the_url_chooses_runs_figure_and_axis(root):
    for name, step in (("one", 100), ("two", 80), ("three", 60)):
        make_run(name, step=step)
    at = open_runs("one", "two", figure="accuracy", axis="time")
    assert [heading.value for heading in at.subheader] == ["1 · one", "2 · two"]
    assert list(at.select_slider[0].options) == ["0", "40", "50", "80", "100"]
    assert [control.value for control in at.get("button_group")] == ["accuracy", "time"]
    assert "kept no times" in texts(at)
    at = open_runs("one", "two", "three", figure="what", axis="why")
    assert [control.value for control in at.get("button_group")] == ["losses", "step"]
    assert len(at.get("plotly_chart")) == 1 and [heading.value for heading in at.subheader][2] == "3 · three"
    assert not {"figure", "axis"} & set(at.query_params)
    (link,) = (code.value for code in at.code)
    assert link.endswith("?run=one&run=two&run=three&figure=losses&axis=step")


def test_two_runs_of_one_name_are_told_apart(root):
    make_run("one").rename("same")
    make_run("two").rename("same")
    said = [heading.value for heading in open_runs("one", "two").subheader]
    assert said == [r"1 · same \[one\]", r"2 · same \[two\]"]


def test_what_differs_stands_beside_the_chart_and_is_text(root):
    one, two = make_run("one"), make_run("two", config=preset_config("quick").replace(seed=7, lr_g=3e-4))
    one.rename(ODD)
    notes.write(two, "<i>slower</i>\nmore")
    assert open_runs("one", "two").get("html")
    drawn = [compare.Curves(run.name, {}) for run in (one, two)]
    configs = [one.config, two.config]
    page = compare_runs.table(drawn, configs, [notes.read(run) for run in (one, two)], far=True)
    assert "<td>0.001</td><td>0</td>" in page and "<td>0.0003</td><td>7</td>" in page and "batch_size" not in page
    assert "&lt;b&gt;bold" in page and "</b>&lt;i&gt;slower&lt;/i&gt;</summary><div>more</div>" in page
    assert page.count('class="note"') == 1  # of two runs
    assert "Their settings are the same." in compare_runs.table(drawn, [one.config] * 2, ["", ""], far=True)
    assert ">unreadable<" in compare_runs.table([*drawn, drawn[0]], [*configs, None], [""] * 3, far=True)


def test_a_run_that_is_gone_is_named(root):
    make_run("one")
    at = open_runs("<i>gone</i>")
    assert "There is no run \\<i\\>gone" in texts(at)


def test_ticking_rows_moves_the_choice_into_the_url(root):
    for name in ("one", "two", "three"):
        make_run(name)
    at = open_runs("one")
    names = [run.id for run in list_runs()]
    key = f"shelf-{hash(tuple(names))}"
    for rows, wanted in (
        ([names.index("one"), names.index("three")], ["one", "three"]),
        ([0, 1, 2], ["one", "three", "two"]),
        ([], []),
    ):
        at.session_state[key] = {"selection": {"rows": sorted(rows), "columns": [], "cells": []}}
        at.run()
        assert not at.exception
        assert in_url(at, "run") == wanted
    assert "Nothing is ticked" in texts(at)


# -- what can be done


def test_a_stopped_run_can_be_resumed(root, monkeypatch):
    run = make_run("half", "stopped", step=50)
    started = []
    monkeypatch.setattr(launch, "start", lambda run: started.append(run.id))
    at = open_runs("half")
    assert "Go on" not in labels(at)
    press(at, "Resume")
    assert started == [run.id]


def test_a_refused_resume_says_why(root, monkeypatch):
    def refuse(run: Run) -> None:
        raise BadInput("other is training, and one run trains at a time.")

    make_run("half", "stopped", step=50)
    monkeypatch.setattr(launch, "start", refuse)
    at = press(open_runs("half"), "Resume")
    assert [error.value for error in at.error] == [r"other is training, and one run trains at a time\."]


def test_a_finished_run_trains_further_or_keeps_its_end(root, monkeypatch):
    run = make_run("done")
    at = open_runs("done")
    assert "Resume" not in labels(at)
    monkeypatch.setattr(launch, "start", lambda run: None)
    at.number_input[0].set_value(300)
    press(at, "Go on")
    assert run.control().num_steps == 300

    def refuse(run: Run) -> None:
        raise BadInput("busy")

    monkeypatch.setattr(launch, "start", refuse)
    with pytest.raises(BadInput, match="busy"):
        upkeep.train_further(run, 500)
    assert run.control().num_steps == 300
    with pytest.raises(BadInput, match="num_steps"):
        upkeep.train_further(run, 0)


def test_a_run_without_state_can_not_go_on_and_says_so(root):
    run = make_run("came so")
    run.state_path.unlink()
    at = open_runs()
    assert "Resume" not in labels(at) and not at.number_input
    assert "came without its training state" in texts(at)


def test_a_run_out_of_minutes_is_trained_further_to_a_step(root, monkeypatch):
    run = make_run("timed", "finished", step=50, config=preset_config("quick").replace(num_minutes=1.0))
    assert not upkeep.can_resume(run, run.status()) and not upkeep.why_not_further(run, run.status())
    monkeypatch.setattr(launch, "start", lambda run: None)
    upkeep.train_further(run, 80)
    now = live_settings.in_force(run)
    assert (now.num_steps, now.num_minutes) == (80, 0.0) and upkeep.can_resume(run, run.status())

    def refuses(run):
        raise BadInput("No room.")

    monkeypatch.setattr(launch, "start", refuses)
    before = run.control()
    with pytest.raises(BadInput):
        upkeep.train_further(run, 90)
    assert run.control() == before


def test_a_run_that_its_minutes_end_is_measured_by_them(root):
    config = preset_config("quick").replace(num_steps=NO_END, num_minutes=6.0)
    status = Status(step=300, num_steps=NO_END, time_s=90.0)
    assert upkeep.share_done(config, status) == 0.25
    assert upkeep.end_in_words(config) == "after 6 minutes of training"
    both = config.replace(num_steps=400)
    assert upkeep.share_done(both, status) == 0.75
    assert upkeep.end_in_words(both) == "at step 400 or after 6 minutes of training"
    assert upkeep.share_done(config, dataclasses.replace(status, time_s=1e4)) == 1.0
    assert upkeep.end_in_words(preset_config("quick")) == "at step 12,000"
    run = Run.create(config, None, "timed")
    run.write_status(dataclasses.replace(status, state="stopped"))
    said = texts(open_runs())
    assert "step 300 · " in said and "**no limit** instead of 12000" in said


def test_a_new_end_and_a_changed_rate_read_the_same_everywhere(root):
    run = make_run("moved", "stopped", step=50)
    run.extend(400)
    live_settings.ask(run, {"lr_g": 0.0005})
    said = texts(open_runs())
    assert escaped("step 50 of 400") in said
    assert f"{escaped('num_steps')} **400** instead of 12000" in said
    assert f"{escaped('lr_g')} **{escaped('0.0005')}** instead of" in said
    make_run("left alone")
    settings = [live_settings.in_force(each) for each in (run, Run.named("left-alone"))]
    assert compare.differing(settings)["num_steps"] == [400, 100]
    train = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=30)
    train.switch_page("pages/training/train.py")
    train.query_params["run"] = run.id
    (steps,) = (metric for metric in train.run().metric if metric.label == "Step")
    assert "ends at step 400." in steps.help and upkeep.share_done(live_settings.in_force(run), run.status()) == 0.125


def test_an_epoch_is_called_best_by_nobody_and_marked_for_the_system_that_does_so(root):
    for name in ("quick", "custom-loop"):
        run = make_run(name, config=preset_config(name))
        points = [{"step": i, "epoch": i / 20, "d_loss": 1.0, "g_loss": 2.0} for i in range(1, 101)]
        run.metrics_path.write_text("".join(json.dumps(point) + "\n" for point in points))
    assert "lowest adversarial loss" in texts(open_runs("custom-loop"))
    said = texts(open_runs("quick"))
    assert "Losses per epoch" in said and "lowest adversarial loss" not in said and "Best means" not in said


def test_a_run_in_training_is_neither_resumed_nor_deleted(root, monkeypatch):
    run = make_run("live", "running", step=50)
    monkeypatch.setattr(launch, "observe", lambda run: dataclasses.replace(run.status(), state="running"))
    at = open_runs()
    assert "Resume" not in labels(at)
    assert next(button for button in at.button if button.label == "Delete").disabled
    with pytest.raises(BadInput, match="stop it first"):
        upkeep.delete(run)
    assert run.path.exists()


def test_delete_asks_first(root):
    run = make_run("old")
    at = press(open_runs(), "Delete")
    assert "Delete for good" in labels(at)
    assert "3 sample grids" in texts(at)
    assert run.path.exists()
    upkeep.delete(run)
    assert not run.path.exists()
    upkeep.delete(run)  # somebody else may have been quicker


def test_open_and_explore_take_the_run_along(root):
    run = make_run("one")
    at = press(open_runs("one"), "Open")
    assert in_url(at, "run") == [run.id]
    assert "Runs" not in [title.value for title in at.title]


def test_the_generator_is_offered_for_download(root):
    run = make_run("one")
    assert "Download generator" in [button.proto.label for button in open_runs().get("download_button")]
    run.generator_path.unlink()
    assert [button.proto.label for button in open_runs().get("download_button")] == ["Training film"]


def test_a_model_card_is_offered_once_there_is_one_with_its_picture_inside(root):
    run = make_run("one")
    assert "Model card" not in [button.proto.label for button in open_runs().get("download_button")]
    (run.path / "README.md").write_text("# one\n\n![Samples](card.png)\n")
    (run.path / "card.png").write_bytes(b"a picture")
    assert "Model card" in [button.proto.label for button in open_runs().get("download_button")]
    assert run_actions.card_with_picture(run) == "# one\n\n![Samples](data:image/png;base64,YSBwaWN0dXJl)\n"


def test_a_note_is_kept_shown_as_text_and_found_in_the_table(root):
    run = make_run("one")
    assert "Note" not in open_runs("one").dataframe[0].value and "Write a note" in labels(open_runs("one"))
    run_notes.save(run, "  Lower rate: *better*\r\n# <b>no</b> heading\x00\x1b[31m ")
    assert notes.read(run) == "Lower rate: *better*\n# <b>no</b> heading[31m"
    at = open_runs("one")
    assert [text.value for text in at.get("text")] == [notes.read(run)] and "Edit the note" in labels(at)
    assert list(at.dataframe[0].value["Note"]) == ["Lower rate: *better*"]
    with pytest.raises(BadInput, match="4,002 bytes, and there is room for 4,000"):
        run_notes.save(run, "é" * 2001)
    run_notes.save(run, " \n")
    assert not notes.path_of(run).exists() and notes.read(run) == ""
    for odd in (b"\xff\xfe", b"x" * 5000):
        notes.path_of(run).write_bytes(odd)
        assert notes.read(run) == ""
    notes.path_of(run).unlink()
    os.mkfifo(notes.path_of(run))
    assert notes.read(run) == ""


# -- pure functions


def test_own_settings_are_those_that_differ_from_the_preset():
    config = preset_config("quick").replace(lr_g=0.1, data_fingerprint="abc")
    ((name, own, preset, meaning),) = compare.own_settings(config)
    assert (name, own, preset) == ("lr_g", 0.1, 1e-3)
    assert "learning rate" in meaning


def test_nearest_kept_does_not_look_into_the_future():
    assert compare.nearest_kept([10, 20, 30], 25) == 20
    assert compare.nearest_kept([10, 20, 30], 5) == 10
    assert compare.nearest_kept([], 5) is None


def curves_of(name: str, number: int = 50, level: float = 0.5, seconds: float = 7200.0) -> compare.Curves:
    columns = {quantity: np.full(number, level) for quantity in CURVES}
    return compare.Curves(name, columns | {"step": np.arange(number), "time_s": np.linspace(0, seconds, number)})


def test_a_dozen_runs_lie_over_the_same_axes_each_with_its_own_line_and_number():
    runs = [curves_of("<b>one</b>"), *(curves_of(f"run {i}") for i in range(11))]
    for shown, panels in (("losses", 2), ("verdicts", 2), ("accuracy", 1)):
        made = compare.figure(runs, shown)
        assert len(made.data) == 12 * panels and made.data[0].name == "&lt;b&gt;one&lt;/b&gt;"
        lines = {(trace.line.color, trace.line.dash) for trace in made.data}
        assert len(lines) == 12
        numbers = [each for each in made.layout.annotations if each.text.isdigit()]
        assert [each.text for each in numbers] == [str(i) for i in range(1, 13)] * panels
        heights = sorted(each.y for each in numbers[:12])
        assert all(b - a > 0.03 for a, b in zip(heights, heights[1:], strict=False)), "numbers that hide each other"
    short, long = (compare.figure([curves_of("a", n), curves_of("b")], "accuracy") for n in (10, 50))
    alone, apart = ([each.y for each in made.layout.annotations if each.text.isdigit()] for made in (short, long))
    assert alone[0] == alone[1] and apart[0] != apart[1], "only numbers that would meet make room"
    empty = compare.Curves("empty", {name: np.empty(0) for name in ("step", "time_s", *CURVES)})
    assert len(compare.figure([empty, runs[0]], "losses").data) == 4


def test_time_is_told_in_a_unit_that_fits_its_length():
    made = compare.figure([curves_of("a"), curves_of("b", seconds=3600.0)], "accuracy", by_time=True)
    assert made.layout.xaxis.title.text == "hours of training"
    assert [trace.x[-1] for trace in made.data] == [2.0, 1.0]
    assert compare.unit_of([curves_of("a", seconds=400.0)]) == ("minutes", 60.0)
    assert compare.unit_of([curves_of("a", seconds=0.0)]) == ("seconds", 1.0)


def test_labels_that_would_meet_make_room_in_their_order():
    assert compare.spread(np.array([0.2, 0.8]), 0.1) == [0.2, 0.8]
    assert np.allclose(compare.spread(np.array([0.5, 0.5, 0.52]), 0.1), [0.4067, 0.5067, 0.6067], atol=1e-3)
    assert np.allclose(compare.spread(np.array([1.0, 1.0, 0.0]), 0.1), [0.9, 1.0, 0.0])
    assert compare.spread(np.array([]), 0.1) == []


def test_the_lines_of_runs_are_told_apart_on_both_pages_and_by_every_eye():
    """Contrast as WCAG has it; colour blindness as Machado et al. 2009 model it, at its full; distance in CIELAB."""
    seen_as = (
        ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
        ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
        ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    )
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])

    def linear(colour: str) -> np.ndarray:
        levels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        return np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)

    light = [float(to_xyz[1] @ linear(colour)) for colour in colours.CURVES]
    pages = [float(to_xyz[1] @ linear(colour)) for colour in ("#FBF9F6", "#171512")]
    assert all((max(a, b) + 0.05) / (min(a, b) + 0.05) >= 3 for a in light for b in pages)
    for matrix in seen_as:
        rgb = np.clip(np.stack([linear(colour) for colour in colours.CURVES]) @ np.array(matrix).T, 0, 1)
        part = rgb @ to_xyz.T / (0.95047, 1, 1.08883)
        part = np.where(part > 0.008856, np.cbrt(part), 7.787 * part + 16 / 116)
        lab = np.stack([116 * part[:, 1] - 16, 500 * (part[:, 0] - part[:, 1]), 200 * (part[:, 1] - part[:, 2])], 1)
        apart = np.sqrt(((lab[:, None] - lab[None]) ** 2).sum(-1))
        assert apart[np.triu_indices(len(lab), 1)].min() > 30


@pytest.mark.parametrize(
    ("before", "ticked", "kept"),
    [([0, 1], [0, 1, 2], [0, 1, 2]), ([2, 0], [0, 2], [2, 0]), ([2, 0], [0], [0]), ([], [], [])],
)
def test_runs_stand_in_the_order_of_their_ticks(before, ticked, kept):
    assert run_rows.in_order(before, ticked) == kept


def test_one_run_too_many_takes_the_place_of_the_first():
    most = list(range(run_rows.MOST))
    assert run_rows.in_order(most, [*most, 99]) == [*most[1:], 99]


@pytest.mark.parametrize(("spec", "title"), [("fashion-mnist:7,9", "fashion-mnist:7,9"), ("/a/b/cats.zip", "cats.zip")])
def test_data_title_is_the_last_part_of_a_path(spec, title):
    assert data_title(spec) == title


@pytest.mark.parametrize(
    ("hours", "said"),
    [(0.01, "1 minute"), (0.7, "42 minutes"), (1.4, "1 hour"), (21, "21 hours"), (46, "2 days"), (24 * 80, "3 months")],
)
def test_the_age_of_a_run_is_as_rough_as_on_the_shelf(root, hours, said):
    run = make_run("old")
    os.utime(run.config_path, (0, time.time() - 3600 * hours))
    assert age(run) == f"{said} ago"


def test_a_generator_from_elsewhere_is_brought_as_a_file_and_can_be_explored(root, tmp_path) -> None:
    content = io.BytesIO()
    torch.save(as_if_trained(Example(16, 6, 4, 1)).state_dict(), content)
    assert "Bring a generator" in labels(open_page("training/runs"))
    app = AppTest.from_string("from pages.training import bring_generator; bring_generator.form()").run(timeout=60)
    app.file_uploader(key="bring-file").set_value(("notes.pth", b"hello", "application/octet-stream"))
    labelled(app.button, "Bring it").click().run()
    assert "no whole file of weights" in app.error[0].value and list_runs(root) == []
    app.file_uploader(key="bring-file").set_value(("netG.pth", content.getvalue(), "application/octet-stream"))
    app.text_input(key="bring-name").set_value("Theirs")
    labelled(app.button, "Bring it").click().run()
    assert not app.exception and not app.error
    (run,) = list_runs(root)
    assert run.id == "theirs" and app.query_params["run"] in ("theirs", ["theirs"])
    page = open_page("training/runs", run="theirs")
    assert "another program trained this generator" in texts(page)
    assert "Another program trained it" in texts(page) and "Resume" not in labels(page)
    assert not open_page("latent/explore", run="theirs").error
