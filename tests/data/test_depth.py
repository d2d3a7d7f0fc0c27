"""One scale for all deep pictures of a set."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from dcgan.data.depth import Depth, depth_of, range_around
from tests.files import colour, encode
from tests.images.test_tones import png


@pytest.mark.parametrize(
    "low,high,floats,expected",
    [
        (0, 4095, False, (0, 4095)),
        (0, 3000, False, (0, 4095)),
        (12, 200, False, (0, 255)),
        (0, 1, False, (0, 1)),
        (0, 65_000, False, (0, 65_535)),
        (-1024, 3071, False, (-1024, 3071)),
        (0.0, 1.0005, True, (0, 1)),
        (-1.0, 1.0, True, (-1, 1)),
        (0.0, 254.0, True, (0, 255)),
        (0.0, 0.004, True, (0, 0.004)),
        (-5.0, 2.0, True, (-5.0, 2.0)),
        (7.0, 7.0, True, (0, 7.0)),
    ],
)
def test_what_is_black_and_white(low, high, floats, expected):
    assert range_around(low, high, floats) == pytest.approx(expected)


def files(*values: float, dtype: type = np.uint16) -> tuple[list[str], Callable[[str], bytes]]:
    kind = "TIFF" if dtype is np.float32 else "PNG"
    found = {f"{i}.png": encode(Image.fromarray(np.full((8, 8), v, dtype)), kind) for i, v in enumerate(values)}
    return sorted(found), found.__getitem__


def test_the_range_is_that_of_the_whole_set():
    assert depth_of(*files(10, 4000, 500)) == Depth(3, 0.0, 4095.0, dim=1)
    assert depth_of(*files(0.5, -0.8, dtype=np.float32))[:3] == (2, -1.0, 1.0)


def test_pictures_of_8_bits_and_files_that_say_their_range_do_not_count():
    found = {"a.png": encode(colour()), "b.pgm": b"P5\n1 1\n4095\n\1\1", "c.png": b"broken"}
    assert depth_of(sorted(found), found.__getitem__) == Depth()


def test_colours_of_16_bits_count_with_all_their_bits():
    contents = {
        name: png(16, 2, np.full((8, 8, 3), value), (1, 2, 3)) for name, value in (("a.png", 4000), ("b.png", 9))
    }
    assert depth_of(sorted(contents), contents.__getitem__) == Depth(2, 0.0, 4095.0, dim=1)
