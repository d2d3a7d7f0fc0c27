import io

import numpy as np

from dcgan.runs.run import list_runs
from tests.pages.app import labelled, open_page, texts

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 12, 12), dtype=np.uint8)


def said(app) -> str:
    return texts(app).replace("\\", "")


def test_an_array_is_named_by_its_path_and_its_labels_are_classes_to_choose(root, tmp_path, monkeypatch) -> None:
    np.savez(tmp_path / "Digits.npz", images=PIXELS / 255, labels=np.arange(30) % 3)
    app = open_page("training/train")
    labelled(app.selectbox, "Pictures").set_value("path").run()
    labelled(app.text_input, "Folder or archive").set_value(str(tmp_path / "Digits.npz")).run()
    assert not app.exception, app.exception
    assert "30 real pictures, nine of them here." in said(app)
    assert "(float64) 0 is shown black and 1 white" in said(app)
    assert labelled(app.text_input, "Name of the run").placeholder == "Digits"
    monkeypatch.setattr("dcgan.runs.launch.start", lambda run: None)
    labelled(app.get("button_group"), "Train on these folders only").set_value(["0", "2"]).run()
    assert "20 real pictures" in said(app)
    labelled(app.button, "Start training").click().run()
    (run,) = list_runs()
    assert run.config.data == f"{tmp_path / 'Digits.npz'}:0,2" and run.config.channels == 1


def test_an_array_can_be_uploaded_and_what_is_none_is_refused_in_a_sentence(root) -> None:
    app = open_page("training/train")
    labelled(app.selectbox, "Pictures").set_value("upload").run()
    content = io.BytesIO()
    np.save(content, PIXELS)
    app.file_uploader[0].upload("mine.npy", content.getvalue()).run()
    assert not app.exception and "30 real pictures" in said(app)
    app = open_page("training/train")
    labelled(app.selectbox, "Pictures").set_value("upload").run()
    app.file_uploader[0].upload("mine.npy", b"hello").run()
    assert not app.exception and len(app.error) == 1
    assert "The upload can't be read as NumPy's arrays" in app.error[0].value.replace("\\", "")
