"""How strangers' picture files are decoded, within limits."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dcgan.data import archive_members
from dcgan.data.picture_files import reader
from dcgan.images import decode
from tests.files import colour, encode, write_pictures


def read_one(folder: Path, name: str, content: bytes, size: int = 8, channels: int = 3) -> np.ndarray:
    (folder / name).write_bytes(content)
    with reader(folder) as read:
        return np.asarray(decode.fit(decode.decode(read, name), size, channels)).astype(int)


def flat(mode: str, value) -> Image.Image:
    return Image.new(mode, (8, 8), value)


@pytest.mark.parametrize(
    "name,content,expected",
    [
        ("rgb.png", encode(flat("RGB", (200, 10, 30))), (200, 10, 30)),
        ("cmyk.jpg", encode(flat("CMYK", (0, 255, 255, 0)), "JPEG"), (254, 0, 0)),
        ("cmyk.tif", encode(flat("CMYK", (0, 255, 255, 0)), "TIFF"), (255, 0, 0)),
        ("16-bit.png", encode(flat("I;16", 32_896)), (128, 128, 128)),
        ("dark-16-bit.png", encode(flat("I;16", 257)), (1, 1, 1)),
        ("float.tif", encode(flat("F", 0.5), "TIFF"), (128, 128, 128)),
        ("clear.png", encode(flat("RGBA", (255, 0, 0, 0))), (255, 255, 255)),
        ("half.png", encode(flat("RGBA", (0, 0, 0, 128))), (127, 127, 127)),
        ("grey-clear.png", encode(flat("LA", (0, 0))), (255, 255, 255)),
        ("one-bit.png", encode(flat("1", 1)), (255, 255, 255)),
        ("palette.gif", encode(flat("RGB", (0, 0, 255)).quantize(4), "GIF"), (0, 0, 255)),
        ("tiny.png", encode(Image.new("RGB", (1, 1), (9, 8, 7))), (9, 8, 7)),
        ("WIDE.PNG", encode(Image.new("RGB", (900, 3), (9, 8, 7))), (9, 8, 7)),
        ("lossless.webp", encode(flat("RGB", (5, 6, 7)), "WEBP", lossless=True), (5, 6, 7)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_kind_of_picture_is_read(tmp_path, name, content, expected):
    array = read_one(tmp_path, name, content)
    assert array.shape == (8, 8, 3) and np.abs(array - expected).max() <= 1


def test_transparent_palette_is_white(tmp_path):
    picture = flat("P", 0)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    assert (read_one(tmp_path, "p.png", encode(picture, transparency=0)) == 255).all()


def test_first_frame_of_an_animation(tmp_path):
    frames = encode(flat("L", 10), "GIF", save_all=True, append_images=[flat("L", 200)])
    assert np.abs(read_one(tmp_path, "a.gif", frames) - 10).max() <= 1


def test_exif_rotation_is_undone(tmp_path):
    picture = Image.new("L", (8, 8), 0)
    picture.paste(255, (0, 0, 8, 4))  # white above black ...
    exif = Image.Exif()
    exif[0x0112] = 3  # ... in a camera held upside down
    array = read_one(tmp_path, "r.jpg", encode(picture, "JPEG", exif=exif, quality=95), channels=1)
    assert array[:3].max() < 60 and array[5:].min() > 200


def test_wide_picture_is_cropped_at_its_centre(tmp_path):
    picture = Image.new("RGB", (30, 10), "red")
    picture.paste((0, 0, 255), (10, 0, 20, 10))
    assert (read_one(tmp_path, "w.png", encode(picture)) == (0, 0, 255)).all()


def test_resize_is_antialiased(tmp_path):
    board = Image.fromarray((np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8))
    assert np.abs(read_one(tmp_path, "board.png", encode(board)) - 127).max() <= 4


def bomb() -> bytes:
    """A PNG whose header declares 60,000 x 60,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    crc = struct.pack(">I", __import__("zlib").crc32(header))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + crc + encode(flat("L", 0))[33:]


BROKEN = {
    "page.jpg": (b"<html>404</html>", "not a picture in a known format"),
    "empty.png": (b"", "the file is empty"),
    "script.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture in a known format"),
    "cut.png": (encode(colour(64, 64))[:2000], ""),
    "cut.jpg": (encode(colour(64, 64), "JPEG")[:1500], "truncated"),
    "bomb.png": (bomb(), "too many pixels"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_picture_is_named_with_its_reason(tmp_path, name):
    content, reason = BROKEN[name]
    with pytest.raises(ValueError, match=f"^{name}: .*{reason}"):
        read_one(tmp_path, name, content)


@pytest.mark.parametrize("large", [0, 2**20], ids=["as large ones", "as small ones"])
@pytest.mark.parametrize("name", BROKEN)
def test_broken_pictures_are_found_without_making_them(monkeypatch, name, large):
    monkeypatch.setattr(decode, "LARGE", large)
    with pytest.raises(ValueError, match=f"^{name}: "):
        decode.verify(lambda _: BROKEN[name][0], name)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_picture_that_is_whole_is_not_decoded(monkeypatch, kind):
    monkeypatch.setattr(decode, "LARGE", 0)
    content = encode(colour(40, 40), kind)
    monkeypatch.setattr(decode, "_decoded", None)
    decode.verify(lambda _: content, "a")
    with pytest.raises(ValueError):
        decode.verify(lambda _: content[:-30], "a")


def test_a_photograph_with_a_film_behind_it_is_whole(monkeypatch):
    monkeypatch.setattr(decode, "LARGE", 0)
    decode.verify(lambda _: encode(colour(40, 40), "JPEG") + bytes(100_000), "a.jpg")


def test_file_that_is_too_large_or_gone_is_named(tmp_path, monkeypatch):
    write_pictures(tmp_path)
    with reader(tmp_path) as read:
        (tmp_path / "000.png").unlink()
        with pytest.raises(ValueError, match="000.png: the file is missing"):
            decode.decode(read, "000.png")
        monkeypatch.setattr(archive_members, "MAX_FILE_BYTES", 10)
        with pytest.raises(ValueError, match="001.png: the file is too large"):
            decode.decode(read, "001.png")


def test_a_name_can_not_forge_a_line_of_the_log():
    with pytest.raises(ValueError) as caught:
        decode.decode(lambda name: b"x", "a\n2026 INFO\x1b[2J\u202e.png")
    assert str(caught.value) == "a\ufffd2026 INFO\ufffd[2J\ufffd.png: not a picture in a known format"


def test_a_crop_keeps_its_shape_about_the_centre():
    """178 x 208 of 178 x 218, as published for CelebA: five rows go above and below, and no column."""
    picture = Image.new("RGB", (178, 218), "red")
    picture.paste((0, 0, 255), (0, 5, 178, 213))
    assert (np.asarray(decode.fit(picture, 128, 3, "178x208")) == (0, 0, 255)).all()
    assert (np.asarray(decode.fit(picture, 128, 3, "square")) == (0, 0, 255)).all()
    picture.paste((0, 255, 0), (0, 5, 178, 8))
    array = np.asarray(decode.fit(picture, 128, 3, "178x208")).astype(int)
    assert array[0, :, 1].min() > 200 and array[4:, :, 1].max() < 60  # squeezed: 3 rows of 208 became about 2 of 128
    assert decode.fit(Image.new("L", (1, 3000)), 8, 1, "178x208").size == (8, 8)


@pytest.mark.parametrize("width,height", [(60, 120), (120, 60), (61, 122)])
def test_whole_keeps_head_and_feet_and_pad_keeps_the_shape_too(width, height):
    """Red over blue over green, one to three to one: the square cut about the centre loses the first and last."""
    picture, fifth = Image.new("RGB", (width, height), "blue"), max(width, height) // 5
    for start, name in ((0, "red"), (4 * fifth, "lime")):
        span = (start, start + 2 * fifth)
        picture.paste(name, (0, span[0], width, span[1]) if height > width else (span[0], 0, span[1], height))
    picture.paste("blue", (0, fifth, width, 4 * fifth) if height > width else (fifth, 0, 4 * fifth, height))
    whole, pad = (np.asarray(decode.fit(picture, 32, 3, crop)).astype(int) for crop in ("whole", "pad"))
    if width > height:
        whole, pad = whole.transpose(1, 0, 2), pad.transpose(1, 0, 2)
    for pixels in (whole, pad):
        assert pixels.shape == (32, 32, 3)
        assert (pixels[2, 16] == (255, 0, 0)).all() and (pixels[-3, 16] == (0, 255, 0)).all()
    assert (whole[2] == whole[2, 16]).all(), "squeezed to the sides"
    borders = np.concatenate([pad[:, :8], pad[:, -8:]])
    assert np.abs(borders - (0, 0, 255)).max() <= 4, "in the colour that the edge mostly has"


def test_borders_have_the_colour_of_their_edge_and_a_square_has_none():
    for mode, value in (("L", 7), ("L", 255), ("RGB", (9, 200, 30))):
        for size in ((1, 3000), (3000, 1), (20, 31), (16, 16)):
            pixels = np.asarray(decode.fit(Image.new(mode, size, value), 16, len(Image.new(mode, (1, 1)).mode), "pad"))
            assert (pixels == value).all() and pixels.shape[:2] == (16, 16)
    square = colour(40, 40)
    assert len({np.asarray(decode.fit(square, 16, 3, crop)).tobytes() for crop in ("square", "whole", "pad")}) == 1
