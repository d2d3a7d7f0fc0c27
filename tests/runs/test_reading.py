"""How a run reads its pictures: filled in when it is ordered, refused where it can't be."""

import pytest

from dcgan.data import sources
from dcgan.runs.new_run import order
from tests.files import refuse, write_pictures


def test_pictures_of_8_bits_need_no_range(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    config = order("quick", {}, str(write_pictures(tmp_path / "d")))
    assert (config.reading, config.black, config.white) == (2, 0.0, 0.0)
    assert order("quick", {}).reading == 1  # Fashion-MNIST has nothing to read


@pytest.mark.parametrize("name", ["black", "white"])
def test_a_set_of_8_bits_takes_no_range(name):
    with refuse(f"{name} must be 0 on Fashion-MNIST, whose pictures have 8 bits"):
        order("quick", {name: 9})
