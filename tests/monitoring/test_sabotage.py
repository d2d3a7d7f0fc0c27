"""Faults planted in real trainings raise their alarms, and the same training without them raises none."""

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.planted_faults import constant_g, frozen_g, nan_in_g, rate_times_100
from dcgan.config import Config
from dcgan.errors import Diverged
from dcgan.monitoring.alarms import watch
from dcgan.runs.run import Run
from dcgan.training.gan import GAN
from tests.training.test_loop import play

PLANTED = 250


@pytest.fixture
def small() -> Config:
    """A recipe whose step takes a few milliseconds and whose game is a real one."""
    return Config(
        **{"data": "fashion-mnist", "image_size": 16, "z_dim": 16, "ngf": 8, "ndf": 8, "batch_size": 32},
        **{"lr_g": 1e-3, "lr_d": 1e-3, "num_steps": PLANTED + 200, "sample_every": 1000, "num_samples": 4},
        **{"device": "cpu", "num_threads": 1},
    )


def none(gan: GAN) -> None:
    pass


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault, name, within",
    [
        (rate_times_100, "rate", 50),
        (constant_g, "collapse", 150),
        (frozen_g, "g_dead", 150),
        (nan_in_g, "nan", 10),
        (none, "", 0),
    ],
)
def test_a_planted_fault_raises_its_alarm(
    fault: Callable[[GAN], None], name: str, within: int, small: Config, root, monkeypatch
) -> None:
    step = GAN.step

    def planted(gan: GAN, *args: Any, **options: Any) -> Any:
        if gan.steps == PLANTED:
            fault(gan)
        return step(gan, *args, **options)

    monkeypatch.setattr(GAN, "step", planted)
    run = Run.create(small, root)
    if name == "nan":
        with pytest.raises(Diverged) as caught:
            play(run)
        alarms = watch([*run.read_lines()[0], {"step": caught.value.step, "event": "diverged"}])
    else:
        status = play(run)
        alarms = watch(run.read_lines()[0])
        assert status.alarms == ", ".join(alarm.name for alarm in alarms)
    if not name:
        assert alarms == []
        return
    assert alarms[0].name == name  # the cause stands before its consequences
    assert PLANTED < alarms[0].raised <= PLANTED + within and alarms[0].healthy <= PLANTED
