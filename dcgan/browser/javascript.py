"""JavaScript as far as a bundle must read it: what is code, and what are remarks, strings, templates and patterns."""

import re
from collections.abc import Iterator

PIECE = re.compile(
    r"""(?P<space>\s+)
      | (?P<remark>//[^\n]*|/\*.*?\*/)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<word>[\w$]+)
      | (?P<mark>[^\s\w$"'`/{}]+|.)""",
    re.VERBOSE | re.DOTALL,
)
TEMPLATE = re.compile(r"[`}](?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL)  # to its end, or to the next code in it
PATTERN = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")  # a regular expression
BEFORE_PATTERN = {*"([{,;=!&|?:+-*%<>~^", "return", "typeof"}  # after anything else `/` divides

CODE = ("space", "word", "mark")  # kinds of pieces


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """The text in order as (kind, piece): space, remark, string, template, pattern, word or mark.

    A template with code in it is several pieces, the code between them. Raises ValueError where a template doesn't end.
    """
    at, before = 0, ";"
    braces: list[int] = []  # for each template that is open: how many braces are open in its code
    while at < len(text):
        sign, kind = text[at], ""
        if sign == "`" or (sign == "}" and braces and braces[-1] == 0):
            kind, found = "template", TEMPLATE.match(text, at)
            if not found:
                raise ValueError(f"a template that doesn't end: {text[at : at + 40]!r}")
            if sign == "}":
                braces.pop()
            if found[0].endswith("${"):
                braces.append(0)
        elif sign == "/" and text[at + 1 : at + 2] not in ("/", "*") and before in BEFORE_PATTERN:
            kind, found = "pattern", PATTERN.match(text, at)
        else:
            found = PIECE.match(text, at)
            if braces and sign in "{}":
                braces[-1] += 1 if sign == "{" else -1
        assert found, text[at : at + 40]
        kind = kind or str(found.lastgroup)
        yield kind, found[0]
        at = found.end()
        if kind not in ("space", "remark"):
            before = found[0] if kind == "word" else found[0][-1]


def lean(text: str) -> str:
    """The same program without remarks, indentation and empty lines; what stands in strings and templates stays."""
    done: list[str] = []
    gap = ""
    for kind, piece in [*pieces(text), ("mark", "")]:
        if kind in ("space", "remark"):
            gap = "\n" if "\n" in gap + piece else " "
        else:
            done += [gap, piece] if done else [piece]
            gap = ""
    return "".join(done).strip() + "\n"


def code_only(text: str) -> str:
    """The text with spaces, as many, for whatever isn't code; the quotes of strings and the ends of lines stay."""
    return "".join(piece if kind in CODE else _blank(piece, kind == "string") for kind, piece in pieces(text))


def _blank(piece: str, quoted: bool) -> str:
    spaces = re.sub(r"[^\n]", " ", piece)
    return piece[0] + spaces[1:-1] + piece[-1] if quoted else spaces
