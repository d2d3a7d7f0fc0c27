import numpy as np
import pytest
import torch
from torch.nn import functional

from dcgan.config import Config
from dcgan.data.batches import to_float
from dcgan.data.dataset import as_prepared
from dcgan.networks.architectures import Originals
from dcgan.networks.enlarging import enlarging, undoing
from dcgan.networks.models import Discriminator


@pytest.mark.parametrize(("small", "large"), [(28, 64), (32, 64), (32, 128)])
def test_an_enlarged_picture_comes_back(small, large):
    x = torch.rand(3, 1, small, small)
    enlarged = functional.interpolate(x, (large, large), mode="bilinear", antialias=True)
    up, back = enlarging(small, large), undoing(small, large)
    torch.testing.assert_close(up @ x @ up.T, enlarged)
    torch.testing.assert_close(back @ enlarged @ back.T, x, atol=1e-4, rtol=0)


@pytest.mark.parametrize("crop", ["square", "pad"])
@pytest.mark.parametrize("size", [64, 128])
def test_d_sees_of_a_prepared_picture_what_is_prepared_at_32_pixels(size, crop):
    pictures = np.random.default_rng(0).integers(0, 256, (8, 1, 28, 28), np.uint8)
    original, large = (to_float(torch.from_numpy(as_prepared(pictures, to, crop))) for to in (32, size))
    looks = Originals(size, crop == "pad")
    assert (looks(large) - original).abs().max() < 4 / 127.5  # what rounding to whole grey levels leaves
    assert looks(original) is original
    assert looks.rest(large).abs().max() < 2 / 127.5
    noise = torch.randn(8, 1, size, size)
    assert (looks(large + looks.rest(noise)) - looks(large)).abs().max() < 1e-3  # what D can't see
    torch.testing.assert_close(
        looks.rest(large + looks.rest(noise)), looks.rest(large) + looks.rest(noise), atol=1e-4, rtol=0
    )


def test_d_of_larger_pictures_is_that_of_32_pixels():
    small, large = (Config(image_size=size, ndf=4, d_sees="original") for size in (32, 64))
    mine, theirs = (sum(p.numel() for p in Discriminator(c).parameters()) for c in (small, large))
    assert mine == theirs and (small.seen_size, large.seen_size) == (32, 32)
