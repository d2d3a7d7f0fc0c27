import dataclasses
import json
import subprocess
import sys
import time

import pytest
from streamlit.testing.v1 import AppTest

from dcgan.config import Config
from dcgan.data import sources, uploads
from dcgan.images.encode import png_bytes
from dcgan.images.formats import SUFFIXES
from dcgan.images.grids import grid
from dcgan.monitoring.thinned_curves import COLUMNS
from dcgan.presets import PRESETS, PUBLISHED, in_group
from dcgan.runs import launch, speeds
from dcgan.runs.records import Status
from dcgan.runs.run import Run, list_runs
from dcgan.system.files import publish
from dcgan.system.paths import PROJECT
from pages.common import loading
from pages.common.upkeep import LOG_BYTES
from pages.common.words import escaped
from pages.training import live_view, needs, pick_pictures
from pages.training.health import judge
from tests.files import write_mnist, write_pictures, write_zip
from tests.pages.app import labelled, open_page, texts


def test_the_studio_starts_from_any_folder(root, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert labelled(open_page("training/train").button, "Start training")


def made_run(root, **status) -> Run:
    import numpy as np

    run = Run.create(Config(image_size=16, ngf=4, ndf=4, z_dim=8), root)
    run.sample_path(0).parent.mkdir()
    for step in (0, 50):
        publish(run.sample_path(step), png_bytes(grid(np.full((4, 16, 16), step, np.uint8))))
    point = dict.fromkeys(COLUMNS, 0.5)
    run.metrics_path.write_text("".join(json.dumps(point | {"step": step}) + "\n" for step in (5, 10)))
    run.write_status(Status(heartbeat=time.time(), step=50, num_steps=100, **status))
    return run


def choose_system(app: AppTest, name: str) -> AppTest:
    labelled(app.radio, "Recipe").set_value("published systems").run()
    labelled(app.selectbox, "Published system").set_value(name).run()
    assert not app.exception
    return app


def test_presets_to_start_with_have_a_card_and_the_published_ones_a_list(root) -> None:
    app = open_page("training/train")
    cards = labelled(app.radio, "Recipe")
    assert list(cards.options) == ["quick", "classic-64", "modern", "paper", "published systems"]
    assert not labelled(app.button, "Start training").disabled
    choose_system(app, "basic-dcgan")
    assert labelled(app.selectbox, "Published system").options == in_group(PUBLISHED)
    for name in in_group(PUBLISHED):
        choose_system(app, name)
        assert PRESETS[name].title in texts(app) and PRESETS[name].source in texts(app)


def test_a_recipe_with_classes_is_a_switch_beside_the_cards(root) -> None:
    app = open_page("training/train")
    switch = labelled(app.toggle, "Classes that you can ask for")
    assert not switch.value
    switch.set_value(True).run()
    labelled(app.button, "Start training").click().run()
    (run,) = list_runs(root)
    launch.kill(run)
    assert (run.config.preset, run.config.num_classes) == ("quick-classes", 10)
    assert "Sneaker" in run.config.names_of_classes


def test_a_card_says_how_long_it_takes_here(root, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shown = labelled(open_page("training/train").radio, "Recipe").proto.captions
    assert "Takes 3 to 20 minutes without a GPU." in shown[0] and not any("AMX" in caption for caption in shown)
    speeds.note(PRESETS["quick"].config, 1100 * 60, 60.0)
    shown = labelled(open_page("training/train").radio, "Recipe").proto.captions
    assert "About 12 minutes on this computer." in shown[0] and "on this computer" in shown[1]


def test_the_time_left_reads_the_same_wherever_it_stands(root, monkeypatch) -> None:
    run = made_run(root, state="running", eta_s=16_412.0, images_per_s=90.0)
    monkeypatch.setattr(launch, "is_process", lambda pid, started: True)
    app = open_page("training/train", run=run.id)
    assert labelled(app.metric, "Time left").value == "4 h 35 min"
    assert any("4 h 35 min left" in caption.value for caption in app.sidebar.caption)


def test_a_recipe_brings_its_pictures_and_says_when_they_are_not_here(root) -> None:
    app = choose_system(open_page("training/train"), "three-sets-faces")
    assert labelled(app.selectbox, "Pictures").value == "celeba"
    assert escaped("CelebA is not here: put img_align_celeba.zip") in texts(app)
    assert "try the download" in texts(app) and not labelled(app.button, "Start training").disabled
    choose_system(app, "custom-loop")
    assert labelled(app.selectbox, "Pictures").value == "fashion-mnist"
    assert not labelled(app.button, "Start training").disabled
    write_mnist(root.parent / "data" / "mnist")
    choose_system(app, "three-sets-digit")
    assert labelled(app.selectbox, "Pictures").value == "mnist"
    assert "4 real pictures" in texts(app)  # of 40, those of the digit 0


def test_pictures_that_a_person_chose_stay(root) -> None:
    app = open_page("training/train")
    labelled(app.selectbox, "Pictures").set_value("path").run()
    choose_system(app, "three-sets-faces")
    assert labelled(app.selectbox, "Pictures").value == "path"


def test_layers_and_rules_of_what_is_about_to_be_trained(root) -> None:
    app = choose_system(open_page("training/train"), "custom-loop")
    assert "kept" not in texts(app)
    labelled(app.toggle, "Layers and rules").set_value(True).run()
    assert not app.exception
    assert "The paper's rules: 3 of 5 kept" in texts(app)
    assert "G has Dense 512 and Dense 3136" in texts(app) and "1,727,233" in table(app)
    labelled(app.selectbox, "g_activation").set_value("selu").run()
    assert "The paper's rules: 2 of 5 kept" in texts(app)
    labelled(app.selectbox, "norm_d").set_value("batch").run()
    assert escaped("architecture dense-28 goes with") in texts(app)


def table(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_without_being_asked_the_page_loads_no_torch(root) -> None:
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; "
        "app = AppTest.from_file('app.py', default_timeout=60).run(); "
        "app.radio[0].set_value('published systems').run(); "
        "assert not app.exception; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "False", done.stderr[-500:]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("batch_size", 0, "batch_size must be at least 2, not 0."),
        ("lr_g", -1.0, "lr_g must be at least 1e-09, not -1.0."),
        ("num_steps", -5, "num_steps must be at least 1, not -5."),
    ],
)
def test_a_bad_setting_is_one_sentence_and_leaves_nothing(root, field, value, sentence) -> None:
    app = open_page("training/train")
    next(item for item in app.number_input if item.label == field).set_value(value)
    labelled(app.button, "Start training").click().run()
    assert [error.value for error in app.error] == [escaped(sentence)]
    assert not list(root.glob("*"))


def test_a_failed_run_says_why(root) -> None:
    run = made_run(root, state="failed", error="The losses stopped being numbers at step 50.")
    run.log_path.write_text("early\n" * 1000 + "RuntimeError: the cable is loose\n")
    app = open_page("training/train", run=run.id)
    assert "The losses stopped being numbers at step 50" in texts(app).replace("\\", "")
    assert labelled(app.button, "Stop").disabled
    assert "Nothing up to the last" not in texts(app)  # it kept no state to go on from
    (log,) = app.code
    assert log.value.startswith("early\n") and log.value.endswith("RuntimeError: the cable is loose")
    assert len(log.value) <= LOG_BYTES


def test_what_comes_and_goes_above_the_curves_moves_nothing(root, monkeypatch) -> None:
    """An element at another place is another element to the browser: the curves would lose their zoom."""

    def place_of_curves() -> list[int]:
        def path(block, trail: list[int]) -> list[int]:
            for i, child in getattr(block, "children", {}).items():
                if "run-view" in getattr(getattr(child, "proto", None), "id", ""):
                    return [*trail, i]
                if found := path(child, [*trail, i]):
                    return found
            return []

        return path(open_page("training/train", run=run.id).main, [])

    run, seen = made_run(root, state="running"), []
    for status in ({}, {"notice": "One thread fewer."}, {"state": "stalled", "message": "It does not answer."}):
        monkeypatch.setattr(launch, "observe", lambda run, status=status: dataclasses.replace(run.status(), **status))
        seen.append(place_of_curves())
    assert seen[0] and seen == seen[:1] * 3


def test_an_address_opens_no_folder_outside_the_root(root, tmp_path) -> None:
    made_run(tmp_path / "elsewhere", state="finished")
    (folder,) = (tmp_path / "elsewhere").iterdir()
    app = open_page("training/train", run=str(folder))
    assert "There is no run" in texts(app)
    assert "run" not in app.query_params and "Start training" in [each.label for each in app.button]


def test_a_dead_run_is_interrupted_and_can_be_resumed(root) -> None:
    run = made_run(root, state="running", pid=2**22 - 3, pid_started=1.0)
    run.state_path.write_bytes(b"state")
    app = open_page("training/train", run=run.id)
    assert "interrupted" in texts(app)
    assert not labelled(app.button, "Resume").disabled


def test_a_finished_run_leads_on(root) -> None:
    run = made_run(root, state="finished")
    run.generator_path.write_bytes(b"weights")
    app = open_page("training/train", run=run.id)
    assert {"Explore it", "Interpolate it", "Measure it"} <= {link.proto.label for link in app.get("page_link")}
    assert labelled(app.button, "Resume").disabled


def test_the_bare_page_goes_on_with_the_run_that_was_stopped_last(root, monkeypatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(launch, "start", lambda run: started.append(run.id))
    run = made_run(root, state="stopped")
    run.rename("my *run*")
    run.generator_path.write_bytes(b"weights")
    app = open_page("training/train")
    assert "Go on with it" not in [item.label for item in app.button]  # it has no state to go on from
    run.state_path.write_bytes(b"state")
    run.extend(100)
    app.run()
    assert r"**my \*run\***: stopped at step 50 of 100." in texts(app)
    labelled(app.button, "Go on with it").click().run()
    assert started == [run.id] and app.query_params["run"] == run.id and not app.exception
    later = made_run(root, state="finished")
    later.extend(50)
    later.write_status(dataclasses.replace(later.status(), heartbeat=time.time() + 60))
    assert "Go on with it" not in [item.label for item in open_page("training/train").button]


def test_pytorch_is_loaded_beside_a_run_that_has_pictures(root, monkeypatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(loading, "import_module", begun.append)
    loading.prepare.clear()
    app = open_page("training/train")
    assert not begun
    run = made_run(root, state="finished")
    app.query_params["run"] = run.id
    app.run().run()
    assert begun == ["dcgan.runs.checkpoint"]  # once for all who look


def test_the_slider_shows_the_newest_grid_and_goes_back(root) -> None:
    run = made_run(root, state="finished")
    app = open_page("training/train", run=run.id)
    slider = app.select_slider[0]
    assert slider.value == "newest" and slider.label == "Samples at step 50"
    slider.set_value(0).run()
    assert app.select_slider[0].label == "Samples at step 0"


def test_a_state_of_a_later_version_is_shown_as_it_is(root) -> None:
    run = made_run(root, state="dreaming *deeply*")
    assert r"dreaming \*deeply\*" in texts(open_page("training/train", run=run.id))


def test_an_unknown_run_in_the_address_is_told_and_the_form_shown(root) -> None:
    app = open_page("training/train", run="../../etc")
    assert "There is no run" in texts(app)
    assert labelled(app.button, "Start training")


def test_a_name_full_of_markup_is_shown_as_text(root) -> None:
    run = made_run(root, state="stopped")
    run.rename("<b>:red[x]</b> $1$ [a](http://b)")
    app = open_page("training/train", run=run.id)
    shown = app.title[0].value.replace("\u2060", "")  # which keeps the address from becoming a link
    assert shown == r"\<b\>\:red\[x\]\</b\> \$1\$ \[a\]\(http\://b\)"


@pytest.mark.parametrize(("accuracy", "level"), [(0.5, "watch"), (0.97, "good"), (0.8, "good")])
def test_health_tells_a_doubtful_game_from_a_good_one(accuracy, level) -> None:
    import numpy as np

    columns = {name: np.full(100, 0.4) for name in COLUMNS} | {"d_accuracy": np.full(100, accuracy)}
    assert judge(columns, dataclasses.replace(Status(), step=1000)).level == level


def test_what_a_run_needs_stands_beside_its_recipe(root) -> None:
    app = open_page("training/train")
    assert "about **877 MB** of memory" in texts(app) and "G 0.30 M + D 0.17 M parameters" in texts(app)
    labelled(app.number_input, "batch_size").set_value(4096).run()
    assert "about **3.0 GB** of memory" in texts(app)


def test_a_run_that_the_disk_can_not_hold_can_not_be_started(root, monkeypatch) -> None:
    from dcgan.runs import estimate

    monkeypatch.setattr(estimate, "disk_free", lambda place: 10**7)
    app = open_page("training/train")
    assert any("10 MB free" in error.value.replace("\\", "") for error in app.error)
    assert labelled(app.button, "Start training").disabled


def test_a_root_that_can_not_be_written_to_is_told_with_what_a_page_can_do(root, monkeypatch) -> None:
    (root / "file").write_text("")
    monkeypatch.setenv("DCGAN_ROOT", str(root / "file"))
    app = labelled(open_page("training/train").button, "Start training").click().run()
    (error,) = app.error
    said = error.value.replace("\\", "")
    assert "can't hold runs" in said and "DCGAN_ROOT and DCGAN_DATA" in said and "--" not in said


def test_a_refused_upload_is_refused_once_and_for_the_same_reason(root, monkeypatch) -> None:
    stored, store = [], uploads.store_upload
    monkeypatch.setattr(uploads, "store_upload", lambda files: stored.append(files) or store(files))
    app = open_page("training/train")
    labelled(app.selectbox, "Pictures").set_value("upload").run()
    content = write_zip(root / "z.zip", {"a.png": b"", "b.png": b"x"}).read_bytes()
    app.file_uploader[0].upload("z.zip", content, "application/zip").run()
    first = [error.value for error in app.error]
    assert len(first) == 1 and "None of the 2 picture files" in first[0]
    labelled(app.number_input, "batch_size").set_value(32).run()
    assert [error.value for error in app.error] == first and len(stored) == 1


def test_whatever_a_folder_may_hold_can_be_uploaded(root) -> None:
    app = open_page("training/train")
    labelled(app.selectbox, "Pictures").set_value("upload").run()
    assert {*SUFFIXES, ".zip", ".tar", ".tar.gz", ".gz"} <= {
        f".{kind.lstrip('.')}" for kind in app.file_uploader[0].proto.type
    }


def test_only_what_can_be_read_is_counted_and_few_is_said_to_be_few(root, tmp_path) -> None:
    folder = write_pictures(tmp_path / "Holiday cats", 3)
    (folder / "page.jpg").write_bytes(b"<html>")
    app = open_page("training/train")
    labelled(app.selectbox, "Pictures").set_value("path").run()
    labelled(app.text_input, "Folder or archive").set_value(str(folder)).run()
    said = texts(app).replace("\\", "")
    assert "3 real pictures, all of them here. 1 more file can't be read, such as page.jpg: not a picture" in said
    assert "3 is few: " in said
    assert labelled(app.text_input, "Name of the run").placeholder == "Holiday cats"


def test_what_is_not_used_is_said_before_the_start(root, tmp_path) -> None:
    folder = tmp_path / "phone"
    for split in ("train", "test"):
        write_pictures(folder / split, 3)
    for name in ("h.svg", "notes.xml", "more.zip", "half.png", "page.jpg"):
        (folder / "train" / name).write_bytes(b"<svg>")
    app = open_page("training/train")
    labelled(app.selectbox, "Pictures").set_value("path").run()
    labelled(app.text_input, "Folder or archive").set_value(f"'{folder}'\n").run()
    said = texts(app).replace("\\", "")
    assert "Trained on is the folder train (5 picture files); the folder test (3) is held out to measure with." in said
    assert (
        "1 SVG drawing (train/h.svg: save it as PNG), 1 archive (train/more.zip: unpack it for what it holds), 1 text"
        in said
    )
    assert "Can't be read: 2 (such as train/half.png: not a picture in a known format)." in said


def test_pictures_that_come_while_the_page_says_there_are_none_are_seen(root, tmp_path, monkeypatch) -> None:
    drawn = needs.draw

    def draw_meanwhile(*args):
        write_pictures(tmp_path / "late", 3)
        return drawn(*args)

    (tmp_path / "late").mkdir()
    app = open_page("training/train")
    labelled(app.selectbox, "Pictures").set_value("path").run()
    monkeypatch.setattr(needs, "draw", draw_meanwhile)
    labelled(app.text_input, "Folder or archive").set_value(str(tmp_path / "late")).run()
    said = texts(app).replace("\\", "")
    assert "3 real pictures, all of them here." in said and "holds no pictures" not in said
    assert not labelled(app.button, "Start training").disabled


def test_a_run_that_ends_while_the_page_says_that_it_trains_is_let_go(root, monkeypatch) -> None:
    run, drawn = made_run(root, state="running"), needs.draw
    found = [run]
    monkeypatch.setattr(launch, "active_run", lambda: found[0] if found else None)

    def draw_meanwhile(*args):
        found.clear()
        return drawn(*args)

    monkeypatch.setattr(needs, "draw", draw_meanwhile)
    app = open_page("training/train", new="1")
    assert "is in training; one run trains at a time" not in texts(app)


def test_a_set_too_large_to_look_through_says_how_far_it_was(root, tmp_path) -> None:
    source = sources.resolve(str(write_pictures(tmp_path / "d", 5)))
    some = {"000.png": "", "001.png": "001.png: the file is empty"}
    told, number = pick_pictures.in_words(source, some, 4)
    assert number == 5 and told.startswith("5 picture files, four of them here. Of 2 that were tried 1 can't be read, ")
    assert pick_pictures.in_words(source, {"000.png": ""}, 5)[0].endswith("Of 1 that were tried all can be read.")
    assert pick_pictures.in_words(source, {"of another class.png": ""}, 5)[0] == "5 picture files, five of them here."


def test_a_page_of_a_run_that_rests_notices_a_start_from_elsewhere(root, monkeypatch) -> None:
    run, redrawn = made_run(root, state="stopped"), []
    monkeypatch.setattr(live_view.st, "rerun", lambda: redrawn.append(run.id))
    live_view._await_start(run)
    assert not redrawn
    monkeypatch.setattr(launch, "observe", lambda run: dataclasses.replace(run.status(), state="running"))
    live_view._await_start(run)
    assert redrawn == [run.id]
