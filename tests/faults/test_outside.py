"""The promises about faults as somebody at a terminal meets them: commands, processes and files only."""

import dataclasses
import json
import os
import shutil

import pytest
import torch
from PIL import Image

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.networks.generator_file import load_generator
from dcgan.runs.checkpoint import load_state
from dcgan.runs.run import Run
from tests.cli.test_main import SMALL, assert_refused, cli, trained  # noqa: F401 (fixtures)


def contents(run: Run) -> dict[str, bytes]:
    """The files that make a run go on, by name."""
    kept = [run.metrics_path, run.generator_path, *run.state_paths(), *map(run.sample_path, run.samples())]
    return {path.name: path.read_bytes() for path in kept}


# -- a resume with something else


def edit(run: Run, **values: object) -> None:
    """Change config.json as an editor does."""
    run.config_path.write_text(json.dumps(json.loads(run.config_path.read_text()) | values))


def test_a_resume_with_other_settings_says_which_and_a_fork_takes_them(cli, trained):  # noqa: F811
    before = contents(trained)
    edit(trained, batch_size=4, lr_g=0.002)
    answer = cli("train", "--resume", "done", "--steps", 9)
    assert_refused_after_start(answer, "(batch_size 4 instead of 8, lr_g 0.002 instead of", "fork the run")
    assert contents(trained) == before
    done = cli("train", "--fork", "done", "--steps", 9, "--set", "batch_size=4", "lr_g=0.002", "--name", "fork")
    assert done[0] == 0 and Run(trained.path.parent / "fork").status().step == 9


def test_a_resume_with_other_networks_offers_no_fork(cli, trained):  # noqa: F811
    edit(trained, ngf=8)
    answer = cli("train", "--resume", "done", "--steps", 9)
    assert_refused_after_start(answer, "(ngf 8 instead of 4)", "start a new run with them")


def test_a_resume_on_other_pictures_says_which_and_a_fork_takes_them(cli, trained, pictures):  # noqa: F811
    before = contents(trained)
    Image.new("L", (20, 20)).save(pictures / "03.png")
    shutil.copy(pictures / "04.png", pictures / "new.png")
    answer = cli("train", "--resume", "done", "--steps", 9)
    assert_refused_after_start(answer, "1 is new (new.png), 1 is different (03.png)", "fork the run with this data")
    assert contents(trained) == before
    code, _, err = cli("train", "--fork", "done", "--data", pictures, "--steps", 9, "--name", "fork")
    assert code == 0 and "goes on with other pictures" in err
    fork = Run(trained.path.parent / "fork")
    assert fork.status().step == 9 and fork.config.data_fingerprint != trained.config.data_fingerprint


def assert_refused_after_start(answer: tuple[int, str, str], *words: str) -> None:
    """Refused by the worker: its run's folder is said, and one sentence why."""
    code, _, err = answer
    assert code == 2 and err.count("\n") == 1 and "Traceback" not in err
    assert all(word in err for word in words), err


# -- a training that goes wrong

SOON_NO_NUMBER = ["lr_g=1", "lr_d=1", "beta1=0.99", "beta2=0", "epsilon=1e-12", "leak=1", "norm_g=none", "norm_d=none"]


def test_what_is_no_number_is_said_never_saved_and_there_is_a_way_back(cli, pictures, root):  # noqa: F811
    settings = [*SMALL, *SOON_NO_NUMBER, "log_every=1", "checkpoint_seconds=0"]
    code, _, err = cli("train", "--data", pictures, "--name", "hot", "--steps", 300, "--set", *settings)
    run = Run(root / "hot")
    assert code == 1 and err == f"{run.status().error}\n" and run.status().alarms == "nan"
    assert err.endswith("The last good state is kept; a lower learning rate is the usual remedy.\n")
    good = load_state(run)
    failed_at = next(line["step"] for line in run.read_lines()[0] if line.get("event") == "diverged")
    assert good["step"] == failed_at - 1
    for network in ("G", "D", "ema"):
        assert all(torch.isfinite(each).all() for each in good["gan"][network].values())
    assert all(torch.isfinite(each).all() for each in load_generator(run.generator_path).parameters())
    way_back = ["train", "--fork", "hot", "--step", 0, "--steps", 20, "--name", "cool"]
    assert cli(*way_back, "--set", "lr_g=1e-4", "lr_d=1e-4", "beta1=0.5", "beta2=0.999", "epsilon=1e-8")[0] == 0
    assert Run(root / "cool").status().state == "finished"


@pytest.mark.parametrize(
    ("settings", "steps", "alarms"),
    [(["lr_g=1e-9", "lr_d=0.01"], 310, {"g_dead", "d_wins", "collapse"}), (["same"], 2, {"copies"})],
    ids=["D wins", "copies"],
)
def test_a_bad_game_is_said_early(cli, pictures, root, settings, steps, alarms):  # noqa: F811
    if settings == ["same"]:
        for path in list(pictures.iterdir())[1:]:
            path.write_bytes((pictures / "00.png").read_bytes())
        settings = []
    command = ["train", "--data", pictures, "--name", "bad", "--steps", steps, "--set", *SMALL, *settings]
    assert cli(*command, "log_every=10")[0] == 0
    assert set(Run(root / "bad").status().alarms.split(", ")) >= alarms
    assert "WARNING step" in Run(root / "bad").log_path.read_text()


# -- settings that no run can have

ABSURD = [*("0", "-1", "nan", "inf", "-inf", "1e9", "1e400", "9" * 400, "many", "", "None", "[1]", "0x10", "\x00", "é")]


def test_any_value_of_any_setting_is_refused_by_name_or_is_one_that_a_run_can_have(
    cli,  # noqa: F811
    pictures,
    root,
    monkeypatch,
):
    started: list[Run] = []
    monkeypatch.setattr("dcgan.cli.training.work", lambda run, *_: started.append(run) or 0)
    fields = {field.name: field for field in dataclasses.fields(Config) if field.name != "preset"}
    for name, field in fields.items():
        for value in ABSURD:
            given = [each for each in SMALL if not each.startswith(f"{name}=")]
            data = ["--data", pictures] if name != "data" else []
            code, out, err = cli("train", *data, "--set", *given, f"{name}={value}")
            if code:
                assert_refused((code, out, err), "")
                assert name in err, (name, value, err)
                assert started == [] and [each for each in os.listdir(root) if each != ".trainer.lock"] == []
            else:
                (run,) = started
                taken, low, high = getattr(run.config, name), field.metadata["low"], field.metadata["high"]
                assert isinstance(taken, str) or low <= taken <= high, (name, value)
                started.clear()
                run.delete()


def test_a_refusal_says_its_reason_also_when_the_run_can_not_be_taken_back(cli, pictures, monkeypatch):  # noqa: F811
    def stuck(run: Run) -> None:
        raise BadInput(f"Run {run.id} can't be deleted.")

    monkeypatch.setattr(Run, "delete", stuck)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    answer = cli("train", "--data", pictures, "--set", *SMALL, "device=cuda")
    assert_refused(answer, "device is 'cuda', but PyTorch finds none")
