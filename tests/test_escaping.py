"""A person's text reaches Markdown through `escaped`, wherever a page shows it."""

import ast
from collections.abc import Iterator

import pytest

from dcgan.system.paths import PROJECT
from pages.common.words import escaped

MARKDOWN = {  # what Streamlit's calls, and the arguments of them, take as Markdown
    *("markdown", "caption", "write", "title", "header", "subheader", "success", "info", "warning", "error", "toast"),
    *("progress", "spinner", "badge", "metric", "button", "download_button", "link_button", "page_link", "popover"),
    *("form_submit_button", "checkbox", "toggle", "radio", "pills", "segmented_control", "selectbox", "multiselect"),
    *("slider", "select_slider", "number_input", "text_input", "text_area", "file_uploader", "expander", "tabs"),
    *("dialog", "status", "image", "alert"),
}
NO_MARKDOWN = {
    "icon",
    "key",
    "args",
    "query_params",
    "file_name",
    "data",
    "value",
    "format_func",
    "on_click",
    "alt",
    "placeholder",
}
PERSONS = {  # names of what a person, or a file from a stranger, may have written
    *("name", "names", "id", "error", "message", "notice", "device", "state", "state_word", "preset", "data", "spec"),
    *(
        "changes",
        "alarms",
        "data_title",
        "class_names",
        "missing",
        "judge",
        "doing",
        "told",
        "origin",
        "titles",
        "title",
    ),
    *("path", "Path", "strerror", "parent", "note", "why", "reason", "seen", "sentence"),
}
OURS = {  # file -> expressions with such a name that are the studio's own words, or their escaped copies
    "pages/common/network_tables.py": {"reason"},
    "pages/common/widgets.py": {"name"},
    "pages/latent/head.py": {"title"},
    "pages/latent/projection_panel.py": {"job.doing", "reason"},
    "pages/training/as_published.py": {"original.title"},
    "pages/training/alarm_view.py": {"words.title", "words.why", "alarm_words.title", "alarm.name"},
    "pages/training/drawer.py": {"title"},
    "pages/training/knobs.py": {"name"},
    "pages/training/change_settings.py": {"changes"},
    "pages/training/live_view.py": {"note"},
    "pages/training/needs.py": {"title"},
    "pages/training/preset_cards.py": {"PRESETS[name].title", "name", "preset.title"},
    "pages/training/run_actions.py": {"why"},
    "pages/evaluate/reports.py": {"doing"},
    "pages/evaluate/judge_training.py": {"title"},
    "pages/evaluate/one_generator.py": {"title"},
    "pages/evaluate/several_runs.py": {"missing", "title"},
    "pages/evaluate/over_steps.py": {"sentence"},
    "pages/learn/discriminator.py": {"title"},
    "pages/learn/map_part.py": {"job.doing"},
    "pages/learn/onward.py": {"titles", "titles[next_part]"},
    "pages/learn/rules.py": {"preset", "why", "reason"},
}


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((PROJECT / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            place, called = ast.unparse(node.func).rpartition(".")[::2]
            if called in MARKDOWN and place not in ("address", "alarm_words", "alarm_view", ""):
                yield str(path.relative_to(PROJECT)), node


def bare(node: ast.AST) -> Iterator[ast.AST]:
    """The names in an expression whose values reach its text as they are; conditions, formats and lookups don't."""
    if isinstance(node, ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called in ("escaped", "sentence", "len", "badge", "bool"):
            return
        yield node.func
        for each in [*node.args, *(keyword.value for keyword in node.keywords)]:
            yield from bare(each)
    elif isinstance(node, ast.FormattedValue):
        if node.format_spec is None:
            yield from bare(node.value)
    elif isinstance(node, ast.IfExp):
        yield from bare(node.body)
        yield from bare(node.orelse)
    elif isinstance(node, ast.Subscript):
        yield node
        yield from bare(node.value)
    elif isinstance(node, (ast.Attribute, ast.Name)):
        yield node
    elif isinstance(node, (ast.Compare, ast.Lambda, ast.Constant)):
        return
    else:
        for child in ast.iter_child_nodes(node):
            yield from bare(child)


def called_as(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        return str(getattr(node.slice, "value", ""))
    return getattr(node, "id", "")


def unescaped() -> list[str]:
    found = []
    for file, call in calls():
        shown = [*call.args[:1], *(word.value for word in call.keywords if word.arg not in NO_MARKDOWN)]
        if ast.unparse(call.func).endswith(".progress"):
            shown = [word.value for word in call.keywords if word.arg == "text"]
        for argument in shown:
            for node in bare(argument):
                if called_as(node) in PERSONS and ast.unparse(node) not in OURS.get(file, set()):
                    found.append(f"{file}:{call.lineno}: {ast.unparse(node)} in {ast.unparse(call)[:80]}")
    return found


def test_every_text_of_a_person_on_a_page_is_escaped():
    assert len(list(calls())) > 100
    assert not unescaped()


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://a.b/c.png)",
        "see https://a.b/c",
        "HTTP://a.b",
        "www.a.b",
        "me@a.b",
        "<img src=//a.b>",
        ":red[x] $x$",
    ],
)
def test_nothing_in_a_persons_text_is_formatting_or_a_link(text):
    shown = escaped(text)
    assert not any(
        mark in shown.lower() for mark in ("http:/", "https:/", "http\\:/", "https\\:/", "www.", "www\\.", "@a")
    )
    assert all(shown[i - 1] == "\\" for i, char in enumerate(shown) if char in "![]()<>:$")
    assert shown.replace("\\", "").replace("\u2060", "") == text
