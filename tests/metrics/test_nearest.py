import numpy as np
import pytest

from dcgan.metrics import nearest
from tests.evaluation.test_pixel_report import clothes


@pytest.mark.parametrize("chunk", [1, 5000, 2**23])
def test_nearest_training_agrees_with_brute_force_whatever_the_chunks(monkeypatch, chunk):
    monkeypatch.setattr(nearest, "CHUNK_FLOATS", chunk)
    monkeypatch.setattr(nearest, "QUERY_ROWS", 7)
    train, queries = clothes(90), np.concatenate([clothes(20, seed=4), clothes(90)[40:45]])
    gaps = queries[:, None].astype(float) - train[None]
    truth = np.sqrt(np.square(gaps).mean((2, 3)))
    index, distances = nearest.nearest_training(queries, train)
    assert (index == truth.argmin(1)).all()
    assert distances == pytest.approx(truth.min(1), abs=1e-9) and (distances[20:] == 0).all()
