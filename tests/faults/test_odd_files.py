"""A run folder from a stranger: whatever lies in the places of its files, it is one row, and nothing else changes."""

import contextlib
import dataclasses
import io
import json
import os
import shutil
import zlib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from dcgan.cli.main import main
from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.provenance.film import film
from dcgan.runs import fork, kept_states, launch, live_settings, quality_log
from dcgan.runs.records import Control, Parent, Status
from dcgan.runs.run import Run, list_runs
from dcgan.runs.throughput import duration, time_left
from dcgan.system.paths import PROJECT
from pages.charts import distance, history
from pages.common import choose, run_rows, upkeep
from pages.common.words import badge
from tests.pages.test_runs import make_run

PAGES = {
    "train": "pages/training/train.py",
    "runs": "pages/training/runs.py",
    "explore": "pages/latent/explore.py",
    "interpolate": "pages/latent/interpolate.py",
    "evaluate": "pages/evaluate/evaluate.py",
    "learn": "pages/learn/learn.py",
}
RECORDS = {"config.json": Config, "status.json": Status, "control.json": Control, "parent.json": Parent}
LINES = {"metrics.jsonl": ("step", "d_loss", "event", "epoch"), "quality.jsonl": tuple(quality_log.FIELDS)}
BINARY = ("generator.safetensors", "best.safetensors", "state.pt", "log.txt", "lock", "README.md", "card.png")
GRID = "samples/00000100.png"
FILES = (*RECORDS, *LINES, *BINARY, GRID, "samples", "snapshots", "states", "axes", "evaluations")

VALUES = st.one_of(
    st.sampled_from([-1e17, 7.5, 1e308, -1, 0, 2**31, 2**63, 10**17, float("nan"), float("inf"), None, True]),
    st.sampled_from(["", "\ud800", "\0", "x" * 20_000, "running", "failed", "paused", "![x](http://a.b/c.png)"]),
    st.integers(),
    st.floats(),
    st.lists(st.one_of(st.floats(), st.text(max_size=4)), max_size=3),
    st.dictionaries(st.text(max_size=4), st.none(), max_size=2),
)


def record_of(kind: type) -> st.SearchStrategy[bytes]:
    names = st.sampled_from([field.name for field in dataclasses.fields(kind)])
    return st.dictionaries(names, VALUES, min_size=1, max_size=6).map(lambda values: json.dumps(values).encode())


def lines_of(names: tuple[str, ...]) -> st.SearchStrategy[bytes]:
    line = st.dictionaries(st.sampled_from(names), VALUES, min_size=1, max_size=6)
    return st.lists(line, max_size=4).map(lambda lines: b"".join(json.dumps(each).encode() + b"\n" for each in lines))


def png(width: int, height: int) -> bytes:
    """A picture that says it is of this size."""
    buffer = io.BytesIO()
    Image.new("L", (1, 1)).save(buffer, "PNG")
    head = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    content = buffer.getvalue()
    return content[:12] + head + zlib.crc32(head).to_bytes(4, "big") + content[33:]


BOMB = png(60_000, 60_000)
ANYTHING = st.one_of(
    st.sampled_from([b"", b"{}", b"[]", b"null", b"[" * 100_000, b"\xff\xfe{\x00}\x00", b'{"z_dim": ', BOMB]),
    st.sampled_from(["directory", "pipe", "loop"]),
    st.binary(max_size=64),
)
ODD = st.one_of(
    [st.tuples(st.just(name), record_of(kind)) for name, kind in RECORDS.items()]
    + [st.tuples(st.just(name), lines_of(names)) for name, names in LINES.items()]
    + [st.tuples(st.sampled_from(FILES), ANYTHING)]
)


def put(run: Run, name: str, content: bytes | str) -> None:
    """Let this, or something that is no file, lie at a file's place."""
    path = run.path / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    if content == "directory":
        path.mkdir()
    elif content == "pipe":
        os.mkfifo(path)
    elif content == "loop":
        path.symlink_to(path)
    else:
        assert isinstance(content, bytes)
        path.write_bytes(content)


@pytest.fixture
def good(root) -> Run:
    return make_run("good")


def looked_at(run: Run) -> None:
    """Everything that pages and commands read of a run, without a screen; refusals are sentences."""
    status = launch.observe(run)
    json.dumps(dataclasses.asdict(status), allow_nan=False).encode()
    badge(status).encode()
    assert status.prepared is None or 0 <= status.prepared <= 1
    duration(status.time_s), time_left(status.eta_s or 0.0)
    history.history_of(run), history.alarms_of(run), history.marks_of(run)
    distance.measured(run), distance.quality_of(run), choose.best_measured([run])
    (
        run.best_step(),
        run.generators(),
        kept_states.newest_facts(run),
        kept_states.fork_points(run),
        fork.family(run, [run]),
    )
    with contextlib.suppress(BadInput):
        assert 0 <= upkeep.share_done(live_settings.in_force(run), status) <= 1
    with contextlib.suppress(BadInput):
        upkeep.can_resume(run, status), upkeep.why_not_further(run, status)
    with contextlib.suppress(BadInput):
        film(run)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ODD, min_size=1, max_size=3))
def test_whatever_lies_in_a_run_is_one_row_that_changes_no_other(good, odd):
    before = run_rows.row(good)
    run = make_run("odd")
    try:
        for name, content in odd:
            put(run, name, content)
        assert {each.id for each in list_runs()} == {"good", run.id}
        pa.Table.from_pandas(pd.DataFrame([run_rows.row(each) for each in list_runs()]))  # as Streamlit does
        looked_at(run)
        assert run_rows.row(good) == before
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            assert main(["runs"]) == 0
            assert main(["runs", "--json"]) == 0
        assert "good " in said.getvalue() and len(said.getvalue().encode().splitlines()) == 3
    finally:
        shutil.rmtree(run.path)


WORST = {
    "a sample of 60,000 x 60,000 px": {GRID: BOMB},
    "no times and shares": {"status.json": b'{"state": "running", "heartbeat": -1e17, "prepared": 7.5, "step": 3}'},
    "no pictures": {GRID: b"no picture", "card.png": b"no picture"},
    "empty settings": {"config.json": b""},
    "a foreign program's settings": {"config.json": b'{"schema": 99, "model": "another"}'},
    "folders": dict.fromkeys([*RECORDS, *LINES, *BINARY, GRID], "directory"),
    "pipes": dict.fromkeys([*RECORDS, *LINES, *BINARY, GRID], "pipe"),
    "halves of characters": {
        name: json.dumps({"state": "failed", "error": "\ud800", "name": "\udfff", "data": "\0"}).encode()
        for name in RECORDS
    },
}


@pytest.mark.parametrize("case", WORST)
def test_no_page_falls_over_an_odd_run(root, case):
    shutil.copytree(PROJECT / "checkpoints" / "quick-fashion", root / "good", ignore=shutil.ignore_patterns("state.pt"))
    run = make_run("odd")
    for name, content in WORST[case].items():
        put(run, name, content)
    at = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=30)
    for page in ("train", "runs"):
        at.switch_page(PAGES[page])
        for asked in ({}, {"run": "odd"}):
            at.query_params.clear()
            for name, value in asked.items():
                at.query_params[name] = value
            at.run()
            assert not at.exception, (page, asked, at.exception[0].message)
        assert "odd" in [each.value for each in [*at.title, *at.subheader]]
    for page in ("explore", "learn"):
        at.switch_page(PAGES[page])
        at.query_params["run"] = "odd"
        at.run()
        assert not at.exception, (page, at.exception[0].message)


def test_the_page_of_a_damaged_grid_says_so_and_leads_to_the_others(root):
    run = make_run("odd")
    put(run, GRID, BOMB)
    at = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=30)
    at.query_params["run"] = "odd"
    at.run()
    assert not at.exception
    assert any("This grid is damaged" in info.value for info in at.info)
    assert any(slider.label == "Samples at step 100" for slider in at.select_slider)


def test_settings_that_cannot_be_read_are_said_of_a_run_without_a_state_too(root):
    run = make_run("odd")
    run.state_path.unlink()
    run.config_path.write_text("{")
    at = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=30)
    at.switch_page(PAGES["runs"])
    at.query_params["run"] = "odd"
    at.run()
    assert any("is not valid JSON" in error.value.replace("\\", "") for error in at.error)


def test_a_row_and_a_terminal_say_why_settings_cannot_be_read(good, capsys):
    run = make_run("odd")
    run.config_path.write_text("{")
    row = run_rows.row(run)
    assert (row["Preset"], row["Data"]) == ("unreadable", "config.json is not valid JSON.")
    assert main(["runs"]) == 0
    assert "unreadable step 100 config.json is not valid JSON." in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", ["metrics.jsonl", "quality.jsonl", "log.txt", "status.json", "control.json"])
@pytest.mark.parametrize("content", ["pipe", "directory"])
def test_no_worker_waits_for_a_pipe(good, name, content):
    put(good, name, content)
    with pytest.raises(BadInput, match=f"its {name} is not a file"):
        launch.start(good)
    with pytest.raises(BadInput, match=f"its {name} is not a file"), launch.hold(good):
        pass


def test_only_regular_files_of_a_bounded_size_are_read(tmp_path: Path):
    from dcgan.system.files import read_regular

    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    for most in (4, 0):
        with pytest.raises(OSError, match="File too large"):
            read_regular(path, most)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="Invalid argument"):
        read_regular(tmp_path / "pipe")
    with pytest.raises(OSError):
        read_regular(tmp_path)
