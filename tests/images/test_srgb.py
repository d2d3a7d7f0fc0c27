"""Colours as the profile of a file means them."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from dcgan.images.decode import decode
from dcgan.images.tones import Reading
from tests.files import encode

P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))  # Display P3's primaries at D50


def profile(primaries: tuple[tuple[float, ...], ...] = P3, gamma: float = 2.2) -> bytes:
    """A matrix profile (ICC.1:2001, 6.3.1.2)."""

    def xyz(values: tuple[float, ...]) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(v * 65536)) for v in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 79
    tags = [(b"desc", desc), (b"wtpt", xyz((0.9642, 1.0, 0.8249)))]
    tags += [(b"rXYZ", xyz(primaries[0])), (b"gXYZ", xyz(primaries[1])), (b"bXYZ", xyz(primaries[2]))]
    tags += [(name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")]
    table, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, value in tags:
        table += name + struct.pack(">II", offset + len(body), len(value))
        body += value
    data = struct.pack(">I", len(tags)) + table + body
    head = struct.pack(">I4sI4s4s4s12x4s", 128 + len(data), b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return (head + bytes(28) + xyz((0.9642, 1.0, 0.8249))[8:]).ljust(128, b"\0") + data


def centre(content: bytes, **options) -> tuple[int, ...]:
    picture = decode(lambda _: content, "a", **options).convert("RGB")
    return picture.getpixel((picture.width // 2, picture.height // 2))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_red_of_display_p3_is_that_of_srgb(kind, mode):
    if mode != "RGB" and kind == "JPEG" or mode == "P" and kind in ("WEBP", "AVIF"):
        pytest.skip("there is no such file")
    options = {"quality": 95} if kind in ("JPEG", "AVIF") else {}
    picture = Image.new("RGB", (64, 64), (234, 51, 35))
    picture = picture.quantize(2) if mode == "P" else picture.convert(mode)
    content = encode(picture, kind, icc_profile=profile(), **options)
    assert np.abs(np.subtract(centre(content), (255, 0, 0))).max() <= 4
    if kind != "AVIF":
        assert np.abs(np.subtract(centre(content, reading=Reading(1)), (234, 51, 35))).max() <= 3  # as runs from before


def test_srgb_and_what_is_no_profile_change_nothing():
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for icc in (own, b"no profile", b""):
        content = encode(Image.new("RGB", (64, 64), (234, 51, 35)), icc_profile=icc)
        assert centre(content) == (234, 51, 35)


def test_transparency_stays_white_and_grey_stays_grey():
    picture = Image.new("RGBA", (64, 64), (234, 51, 35, 0))
    assert centre(encode(picture, icc_profile=profile())) == (255, 255, 255)
    grey = encode(Image.new("L", (64, 64), 100), icc_profile=profile())  # of colours: not for this picture
    assert decode(lambda _: grey, "a").mode == "L" and centre(grey) == (100, 100, 100)
