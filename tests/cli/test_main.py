"""The command line is a contract: exit codes, one sentence on stderr, one JSON object on the last line."""

import csv
import dataclasses
import io
import json
import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.GifImagePlugin import GifImageFile
from PIL.WebPImagePlugin import WebPImageFile

from dcgan.cli.main import main
from dcgan.config import Config
from dcgan.images.embedded import read_recipe
from dcgan.networks.generator_file import generator_bytes, load_generator, weights_hash
from dcgan.networks.models import Generator
from dcgan.presets import PRESETS
from dcgan.provenance import redraw
from dcgan.runs import launch
from dcgan.runs.checkpoint import load_state, open_generator
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT
from dcgan.training.gan import GAN
from tests.files import write_pictures

SMALL = ["image_size=16", "ngf=4", "ndf=4", "z_dim=8", "batch_size=8", "num_samples=4", "num_threads=1", "device=cpu"]


@pytest.fixture
def cli(root, tmp_path, monkeypatch, capsys):
    """Runs a command in this process, in an empty working directory: (exit code, stdout, stderr)."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*arguments) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def trained(cli, pictures, root) -> Run:
    """A finished run of six steps."""
    code, out, err = cli("train", "--data", pictures, "--set", *SMALL, "sample_every=3", "--steps", 6, "--name", "done")
    assert (code, err) == (0, "")
    assert out.strip() == str(root / "done")
    return Run(root / "done")


def last_object(out: str) -> dict:
    return json.loads(out.splitlines()[-1])


# -- train


def test_train_leaves_a_whole_run(cli, pictures, root):
    """The quick preset itself, smaller only in its networks."""
    ordered = ["--preset", "quick", "--data", pictures, "--set", *SMALL, "--steps", 60]
    code, out, err = cli("train", *ordered, "--root", root / "deep", "--json")
    assert (code, err) == (0, "")
    facts = last_object(out)
    run = Run(facts["directory"])
    assert run.path.parent == root / "deep" and facts["run"] == run.id == pictures.name
    assert (facts["state"], facts["step"], facts["error"]) == ("finished", 60, "") and facts["images_per_s"] > 0
    assert run.config.num_steps == 60 and run.config.data_fingerprint
    assert run.status().state == "finished" and launch.observe(run).step == 60
    points = run.read_metrics()[0]
    assert points[-1]["step"] == 60 and all(math.isfinite(value) for point in points for value in point.values())
    assert run.samples() == [0, 8, 16, 32, 60]
    assert run.generator_path.exists() and run.log_path.exists()


def test_a_run_is_resumed_to_a_new_end(cli, trained):
    code, out, _ = cli("train", "--resume", "done", "--steps", 9, "--json")
    assert code == 0 and last_object(out)["step"] == 9
    assert trained.status().step == 9
    assert "resuming at step 6" in trained.log_path.read_text()


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (["--steps", 5], "Run done is at step 6 already: --steps is where training ends"),
        (["--steps", 6], "Run done is at step 6 already: --steps is where training ends"),
        (["--epochs", 0.5], "Run done is at step 6 already: --epochs 0.5 is step 2, where training ends"),
        (["--minutes", 1e-6], "minutes already: --minutes is where training ends"),
        ([], "Run done is finished, at step 6: give it a later end"),
    ],
)
def test_a_resume_that_would_train_nothing_is_refused_and_changes_nothing(cli, trained, end, why):
    before = {path: path.read_bytes() for path in trained.path.rglob("*") if path.is_file()}
    code, out, err = cli("train", "--resume", "done", *end)
    assert code == 2 and out == "" and why in err and err.count("\n") == 1
    assert {path: path.read_bytes() for path in trained.path.rglob("*") if path.is_file()} == before


def test_a_run_is_resumed_to_an_epoch_or_for_minutes_and_back_to_steps(cli, trained):
    assert cli("train", "--resume", "done", "--epochs", 3)[0] == 0
    assert trained.status().step == math.ceil(3 * 26 / trained.config.batch_size)
    minutes = trained.status().time_s / 60 + 0.5 / 60
    assert cli("train", "--resume", "done", "--minutes", minutes)[0] == 0
    long = trained.status()
    assert long.state == "finished" and long.time_s >= 60 * minutes and long.step > 10
    assert_refused(cli("train", "--resume", "done"), "is finished, at step")
    assert cli("train", "--resume", "done", "--steps", long.step + 2)[0] == 0
    assert trained.status().step == long.step + 2


def test_a_run_that_was_killed_before_its_first_state_begins_anew(cli, trained):
    for path in [*trained.state_paths(), trained.metrics_path, *map(trained.sample_path, trained.samples()[1:])]:
        path.unlink()
    for step in trained.snapshots()[1:]:
        trained.snapshot_path(step).unlink()
    trained.write_status(dataclasses.replace(trained.status(), step=0, state="running"))
    assert cli("train", "--resume", "done")[0] == 0
    assert trained.status().step == 6 and trained.read_metrics()[0]


def test_a_run_caught_between_two_renames_can_be_resumed(cli, trained):
    os.replace(trained.state_path, trained.previous_state_path)
    assert cli("train", "--resume", "done", "--steps", 8)[0] == 0
    assert trained.status().step == 8


def test_a_failure_is_one_sentence_here_and_a_traceback_in_the_log(cli, pictures, root, monkeypatch):
    def broken(self, batch, labels):
        raise RuntimeError("the cable is loose\nand more")

    monkeypatch.setattr("dcgan.training.gan.GAN.step", broken)
    code, out, err = cli("train", "--data", pictures, "--set", *SMALL, "--name", "x", "--json")
    assert (code, err) == (1, "Training failed: the cable is loose. log.txt has the details.\n")
    assert (last_object(out)["state"], last_object(out)["error"]) == ("failed", err.strip())
    assert "Traceback" in Run(root / "x").log_path.read_text()


def test_a_run_that_diverges_says_what_helps(cli, trained, monkeypatch):
    real = GAN.step

    def exploding(self, *batch):
        real(self, *batch)
        self.measured = {name: value * torch.inf for name, value in self.measured.items()}

    monkeypatch.setattr(GAN, "step", exploding)
    code, _, err = cli("train", "--resume", "done", "--steps", 20)
    assert code == 1 and err.count("\n") == 1
    assert err.startswith("The losses stopped being numbers at step 10.") and "a lower learning rate" in err
    assert (trained.status().state, trained.status().error) == ("failed", err.strip())
    assert load_state(trained)["step"] == 6


# -- refusals


@pytest.fixture
def spoiled(tmp_path) -> dict[str, str]:
    """Data that can't be trained on."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "file.txt").write_text("hello")
    for i in range(3):
        (tmp_path / "broken" / f"{i}.png").write_bytes(b"not a picture")
    return {name: str(tmp_path / name) for name in ("empty", "broken", "file.txt")}


BAD_TRAIN = {
    "an unknown preset": (["--preset", "nothing"], "There is no preset"),
    "no batch": (["--set", "batch_size=0"], "batch_size must be at least 2, not 0."),
    "a batch in letters": (["--set", "batch_size=abc"], "batch_size must be a whole number, not 'abc'."),
    "a rate that is no number": (["--set", "lr_g=nan"], "lr_g must be a number, not 'nan'."),
    "a size between": (["--set", "image_size=48"], "image_size must be one of"),
    "an unknown field": (["--set", "colour=1"], "'colour' is not a setting"),
    "a field without a value": (["--set", "batch_size"], "--set takes FIELD=VALUE"),
    "a later format": (["--set", "schema=2"], "schema is 2"),
    "negative steps": (["--steps", "-5"], "num_steps must be at least 1, not -5."),
    "no steps": (["--steps", "0"], "num_steps must be at least 1, not 0."),
    "steps in letters": (["--steps", "many"], "Argument --steps: must be a whole number, not 'many'"),
    "too many steps": (["--steps", "1" + "0" * 400], "num_steps must be at most"),
    "no epochs": (["--epochs", "0"], "epochs must be more than 0"),
    "endless minutes": (["--minutes", "inf"], "Argument --minutes: must be a number"),
    "two lengths": (["--steps", "5", "--epochs", "1"], "not allowed with"),
    "an unknown option": (["--colour", "red"], "Unrecognized arguments: --colour red"),
    "two lines": (["--preset", "a\nb"], "There is no preset"),
    "an option with two lines": (["a\nTraceback"], "Unrecognized arguments: a Traceback"),
    "an abbreviation": (["--pre", "quick"], "Unrecognized arguments: --pre"),
    "a device that is not here": (["--set", "device=mps"], "device is 'mps', but PyTorch finds none here"),
    "an option with a run to resume": (["--resume", "x", "--preset", "quick"], "--resume keeps the run's settings"),
    "a run that is not there": (["--resume", "nowhere"], "There is no run 'nowhere'"),
}


def assert_refused(answer: tuple[int, str, str], sentence: str) -> None:
    code, out, err = answer
    assert code == 2 and out == ""
    assert err.count("\n") == 1 and err.endswith("\n") and "Traceback (" not in err
    assert sentence in err, err


@pytest.mark.parametrize("case", BAD_TRAIN)
def test_a_bad_order_is_refused_and_leaves_nothing_behind(cli, pictures, root, monkeypatch, case):
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    arguments, sentence = BAD_TRAIN[case]
    data = [] if "--resume" in arguments else ["--data", pictures]
    assert_refused(cli("train", *data, *arguments), sentence)
    assert [name for name in os.listdir(root) if name != ".trainer.lock"] == []


@pytest.mark.parametrize(
    ("name", "sentence"), [("empty", "no pictures"), ("broken", "can be read"), ("file.txt", "neither a folder")]
)
def test_spoiled_data_are_refused_and_leave_nothing_behind(cli, root, spoiled, name, sentence):
    assert_refused(cli("train", "--data", spoiled[name]), sentence)
    assert os.listdir(root) == []


def test_data_that_are_nowhere_are_refused(cli, root):
    assert_refused(cli("train", "--data", "/nowhere/at/all"), "There is no data set or path")
    assert os.listdir(root) == []


def test_a_root_that_is_a_file_is_refused(cli, pictures, spoiled):
    assert_refused(cli("train", "--data", pictures, "--root", spoiled["file.txt"]), "can't hold runs")


def test_a_second_training_is_refused_and_leaves_nothing_behind(cli, trained, pictures, root):
    before = (trained.control(), trained.status())
    with launch.hold(trained):
        assert_refused(cli("train", "--data", pictures, "--set", *SMALL), "one trains at a time")
        assert_refused(cli("train", "--resume", "done", "--steps", 99), "is being trained by another process already")
    assert sorted(os.listdir(root)) == [".trainer.lock", "done"]
    assert (trained.control(), trained.status()) == before  # the end was not moved, either


def test_a_run_that_came_without_its_state_can_not_go_on(cli, trained):
    trained.state_path.unlink()
    trained.previous_state_path.unlink(missing_ok=True)
    assert_refused(cli("train", "--resume", "done", "--steps", 9), "came without its training state")
    assert_refused(cli("train", "--resume", "done", "--steps", -9), "num_steps must be at least 1")


BAD_COMMANDS = {
    "no command": ([], "COMMAND"),
    "an unknown command": (["dream"], "There is no 'dream'"),
    "sample nowhere": (["sample", "nowhere"], "There is no run 'nowhere'"),
    "sample without a run": (["sample"], "required: RUN"),
    "no pictures": (["sample", "done", "--n", "0"], "n must be from 1 to 100000, not 0."),
    "a negative seed": (["sample", "done", "--seed", "-1"], "must be from 0 to 4294967295"),
    "a step that was not kept": (["sample", "done", "--step", "4"], "the kept steps are 0, 3, 6"),
    "a wild truncation": (["sample", "done", "--truncation", "9"], "truncation must be from 0 to 2"),
    "a truncation that is none": (["sample", "done", "--truncation", "nan"], "must be a number, not 'nan'"),
    "another ending": (["sample", "done", "--out", "x.jpg"], "must end in .png or .npz"),
    "a folder that is not there": (["sample", "done", "--out", "no/x.png"], "the folder no does not exist"),
    "a folder in the way": (["sample", "done", "--out", "folder.png"], "can't be written (Is a directory)"),
    "one seed": (["interpolate", "done", "--seeds", "1"], "at least 2"),
    "a seed in letters": (["interpolate", "done", "--seeds", "1", "x"], "must be a whole number, not 'x'"),
    "fewer frames than seeds": (["interpolate", "done", "--frames", "1"], "frames must be at least"),
    "too many frames": (["interpolate", "done", "--frames", "9999"], "frames must be at most 5000"),
    "a mistyped command": (["smaple"], "There is no 'smaple', the nearest is sample"),
    "a mistyped run": (["sample", "dome"], "the nearest is done"),
    "an unknown mode": (["interpolate", "done", "--mode", "jump"], "invalid choice: 'jump'"),
    "columns of a film": (["interpolate", "done", "--columns", "2"], "columns must be from 1 to"),
    "no columns": (["interpolate", "done", "--columns", "0", "--out", "x.png"], "columns must be from 1 to"),
    "no speed": (["interpolate", "done", "--fps", "0"], "fps must be"),
    "a morph to .npz": (["interpolate", "done", "--out", "x.npz"], "must end in .gif or .webp or .png or .mp4"),
    "a morph nowhere": (["interpolate", "nowhere"], "There is no run"),
    "a measure of nothing": (["evaluate", "nowhere"], "There is no run"),
}


@pytest.mark.parametrize("case", BAD_COMMANDS)
def test_a_bad_command_is_refused_and_writes_nothing(cli, trained, case):
    arguments, sentence = BAD_COMMANDS[case]
    os.mkdir("folder.png")
    assert_refused(cli(*arguments), sentence)
    assert os.listdir() == ["folder.png"]


# -- sample and interpolate


def test_sample_gives_the_same_bytes_twice(cli, trained):
    for ending in ("png", "npz"):
        for name in ("a", "b", "c"):
            seed = 8 if name == "c" else 7
            assert cli("sample", "done", "--n", 9, "--seed", seed, "--out", f"{name}.{ending}")[0] == 0
        with open(f"a.{ending}", "rb") as a, open(f"b.{ending}", "rb") as b, open(f"c.{ending}", "rb") as c:
            first = a.read()
            assert first == b.read() != c.read()


def test_sample_writes_its_recipe(cli, trained):
    code, out, _ = cli("sample", "done", "--n", 3, "--seed", 5, "--step", 3, "--truncation", 0.5, "--json")
    facts = last_object(out)
    assert code == 0 and facts["out"] == "sample.png" and facts["shape"] == [3, 16, 16]
    with open("sample.png", "rb") as file:
        recipe = read_recipe(file.read())
    expected = {"run": "done", "step": 3, "seed": 5, "n": 3, "truncation": 0.5}
    assert recipe == expected | {"weights_hash": open_generator(trained, 3).origin.weights_hash}


@pytest.mark.parametrize(("channels", "shape"), [(1, (5, 16, 16)), (3, (5, 16, 16, 3))])
def test_an_array_holds_every_picture_and_each_is_its_seeds(cli, pictures, channels, shape):
    cli("train", "--data", pictures, "--set", *SMALL, f"channels={channels}", "--steps", 2, "--name", "x")
    for n, seed in ((5, 2**32 - 2), (2, 0)):  # after the largest seed comes 0
        assert cli("sample", "x", "--n", n, "--seed", seed, "--out", f"{n}.npz")[0] == 0
    with np.load("5.npz") as five, np.load("2.npz") as two:
        assert five.files == ["images"] and five["images"].dtype == np.uint8 and five["images"].shape == shape
        assert (five["images"][2:4] == two["images"]).all()
        assert five["images"].std(axis=0).max() > 0


def test_an_interpolation_goes_through_classes_or_stays_within_one(cli, trained, root):
    config = trained.config.replace(classes="label", class_names='["cat", "dog", "Mouse"]', class_counts="[2, 1, 1]")
    run, generator = Run.create(config, root, "knows"), Generator(config)
    run.generator_path.write_bytes(generator_bytes(generator, 3))
    for classes, labels in ((["mouse", "cat"], [2, 0]), (["1"], [1, 1])):
        code, out, err = cli("interpolate", "knows", "--seeds", 4, 4, "--class", *classes, "--frames", 2, "--json")
        recipe = last_object(out)
        assert (code, err) == (0, "")
        assert recipe["keyframes"] == [{"seed": 4, "class": label} for label in labels]
        written = Path("morph.gif").read_bytes()
        assert read_recipe(written)["keyframes"] == recipe["keyframes"]
        assert redraw.redrawn(read_recipe(written), ".gif", root)[0] == written
    assert_refused(cli("interpolate", "knows", "--class", "cat", "dog", "cat"), "one for each of the 2 seeds, not 3")
    assert_refused(cli("interpolate", "knows", "--class", "cow"), "There is no class cow")
    assert_refused(cli("interpolate", "done", "--class", "cat"), "can't be asked for a class")


def test_without_the_extra_an_mp4_is_refused_before_any_work(cli, trained, monkeypatch):
    monkeypatch.setattr("dcgan.images.mp4.available", lambda: False)
    code, _, err = cli("interpolate", "done", "--out", "m.mp4")
    assert code == 2 and "pip install av" in err and not os.path.exists("m.mp4")


@pytest.mark.parametrize("mode", ["slerp", "lerp", "even"])
def test_a_loop_is_written_as_a_gif(cli, trained, mode):
    code, out, _ = cli(
        "interpolate", "done", "--seeds", 1, 2, 3, "--frames", 12, "--mode", mode, "--loop", "--out", "m.gif", "--json"
    )
    assert code == 0 and last_object(out)["out"] == "m.gif"
    with GifImageFile("m.gif") as gif:
        assert (gif.format, gif.n_frames, gif.info["loop"]) == ("GIF", 12, 0)  # 0: for ever
    with open("m.gif", "rb") as file:
        recipe = read_recipe(file.read())
    assert recipe == {
        "run": "done", "step": 6, "seeds": [1, 2, 3], "mode": mode, "loop": True, "frames": 12, "truncation": 1.0,
        "fps": 20.0,
        "weights_hash": weights_hash(open_generator(trained).state_dict()),  # of the newest, kept in full precision
    }  # fmt: skip


def test_the_other_formats_of_a_morph(cli, trained):
    assert cli("interpolate", "done", "--frames", 5, "--out", "m.webp")[0] == 0
    assert cli("interpolate", "done", "--frames", 5, "--out", "m.png")[0] == 0
    pytest.importorskip("av")
    assert cli("interpolate", "done", "--frames", 5, "--fps", 10, "--out", "m.mp4")[0] == 0
    with open("m.mp4", "rb") as film:
        assert film.read(12)[4:] == b"ftypisom"
    with WebPImageFile("m.webp") as webp, Image.open("m.png") as strip:
        assert (webp.format, webp.n_frames, strip.format) == ("WEBP", 5, "PNG")
        assert strip.width >= 5 * 16


def test_evaluate_measures_with_finite_figures(cli, trained):
    code, out, err = cli("evaluate", "done", "--n", 8, "--seed", 1, "--json")
    facts = last_object(out)
    assert (code, err) == (0, "") and facts["run"] == "done" and facts["n"] == 8
    figures = [value for value in facts.values() if isinstance(value, float)]
    assert all(math.isfinite(value) for value in figures) and len(facts) > 4
    assert facts["judge"]["name"] == "edges-v1" and facts["figures"]["distance"] is None
    assert facts["too_few"].startswith("Too few pictures to tell: none are held out")
    code, out, _ = cli("evaluate", "done", "--n", 8, "--seed", 1, "--out", "report.html")
    assert code == 0 and "8 fakes of seeds 1 to 8, step 6" in out and facts["too_few"] in out
    with open("report.html", encoding="utf-8") as file:
        page = file.read()
    assert page.startswith("<!doctype html>") and page.count("data:image/png") == 2 and "http" not in page
    assert page.count("Too few pictures to tell") == 1 and "Figures" not in page
    assert_refused(cli("evaluate", "done", "--out", "report.pdf"), "must end in .html")
    assert_refused(cli("evaluate", "done", "--n", 1), "n must be from 2 to 10000, not 1.")
    assert_refused(cli("evaluate", "done", "--step", 1), "the kept steps are")


# -- export


def test_export_writes_a_page_and_the_weights(cli, trained):
    code, out, err = cli("export", "done", "--to", "explorer.html", "--json")
    facts = last_object(out)
    assert (code, err) == (0, "") and (facts["run"], facts["step"]) == ("done", 6)
    assert len(Path("explorer.html").read_bytes()) == facts["bytes"]
    assert cli("export", "done", "--step", 3, "--to", "g.safetensors")[0] == 0
    assert load_generator("g.safetensors").origin.step == 3
    assert_refused(cli("export", "done", "--to", "x.exe"), "must end in .html or .safetensors")
    assert_refused(cli("export", "done", "--to", "no/x.html"), "the folder no does not exist")


# -- lists


def test_presets_lists_every_recipe_with_its_sizes(cli):
    code, out, _ = cli("presets", "--json")
    rows = last_object(out)["presets"]
    assert code == 0 and [row["name"] for row in rows] == list(PRESETS)
    assert all(row["G"] + row["D"] == row["both"] > 0 for row in rows)
    assert rows[list(PRESETS).index("classic-64")]["image_size"] == 64
    loop = next(row for row in rows if row["name"] == "custom-loop")
    assert loop["parameters"]["G"] == {"total": 1_727_233, "trainable": 1_719_873, "frozen": 7_360}
    assert loop["parameters"]["both"]["total"] == 3_385_986 and loop["G"] == 1_719_873
    assert "1,727,233 (1,719,873)" in cli("presets")[1]
    assert all(name in cli("presets")[1] for name in PRESETS)


def test_runs_lists_what_is_there_also_what_is_damaged(cli, trained, root):
    Run.create(Config(), root, "new one")
    Run.create(Config(), root, "damaged").config_path.write_text("{")
    code, out, _ = cli("runs", "--json")
    rows = {row["id"]: row for row in last_object(out)["runs"]}
    assert code == 0 and rows.keys() == {"done", "new-one", "damaged"}
    assert (rows["done"]["state"], rows["done"]["step"], rows["done"]["preset"]) == ("finished", 6, "quick")
    assert math.isfinite(rows["done"]["d_loss"]) and rows["new-one"]["d_loss"] is None
    assert rows["damaged"]["preset"] == "unreadable" and rows["new-one"]["name"] == "new one"
    assert all(name in cli("runs")[1] for name in rows)
    assert all(row["alarms"] == [] for row in rows.values())
    run = Run(next(iter(rows.values()))["directory"])
    run.write_status(dataclasses.replace(run.status(), alarms="rate, collapse"))
    row = next(row for row in last_object(cli("runs", "--json")[1])["runs"] if row["id"] == run.id)
    assert row["alarms"] == ["rate", "collapse"] and "alarm: rate, collapse" in cli("runs")[1]
    run.rename("假日的猫")
    assert next(line for line in cli("runs")[1].splitlines() if line.startswith(run.id)).endswith("  called 假日的猫")
    assert "No runs yet" in cli("runs", "--root", root / "elsewhere")[1]


# -- the program itself


def python(*arguments, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "dcgan", *map(str, arguments)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120, **options)


@pytest.mark.slow
def test_the_program_refuses_like_the_function(root, spoiled):
    for arguments, sentence in [
        (["train", "--preset", "nothing"], "There is no preset"),
        (["train", "--data", spoiled["broken"]], "can be read"),
        (["sample", "nowhere"], "There is no run"),
        (["--nonsense"], "COMMAND"),
    ]:
        done = python(*arguments)
        assert_refused((done.returncode, done.stdout, done.stderr), sentence)
    assert os.listdir(root) == []


@pytest.mark.slow
def test_the_program_trains_and_ctrl_c_saves_and_stops(root, pictures):
    options = ["--data", str(pictures), "--name", "x", "--json", "--set", *SMALL]
    command = [sys.executable, "-m", "dcgan", "train", *options]
    worker = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    giving_up = threading.Timer(100, worker.kill)
    giving_up.start()
    while worker.poll() is None and launch.observe(Run(root / "x")).step < 3:
        time.sleep(0.02)
    worker.send_signal(2)
    out, err = worker.communicate()
    giving_up.cancel()
    assert (worker.returncode, err) == (0, "")
    facts = last_object(out)
    assert facts["state"] == "stopped" and facts["step"] >= 3
    assert Run(root / "x").status().state == "stopped" and Run(root / "x").state_path.exists()


def test_help_says_what_every_command_is_for(cli, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(name in text for name in ("train", "sample", "interpolate", "evaluate", "presets", "runs"))


# -- fork and control


def test_a_fork_goes_on_from_a_kept_step(cli, trained, root):
    code, out, err = cli("train", "--fork", "done", "--step", 0, "--set", "lr_g=1e-3", "--steps", 9, "--json")
    assert (code, err) == (0, "") and last_object(out)["step"] == 9
    run = Run(last_object(out)["directory"])
    assert run.id == "done-from-0" and run.parent().run == "done" and run.config.lr_g == 1e-3
    code, out, _ = cli("runs", "--json")
    row = next(row for row in last_object(out)["runs"] if row["id"] == run.id)
    assert (row["parent"], row["parent_step"], row["kept_states"]) == ("done", 0, [0, 9])


def test_a_fork_that_learns_from_other_pictures_says_so(cli, trained, tmp_path):
    other = write_pictures(tmp_path / "other", 10)
    code, _, err = cli("train", "--fork", trained.path, "--data", other, "--steps", 8, "--name", "new")
    assert (code, err) == (0, "Note: new goes on with other pictures than done learned from.\n")


BAD_FORK = {
    "a step that was not kept": (["--step", "5", "--steps", "9"], "the nearest kept ones are 0, 6."),
    "no room to train": ([], "give it a later end"),
    "a preset": (["--preset", "quick"], "without --preset"),
    "another network": (["--set", "ngf=5", "--steps", "9"], "ngf can't change in a fork"),
    "a resume too": (["--resume", "done"], "--resume and --fork can't go together"),
    "nonsense": (["--set", "lr_g=x"], "lr_g must be a number"),
}


@pytest.mark.parametrize("name", BAD_FORK)
def test_a_bad_fork_is_refused_and_leaves_nothing(cli, trained, root, name):
    arguments, sentence = BAD_FORK[name]
    assert_refused(cli("train", "--fork", "done", *arguments), sentence)
    assert [path.name for path in root.iterdir() if path.is_dir()] == ["done"]


def test_a_step_without_a_fork_is_refused(cli, trained):
    assert_refused(cli("train", "--step", "5"), "--step goes with --fork only")


def test_settings_change_from_the_command_line(cli, trained):
    code, out, err = cli("control", "done", "--set", "lr_g=1e-4", "d_steps=2", "--json")
    assert (code, err) == (0, "")
    changes = {"lr_g": 1e-4, "d_steps": 2}
    assert last_object(out) == {"run": "done", "state": "finished", "asked": None, "changes": changes}
    assert cli("control", "done", "--set", "d_steps=2")[1] == "nothing new\n"
    assert cli("train", "--resume", "done", "--steps", 8)[0] == 0
    assert [line for line in trained.read_lines()[0] if line.get("event") == "change"] == [
        {"step": 6, "event": "change", **changes}
    ]


def test_what_can_not_be_controlled_is_refused(cli, trained):
    assert_refused(cli("control", "done"), "Say what to do")
    assert_refused(cli("control", "done", "pause"), "Run done is not in training")
    assert_refused(cli("control", "done", "pause", "--set", "lr_g=0.5"), "Run done is not in training")
    assert trained.control().lr_g is None  # what is refused leaves nothing behind
    assert_refused(cli("control", "done", "--set", "batch_size=4"), "batch_size can't change in a run that has begun")
    assert_refused(cli("control", "done", "explode"), "invalid choice")
    assert_refused(cli("control", "nobody", "stop"), "There is no run 'nobody'")


def test_a_run_in_training_is_controlled_from_elsewhere(cli, pictures, root):
    ordered = ["--data", str(pictures), "--set", *SMALL, "--name", "long", "--steps", "1000000"]
    codes: list[int] = []

    def elsewhere() -> None:
        run = Run(root / "long")
        try:
            deadline = time.monotonic() + 30
            while run.status().step < 5 and time.monotonic() < deadline:
                time.sleep(0.02)
            for arguments in (["--set", "lr_d=5e-4"], ["pause"], ["run"], ["stop"]):
                codes.append(main(["control", "long", *arguments]))
                time.sleep(0.2)
        finally:
            run.ask("stop")

    watcher = threading.Thread(target=elsewhere)
    watcher.start()
    assert cli("train", *ordered)[0] == 0
    watcher.join()
    run = Run(root / "long")
    assert codes == [0, 0, 0, 0] and run.status().state == "stopped"
    assert [line["lr_d"] for line in run.read_lines()[0] if line.get("event") == "change"] == [5e-4]


def test_bench_compares_both_sides(cli):
    code, out, _ = cli("bench", "--preset", "quick", "--pairs", "1", "--seconds", "0.05", "--json")
    facts = json.loads(out.splitlines()[-1])
    assert code == 0 and facts["preset"] == "quick" and facts["ratio"] == facts["ratios"][0] > 0
    code, _, err = cli("bench", "--preset", "fast")
    assert code == 2 and "fast" in err


def test_bench_refuses_what_measures_nothing(cli):
    code, _, err = cli("bench", "--pairs", "0")
    assert code == 2 and err.strip() == "pairs must be at least 1 and seconds more than 0."
    code, _, err = cli("bench", "--device", "mps")
    assert code == 2 and err.strip() == "device is 'mps', but PyTorch finds none here; use device=auto."


# -- project


def test_project_writes_what_it_found_and_its_recipe_draws_it_again(cli, trained, pictures):
    from dcgan.latent.codes import z_of_code
    from dcgan.latent.render import render

    picture = pictures / "03.png"
    code, out, err = cli("project", "done", picture, "--out", "near.png", "--json")
    assert (code, err) == (0, "")
    facts = last_object(out)
    assert 0 < facts["distance"] <= facts["start"] and facts["held_out"] == [] and facts["run"] == "done"
    z = z_of_code(read_recipe(Path("near.png").read_bytes())["z"], 8)
    with Image.open("near.png") as near:
        assert np.array_equal(render(open_generator(trained), z[None])[0], np.asarray(near))
    code, out, _ = cli("project", "done", picture, "--compare")
    assert code == 0 and "grey levels away" in out and Path("projection.png").exists()


def test_project_refuses_what_is_no_picture(cli, trained, tmp_path):
    (tmp_path / "page.png").write_text("<html>")
    for name, words in (("page.png", "can't be used as a picture"), ("gone.png", "can't be read")):
        code, out, err = cli("project", "done", tmp_path / name)
        assert (code, out) == (2, "") and words in err and len(err.splitlines()) == 1


def test_runs_are_a_table_for_spreadsheets(cli, root, tiny):
    Run.create(tiny, root, '=A1, "quoted"')
    code, out, err = cli("runs", "--csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert code == 0 and row["preset"] == "tiny" and row["state"] == "created" and row["d_loss"] == ""
    assert row["name"] == '\'=A1, "quoted"', "no spreadsheet takes it for a formula"
    listed = json.loads(cli("runs", "--json")[1])["runs"][0]
    assert listed.keys() == row.keys()
    assert_refused(cli("runs", "--csv", "--json"), "choose one")
