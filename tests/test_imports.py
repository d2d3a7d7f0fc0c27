"""Who may import whom: the core knows no screen, and the pages open without waiting for PyTorch."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dcgan.runs import PROJECT

TRAINING = {"dcgan.train", "dcgan.gan", "dcgan.models", "dcgan.data"}


def imported(path: Path) -> Iterator[str]:
    """Every module a file imports at any level, also inside functions; what only type checkers see is left out."""
    todo: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    package = path.relative_to(PROJECT).parent.parts
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            todo += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (str(arg.value) for arg in node.args if isinstance(arg, ast.Constant))
        todo += ast.iter_child_nodes(node)


def files(folder: str) -> list[Path]:
    return sorted((PROJECT / folder).rglob("*.py"))


LIGHT = [
    *("config", "files", "records", "presets", "runs", "launch", "order", "sources", "idx", "pictures", "uploads"),
    *("heartbeat", "cli", "arguments", "worker", "fork", "live", "states", "shapes", "estimate", "film"),
    *("recipes", "told", "judging", "quality", "rate", "pace"),
    *("commands.training", "commands.drawing", "commands.measuring", "commands.listing"),
]


@pytest.mark.parametrize("module", LIGHT)
def test_a_light_module_loads_without_torch_and_streamlit(module):
    code = f"import sys, dcgan.{module}; print({{'torch', 'streamlit'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_the_core_knows_no_screen():
    assert len(files("dcgan")) > 10
    for path in files("dcgan"):
        found = {name for name in imported(path) if name.split(".")[0] in ("streamlit", "pages", "app")}
        assert not found, f"{path} imports {found}"


def test_the_pages_leave_training_to_the_worker():
    paths = [*files("pages"), PROJECT / "app.py"]
    assert len(paths) > 5
    for path in paths:
        found = {name for name in imported(path) if ".".join(name.split(".")[:2]) in TRAINING}
        assert not found, f"{path} imports {found}"


def test_the_page_folder_itself_holds_no_script():
    """Streamlit would take every .py directly in pages/ for a page of its own and show it beside ours."""
    assert list((PROJECT / "pages").glob("*.py")) == []


def test_the_scan_sees_every_way_to_import(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PROJECT", tmp_path)
    (tmp_path / "pages").mkdir()
    path = tmp_path / "pages" / "x.py"
    path.write_text(
        "import dcgan.train\nfrom dcgan import gan as g\nfrom . import near\nimport importlib\n"
        "def f():\n    from dcgan.models import Generator\n    importlib.import_module('dcgan.data')\n"
        "if TYPE_CHECKING:\n    import hidden\nelse:\n    import shown\n"
    )
    found = set(imported(path))
    assert found >= TRAINING | {"pages.near", "shown"} and "hidden" not in found
