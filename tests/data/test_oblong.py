import numpy as np
import pytest

from dcgan.data import oblong, sources
from tests.files import colour, encode, write_mnist, write_pictures


@pytest.mark.parametrize("width,height,lost", [(60, 120, 0.5), (120, 60, 0.5), (40, 40, 0), (178, 218, 0.18)])
def test_what_a_square_cut_loses(tmp_path, width, height, lost):
    for i in range(3):
        (tmp_path / f"{i}.png").write_bytes(encode(colour(width, height, seed=i)))
    source = sources.resolve(str(tmp_path))
    assert oblong.share_cut_off(source) == pytest.approx(lost, abs=0.01)
    assert (oblong.share_cut_off(source) > oblong.LITTLE) == bool(lost)


def test_idx_sets_are_square(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path)
    write_mnist(tmp_path / "mnist")
    assert oblong.share_cut_off(sources.resolve("mnist")) == 0


def test_examples_are_the_most_oblong_in_each_way(tmp_path):
    write_pictures(tmp_path, 4)
    (tmp_path / "tall.png").write_bytes(encode(colour(20, 80)))
    source = sources.resolve(str(tmp_path))
    shown = {crop: np.asarray(oblong.examples(source, crop, n=1)[0]) for crop in ("square", "whole", "pad")}
    assert {pixels.shape for pixels in shown.values()} == {(96, 96, 3)}
    assert np.ptp(shown["pad"][:, 0], axis=0).max() == 0 < np.ptp(shown["whole"][:, 0], axis=0).max()
