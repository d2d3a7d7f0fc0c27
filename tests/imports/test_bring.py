"""A stranger's generator becomes a run like any other, but that it can't be trained on."""

import json

import numpy as np
import pytest
import torch

from dcgan.cli.main import main
from dcgan.errors import BadInput
from dcgan.images.embedded import read_recipe
from dcgan.imports.bring import bring
from dcgan.networks.generator_file import load_generator
from dcgan.provenance.redraw import redrawn
from dcgan.runs.kept_states import can_go_on
from dcgan.runs.run import Run, list_runs
from tests.files import refuse
from tests.foreign import Example, as_if_trained


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "netG_epoch_24.pth"
    torch.save(as_if_trained(Example(16, 6, 4, 1)).state_dict(), path)
    return path


def test_it_becomes_a_run_with_a_generator_and_a_sample_grid(root, weights):
    run, where = bring(weights)
    assert (run.id, run.name, where) == ("netg-epoch-24", "netG_epoch_24", "")
    assert run.status().state == "finished" and run.config.preset == "imported" and run.config.data == ""
    content = run.sample_path(0).read_bytes()
    recipe = read_recipe(content)
    assert redrawn(recipe, ".png", root)[0] == content


def test_training_never_writes_over_it(root, weights, capsys):
    run, _ = bring(weights)
    before = run.generator_path.read_bytes()
    assert not can_go_on(run)
    assert main(["train", "--resume", run.id]) == 2
    assert "without its training state" in capsys.readouterr().err
    assert run.generator_path.read_bytes() == before


def test_a_name_that_is_taken_and_settings_that_follow_from_weights_are_refused(root, weights):
    run, _ = bring(weights, name="Mine")
    assert run.id == "mine"
    with refuse("taken"):
        bring(weights, name="mine")
    with refuse("image_size", "g_activation"):
        bring(weights, settings={"image_size": 32})
    with refuse("output must be one of"):
        bring(weights, settings={"output": "relu"})
    with refuse("no data set or path"):
        bring(weights, data="/nowhere/at/all")
    assert len(list_runs(root)) == 1


def test_a_generator_of_the_studios_own_keeps_step_and_settings(root, weights, tmp_path):
    first, _ = bring(weights, settings={"z_prior": "uniform"})
    again, _ = bring(first.generator_path, name="again")
    assert again.config == first.config
    ours = [load_generator(run.generator_path).origin for run in (first, again)]
    assert ours[0] == ours[1]
    with refuse("tells its settings itself"):
        bring(first.generator_path, settings={"z_prior": "normal"})


def test_the_command_says_what_it_found_and_every_other_works_on_it(root, weights, tmp_path, pictures, capsys):
    assert main(["import", str(weights), "--to", "theirs", "--set", "z_prior=uniform", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["run"] == "theirs" and "16 px" in told["words"] and "uniform" in told["words"]
    for ending in (".safetensors", ".html"):
        assert main(["export", "theirs", "--to", str(tmp_path / f"x{ending}")]) == 0
    assert main(["sample", "theirs", "--n", "4", "--out", str(tmp_path / "s.png")]) == 0
    assert main(["interpolate", "theirs", "--frames", "3", "--out", str(tmp_path / "m.gif")]) == 0
    assert main(["evaluate", "theirs", "--n", "10"]) == 2
    assert "--data" in capsys.readouterr().err
    assert main(["evaluate", "theirs", "--n", "10", "--data", str(pictures), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data"] == str(pictures)
    assert not (Run.find("theirs").path / "evaluations").exists(), "kept reports are of the run's own pictures"


def test_with_pictures_it_is_evaluated_without_being_told_again(root, weights, pictures, capsys):
    run, _ = bring(weights, str(pictures))
    assert run.config.data == str(pictures) and run.config.data_fingerprint
    assert main(["evaluate", run.id, "--n", "10"]) == 0


def test_the_exported_file_draws_as_theirs_in_plain_pytorch(root, weights):
    from torch import nn

    theirs = as_if_trained(Example(16, 6, 4, 1))
    ours = load_generator(bring(weights)[0].generator_path)
    from dcgan.networks.portable_layers import describe

    plain = nn.Sequential(*[nn.Sequential(*[getattr(nn, k)(**s) for k, s in block]) for block in describe(ours)])
    names = {name.removeprefix("blocks."): tensor for name, tensor in ours.state_dict().items()}
    plain.load_state_dict(names)
    z = torch.randn(4, 6, 1, 1, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        assert np.allclose(plain.eval()(z), theirs(z), atol=1e-5)


def test_a_refusal_leaves_nothing_behind(root, tmp_path):
    (tmp_path / "x.pth").write_bytes(b"hello")
    with pytest.raises(BadInput):
        bring(tmp_path / "x.pth")
    assert list(root.iterdir()) == []
