"""A disk that is really full: the training says so, goes on, and leaves files that are whole, with a gap."""

import contextlib
import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dcgan.cli.main import main
from dcgan.runs import heartbeat, launch
from dcgan.runs.heartbeat import NO_ROOM, Heartbeat
from dcgan.runs.metrics_log import Curves, append_line, read_lines
from dcgan.runs.run import Run
from dcgan.system.files import overwrite
from dcgan.training import session
from dcgan.training.gan import GAN
from dcgan.training.loop import train
from tests.training.test_loop import curves


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of four megabytes; only root of a machine that allows it can make one."""
    place = tmp_path / "disk"
    place.mkdir()
    if sys.platform != "linux" or os.geteuid() or os.system(f"mount -t tmpfs -o size=4m tmpfs {place} 2>/dev/null"):
        pytest.skip("needs the right to mount a file system")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> None:
    with contextlib.suppress(OSError), open(place / "filler", "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    assert os.statvfs(place).f_bavail == 0


def test_a_full_disk_is_named_and_leaves_a_gap(small_disk, tiny):
    run = Run.create(tiny.replace(num_steps=44, checkpoint_seconds=0.0, max_states_mb=0), small_disk, "full")
    seen = []

    with Heartbeat(run) as heart:

        def on_progress(point) -> None:
            if point["step"] == 8:
                fill(small_disk)
            if point["step"] in (30, 44):
                heart.publish()
                seen.append(launch.observe(run))
            if point["step"] == 36:
                (small_disk / "filler").unlink()

        train(run, heart, on_progress)
    during, after = seen
    assert during.state == "running" and during.step >= 29
    assert during.message == f"{NO_ROOM} (No space left on device)"
    assert after.message == "" and run.status().state == "finished"
    whole = [json.loads(line) for line in run.metrics_path.read_bytes().splitlines()]
    gaps = [line for line in whole if line.get("event") == "gap"]  # now and then a line finds room between
    lost = {step for gap in gaps for step in range(gap["step"], gap["until"])}
    assert len(lost) > 3 and lost == set(range(1, 45)) - set(curves(run)) and max(lost) <= 36


def test_a_disk_that_stays_full_ends_in_one_sentence(small_disk, tiny, monkeypatch, capsys):
    """Also when the log is closed with words in it that found no room."""
    run = Run.create(tiny.replace(checkpoint_seconds=0.0, max_states_mb=0), small_disk, "full")
    step = GAN.step

    def step_and_fill(gan: GAN, *args):
        if gan.steps == 3:
            fill(small_disk)
        return step(gan, *args)

    monkeypatch.setattr(GAN, "step", step_and_fill)
    assert main(["train", "--resume", str(run.path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("Training failed: Step 12 could not be saved (No space left on device), so what came after")
    assert error.count("\n") == 1 and run.status().error == error.strip()


def test_words_that_can_be_written_nowhere_reach_the_terminal(root, tiny, monkeypatch, capsys):
    run = Run.create(tiny, root, "gone")

    def broken(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def step_and_break(gan: GAN, *args):
        for place, name in ((Run, "write_status"), (heartbeat, "overwrite"), (session, "save_state")):
            monkeypatch.setattr(place, name, broken)

    monkeypatch.setattr(GAN, "step", step_and_break)
    assert main(["train", "--resume", str(run.path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("Training failed: ") and error.count("\n") == 1


def test_a_status_that_finds_no_room_is_written_over_the_old_one(small_disk, tiny):
    run = Run.create(tiny, small_disk, "full")
    with Heartbeat(run) as heart:
        heart.update(state="running", step=3)
        fill(small_disk)
        heart.update(step=7)
        heart.publish()
        status = run.status()
        assert (status.step, status.state) == (7, "running") and status.message.startswith(NO_ROOM)
        (small_disk / "filler").unlink()
        heart.publish()
        assert run.status().message == heart.status.message


def test_a_line_that_does_not_fit_is_taken_back_and_half_a_line_is_ended(small_disk):
    path = small_disk / "metrics.jsonl"
    path.write_bytes(b'{"step": 1}\n{"step": 2, "torn')
    append_line(path, {"step": 3})
    assert path.read_bytes() == b'{"step": 1}\n{"step": 2, "torn\n{"step": 3}\n'
    path.write_bytes(b'{"step": 1, "pad": "' + b"x" * (4096 - 40) + b'"}\n')  # nearly the whole block
    before = path.read_bytes()
    fill(small_disk)
    written = Curves(path)
    for step in (2, 3, 4):
        written.add({"step": step, "d_loss": 0.123456, "g_loss": 0.123456})
    assert path.read_bytes() == before and written.lost_since == 2
    (small_disk / "filler").unlink()
    written.add({"step": 5})
    assert read_lines(path)[0][1:] == [{"step": 2, "event": "gap", "until": 5}, {"step": 5}]


def test_overwriting_needs_no_room_and_leaves_nothing_of_the_old_text(tmp_path):
    path = tmp_path / "status.json"
    path.write_text('{"a": "a long text"}\n')
    overwrite(path, b'{"a": 1}\n')
    assert json.loads(path.read_bytes()) == {"a": 1}
    overwrite(path, b'{"a": "a text that is longer than before"}\n')
    assert json.loads(path.read_bytes()) == {"a": "a text that is longer than before"}
