"""The promises about faults as somebody at a terminal meets them: commands, processes and files only."""

import json
import shutil

from PIL import Image

from dcgan.runs import Run

from .test_cli import SMALL, assert_refused, cli, trained  # noqa: F401 (fixtures)


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
