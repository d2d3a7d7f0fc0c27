"""Who reads a message: a terminal is told of options, a page of what is on pages and of variables."""

import ast
import re
from collections.abc import Iterator

from dcgan.errors import BadInput, Unwritable
from dcgan.system.paths import PROJECT
from pages.common.words import sentence

OPTION = re.compile(r"python -m dcgan|(?:^|[\s`]|(?<!var)\()--[a-z][a-z-]*(?![a-z-]*:)")  # var(--x), --x: are CSS
PAGE = re.compile(r"\b([Pp]ress|[Cc]lick|[Bb]utton|[Tt]ick|[Uu]pload|the page|the form)\b")
AT_TERMINALS = (
    "dcgan/cli/*",
    "dcgan/cli/arguments.py",
    "dcgan/cli/main.py",
    "dcgan/training/distributed.py",
    "dcgan/training/follower.py",
    "dcgan/export/model_card.py",
)
ON_PAGES = ("dcgan/data/uploads.py",)
ONLY_WAY = "python -m dcgan sample --recipe"  # for pictures that are too large for a page


def modules(*folders: str, but: tuple[str, ...]) -> list[str]:
    paths = [path.relative_to(PROJECT) for folder in folders for path in (PROJECT / folder).rglob("*.py")]
    return [path.as_posix() for path in paths if not any(path.match(pattern) for pattern in but)]


def texts(module: str, but: str) -> Iterator[str]:
    """The strings of a module that can be read by somebody, except those given as the argument `but` of a call."""
    tree = ast.parse((PROJECT / module).read_text())
    skipped: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):  # a docstring
            skipped |= {id(part) for part in ast.walk(body[0].value)}
        if isinstance(node, ast.keyword) and node.arg == but:
            skipped |= {id(part) for part in ast.walk(node.value)}
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    for node in strings:
        if id(node) not in skipped and not re.fullmatch("--[a-z-]+", node.value):  # that is an argument of a process
            yield node.value


def test_what_can_reach_a_page_names_no_command_and_no_option():
    found = {
        module: [text for text in texts(module, but="terminal") if OPTION.search(text.replace(ONLY_WAY, ""))]
        for module in modules("dcgan", "pages", but=AT_TERMINALS)
    }
    assert {module: words for module, words in found.items() if words} == {}


def test_what_can_reach_a_terminal_names_nothing_that_is_on_a_page():
    found = {
        module: [text for text in texts(module, but="page") if PAGE.search(text)]
        for module in modules("dcgan", but=ON_PAGES)
    }
    assert {module: words for module, words in found.items() if words} == {}


def test_pages_show_the_end_that_is_meant_for_them():
    """`widgets.refuse`, or `on_page`: str(error) is what a terminal is told."""
    shown = re.compile(r"str\((\w+\.)*error\)|\{(\w+\.)*error\}")
    assert [module for module in modules("pages", but=()) if shown.search((PROJECT / module).read_text())] == []


def test_code_in_a_message_stays_code_and_all_else_is_text():
    assert sentence("`pip install av` adds *it*") == r"`pip install av` adds \*it\*"
    assert sentence("'a`b' '`c`' in /`d` (`runs` lists)") == r"'a\`b' '\`c\`' in /\`d\` \(`runs` lists\)"


def test_a_refusal_has_an_end_for_each_reader():
    refused = BadInput("No run", terminal=": list them.", page=".")
    assert str(refused) == "No run: list them." and refused.on_page == "No run."
    assert str(BadInput("No run.")) == BadInput("No run.").on_page == "No run."


def test_a_folder_that_can_not_be_written_to_names_both_variables_on_a_page():
    page = Unwritable("/x can't hold runs").on_page
    assert page.startswith("/x can't hold runs: ") and "DCGAN_ROOT" in page and "DCGAN_DATA" in page
