"""A run of a published system beside its original: the facts are those of the presets, the moments those it shows."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from dcgan.images.embedded import read_recipe
from dcgan.networks.generator_file import generator_bytes
from dcgan.presets import PUBLISHED, in_group, preset_config
from dcgan.runs.records import Status
from dcgan.system.files import publish
from pages.common.loading import open_at
from pages.training import as_published, final_grid
from pages.training.as_published import moments, own
from pages.training.originals import ORIGINALS
from tests.pages.app import texts
from tests.pages.latent_pages import tiny
from tests.pages.test_runs import make_run, open_runs

COLUMNS = {name: np.linspace(0.01, 1, 100) for name in ("d_loss", "g_loss", "d_fake", "d_accuracy")}
COLUMNS |= {"step": np.arange(1.0, 101), "epoch": np.arange(1, 101) / 20, "time_s": np.arange(1.0, 101)}


def test_every_published_system_has_its_original_and_nothing_else_has():
    assert set(ORIGINALS) == set(in_group(PUBLISHED))


@pytest.mark.parametrize("preset", ORIGINALS)
def test_what_a_preset_decides_is_what_its_original_reported(preset):
    """Where a published figure is a number that follows from the recipe, both are the same."""
    config, status = preset_config(preset), Status(epoch=1.0, time_s=60.0, step=7)
    for fact in ORIGINALS[preset].facts:
        said = own(fact.own, config, status, COLUMNS)
        if fact.own in ("samples", "picture") or " total" in fact.own or fact.own in ("G trainable", "G frozen"):
            assert said == fact.published, fact
        elif fact.own == "steps":
            assert f"{config.num_steps:,}" == fact.published
        elif fact.own == "pixels":
            assert said in fact.published
        assert said and (fact.own or said == "–")


def test_pictures_stand_at_the_ends_of_epochs_and_bear_what_the_original_wrote_under_them():
    samples = [0, 8, 16, 21, 41, 61, 81, 100]
    found = moments(samples, COLUMNS, "epochs", "accuracy")
    assert list(found) == [21, 41, 61, 81, 100]
    assert re.fullmatch(r"epoch 1: D right 21%, G loss 0\.21", found[21])
    assert moments(samples, COLUMNS, "steps", "losses")[100] == "step 100: D 1.00, G 1.00, 100 s"
    assert moments(samples, COLUMNS, "ends", "") == {0: "untrained", 100: "step 100"}
    assert moments(samples, COLUMNS, "", "") == {} == moments([], COLUMNS, "epochs", "")
    assert moments([0], {name: np.empty(0) for name in COLUMNS}, "epochs", "") == {}
    assert (
        len(moments(list(range(1, 101)), COLUMNS | {"epoch": np.arange(1.0, 101)}, "epochs", "")) == as_published.MOST
    )


def test_an_ended_run_shows_the_grid_that_its_original_ends_with(root):
    run = make_run("theirs", "running", config=preset_config("synthetic-1"))
    assert "The end: 4 × 8" not in texts(open_runs("theirs"))
    run.write_status(Status(state="finished", step=100))
    (refused,) = open_runs("theirs").error
    assert "is not a readable safetensors file" in refused.value

    publish(run.generator_path, generator_bytes(tiny(3, run.config), 100))
    app = open_runs("theirs")
    assert "seeds 0 to 31; the first 25 are those of the kept pictures" in texts(app)
    final_grid._grid.clear()
    content = final_grid._grid(str(run.path), 1, open_at(run), run.id, {"seed": 0, "n": 32, "columns": 8})
    assert Image.open(io.BytesIO(content)).size == (8 * 30 - 2, 4 * 30 - 2)
    assert read_recipe(content)["run"] == "theirs"
    assert any(image.proto.imgs[0].alt.startswith("4 rows of 8") for image in app.get("image"))


def test_the_page_says_why_there_is_no_inception_score(root):
    make_run("theirs", config=preset_config("fashion-64"))
    app = open_runs("theirs")
    assert "No Inception score of this run stands here" in texts(app)
    assert "none: see below" in str(app.table[0].value)


def test_the_page_of_such_a_run_shows_both_and_that_of_another_none(root):
    make_run("theirs", config=preset_config("three-sets-digit"))
    app = open_runs("theirs")
    assert "Beside the original" in texts(app) and "2,717,025" in str(app.table[0].value)
    make_run("ours")
    assert "Beside the original" not in texts(open_runs("ours"))
