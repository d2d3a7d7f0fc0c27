"""A stranger's picture becomes one as the data set has them: files of any kind are taken or refused."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from dcgan.config import Config
from dcgan.data.dataset import real_pictures
from dcgan.errors import BadInput
from dcgan.latent import framing

CONFIG = Config(preset="made", image_size=16, z_dim=12, ngf=4, stem="dense")


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_picture_of_the_data_set_is_prepared_as_the_data_set_is():
    from dcgan.data import idx, sources

    config = Config(preset="x", image_size=32)
    originals = idx.read_split(sources.resolve("fashion-mnist").path, "test", ())[0]
    for size in (28, 32, 64):
        real = real_pictures(config.replace(image_size=size), "test")
        assert np.array_equal(framing.target_of(png(originals[7]), "7.png", config.replace(image_size=size)), real[7])
    real = real_pictures(config, "test")
    large = np.kron(real[7], np.ones((16, 16), np.uint8))  # as the studio enlarges
    assert np.abs(framing.target_of(png(large), "7.png", config).astype(int) - real[7]).max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(40, 90), (300, 200, 3), (7, 7, 4), (128, 128)])
@pytest.mark.parametrize("data", ["fashion-mnist", "somewhere/pictures"])
def test_any_picture_becomes_one_of_the_models_size(channels, shape, data):
    config = Config(preset="x", image_size=64, channels=channels, data=data)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    target = framing.target_of(png(pixels), "a.png", config)
    assert target.dtype == np.uint8 and target.shape == (64, 64, 3)[: 2 + (channels == 3)]


def test_light_and_dark_are_swapped_before_the_frame_is_added():
    white = png(np.full((50, 80), 255, np.uint8))
    assert framing.target_of(white, "a.png", Config(preset="x"), inverted=True).max() == 0
    assert framing.target_of(white, "a.png", Config(preset="x"))[4:-4, 4:-4].min() == 255


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89PNG\r\n\x1a\n" + b"x" * 40])
def test_bad_files_are_refused_in_one_sentence(content):
    with pytest.raises(BadInput, match="can't be used as a picture: holiday.png: ") as refused:
        framing.target_of(content, "holiday.png", CONFIG)
    assert "\n" not in str(refused.value)


def photo(thing: np.ndarray, paper: int, seed: int = 0) -> bytes:
    """A thing (28, 28), light on black, as dark on paper that is unevenly lit, in the middle of a large JPEG."""
    large = Image.fromarray(thing).resize((448, 448), Image.Resampling.LANCZOS)
    sheet = np.zeros((800, 1000), np.float32)
    sheet[176:624, 276:724] = np.asarray(large)
    lit = paper - 10 * np.linspace(-1, 1, 1000) + np.random.default_rng(seed).normal(0, 4, sheet.shape)
    picture = Image.fromarray(np.clip(lit - sheet * paper / 255, 0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(2)).convert("RGB").save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


@pytest.mark.parametrize("paper", [250, 205])
def test_a_thing_on_light_paper_becomes_what_the_data_set_would_have_made_of_it(paper):
    config = Config(preset="x", image_size=28)
    real = real_pictures(config, "test")
    for at in (0, 2, 7, 23):
        found = framing.target_of(photo(real[at], paper), "a.jpg", config, inverted=True).astype(float)
        off = np.sqrt(np.square(found - real[at]).mean())
        untouched = np.sqrt(np.square(real[at].astype(float)).mean())  # how far black is
        assert off < 0.35 * untouched, at
        assert found[:, 0].max() < 30 or found.max(0).min() > 0  # the paper is black


def test_digits_are_as_large_as_mnist_has_them_and_lie_by_their_centre_of_mass():
    ink = np.full((300, 500), 255, np.uint8)
    ink[50:250, 100:140] = 20  # a one with a heavy foot
    ink[210:250, 60:180] = 20
    found = framing.target_of(png(ink), "1.png", Config(preset="x", image_size=28, data="mnist"), inverted=True)
    rows, columns = np.flatnonzero(found.max(1) > 60), np.flatnonzero(found.max(0) > 60)
    assert rows[-1] - rows[0] + 1 == 20 and columns[-1] - columns[0] + 1 == 12
    mass = found.sum(1) @ (np.arange(28) + 0.5) / found.sum()
    assert abs(mass - 14) <= 0.6


def test_without_a_plain_background_the_middle_is_taken_as_it_is():
    rng = np.random.default_rng(0)
    busy = rng.integers(0, 256, (280, 280), dtype=np.uint8)
    config = Config(preset="x", image_size=28)
    expected = np.asarray(Image.fromarray(busy).resize((28, 28), Image.Resampling.LANCZOS))
    assert np.array_equal(framing.target_of(png(busy), "a.png", config), expected)


@pytest.mark.parametrize(
    ("own", "usual", "swapped"),
    [(250, 0, True), (200, 0, True), (150, 0, False), (5, 0, False), (3, 250, True), (250, 128, False)],
)
def test_light_and_dark_are_the_other_way_round_only_where_backgrounds_say_so(own, usual, swapped):
    pictures = np.full((4, 16, 16), usual, np.uint8)
    pictures[:, 5:9, 5:9] = 255 - usual
    assert framing.is_swapped(own, pictures) == swapped
    pictures[::2] = 120  # of faces, say, whose backgrounds are of any kind
    assert not framing.is_swapped(own, pictures)
