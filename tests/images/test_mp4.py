"""Frames to MP4, with and without the package that makes it."""

import io
import json

import numpy as np
import pytest

from dcgan.errors import BadInput
from dcgan.images import mp4

FRAMES = np.random.default_rng(0).integers(0, 256, (8, 17, 20, 3), dtype=np.uint8)


def test_a_side_is_filled_up_to_whole_blocks_and_the_same_frames_give_the_same_bytes():
    av = pytest.importorskip("av")
    data = mp4.mp4_bytes(FRAMES, 12.5, {"run": "a", "seeds": [1, 2]})
    assert data == mp4.mp4_bytes(list(FRAMES), 12.5, {"seeds": [1, 2], "run": "a"})
    with av.open(io.BytesIO(data)) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height, stream.frames) == (32, 32, 8)
        assert stream.average_rate == 12.5 and stream.codec.name == "h264"
        assert json.loads(film.metadata["comment"]) == {"run": "a", "seeds": [1, 2]}


@pytest.mark.parametrize("shape", [(8, 17, 20, 3), (6, 96, 70)])
def test_what_else_is_in_memory_changes_no_byte(shape):
    pytest.importorskip("av")
    rng, films = np.random.default_rng(0), set()
    frames = rng.integers(0, 256, shape, dtype=np.uint8)
    for _ in range(20):
        other = [rng.bytes(int(rng.integers(10, 90_000))) for _ in range(20)]
        films.add(mp4.mp4_bytes(frames, 12.5))
        del other
    assert len(films) == 1


@pytest.mark.parametrize(("frames", "fps", "words"), [([], 20, "at least one"), (FRAMES, 0, "fps must be")])
def test_what_no_film_can_be_is_refused(frames, fps, words):
    pytest.importorskip("av")
    with pytest.raises(BadInput, match=words):
        mp4.mp4_bytes(frames, fps)


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(mp4, "available", lambda: False)
    with pytest.raises(BadInput, match="pip install av"):
        mp4.mp4_bytes(FRAMES)


@pytest.mark.parametrize(("side", "times"), [(28, 10), (32, 8), (64, 4), (128, 2), (256, 1), (512, 1)])
def test_small_frames_are_enlarged(side, times):
    assert mp4.enlargement(side) == times
