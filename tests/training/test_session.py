"""A session brought back from a state goes on as the one that saved it."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from dcgan.compute import bfloat16, devices
from dcgan.compute.threads import Threads
from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.runs.checkpoint import save_state
from dcgan.runs.fork import fork
from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.run import Run
from dcgan.training.gan import STREAMS
from dcgan.training.recorder import OTHER_ROUTE, Recorder
from dcgan.training.session import Session, make_room
from dcgan.training.team import ALONE
from tests.training.test_gan import assert_same

CPU = torch.device("cpu")
IMAGES = np.random.default_rng(0).integers(0, 256, (26, 1, 16, 16), np.uint8)


@pytest.fixture
def opened(root, tiny) -> Callable[..., Session]:
    """Opens a session of the one run, which is made with the values of the first call."""

    def open_session(**values) -> Session:
        runs = list(root.iterdir())
        run = Run(runs[0]) if runs else Run.create(tiny.replace(**values), root, "run")
        make_room(run)
        return Session(run, run.config, IMAGES, CPU, ALONE, Threads(adapts=False))

    return open_session


def steps(session: Session, n: int) -> None:
    for _ in range(n):
        session.take_step(lambda at_once: None)


@pytest.mark.parametrize("values", [{}, {"d_steps": 2, "dropout": 0.3, "augment": "on"}])
def test_a_session_brought_back_goes_on_as_the_one_that_saved_it(opened, values):
    first = opened(**values)
    assert first.begins and (first.step, first.images, first.trained_s) == (0, 0, 0.0)
    steps(first, 3)
    first.time_s += 2.5
    assert first.save() == ""
    steps(first, 3)
    again = opened()
    assert (again.step, again.images, again.time_s) == (3, 3 * again.images_per_step, 2.5)
    assert not again.begins and again.trained_s == 0.0
    steps(again, 3)
    assert_same(again.gan.state_dict(), first.gan.state_dict())
    assert again.stream.state_dict() == first.stream.state_dict() and again.images == first.images


def test_settings_put_in_force_are_those_after_a_resume(opened):
    session = opened()
    session.gan.at_most = 4
    changes = session.change(session.now.replace(lr_d=1e-3, micro_batch=3, d_steps=2))
    assert changes == {"lr_d": 1e-3, "d_steps": 2, "micro_batch": 3}
    assert session.gan.at_most == 0 and session.images_per_step == 2 * session.config.batch_size
    session.save()
    again = opened()
    assert again.now == session.now != again.config


def test_what_was_written_after_the_state_is_dropped(opened):
    session = opened()
    session.save()
    steps(session, 4)
    session.keep_sample()
    session.run.metrics_path.write_text('{"step": 0, "event": "begun"}\n{"step": 4, "d_loss": 1.0}\n')
    again = opened()
    assert again.run.samples() == again.run.snapshots() == []
    assert again.run.metrics_path.read_text() == '{"step": 0, "event": "begun"}\n'


def test_a_state_of_other_settings_is_refused(opened):
    session = opened()
    session.save()
    other: Config = session.config.replace(lr_g=0.1)
    session.run.config_path.write_text(other.to_json())
    with pytest.raises(BadInput, match="has changed since its state was saved"):
        opened()


def test_a_state_of_another_kind_of_device_goes_on_from_a_seed_and_says_so(opened):
    first = opened(dropout=0.3)
    steps(first, 3)
    state = first._state()
    state["gan"] |= dict.fromkeys(STREAMS, torch.zeros(16, dtype=torch.uint8))  # so short are those of a GPU
    save_state(first.run, state)
    one, other = opened(), opened()
    assert not one.gan.is_exact and first.gan.is_exact
    steps(one, 2)
    steps(other, 2)
    assert_same(one.gan.state_dict(), other.gan.state_dict())  # from there on it repeats
    assert one.gan.z_rng.get_state().tolist() != one.gan.noise_rng.get_state().tolist()


def test_a_route_that_is_not_there_is_left_and_the_run_says_so(opened, monkeypatch):
    with monkeypatch.context() as units:
        units.setattr(devices, "cpu_multiplies_bfloat16", lambda: True)
        units.setattr(bfloat16, "pays_off", lambda device: False)
        first = opened(precision="auto")
        steps(first, 2)
        first.save()
        steps(first, 2)
        again = opened()
        steps(again, 2)
        assert again.gan.precision == devices.AUTOCAST and again.gan.is_exact
        assert_same(again.gan.state_dict(), first.gan.state_dict())
        again.save()
    monkeypatch.setattr(devices, "cpu_multiplies_bfloat16", lambda: False)
    moved, heart = opened(), Heartbeat(first.run)
    recorder = Recorder(moved, heart, "", lambda point: None)
    recorder.running()
    recorder.moved()
    assert "float32" not in heart.status.device and heart.status.notice == OTHER_ROUTE
    rows = first.run.read_lines()[0]
    assert rows == [{"step": 4, "event": "route", "precision": "float32"}]
    moved.save()
    back = opened()
    assert back.gan.is_exact and Recorder(back, heart, "", lambda point: None).events == {"route"}


def test_the_precision_that_a_fork_asks_for_is_taken_and_is_no_surprise(opened, root, monkeypatch):
    first = opened()
    steps(first, 2)
    first.save()
    made = fork(first.run, None, {"precision": "auto", "num_steps": 9})
    monkeypatch.setattr(devices, "cpu_multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(bfloat16, "pays_off", lambda device: False)
    session = Session(made, made.config, IMAGES, CPU, ALONE, Threads(adapts=False))
    assert session.gan.precision == devices.AUTOCAST and session.gan.is_exact
