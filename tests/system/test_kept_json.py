"""What took long is kept beside what it is about, and counts for that alone."""

import os

import pytest

from dcgan.system.kept_json import found_about, keep_about, kept_json

ABOUT = {"version": 1, "weights_hash": "abc"}


def test_a_list_comes_back_for_exactly_what_it_is_about(tmp_path):
    path = tmp_path / "axes" / "one.json"
    keep_about(path, ABOUT, "found", [1, "two"])
    assert found_about(path, ABOUT, "found") == [1, "two"]
    assert found_about(path, ABOUT | {"weights_hash": "abd"}, "found") is None
    assert found_about(path, ABOUT | {"judge": ""}, "found") is None
    assert found_about(path, ABOUT, "other") is None


@pytest.mark.parametrize(
    "content", ["", "[]", "7", "{", '{"version": 1, "weights_hash": "abc", "found": "text"}', "[" * 9**5]
)
def test_what_is_damaged_counts_for_nothing(tmp_path, content):
    path = tmp_path / "one.json"
    path.write_text(content)
    assert found_about(path, ABOUT, "found") is None


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "one.json")
    assert found_about(tmp_path / "one.json", ABOUT, "found") is None


def test_nothing_is_kept_with_a_run_that_is_gone(tmp_path):
    keep_about(tmp_path / "gone" / "axes" / "one.json", ABOUT, "found", [])
    assert os.listdir(tmp_path) == []


def test_what_is_kept_is_worked_out_once_and_again_where_it_can_not_be_kept(tmp_path):
    path = tmp_path / "cache" / "one.json"
    assert kept_json(path, lambda: [1]) == kept_json(path, lambda: [2]) == [1]
    (tmp_path / "file").write_text("")
    inside = tmp_path / "file" / "one.json"
    assert kept_json(inside, lambda: [1]) == [1] and kept_json(inside, lambda: [2]) == [2]
