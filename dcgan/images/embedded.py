"""What a PNG, GIF or WebP of ours carries of its making, written and read with bounds."""

import html
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from dcgan.errors import BadInput

MAX_RECIPE_BYTES = 1 << 20
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
GIF_MARK = b"dcgan:"
XMP_MARKS = b"<dcgan:recipe>", b"</dcgan:recipe>"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dcgan="urn:dcgan">%s</rdf:Description></rdf:RDF></x:xmpmeta>'
)


def dump(recipe: dict[str, Any]) -> bytes:
    """Write a recipe as plain ASCII with sorted keys, so that equal recipes give equal bytes."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")
    if len(text) > MAX_RECIPE_BYTES:
        raise BadInput(f"recipe is longer than {MAX_RECIPE_BYTES} bytes.")
    return text


def read_recipe(data: bytes) -> dict[str, Any] | None:
    """Return the recipe inside a PNG, GIF or WebP, or None if it has none; no pixel is decoded.

    Raises BadInput, and nothing else, for other kinds of file and for a recipe that can't be read.
    """
    if data[:8] == PNG_HEAD:
        texts = _png_texts(data)
    elif data[:6] in (b"GIF87a", b"GIF89a"):
        texts = _gif_texts(data)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        texts = _webp_texts(data)
    else:
        raise BadInput("The file is not a PNG, GIF or WebP picture.")
    text = next(texts, None)
    if text is None:
        return None
    try:
        recipe = json.loads(text, parse_constant=_refuse) if len(text) <= MAX_RECIPE_BYTES else None
    except (ValueError, RecursionError):  # RecursionError: brackets nested without end
        recipe = None
    if not isinstance(recipe, dict):
        raise BadInput("The recipe inside the picture is damaged.")
    return recipe


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _png_texts(data: bytes) -> Iterator[bytes]:
    """Yield the text of each chunk with the key "dcgan": tEXt as written here, the others after an optimiser."""
    at = 8
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if kind in (b"tEXt", b"zTXt", b"iTXt") and data[at + 8 : at + 14] == b"dcgan\0":
            text, packed = data[at + 14 : at + 8 + length], kind == b"zTXt"
            if kind == b"zTXt":
                text = text[1:]  # compression method
            elif kind == b"iTXt":
                packed = text[:1] == b"\1"
                text = text[2:].split(b"\0", 2)[-1]  # compression flag and method, then language and translated key
            yield _inflate(text) if packed else text
        at += 12 + length


def _inflate(text: bytes) -> bytes:
    """Decompress at most a byte more than a recipe may have; damaged data gives what is no JSON."""
    try:
        return zlib.decompressobj().decompress(text, MAX_RECIPE_BYTES + 1)
    except zlib.error:
        return b""


def _gif_texts(data: bytes) -> Iterator[bytes]:
    """Yield the comments that carry our mark."""
    at = 13 + _palette_bytes(data[10:11])
    while at < len(data):
        if data[at] == 0x2C:  # a frame: descriptor of 10 bytes, palette, code size, then its blocks
            comment, at = False, at + 11 + _palette_bytes(data[at + 9 : at + 10])
        elif data[at] == 0x21:  # an extension: its kind, then its blocks
            comment, at = data[at + 1 : at + 2] == b"\xfe", at + 2
        else:  # the end, or damage
            return
        blocks = []
        while at < len(data) and data[at]:
            if comment:
                blocks.append(data[at + 1 : at + 1 + data[at]])
            at += 1 + data[at]
        at += 1
        text = b"".join(blocks)
        if text.startswith(GIF_MARK):
            yield text[len(GIF_MARK) :]


def _palette_bytes(flags: bytes) -> int:
    return 3 * 2 ** (flags[0] % 8 + 1) if flags and flags[0] & 0x80 else 0


def _webp_texts(data: bytes) -> Iterator[bytes]:
    """Yield what stands between our marks in the XMP chunk."""
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        if kind == b"XMP ":
            _, found, text = data[at + 8 : at + 8 + length].partition(XMP_MARKS[0])
            if found:
                text = text.partition(XMP_MARKS[1])[0][: 8 * MAX_RECIPE_BYTES]
                yield html.unescape(text.decode("ascii", "replace")).encode()
        at += 8 + length + length % 2
