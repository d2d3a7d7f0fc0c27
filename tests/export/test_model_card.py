"""A run's model card: its front matter, its sections, and that every number is the run's own."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from dcgan.cli.main import main
from dcgan.config import Config
from dcgan.data import sources
from dcgan.data.dataset import load
from dcgan.errors import BadInput
from dcgan.export import model_card
from dcgan.networks.generator_file import generator_bytes
from dcgan.networks.models import Generator
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from dcgan.system.files import publish

N = 60


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on Fashion-MNIST whose generator never learned anything."""
    folder = tmp_path_factory.mktemp("card")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "DATA_DIR", folder / "data")
        fingerprint = load("fashion-mnist", 32, 1, "train").fingerprint
        config = Config(preset="quick", image_size=32, ngf=8, ndf=8, z_dim=64, data_fingerprint=fingerprint)
        made = Run.create(config, folder, "Two | <b>names</b>")
        torch.manual_seed(0)
        publish(made.generator_path, generator_bytes(Generator(config).eval(), 40))
        made.write_status(Status(state="finished", step=40, device="CPU, 2 threads", time_s=900.0))
        points: list[dict] = [{"step": step, "time_s": 10.0 * step} for step in range(1, 61)]
        points[30:30] = [{"step": 30, "event": "change", "lr_g": 1e-4, "augment": "shift"}]
        points[50:50] = [{"step": 49, "event": "change", "lr_g": 1e-5}]  # after the generator of the card
        publish(made.metrics_path, "".join(json.dumps(point) + "\n" for point in points).encode())
        model_card.write_card(made, N)
        yield made


@pytest.fixture
def text(run):
    return (run.path / "README.md").read_text(encoding="utf-8")


def test_the_card_begins_with_front_matter_that_hubs_can_read(run, text):
    lines = text.splitlines()
    assert lines[0] == "---" and lines.index("---", 1) > 10
    front = lines[1 : lines.index("---", 1)]
    assert "license: mit" in front and "datasets: [zalando-datasets/fashion_mnist]" in front
    assert f"- name: {json.dumps(run.name)}" in front
    report = json.loads(next((run.path / "evaluations").iterdir()).read_text())
    distance = report["figures"]["distance"]["value"]
    assert f'    - {{type: "fd-fmnistcnn-v1", name: "FD-fmnistcnn-v1", value: {distance:.6g}}}' in front


def test_the_card_has_every_section_and_the_runs_own_numbers(run, text):
    sections = [line for line in text.splitlines() if line.startswith("## ")]
    assert sections == [
        "## What it is", "## Data", "## How it was trained", "## How good it is", "## Known faults", "## How to use it",
    ]  # fmt: skip
    report = json.loads(next((run.path / "evaluations").iterdir()).read_text())
    for said in (
        "40 of 64 pictures each: 2,560 in all, 0.0 epochs",
        "7 minutes on CPU, 2 threads",  # 400 seconds at step 40, not 600 at 60
        "60,000 pictures to learn from, 10,000 held out",
        "MIT, copyright Zalando SE",
        f"{N} fakes of seeds 0 to {N - 1}, step 40, EMA weights {report['weights_hash'][:12]}",
        f"| {report['figures']['recall']['value']:.3f} |",
        "over 4 draws",
        "Other than in today's preset: `ngf` 8",
        report["weights_hash"],
        "| Ankle boot |",
    ):
        assert said in text, said
    assert "# Two \\| \\<b\\>names\\</b\\>" in text
    faults = text.split("## Known faults")[1].split("## How to use it")[0]
    assert "can be told from real ones" in faults and "Missing: " in faults


def test_what_was_changed_on_the_way_to_the_generator_is_named(text):
    row = next(line for line in text.splitlines() if line.startswith("| Changed on the way |"))
    assert "0.0001, augment shift from step 30 on" in row and "step 49" not in row


def test_the_same_run_gives_the_same_card_without_measuring_again(run, text, monkeypatch):
    picture = (run.path / "card.png").read_bytes()
    monkeypatch.setattr("dcgan.evaluation.report.evaluate", None)  # would fail if called
    model_card.write_card(run, N)
    assert (run.path / "README.md").read_text(encoding="utf-8") == text
    assert (run.path / "card.png").read_bytes() == picture
    with Image.open(run.path / "card.png") as sheet:
        assert sheet.size == (2 * (8 * 32 + 7 * 2),) * 2


def test_the_lines_of_python_draw_the_pictures_of_the_sheet(run, text):
    code = text.split("```python\n")[1].split("```")[0].replace(f'"{run.id}/', f'"{run.path.as_posix()}/')
    names: dict = {}
    exec(code, names)
    assert names["pictures"].shape == (16, 32, 32) and names["pictures"].dtype == np.uint8
    with Image.open(run.path / "card.png") as sheet:
        assert np.array_equal(np.asarray(sheet)[:64:2, :64:2], names["pictures"][0])


def test_the_command_writes_the_card(run, capsys):
    assert main(["card", run.id, "--root", str(run.path.parent), "--n", str(N), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts["out"] == str(run.path / "README.md") and facts["picture"].endswith("card.png")


def test_a_run_of_unknown_pictures_says_so(tiny, tmp_path):
    config = tiny.replace(data_fingerprint="")
    made = Run.create(config, tmp_path / "runs", "own")
    publish(made.generator_path, generator_bytes(Generator(config).eval(), 3))
    model_card.write_card(made, 8)
    text = (made.path / "README.md").read_text(encoding="utf-8")
    assert "license: unknown" in text and "Not known to the studio" in text and "none held out" in text
    assert str(tmp_path) not in text  # the way to somebody's pictures stays at home
    assert open_generator(made).origin.weights_hash in text


def test_a_run_without_a_generator_has_no_card(tiny, tmp_path):
    with pytest.raises(BadInput):
        model_card.write_card(Run.create(tiny, tmp_path / "runs", "empty"), 8)
