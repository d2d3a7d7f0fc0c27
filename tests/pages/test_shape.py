from dcgan.presets import PRESETS
from dcgan.runs.run import list_runs
from pages.training import pick_pictures, shape
from tests.files import colour, encode, write_pictures
from tests.pages.app import labelled, labels, open_page, texts


def choose(app, folder):
    labelled(app.selectbox, "Pictures").set_value("path").run()
    labelled(app.text_input, "Folder or archive").set_value(str(folder)).run()
    assert not app.exception, app.exception
    return app


def test_oblong_pictures_are_remarked_on_and_the_way_chosen_is_ordered(root, tmp_path, monkeypatch) -> None:
    (tmp_path / "people").mkdir()
    for i in range(4):
        (tmp_path / "people" / f"{i}.png").write_bytes(encode(colour(60, 120, seed=i)))
    app = choose(open_page("training/train"), tmp_path / "people")
    assert "loses about 50% of each" in texts(app)
    assert "178x208" not in " ".join(labels(app))
    shown = []
    monkeypatch.setattr(pick_pictures.sources, "preview", lambda *args, crop: shown.append(crop) or [colour()] * 2)
    labelled(app.button, f"pad: {shape.WAYS['pad']}").click().run()
    assert not app.exception and not app.warning, "no word of a default that is set twice"
    assert labelled(app.selectbox, "crop").value == "pad" and shown == ["pad"]
    monkeypatch.setattr("dcgan.runs.launch.start", lambda run: None)
    labelled(app.button, "Start training").click().run()
    assert [run.config.crop for run in list_runs()] == ["pad"]


def test_a_recipe_with_a_way_of_its_own_can_leave_it_without_a_warning(root, tmp_path) -> None:
    own = next(name for name, preset in PRESETS.items() if preset.config.crop == "178x208")
    folder = tmp_path / "data" / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    for i in range(3):
        (folder / f"{i}.jpg").write_bytes(encode(colour(178, 218, seed=i), "JPEG"))
    app = open_page("training/train")
    labelled(app.radio, "Recipe").set_value("published systems").run()
    labelled(app.selectbox, "Published system").set_value(own).run()
    warned = len(app.warning)
    assert labelled(app.selectbox, "crop").value == "178x208"
    labelled(app.button, f"whole: {shape.WAYS['whole']}").click().run()
    assert labelled(app.selectbox, "crop").value == "whole" and len(app.warning) == warned
    labelled(app.selectbox, "crop").set_value("square").run()
    assert labelled(app.selectbox, "crop").value == "square" and len(app.warning) == warned


def test_square_pictures_need_no_word(root, tmp_path) -> None:
    app = choose(open_page("training/train"), write_pictures(tmp_path / "square", 3))
    assert "oblong" not in texts(app) and not any(way in label for label in labels(app) for way in shape.WAYS.values())
