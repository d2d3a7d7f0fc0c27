import io
import json
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from dcgan.errors import BadInput
from dcgan.images import embedded, grids
from dcgan.images import encode as images

RECIPE = {"run": "Kleider <&> größer", "seeds": [1, 2, 3], "truncation": 0.7, "long": "x" * 3000, "none": None}
ENCODERS = {
    "png": lambda frames, recipe: images.png_bytes(frames[0], recipe),
    "gif": lambda frames, recipe: images.gif_bytes(frames, recipe=recipe),
    "webp": lambda frames, recipe: images.webp_bytes(frames, recipe=recipe),
}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def noise(*shape, seed=0, high=256):
    return np.random.default_rng(seed).integers(0, high, shape, dtype=np.uint8)


def decode(data):
    """Every shown frame as RGB, with its duration in milliseconds."""
    with Image.open(io.BytesIO(data)) as picture:
        return [(np.array(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(picture)]


def test_to_uint8_meets_known_levels_and_clamps():
    x = np.array([-9, -1, 0, 0.5, 1, np.inf, np.nan, -np.inf], np.float32).reshape(1, 1, 2, 4)
    assert grids.to_uint8(x).tolist() == [[[0, 0, 128, 191], [255, 255, 0, 0]]]


def test_to_uint8_inverts_the_scaling_of_all_levels():
    levels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    assert (grids.to_uint8(levels[:, None].astype(np.float32) / 127.5 - 1) == levels).all()


def test_to_uint8_moves_channels_last():
    x = np.zeros((2, 3, 4, 5), np.float32)
    x[:, 1] = 1
    assert grids.to_uint8(x).shape == (2, 4, 5, 3)
    assert grids.to_uint8(x)[0, 0, 0].tolist() == [128, 255, 128]
    with pytest.raises(AssertionError):
        grids.to_uint8(x[0])


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.none() | st.integers(1, 25), st.integers(0, 3), st.booleans())
def test_grid_holds_every_picture_in_reading_order(n, columns, gap, colour):
    batch = noise(n, 4, 5, *([3] if colour else []))
    sheet = grids.grid(batch, columns, gap)
    across = (sheet.shape[1] + gap) // (5 + gap)
    if columns is None:
        assert across == np.ceil(np.sqrt(n))
    left = np.ones(sheet.shape[:2], bool)
    for i in range(n):
        cell = np.s_[i // across * (4 + gap) :, i % across * (5 + gap) :]
        assert (sheet[cell][:4, :5] == batch[i]).all()
        left[cell][:4, :5] = False
    assert (sheet[left] == grids.GAP).all()


def test_grid_background_may_be_a_colour():
    sheet = grids.grid(noise(2, 3, 3, 3), gap=1, background=(1, 2, 3))
    assert sheet[:, 3].tolist() == [[1, 2, 3]] * 3


def test_upscale_is_crisp_or_smooth():
    image = np.array([[0, 255]], np.uint8)
    assert grids.upscale(image, 2).tolist() == [[0, 0, 255, 255]] * 2
    smooth = grids.upscale(image, 8, smooth=True)
    assert smooth.shape == (8, 16) and len(np.unique(smooth)) > 4
    assert grids.upscale(noise(3, 4, 3), 3, smooth=True).shape == (9, 12, 3)
    assert (grids.upscale(noise(4, 4), 1, smooth=True) == noise(4, 4)).all()


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1)])
def test_png_is_exact(shape):
    image = noise(*shape)
    with Image.open(io.BytesIO(images.png_bytes(image, RECIPE))) as picture:
        assert (np.array(picture) == image).all()
        assert json.loads(picture.info["dcgan"]) == RECIPE


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(0, 99), st.sampled_from([2, 5, 256]), st.booleans())
def test_animations_keep_every_grey_level(num_frames, seed, high, still_rows):
    frames = noise(num_frames, 17, 16, seed=seed, high=high)
    if still_rows:
        frames[:, 4:] = frames[0, 4:]
    frames[0, 0] = 7  # so that the first two differ
    for data in (images.gif_bytes(frames), images.webp_bytes(frames)):
        shown = [picture for picture, duration in decode(data) for _ in range(round(duration / 50) or 1)]
        assert (np.stack(shown) == frames[..., None]).all()


def test_gif_keeps_up_to_256_colours_exactly_and_stays_close_beyond():
    colours = noise(200, 3)
    few = colours[np.random.default_rng(1).integers(0, 200, (3, 20, 20))]
    assert all((a == b).all() for (a, _), b in zip(decode(images.gif_bytes(few)), few, strict=True))
    ramp = np.linspace(0, 1, 64)
    smooth = np.stack([np.outer(ramp, ramp), np.outer(1 - ramp, ramp), np.outer(ramp, 1 - ramp)], -1)
    frames = (np.stack([smooth, smooth[::-1]]) * 255).astype(np.uint8)
    for (a, _), b in zip(decode(images.gif_bytes(frames)), frames, strict=True):
        assert np.abs(a.astype(int) - b).mean() < 4


def test_a_list_of_pictures_is_a_batch():
    frames = noise(4, 8, 8, 3)
    for encode in (grids.grid, images.gif_bytes, images.webp_bytes):
        assert np.array_equal(encode(list(frames)), encode(frames))


def test_webp_keeps_colour_exactly():
    frames = noise(3, 9, 8, 3)
    assert all((a == b).all() for (a, _), b in zip(decode(images.webp_bytes(frames)), frames, strict=True))


@pytest.mark.parametrize("fps", [0.1, 7, 20, 30, 50])
def test_durations_add_up(fps):
    frames = noise(12, 8, 8)
    for encode in (images.gif_bytes, images.webp_bytes):
        total = sum(duration for _, duration in decode(encode(frames, fps=fps)))
        assert abs(total - 12_000 / fps) <= 10


def test_equal_frames_keep_their_time():
    frames = noise(1, 8, 8).repeat(4, axis=0)
    frames[3] = 0
    assert [duration for _, duration in decode(images.gif_bytes(frames, fps=10))] == [300, 100]
    assert sum(duration for _, duration in decode(images.webp_bytes(frames, fps=10))) == 400


@pytest.mark.parametrize("loop", [True, False])
def test_loop_is_written(loop):
    with Image.open(io.BytesIO(images.gif_bytes(noise(2, 8, 8), loop=loop))) as gif:
        assert gif.info.get("loop") == (0 if loop else None)
    with Image.open(io.BytesIO(images.webp_bytes(noise(2, 8, 8), loop=loop))) as webp:
        assert webp.info["loop"] == (0 if loop else 1)


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("shape", [(3, 8, 8), (3, 8, 8, 3), (1, 8, 8)])
def test_recipe_comes_back_and_bytes_repeat(kind, shape):
    encode, frames = ENCODERS[kind], noise(*shape)
    data = encode(frames, RECIPE)
    assert embedded.read_recipe(data) == RECIPE
    assert data == encode(frames.copy(), dict(reversed(RECIPE.items())))
    assert embedded.read_recipe(encode(frames, None)) is None


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(ENCODERS)), st.dictionaries(st.text(), json_values, max_size=4))
def test_any_json_object_survives(kind, recipe):
    assert embedded.read_recipe(ENCODERS[kind](noise(1, 2, 2), recipe)) == recipe


def png_chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"zTXt", b"dcgan\0\0" + zlib.compress(b'{"a":1}')),
        png_chunk(b"iTXt", b'dcgan\0\0\0en\0name\0{"a":1}'),
        png_chunk(b"iTXt", b"dcgan\0\1\0\0\0" + zlib.compress(b'{"a":1}')),
    ],
)
def test_recipe_is_read_from_rewritten_png(chunk):
    plain = images.png_bytes(noise(2, 2))
    assert embedded.read_recipe(plain[:-12] + chunk + plain[-12:]) == {"a": 1}


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"a":NaN}', b"\xff", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}", b" " * (2 << 20) + b"{}"],
    ids=lambda body: repr(body[:8]),
)
def test_damaged_recipe_is_refused(body):
    for chunk in (png_chunk(b"tEXt", b"dcgan\0" + body), png_chunk(b"zTXt", b"dcgan\0\0" + zlib.compress(body))):
        with pytest.raises(BadInput, match="recipe"):
            embedded.read_recipe(images.png_bytes(noise(2, 2)) + chunk)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(ENCODERS)), st.data())
def test_hostile_bytes_raise_nothing_but_bad_input(kind, data):
    good = ENCODERS[kind](noise(2, 4, 4), {"a": 1})
    at = data.draw(st.integers(0, len(good)))
    bad = good[:at] + data.draw(st.binary(max_size=8)) + good[at + data.draw(st.integers(0, 8)) :]
    bad = bad[: data.draw(st.integers(0, len(bad)))] if data.draw(st.booleans()) else bad
    try:
        recipe = embedded.read_recipe(bad)
    except BadInput:
        return
    assert recipe is None or isinstance(recipe, dict)


@pytest.mark.parametrize(
    "name, call",
    [
        ("images", lambda: grids.grid(noise(0, 4, 4))),
        ("columns", lambda: grids.grid(noise(2, 4, 4), columns=0)),
        ("gap", lambda: grids.grid(noise(2, 4, 4), gap=-1)),
        ("factor", lambda: grids.upscale(noise(4, 4), 0)),
        ("factor", lambda: grids.upscale(noise(4, 4), 1.5)),
        ("frames", lambda: images.gif_bytes(noise(0, 4, 4))),
        ("frames", lambda: images.webp_bytes([])),
        ("fps", lambda: images.gif_bytes(noise(2, 4, 4), fps=0)),
        ("fps", lambda: images.webp_bytes(noise(2, 4, 4), fps=float("nan"))),
        ("recipe", lambda: images.png_bytes(noise(2, 2), {"a": "x" * (1 << 20)})),
        ("PNG", lambda: embedded.read_recipe(b"")),
    ],
)
def test_bad_input_names_the_argument(name, call):
    with pytest.raises(BadInput, match=name):
        call()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_corner_of_a_grid_holds_its_first_pictures(channels):
    pictures = np.random.default_rng(0).integers(0, 256, (12, 5, 5, 3)[: 3 + (channels == 3)], np.uint8)
    sheet = grids.grid(pictures, columns=4)
    np.testing.assert_array_equal(grids.corner(sheet, 5, 2, 2), grids.grid(pictures[[0, 1, 4, 5]], columns=2))
    np.testing.assert_array_equal(grids.corner(sheet, 5, 9, 9), sheet)
