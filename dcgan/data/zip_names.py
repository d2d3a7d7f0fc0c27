"""Names in a zip as their writer meant them: Unicode where it is said, else the code page that reads best."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence

UTF8_FLAG = 0x800  # APPNOTE.TXT 4.4.4, bit 11
UNICODE_PATH = 0x7075  # APPNOTE.TXT 4.6.9
MOST_WORDS = 300  # names that the choice of a code page looks at
SURE_OF_HANGUL = 3  # characters: each is also a frequent one of GB 2312, whose own are twice as many


def member_names(members: Iterable[zipfile.ZipInfo]) -> list[str]:
    r"""The name of each member with forward slashes, no two alike: \ is / where a Windows program wrote it.

    By the Unicode Path field, the flag for UTF-8, UTF-8 though nothing says so, then the code page in which all such
    names of the archive read best.
    """
    members = list(members)
    raw = [None if info.flag_bits & UTF8_FLAG else _raw(info) for info in members]
    said = [None if bytes_ is None else _unicode_path(info, bytes_) for info, bytes_ in zip(members, raw, strict=True)]
    unsaid = {
        bytes_ for bytes_, name in zip(raw, said, strict=True) if bytes_ and name is None and not bytes_.isascii()
    }
    page = code_page(sorted(unsaid)) if unsaid else "cp437"
    names = []
    for info, bytes_, name in zip(members, raw, said, strict=True):
        if name is None:
            name = info.orig_filename if bytes_ is None else bytes_.decode(page)
        names.append(name.replace("\\", "/"))
    return _told_apart(names)


def code_page(names: Sequence[bytes]) -> str:
    """The encoding that all names are valid in and that reads best; cp437, which takes any byte, at worst."""
    words = list(dict.fromkeys(part for name in names for part in name.split(b"/") if not part.isascii()))
    text = b"\n".join(words[:MOST_WORDS])
    everything = b"\n".join(names)
    found, best = "cp437", -1.0
    for page, value in PAGES.items():
        try:
            everything.decode(page)
            read = text.decode(page)
        except UnicodeDecodeError:
            continue
        if page == "utf-8":  # hardly anything else is valid in it
            return page
        score = _readable(read, page, value)
        if page == "cp949" and sum(not char.isascii() for char in read) < SURE_OF_HANGUL:
            score -= 0.2
        if score > best:
            found, best = page, score
    return found


# ---- how well a text reads


def _readable(text: str, page: str, value: Callable[[str, str, str], float]) -> float:
    """The mean value of the bytes above ASCII, -1 to 1."""
    total = weight = 0.0
    for i, char in enumerate(text, 1):
        if not char.isascii():
            size = len(char.encode(page))
            total += size * value(char, f" {text} "[i - 1 : i + 2 : 2], page)
            weight += size
    return total / max(weight, 1)


def _hanzi(char: str, beside: str, page: str) -> float:
    """The frequent characters fill the first rows of GB 2312, of Big5 and of JIS X 0208 (their level 1)."""
    code = char.encode(page)
    if len(code) != 2 or not "\u3000" <= char <= "\u9fff" and not "\uff00" <= char <= "\uff5f":
        return -1.0
    if any(other.isascii() and other.isalpha() for other in beside):  # a foreign letter in a word
        return 0.3
    low, high = LEVEL_1[page]
    if "\u3040" <= char <= "\u30ff":  # kana, common in Japanese only
        return 1.0 if page == "cp932" else -0.5
    return 0.9 if low <= code[0] <= high and code[1] >= (0xA1 if page == "gb18030" else 0x40) else -0.4


def _half_kana(char: str, beside: str, page: str) -> float:
    if "\uff61" <= char <= "\uff9f":  # one byte each: what other pages' letters look like here
        return 0.5 if all("\uff61" <= other <= "\uff9f" or not other.isalpha() for other in beside) else -0.6
    return _hanzi(char, beside, page)


def _hangul(char: str, beside: str, page: str) -> float:
    if not "\uac00" <= char <= "\ud7a3":
        return -0.7
    return 1.0 if min(char.encode(page)) >= 0xA1 else -0.7  # the 2,350 of KS X 1001


def _letter(char: str, beside: str, page: str) -> float:
    """A letter reads well in a word of its own script, and a capital one at its beginning."""
    if not char.isalpha() or char in "\u00aa\u00ba\u0192\u207f":
        return -0.8
    letters = [other for other in beside if other.isalpha()]
    if char.isupper() and beside[0].islower() or any(_is_cyrillic(other) != _is_cyrillic(char) for other in letters):
        return -0.8
    if _is_cyrillic(char):
        return 0.8
    return 0.7 if all(other.isascii() for other in letters) else 0.2  # accents seldom follow each other


def _is_cyrillic(char: str) -> bool:
    return "\u0400" <= char <= "\u04ff"


LEVEL_1 = {"gb18030": (0xB0, 0xD7), "cp932": (0x88, 0x97), "big5": (0xA4, 0xC6)}
PAGES: dict[str, Callable[[str, str, str], float]] = {  # of equal ones the first
    "utf-8": _letter,
    "gb18030": _hanzi,
    "cp932": _half_kana,
    "cp949": _hangul,
    "big5": _hanzi,
    "cp866": _letter,
    "cp850": _letter,
    "cp437": _letter,
    "cp1251": _letter,
    "cp1252": _letter,
}


# ---- what an archive says


def _raw(info: zipfile.ZipInfo) -> bytes:
    """The bytes of a name that Python's reader took for code page 437, which has a character for each."""
    return info.orig_filename.encode("cp437")


def _unicode_path(info: zipfile.ZipInfo, raw: bytes) -> str | None:
    """The name in the Unicode Path field, which holds only for the name whose checksum it carries."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == UNICODE_PATH and len(field) >= 5 and field[1:5] == struct.pack("<I", zlib.crc32(raw)):
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None


def _told_apart(names: list[str]) -> list[str]:
    """The names, with a number in each that was there before: a.png, a (2).png."""
    taken, used = set(names), set()
    last: dict[str, int] = {}  # the number that was given to a name
    different = []
    for name in names:
        if name in used:
            stem, dot, suffix = name.rpartition(".")
            if not dot or "/" in suffix:
                stem, dot, suffix = name, "", ""
            number = last.get(name, 1) + 1
            while (other := f"{stem} ({number}){dot}{suffix}") in taken:
                number += 1
            last[name], name = number, other
            taken.add(name)
        used.add(name)
        different.append(name)
    return different
