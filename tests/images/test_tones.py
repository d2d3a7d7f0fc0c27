"""Pictures of more than 8 bits a value."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from dcgan.images.decode import decode
from dcgan.images.tones import Reading
from tests.files import encode


def grey(content: bytes, black: float = 0.0, white: float = 0.0) -> int:
    picture = decode(lambda _: content, "a", reading=Reading(2, black, white))
    return int(np.asarray(picture.convert("L"))[0, 0])


def flat(value: float, dtype: type) -> Image.Image:
    return Image.fromarray(np.full((8, 8), value, dtype))


def png(bits: int, colour: int, values: np.ndarray, clear: tuple[int, ...]) -> bytes:
    """A PNG with a value that is transparent: values (H, W, channels) of 1 to 16 bits."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b""
    for row in values.reshape(len(values), -1):
        digits = "".join(f"{value:0{bits}b}" for value in row)
        rows += b"\0" + int(digits, 2).to_bytes(len(digits) // 8, "big")
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], bits, colour, 0, 0, 0)
    body = chunk(b"tRNS", struct.pack(f">{len(clear)}H", *clear)) + chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def test_the_range_of_the_set_is_black_to_white():
    half = encode(flat(2048, np.uint16))
    assert grey(half) == 8 and grey(half, 0, 4095) == 128
    assert grey(encode(flat(-0.5, np.float32), "TIFF"), -1, 1) == 64
    assert grey(encode(flat(9, np.float32), "TIFF"), 0, 1) == 255


def test_neighbours_keep_their_distance():
    """Not each on the scale of its own brightest value, as 0 to 1 here and 0 to 255 there."""
    dark, bright = (encode(flat(value, np.float32), "TIFF") for value in (0.9, 200.0))
    assert (grey(dark, 0, 255), grey(bright, 0, 255)) == (1, 200)


def test_a_files_own_word_goes_before_the_set():
    pgm = b"P5\n2 2\n4095\n" + struct.pack(">4H", *[2048] * 4)
    assert grey(pgm, 0, 1000) == 128
    assert grey(encode(flat(2048, np.uint16), "TIFF", tiffinfo={281: 4095}), 0, 1000) == 128
    assert grey(b"P5\n2 2\n65535\n" + struct.pack(">4H", *[200] * 4), 0, 1000) == 1


def test_what_is_no_number_is_black():
    assert grey(encode(flat(float("nan"), np.float32), "TIFF"), 0, 1) == 0


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("colour", [0, 2])
def test_a_transparent_value_is_white_at_every_depth(bits, colour):
    if colour == 2 and bits < 8:
        pytest.skip("there is no such file")
    channels = 3 if colour else 1
    values = np.zeros((8, 8, channels), int)
    values[4:] = 2**bits - 1
    for clear, other, expected in ((0, -1, 255), (2**bits - 1, 0, 0)):
        content = png(bits, colour, values, (clear,) * channels)
        picture = np.asarray(decode(lambda _, c=content: c, "a").convert("L"))
        assert picture[0 if clear == 0 else -1, 0] == 255 and picture[other, 0] == expected


@pytest.mark.parametrize("colour,channels", [(2, 3), (6, 4)])
def test_colours_of_16_bits_are_shown_on_the_scale_of_the_set(colour, channels):
    values = np.zeros((8, 8, channels), int)
    values[...] = (4095, 2048, 16, 65535)[:channels]
    content = png(16, colour, values, (0, 0, 0))
    picture = decode(lambda _: content, "a", reading=Reading(2, 0, 4095))
    assert picture.getpixel((0, 0)) == (255, 128, 1)
    assert decode(lambda _: content, "a", reading=Reading(2, 0, 65_535)).getpixel((0, 0)) == (15, 8, 0)
    assert decode(lambda _: content, "a", reading=Reading(1)).getpixel((0, 0)) == (15, 8, 0)


def test_a_transparent_colour_of_16_bits_is_white():
    values = np.full((8, 8, 3), 2048)
    values[4:] = 300
    picture = decode(lambda _: png(16, 2, values, (300, 300, 300)), "a", reading=Reading(2, 0, 4095))
    assert picture.getpixel((0, 0)) == (128, 128, 128) and picture.getpixel((0, 7)) == (255, 255, 255)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_tiff_of_16_bits_for_each_colour(order):
    pixels = np.full((8, 8, 3), 2048).astype(f"{order}u2").tobytes()
    entries = [(256, 3, 1, 8), (257, 3, 1, 8), (258, 3, 3, 8 + len(pixels)), (259, 3, 1, 1), (262, 3, 1, 2)]
    entries += [(273, 4, 1, 8), (277, 3, 1, 3), (278, 3, 1, 8), (279, 4, 1, len(pixels)), (284, 3, 1, 1)]
    bits = struct.pack(f"{order}3H", 16, 16, 16)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(pixels) + len(bits))
    table = struct.pack(f"{order}H", len(entries))
    for tag, kind, number, value in entries:
        short = struct.pack(f"{order}HH", value, 0) if kind == 3 and number == 1 else struct.pack(f"{order}I", value)
        table += struct.pack(f"{order}HHI", tag, kind, number) + short
    content = head + pixels + bits + table + bytes(4)
    assert decode(lambda _: content, "a", reading=Reading(2, 0, 4095)).getpixel((0, 0)) == (128, 128, 128)
