"""A run is a directory whose files appear whole or not at all, and whose reader survives whatever stands in them."""

import dataclasses
import json
import math
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.provenance import fields, weights
from dcgan.provenance.redraw import redrawn
from dcgan.runs import run as runs
from dcgan.runs.records import Control, Status
from dcgan.runs.run import Run, list_runs
from dcgan.system.names import clean_name, slug
from pages.latent.restore import target_of


@pytest.fixture
def run(root) -> Run:
    return Run.create(Config(), root, "one")


# -- making, finding, removing


def test_a_new_run_holds_its_config_and_nothing_else(root):
    run = Run.create(Config(preset="quick", seed=7), root)
    assert run.path.parent == root and run.id.startswith("quick-") and run.name == run.id
    assert os.listdir(run.path) == ["config.json"] and os.listdir(root) == [run.id]
    assert run.config == Config(preset="quick", seed=7)
    assert run.status() == Status() and run.control() == Control()
    assert (run.samples(), run.snapshots(), run.read_metrics(), run.state_paths()) == ([], [], ([], 0), [])


ODD_NAMES = [
    "..", "../../etc", "/etc/passwd", ".hidden", "a" * 300, "訓練 モデル", "<script>alert(1)</script>", "CON", " ",
    "a\nb\tc", "x\x00y", "\u202egnp.exe", "🦄", "-rf", "Ünï cödé", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_odd_name_makes_one_plain_directory_under_the_root(root, name):
    run = Run.create(Config(), root, name)
    assert os.listdir(root) == [run.id] and run.path.parent == root
    assert len(run.id) <= 80 and run.id.strip("abcdefghijklmnopqrstuvwxyz0123456789-") == "" and run.id[0] != "-"
    assert Run.find(run.id, root).path == run.path
    assert run.name.isprintable() and 1 <= len(run.name) <= 80


@given(st.text())
def test_a_slug_is_safe_and_a_name_is_one_visible_line(name):
    assert len(slug(name)) <= 60 and set(slug(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert slug(slug(name)) == slug(name)
    cleaned = clean_name(name)
    assert cleaned.isprintable() and len(cleaned) <= 80 and clean_name(cleaned) == cleaned == cleaned.strip()


def test_a_name_keeps_its_spelling_on_the_pages(root):
    run = Run.create(Config(), root, "Шляпы & <b>hats</b>")
    assert run.name == "Шляпы & <b>hats</b>" and run.id == "b-hats-b"


HOLIDAY = Config(preset="quick", data="/data/uploads/Holiday cats/Holiday cats.zip")


def test_a_run_on_own_pictures_is_called_as_they_are_unless_it_has_a_name(root):
    made = [Run.create(HOLIDAY, root) for _ in range(2)] + [Run.create(HOLIDAY, root, "First try")]
    assert [run.id for run in made] == ["holiday-cats", "holiday-cats-2", "first-try"]
    assert [run.name for run in made] == ["Holiday cats", "Holiday cats (2)", "First try"]
    folder = Run.create(Config(data="/me/Ünï & cødé:cats,dogs"), root)
    assert (folder.id, folder.name) == ("uni-c-de-cats-dogs", "Ünï & cødé:cats,dogs")


def test_a_name_that_no_directory_can_have_is_kept_on_the_pages(root):
    made = [Run.create(Config(preset="quick", data="/data/假日的猫.zip"), root) for _ in range(2)]
    assert [run.name for run in made] == ["假日的猫", "假日的猫 (2)"]
    assert all(run.id.startswith("quick-") for run in made)


@pytest.mark.parametrize("data", ["fashion-mnist", "mnist:7,9", "celeba", "/", "/x/..."])
def test_a_set_with_a_name_leaves_the_run_its_preset(root, data):
    assert Run.create(Config(preset="quick", data=data), root).name.startswith("quick-")


def test_twenty_at_once_get_twenty_directories(root):
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda i: Run.create(Config(seed=i), root, "same name"), range(20)))
    assert len({run.id for run in made}) == 20
    assert sorted(os.listdir(root)) == sorted(run.id for run in made)
    assert [run.config.seed for run in made] == list(range(20))


def test_a_root_that_can_not_hold_runs_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="can't hold runs .* --root"):
        Run.create(Config(), tmp_path / "file")
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("broken", ["publish", "rename"])
def test_a_run_that_can_not_be_made_leaves_nothing_behind(root, monkeypatch, broken):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs if broken == "publish" else Path, broken, full)
    with pytest.raises(BadInput, match=str(root)):
        Run.create(Config(), root)
    assert os.listdir(root) == []


def test_a_run_is_found_by_id_and_by_directory(run, root, tmp_path):
    assert Run.find("one", root).path == Run.find(str(run.path), tmp_path).path == run.path


def test_an_address_or_a_picture_names_a_run_by_its_id_alone(run, root, tmp_path, monkeypatch):
    shutil.copytree(run.path, tmp_path / "elsewhere")
    shutil.copytree(run.path, root / ".hidden")
    monkeypatch.chdir(tmp_path)
    assert Run.named("one", root).path == run.path
    for wanted in (str(run.path), str(tmp_path / "elsewhere"), "elsewhere", "../elsewhere", ".hidden", ".", "", "a\0b"):
        with pytest.raises(BadInput, match="There is no run"):
            Run.named(wanted, root)
        for kind in ({"steps": [0, 4]}, {"step": 4, "seed": 0, "n": 1}):
            with pytest.raises(BadInput):
                weights.model_of(kind | {"run": wanted, "step": 4}, root)
            with pytest.raises(BadInput):
                redrawn(kind | {"run": wanted}, fields.ENDINGS[fields.kind_of(kind | {"run": wanted})][0], root, step=4)
        with pytest.raises(BadInput, match="There is no run"):
            target_of({"run": wanted, "steps": [0, 4]}, root)
    assert Run.find("elsewhere", root).path == tmp_path / "elsewhere"  # in a terminal a folder is a person's own choice


NOWHERE = ["", ".", "..", "two", "x" * 5000, "a\x00b", "/", "one/config.json", "<b>", "../one"]


@pytest.mark.parametrize("wanted", NOWHERE)
def test_a_run_that_is_not_there_is_refused(run, root, wanted):
    with pytest.raises(BadInput, match="^There is no run .*dcgan runs"):
        Run.find(wanted, root)


def test_the_list_has_runs_only_newest_first(root):
    (root / "empty").mkdir()
    (root / "file").write_text("")
    (root / ".new-1").mkdir()
    (root / ".new-1" / "config.json").write_text("{}")
    made = [Run.create(Config(), root, f"r{i}") for i in range(3)]
    for i, run in enumerate(made):
        os.utime(run.config_path, (1000 + i, 1000 + i))
    assert [run.id for run in list_runs(root)] == ["r2", "r1", "r0"]
    assert list_runs(root / "nowhere") == []


def test_a_copy_is_no_newer_than_its_last_training(run):
    os.utime(run.config_path, (2000, 2000))
    run.write_status(Status(heartbeat=3000.0))
    assert run.created() == 2000
    run.write_status(Status(heartbeat=1000.0))
    assert run.created() == 1000


def test_the_default_root_follows_the_environment(root, run):
    assert runs.default_root() == root
    assert [each.id for each in list_runs()] == ["one"]


def test_a_deleted_run_is_gone_with_all_its_files(run, root):
    (run.path / "samples").mkdir()
    run.sample_path(0).write_bytes(b"x")
    run.delete()
    assert os.listdir(root) == []
    with pytest.raises(BadInput, match="can't be deleted"):
        run.delete()


def test_a_late_heartbeat_does_not_bring_a_deleted_run_back(run, root):
    run.delete()
    with pytest.raises(FileNotFoundError):
        run.write_status(Status())
    assert os.listdir(root) == []


def test_renaming_changes_the_name_and_nothing_else(run, root):
    run.ask("pause")
    run.rename("  Coats \n and boots ")
    assert (run.name, run.id, run.control().command, run.control().serial) == ("Coats and boots", "one", "pause", 1)
    run.rename("")
    assert run.name == "one" and os.listdir(root) == ["one"]


# -- wishes and status


def test_each_wish_gets_a_higher_number(run):
    for serial, command in enumerate(["pause", "step", "run", "stop"], start=1):
        run.ask(command)
        assert (run.control().command, run.control().serial) == (command, serial)
    run.extend(77)
    assert run.control() == Control("stop", 4, "", 77)


def test_a_wish_that_can_not_be_written_is_refused(run, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runs, "publish", full)
    with pytest.raises(BadInput, match="^Run one can't be written to .No space left on device.\\.$"):
        run.ask("stop")


def test_status_survives_the_way_through_its_file(run):
    status = Status("running", "hello", "", 5, 10, 320, 0.5, 99.5, None, 1.5, "CPU", 1e9, 42, 1e9, 3)
    run.write_status(status)
    assert run.status() == status


def test_unknown_keys_are_left_out(run):
    run.status_path.write_text('{"state": "running", "step": 3, "other_tool": [1], "self": 2}')
    run.control_path.write_text('{"command": "pause", "serial": 2, "mood": "fine"}')
    assert run.status() == Status(state="running", step=3)
    assert run.control() == Control("pause", 2)


WRONG: list[Any] = ["abc", None, [], {}, True, 1.5, -(10**30), 10**400, math.nan, math.inf]


@pytest.mark.parametrize("kind", [Status, Control])
@pytest.mark.parametrize("wrong", WRONG, ids=lambda value: repr(value)[:20])
def test_a_wrong_type_gets_the_default_and_spares_its_neighbours(run, kind, wrong):
    path, read = (run.status_path, run.status) if kind is Status else (run.control_path, run.control)
    for field in dataclasses.fields(kind):
        neighbour = "device" if kind is Status else "name"
        path.write_text(json.dumps({neighbour: "kept", field.name: wrong}))
        record = read()
        value = getattr(record, field.name)
        expected = {str: (str,), int: (int,), float: (int, float), type(None): (int, float, type(None))}
        assert type(value) in expected[type(field.default)], (field.name, value)
        assert isinstance(value, str) or value is None or abs(value) < 1e18
        assert field.name == neighbour or getattr(record, neighbour) == "kept"


DAMAGED = [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"step": 1}x', b"\0" * 50]


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: repr(content)[:20])
def test_a_damaged_file_reads_as_if_nothing_had_been_said(run, content):
    run.status_path.write_bytes(content)
    run.control_path.write_bytes(content)
    assert run.status() == Status() and run.control() == Control()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"{", b'{"seed": -1}'])
def test_a_damaged_config_is_refused_in_a_sentence(run, content):
    run.config_path.write_bytes(content)
    with pytest.raises(BadInput):
        _ = run.config
    run.config_path.unlink()
    with pytest.raises(BadInput, match="config.json"):
        _ = run.config


# -- metrics


def test_metrics_are_read_from_an_offset_and_a_torn_last_line_waits(run):
    run.metrics_path.write_bytes(b'{"step": 1, "d_loss": 0.5}\n{"step": 2, "d_')
    points, offset = run.read_metrics()
    assert points == [{"step": 1, "d_loss": 0.5}]
    assert run.read_metrics(offset) == ([], offset)
    with open(run.metrics_path, "ab") as file:
        file.write(b'loss": 0.25}\n')
    points, end = run.read_metrics(offset)
    assert points == [{"step": 2, "d_loss": 0.25}] and end == run.metrics_path.stat().st_size
    assert run.read_metrics(end) == ([], end)


def test_damaged_lines_are_passed_over(run):
    good = b'{"step": 4, "d_loss": 1.0}\n'
    bad = [b"\x00\x00\x00", b"\xff", b"5", b"[1]", b'{"d_loss": 1}', b'{"step": "x"}', b'{"step": null}', b"{" * 9, b""]
    run.metrics_path.write_bytes(b"\n".join(bad) + b"\n" + good)
    assert run.read_metrics()[0] == [{"step": 4, "d_loss": 1.0}]
    run.metrics_path.write_bytes(b'{"step": 4, "d_loss": "high", "g_loss": NaN, "x": null, "d_real": 1}\n')
    assert run.read_metrics()[0] == [{"step": 4, "d_real": 1}]


# -- pictures


def test_kept_steps_rise_and_strangers_are_left_out(run):
    (run.path / "samples").mkdir()
    names = ["00000010.png", "00000002.png", "123456789.png", ".00000003.png.ab.tmp", "7.png", "²3.png", "12abc.png"]
    for name in [*names, "00000004.jpg", ".png", "000000000008.png"]:
        (run.path / "samples" / name).write_bytes(b"")
    assert run.samples() == [2, 10, 123456789]
    assert all(run.sample_path(step).exists() for step in run.samples())


def test_size_counts_every_file(run):
    before = run.size_bytes()
    (run.path / "snapshots").mkdir()
    run.snapshot_path(3).write_bytes(b"x" * 1000)
    assert run.size_bytes() == before + 1000
