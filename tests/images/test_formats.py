"""What a file is, by its first bytes and its name."""

import io

import numpy as np
import pytest
from PIL import Image

from dcgan.data.picture_files import reader
from dcgan.images import decode, formats
from tests.files import colour, encode

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "QOI", "ICO"])
@pytest.mark.parametrize("name", ["a", "a.dat", "IMG_1.HEIC", "a.PNG_large"])
def test_a_picture_is_read_whatever_it_is_called(tmp_path, kind, name):
    content = encode(colour(64, 64), kind)
    assert formats.kind_of(content[: formats.SNIFFED]) == kind and formats.other_kind(name, content[:512]) == ""
    (tmp_path / name).write_bytes(content)
    with reader(tmp_path) as read:
        assert decode.decode(read, name).size == (64, 64)


def test_every_format_that_pillow_writes_is_read_or_named():
    Image.init()
    for suffix, kind in Image.EXTENSION.items():
        if kind in Image.SAVE and kind not in ("PDF", "EPS", "PALM", "IM", "BUFR", "GRIB", "HDF5", "WMF"):
            buffer = io.BytesIO()
            mode = {"XBM": "1", "MSP": "1", "SPIDER": "F", "BLP": "P"}.get(kind, "RGB")
            colour(64, 64).convert(mode).save(buffer, kind)
            content = buffer.getvalue()
            assert suffix in formats.SUFFIXES, suffix
            assert decode.decode(lambda _, content=content: content, f"a{suffix}").width >= 64


@pytest.mark.parametrize(
    "name,head,kind",
    [
        ("h.svg", b"<svg xmlns='x'>", "SVG drawing"),
        ("drawing", b"<?xml version='1.0'?>\n<!-- by hand -->\n<svg>", "SVG drawing"),
        ("a.mov", b"\0\0\0\x14ftypqt  ", "video"),
        ("film", b"\0\0\0\x18ftypisom\0\0\0\0", "video"),
        ("a.nef", None, "camera raw photograph"),
        ("x.xml", None, formats.NOTES),
        ("README", b"Pictures of cats", formats.NOTES),
        ("LIESMICH", ("\u00e4" * 600).encode()[:511], formats.NOTES),
        ("x.npz", b"PK\3\4", "array or table"),
        ("set", b"PK\3\4", "archive"),
        ("a.jxl", b"\xff\x0a", "JPEG XL picture"),
        ("scan", bytes(128) + b"DICM", "DICOM image"),
        ("weights.bin", b"\0\1\2\3", ".bin file"),
        ("nothing", b"", "empty file"),
        ("noise", b"\0\1\2\3", "unknown file"),
    ],
)
def test_what_is_no_picture_has_a_kind(name, head, kind):
    assert formats.other_kind(name, head) == kind


def test_a_heic_photograph_is_read_by_its_package_or_names_it(monkeypatch):
    picture = Image.new("RGB", (64, 64), (200, 40, 40))
    if formats.has_heif():
        decode._register_heif()
        content = encode(picture, "HEIF", quality=90)
        assert formats.kind_of(content) == "HEIF"
        found = np.asarray(decode.decode(lambda _: content, "a.jpg")).astype(int)
        assert np.abs(found - (200, 40, 40)).max() < 6
    monkeypatch.setattr(decode, "has_heif", lambda: False)
    with pytest.raises(ValueError, match="a.heic: a HEIC photograph: install the package pillow-heif"):
        decode.decode(lambda _: HEIC, "a.heic")


def test_numbers_of_a_kind_in_words():
    assert formats.plural("SVG drawing", 1) == "1 SVG drawing" and formats.plural("video", 1000) == "1,000 videos"
    assert formats.plural("array or table", 2) == "2 arrays or tables"
    assert formats.plural("folder that can't be read (gone)", 2) == "2 folders that can't be read (gone)"
