"""A path as people paste it: with quotes, escaped spaces, as a file:// address, with a line's end."""

import contextlib
import os
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

QUOTES = ("''", '""', "``", "\u2018\u2019", "\u201c\u201d", "\u00ab\u00bb", "<>")


def existing(text: str) -> Path | None:
    """The absolute path of what is there, of the readings of a text the first that exists; None without any."""
    for reading in readings(text):
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # too long, a NUL inside, ~nobody
            if reading and (place := Path(reading).expanduser().resolve()).exists():
                return place
    return None


def readings(text: str) -> Iterator[str]:
    r"""What a text can mean as a path: itself, without blanks and quotes around it, `\ ` as a space, a file:// address.

    What file managers, shells and browsers put on the clipboard.
    """
    yield text
    text = text.strip().strip("\ufeff\u200b\u202a\u202c")  # Windows puts marks of direction before a path
    yield text
    while len(text) > 1 and text[0] + text[-1] in QUOTES:
        text = text[1:-1].strip()
        yield text
    if re.match(r"file:/", text, re.IGNORECASE):
        path = re.sub(r"^file:(//[^/]*)?(?=/)", "", text, flags=re.IGNORECASE)
        if path.strip("/"):
            yield urllib.request.url2pathname(path)
            yield urllib.parse.unquote(path)
    if "\\" in text and os.sep != "\\":
        yield re.sub(r"\\(.)", r"\1", text)  # as a shell escapes
    yield os.path.expandvars(text)
