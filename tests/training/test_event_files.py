"""TensorBoard sees what metrics.jsonl says, also of a run that was interrupted, and costs the training nothing."""

import warnings

import pytest
import torch

from dcgan.errors import BadInput
from dcgan.runs import new_run as orders
from dcgan.runs.checkpoint import load_state
from dcgan.runs.run import Run
from dcgan.training.event_files import EventFiles
from tests.training.test_gan import assert_same
from tests.training.test_loop import play, play_to

pytest.importorskip("tensorboard")


def seen(run: Run) -> tuple[dict[str, dict[int, float]], list[int]]:
    """What TensorBoard shows: the scalars by name and step, and the steps of the sample grids."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        shown = EventAccumulator(str(run.path), {"scalars": 0, "images": 0})
        shown.Reload()
    scalars = {tag: [(each.step, each.value) for each in shown.Scalars(tag)] for tag in shown.Tags()["scalars"]}
    assert all(len(dict(points)) == len(points) for points in scalars.values()), "a step is there twice"
    return {tag: dict(points) for tag, points in scalars.items()}, [each.step for each in shown.Images("samples")]


def assert_all_seen(run: Run) -> None:
    scalars, pictures = seen(run)
    points = run.read_metrics()[0]
    assert pictures == run.samples()
    for point in points:
        for name, value in point.items():
            if name != "step":
                assert scalars[name][int(point["step"])] == pytest.approx(value, rel=1e-5, abs=1e-6), name
    assert set(scalars["d_loss"]) == {int(point["step"]) for point in points}


def test_tensorboard_sees_every_point_and_every_sample_grid(root, tiny):
    run = Run.create(tiny.replace(log="tensorboard"), root, "a")
    play(run)
    assert_all_seen(run)
    assert run.path.joinpath("metrics.jsonl").exists()


def test_a_resume_goes_on_and_makes_nothing_twice(root, tiny):
    run, plain = (Run.create(tiny.replace(log=log), root, log) for log in ("tensorboard", "none"))
    play_to(run, 5)
    run.metrics_path.write_bytes(run.metrics_path.read_bytes())
    later = EventFiles(run, run.config, 0)  # what a killed process wrote beyond the state that is gone on from
    for step in (6, 7, 8):
        later.point({"step": step, "d_loss": 77.0})
    play_to(run, 12)
    assert_all_seen(run)
    play(plain)
    assert_same(load_state(run)["gan"], load_state(plain)["gan"])
    assert not list(plain.path.glob("events*"))


def test_without_the_package_it_is_refused_before_anything_starts(root, tiny, monkeypatch):
    monkeypatch.setattr(orders, "has_tensorboard", lambda: False)
    with pytest.raises(BadInput, match="log=tensorboard needs one more package: .* install tensorboard"):
        orders.order("quick", {"log": "tensorboard"}, tiny.data)


def test_a_run_from_elsewhere_goes_on_without_the_package_and_says_so(root, tiny, monkeypatch):
    monkeypatch.setattr("dcgan.training.event_files.has_tensorboard", lambda: False)
    run = Run.create(tiny.replace(log="tensorboard"), root, "a")
    assert play(run).state == "finished"
    assert "event files" in run.status().notice and "tensorboard is not installed" in run.status().notice


def test_a_file_that_can_not_be_written_ends_the_files_and_not_the_training(root, tiny, monkeypatch):
    from torch.utils.tensorboard import SummaryWriter

    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SummaryWriter, "add_scalar", full)
    run = Run.create(tiny.replace(log="tensorboard"), root, "a")
    assert play(run).state == "finished"
    assert "No space left" in run.status().notice


def test_opening_event_files_moves_no_random_stream(root, tiny):
    run = Run.create(tiny.replace(log="tensorboard"), root, "a")
    before = torch.get_rng_state()
    EventFiles(run, run.config, 0).point({"step": 1, "d_loss": 1.0})
    assert torch.equal(before, torch.get_rng_state())
