"""Scripts that import from one another, put into one scope: who needs whom, and what of it can't be meant.

Of JavaScript's modules three forms are known: `import { a, b } from "./x.js";`, `export { a, b } from "./x.js";` and
`export` before a class, a function or constants, each at the beginning of a line. A name is the same everywhere.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from dcgan.browser.javascript import code_only

FROM = re.compile(r'^(import|export) \{(\s*[\w$]+(?:,\s*[\w$]+)*,?\s*)\} from "( *)";\n?', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:class|function|const|let) )", re.MULTILINE)
OTHER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
ONE_NAME = re.compile(r"^(?:async )?(?:class|function)\*? ([\w$]+)", re.MULTILINE)
NAMES = re.compile(r"^(?:const|let|var) ", re.MULTILINE)
WORD = re.compile(r"(?:(?<=\.\.\.)|(?<![.\w$]))[A-Za-z_$][\w$]*(?![\w$:])")  # not what follows a dot, nor a key


class Module(NamedTuple):
    """One script: its text without imports and exports, and what it says in them."""

    text: str
    imports: dict[str, str]  # name -> the module it comes from
    exports: set[str]
    defines: set[str]
    uses: set[str]


def read(name: str, text: str) -> Module:
    """The module of this name, a path such as "lab/film.js"; raises ValueError for a form that isn't known."""
    code = code_only(text)
    imports: dict[str, str] = {}
    passed_on: set[str] = set()
    for found in FROM.finditer(code):
        origin = posixpath.normpath(posixpath.join(posixpath.dirname(name), text[found.start(3) : found.end(3)]))
        names = re.findall(r"[\w$]+", found[2])
        imports |= dict.fromkeys(names, origin)
        passed_on |= set(names) if found[1] == "export" else set()
    spans = [found.span() for found in FROM.finditer(code)]
    text, code = _without(text, spans), _without(code, spans)
    marked = [found.span() for found in EXPORT.finditer(code)]
    exports = {each for _, end in marked for each in _defined(_statement(code, end))}
    text, code = _without(text, marked), _without(code, marked)
    if other := OTHER.search(code):
        raise ValueError(f"{name}: {other[0]!r} is no form of import or export that is known here.")
    return Module(text, imports, exports | passed_on, _defined(code), passed_on | set(WORD.findall(code)))


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    return text


def _statement(code: str, at: int) -> str:
    """From `at` on, up to the next statement that begins a line."""
    following = re.compile(r"^\w", re.MULTILINE).search(code, at + 1)
    return code[at : following.start() if following else len(code)]


def _defined(code: str) -> set[str]:
    """The names that code defines at its top level, where statements begin a line."""
    names = set(ONE_NAME.findall(code))
    for found in NAMES.finditer(code):
        names |= set(_declared(code, found.end()))
    return names


def _declared(code: str, at: int) -> Iterator[str]:
    """The names between `const` and its semicolon: plain ones, [a, b] and { a, b }."""
    depth, to_come = 0, True
    for found in re.compile(r"[\w$]+|\S").finditer(code, at):
        sign = found[0]
        if depth == 0 and sign in (";", "=", ","):
            if sign == ";":
                return
            to_come = sign == ","
        elif to_come and re.match(r"[A-Za-z_$]", sign):
            yield sign
        depth += (sign in "([{") - (sign in ")]}")


def in_order(entry: str, module_of: Callable[[str], Module]) -> list[str]:
    """The entry and all that it needs, each once and after what it needs; raises ValueError for a circle."""
    done: list[str] = []

    def visit(name: str, way: list[str]) -> None:
        if name in way:
            raise ValueError(f"a circle of imports: {' -> '.join([*way[way.index(name) :], name])}.")
        if name not in done:
            for other in dict.fromkeys(module_of(name).imports.values()):
                visit(other, [*way, name])
            done.append(name)

    visit(entry, [])
    return done


def check(modules: dict[str, Module], entries: Iterable[str], taken: Iterable[str] = ()) -> None:
    """Raises ValueError for what would go unnoticed in one scope, in which some names are `taken` by its maker.

    That is a name that two modules define; an import of what isn't exported there, or that isn't used; an export that
    nobody imports, unless it is an entry's; an exported name of another module without an import.
    """
    home = dict.fromkeys(taken, "the bundle")
    for name, module in modules.items():
        for each in sorted(module.defines):
            if each in home:
                raise ValueError(f"{home[each]} and {name} both define {each}.")
            home[each] = name
    for name, module in modules.items():
        for each, origin in module.imports.items():
            if each not in modules[origin].exports:
                raise ValueError(f"{name} imports {each}, which {origin} doesn't export.")
            if each not in module.uses:
                raise ValueError(f"{name} imports {each} and doesn't use it.")
        for each in sorted(module.uses - module.defines - set(module.imports)):
            if home.get(each) in modules and each in modules[home[each]].exports:
                raise ValueError(f"{name} uses {each} of {home[each]} without an import.")
        wanted = {each for other in modules.values() for each, origin in other.imports.items() if origin == name}
        if name not in entries and (idle := sorted(module.exports - wanted)):
            raise ValueError(f"{name} exports {idle[0]}, which nobody imports.")
