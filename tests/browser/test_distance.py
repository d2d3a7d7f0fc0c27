"""How far the fakes are from real pictures: on the page of a run in training, and of the shipped one."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from dcgan.config import Config
from dcgan.runs import launch
from dcgan.runs.quality_log import read_quality
from dcgan.runs.run import Run
from tests.browser.studio import SHIPPED, Studio

pytestmark = pytest.mark.browser
PATIENCE_MS = 120_000  # a whole measurement, at its share of a busy machine's time


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures enough to tell good fakes from bad ones."""
    rng = np.random.default_rng(0)
    for i in range(620):
        Image.fromarray(rng.integers(0, 256, (20, 20), np.uint8)).save(tmp_path / f"{i:03d}.png")
    return tmp_path


def test_a_training_shows_its_distance_and_marks_the_best(
    page: Page, studio: Studio, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DCGAN_DATA", str(studio.root.parent / "data"))
    config = Config(preset="tiny", data=str(folder), image_size=16, z_dim=8, ngf=8, ndf=8, batch_size=8, device="cpu")
    config = config.replace(num_steps=10**6, sample_every=50, measure_images=400, num_threads=1, held_out=120)
    run = Run.create(config, studio.root, "measured")
    launch.start(run)
    try:
        page.goto(f"{studio.url}/train?run={run.id}")
        curves = page.locator(".curves")
        expect(curves.get_by_text("Distance to real pictures")).to_be_visible()
        figure = page.get_by_test_id("stMetric").filter(has_text="Distance")
        expect(figure).to_contain_text(re.compile(r"\d\.\d\d"), timeout=PATIENCE_MS)
        expect(curves.get_by_text("best so far")).to_be_visible(timeout=PATIENCE_MS)
        expect(curves.get_by_text("┄ real pictures: ")).to_be_visible()
        expect(page.get_by_text(re.compile(r"At step [\d,]+ the fakes are [\d.]+ from real pictures"))).to_be_visible()
        assert read_quality(run) and run.best_path.exists()
    finally:
        launch.kill(run)


def test_a_finished_run_shows_distance_classes_and_the_way_to_its_best_step(page: Page, studio: Studio) -> None:
    run = Run(studio.root / "past-its-best")
    shutil.copytree(SHIPPED, run.path)
    best = run.snapshots()[-2]
    shutil.copy(run.snapshot_path(best), run.best_path)
    run.note(best_step=best)
    page.goto(f"{studio.url}/train?run={run.id}")
    expect(page.locator(".curves").get_by_text("best so far")).to_be_visible()
    expect(page.locator(".mix figure").first).to_be_visible()
    expect(page.locator(".mix-now").get_by_text("Ankle boot")).to_be_visible()
    page.get_by_text(f"Explore step {best:,}").click()
    expect(page).to_have_url(re.compile(f"explore.*step={best}(&|$)"))
    expect(page.get_by_text(f"{best:,} · best").first).to_be_visible()
