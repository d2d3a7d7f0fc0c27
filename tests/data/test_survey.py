"""Looking through the picture files before a training: all of them, or as many as there is time for."""

import math
from types import SimpleNamespace

from dcgan.data import survey
from tests.files import colour, encode, write_pictures, write_zip


def test_what_can_not_be_read_is_named_with_its_reason(tmp_path):
    folder = write_pictures(tmp_path / "d", 9)
    whole = (folder / "000.png").read_bytes()
    (folder / "half.png").write_bytes(whole[: len(whole) // 2])
    (folder / "page.jpg").write_bytes(b"<html>")
    archive = write_zip(tmp_path / "d.zip", {path.name: path.read_bytes() for path in folder.iterdir()})
    for path in (folder, archive):
        found = survey.survey(path, math.inf)
        assert len(found) == 11 and sorted(name for name, reason in found.items() if reason) == ["half.png", "page.jpg"]
        assert found["page.jpg"] == "page.jpg: not a picture in a known format"


def test_it_ends_when_its_time_is_over_and_says_how_far_it_came(tmp_path, monkeypatch):
    folder = write_pictures(tmp_path / "d", 30)
    ticks = iter(range(1_000))
    monkeypatch.setattr(survey, "time", SimpleNamespace(monotonic=lambda: next(ticks)))
    found = survey.survey(folder, 10)
    assert 0 < len(found) < 30 and set(found.values()) == {""}


def test_the_same_files_are_looked_through_once(tmp_path, monkeypatch):
    folder, read = write_pictures(tmp_path / "d", 3), []
    real = survey.verify
    monkeypatch.setattr("dcgan.data.picture_files.SETTLED_SECONDS", -60.0)
    monkeypatch.setattr(survey, "verify", lambda *args: read.append(args) or real(*args))
    assert survey.survey(folder) == survey.survey(folder) and len(read) == 3
    (folder / "new.png").write_bytes(encode(colour()))
    assert len(survey.survey(folder)) == 4 and len(read) == 7
