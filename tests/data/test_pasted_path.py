"""Paths as they come from a clipboard."""

import pytest

from dcgan.data import sources
from dcgan.data.pasted_path import existing
from tests.files import write_pictures


@pytest.mark.parametrize(
    "form",
    [
        "{}",
        " {}\n",
        "'{}'",
        '"{}"',
        "\u201c{}\u201d",
        "\u202a{}",
        "{}/",
        "file://{url}",
        "file://localhost{url}",
        "file:{url}",
        "FILE://{url}\r\n",
        "'file://{url}'",
        "{shell}",
        "~/{home}",
        "'~/{home}'",
        "$HOME/{home}",
    ],
)
@pytest.mark.parametrize("name", ["plain", "my pictures (2)", "100% cats & dogs", "K\u00f6ln \u732b"])
def test_a_pasted_path_is_found(tmp_path, monkeypatch, form, name):
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = write_pictures(tmp_path / name, 2)
    shell = "".join(f"\\{char}" if char in " ()&%" else char for char in str(folder))
    text = form.format(folder, url=folder.as_uri().removeprefix("file://"), shell=shell, home=name)
    assert sources.resolve(text).path == folder.resolve()


def test_what_is_there_as_it_stands_goes_first(tmp_path):
    for name in ("'a'", "a\\ b", " c "):
        (tmp_path / name).mkdir()
        assert existing(str(tmp_path / name)) == tmp_path / name


def test_a_pasted_path_may_name_classes(tmp_path):
    for kind in ("cats", "dogs"):
        write_pictures(tmp_path / "my zoo" / kind, 2)
    for text in (f"{tmp_path}/my\\ zoo:cats", f"'{tmp_path}/my zoo':cats", f"'{tmp_path}/my zoo:cats'"):
        assert sources.resolve(text).spec == f"{tmp_path}/my zoo:cats"


@pytest.mark.parametrize("text", ["", "''", "file://", "\\", "~nobody-at-all/x", "a\0b", "$NOTHING/x"])
def test_what_is_not_there_is_not_found(text):
    assert existing(text) is None
