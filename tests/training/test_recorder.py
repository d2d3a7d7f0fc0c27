"""What a recorder writes to the curves and the status of a session."""

import time

import numpy as np
import pytest
import torch

from dcgan.compute.threads import Threads
from dcgan.errors import Diverged
from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.metrics_log import append_line
from dcgan.runs.run import Run
from dcgan.training.recorder import UNEVEN, Recorder, rounded
from dcgan.training.session import Session, make_room
from dcgan.training.team import ALONE

IMAGES = np.zeros((26, 1, 16, 16), np.uint8)


@pytest.fixture
def session(root, tiny) -> Session:
    run = Run.create(tiny, root, "run")
    make_room(run)
    return Session(run, tiny, IMAGES, torch.device("cpu"), ALONE, Threads(adapts=False))


def test_a_point_goes_to_the_curves_the_status_and_the_terminal(session):
    heart, told = Heartbeat(session.run), []
    recorder = Recorder(session, heart, "", told.append)
    session.step, session.images, session.time_s = 3, 24, 5.0
    recorder.point({"d_loss": torch.tensor(1.25), "g_loss": torch.tensor(0.0123456789)}, time.monotonic())
    (row,) = session.run.read_metrics()[0]
    assert told == [row] and row["time_s"] >= 5.0
    expected = {"step": 3, "images": 24, "epoch": 0.0, "d_loss": 1.25, "g_loss": 0.0123457, "images_per_s": 0.0}
    assert {name: row[name] for name in expected} == expected


def test_a_point_that_is_no_number_is_never_written(session):
    recorder = Recorder(session, Heartbeat(session.run), "", lambda point: None)
    session.step = 9
    with pytest.raises(Diverged, match=r"^The losses stopped being numbers at step 9\.$"):
        recorder.point({"d_loss": torch.tensor(torch.nan), "g_loss": torch.tensor(1.0)}, time.monotonic())
    assert session.run.read_metrics()[0] == []


def test_notices_stand_beside_those_of_the_pictures_and_once_each(session):
    heart = Heartbeat(session.run)
    recorder = Recorder(session, heart, "One file was skipped.", lambda point: None)
    recorder.running()
    assert heart.status.notice == "One file was skipped." and heart.status.state == "running"
    recorder.threads_changed()
    recorder.threads_changed()
    assert heart.status.notice == f"One file was skipped. {UNEVEN}"
    recorder.add_notice("")
    assert heart.status.notice == f"One file was skipped. {UNEVEN}"
    recorder.short_of_memory(4)
    assert heart.status.notice.startswith("One file was skipped. Memory ran out in step 1: from there on 4 pictures")
    assert [row["event"] for row in session.run.read_lines()[0]] == ["threads", "threads", "memory"]


def test_a_resumed_run_still_says_that_its_threads_changed(session):
    append_line(session.run.metrics_path, {"step": 0, "event": "threads", "threads": 1})
    heart = Heartbeat(session.run)
    recorder = Recorder(session, heart, "", lambda point: None)
    recorder.running()
    assert recorder.events == {"threads"} and heart.status.notice == UNEVEN


@pytest.mark.parametrize("value, kept", [(1.23456789, 1.234568), (0.0123456789, 0.0123457), (1e-9, 1e-9), (0.0, 0.0)])
def test_small_numbers_keep_their_digits(value, kept):
    assert rounded(value) == kept
