"""Who may import whom: the rows of CONTRIBUTING.md, and what opens without waiting for PyTorch."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dcgan.system.paths import PROJECT

TRAINING = ("dcgan.training", "dcgan.compute", "dcgan.networks.models", "dcgan.data.batches")  # for no page
LIGHT = [  # folders and files that load neither torch nor streamlit
    *("errors", "config", "setting_values", "presets", "notebook", "system", "images", "runs", "data", "cli"),
    *("browser.bundle", "provenance.fields", "provenance.film", "networks.layer_sizes", "latent.axis_words"),
    *("judges.training_process", "evaluation.faults", "evaluation.figures", "evaluation.spread", "evaluation.verdict"),
    *("monitoring.alarms", "monitoring.alarm_signs", "monitoring.alarm_words", "monitoring.class_rows"),
    *("monitoring.curve_history", "monitoring.thinned_curves", "compute.allocator", "training.worker"),
]
HEAVY = {"dcgan.runs.checkpoint", "dcgan.data.batches"}  # the files of light folders that need torch


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


def rows() -> dict[str, int]:
    """The rooms of CONTRIBUTING.md's table, each with the number of its row: 1 is the highest."""
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| (\d+) \| (.*?) \|", text, re.MULTILINE)
    return {room: int(number) for number, rooms in lines for room in re.findall(r"`([^`]+)`", rooms)}


def room_of(module: str, known: dict[str, int]) -> str | None:
    """The room of the table that a module stands in; None for what is not ours."""
    path = module.replace(".", "/")
    return next((room for room in known if f"{path}/".startswith(f"{room.removesuffix('.py')}/")), None)


def test_no_room_imports_one_of_its_own_row_or_above():
    known = rows()
    assert set(known.values()) == set(range(1, len(set(known.values())) + 1)) and len(known) > 20
    seen = set()
    for path in [*files("dcgan"), *files("pages"), PROJECT / "app.py"]:
        module = str(path.relative_to(PROJECT).with_suffix("")).replace("/", ".").removesuffix(".__init__")
        own = room_of(module, known)
        if module == "dcgan":  # imported by every row: what it offers has a test of its own, below
            continue
        assert own, f"{path} stands in no room of the table in CONTRIBUTING.md"
        seen.add(own)
        for name in imported(path):
            room = room_of(name, known)
            assert room in (None, own) or known[room] > known[own], f"{path} imports {name}, which stands above it"
    assert seen == set(known), "the table has rooms that are not there"


def test_no_file_is_loaded_by_one_that_it_loads():
    """A circle of imports works only for who begins at the right place."""
    paths = [*files("dcgan"), *files("pages")]
    modules = {
        str(path.relative_to(PROJECT).with_suffix("")).replace("/", ".").removesuffix(".__init__"): path
        for path in paths
    }
    loads = {module: set(imported(path)) & modules.keys() - {module} for module, path in modules.items()}
    for module in modules:
        seen, todo = set(), list(loads[module])
        while todo:
            if (other := todo.pop()) not in seen:
                seen.add(other)
                todo += loads[other]
        assert module not in seen, module


def test_a_folder_loads_nothing_of_what_is_in_it():
    for path in [*(PROJECT / "dcgan").glob("*/__init__.py"), *(PROJECT / "pages").rglob("__init__.py")]:
        if path.parent.name != "kernels":
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert len(body) == 1 and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_what_the_package_offers_is_for_notebooks_only():
    """`dcgan/__init__.py` reaches up to row 5 when it is asked: whoever of ours asked would reach up, too."""
    door = PROJECT / "dcgan" / "__init__.py"
    assert [name for name in imported(door) if name.startswith("dcgan")] == ["dcgan.notebook"]
    for path in {*files("dcgan"), *files("pages"), PROJECT / "app.py"} - {door}:
        found = {name for name in imported(path) if name == "dcgan" or f"{name}.".startswith("dcgan.notebook.")}
        assert not found, f"{path} imports {found}"


def test_the_package_itself_loads_nothing():
    code = (
        "import sys, dcgan; print([name for name in sys.modules if name.split('.')[0] in ('dcgan', 'torch', 'numpy')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "['dcgan']", done.stderr


def light_modules() -> list[str]:
    found = []
    for name in LIGHT:
        path = PROJECT / "dcgan" / name.replace(".", "/")
        each = path.glob("*.py") if path.is_dir() else [path.with_suffix(".py")]
        found += [str(file.relative_to(PROJECT).with_suffix("")).replace("/", ".") for file in each]
    return sorted(set(found) - HEAVY - {name for name in found if name.endswith("__init__")})


def heavy_among(modules: list[str]) -> str:
    code = f"import sys, importlib\nfor m in {modules}: importlib.import_module(m)\n"
    code += "print(sorted({'torch', 'streamlit'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    return (done.stdout + done.stderr).strip()


def test_what_is_light_loads_without_torch_and_streamlit():
    modules = light_modules()
    assert len(modules) > 40
    if heavy_among(modules) != "[]":
        assert not {module: told for module in modules if (told := heavy_among([module])) != "[]"}


@pytest.mark.parametrize("module", sorted(HEAVY))
def test_what_is_said_to_be_heavy_is(module):
    assert heavy_among([module]) == "['torch']"


def test_the_core_knows_no_screen():
    assert len(files("dcgan")) > 10
    for path in files("dcgan"):
        found = {name for name in imported(path) if name.split(".")[0] in ("streamlit", "pages", "app")}
        assert not found, f"{path} imports {found}"


def test_the_pages_leave_training_to_the_worker():
    paths = [*files("pages"), PROJECT / "app.py"]
    assert len(paths) > 5
    for path in paths:
        found = {name for name in imported(path) if f"{name}.".startswith(tuple(f"{each}." for each in TRAINING))}
        assert not found, f"{path} imports {found}"


def test_the_page_folder_itself_holds_no_script():
    """Streamlit would take every .py directly in pages/ for a page of its own and show it beside ours."""
    assert list((PROJECT / "pages").glob("*.py")) == []


def test_no_two_files_have_one_name():
    names: dict[str, Path] = {}
    for path in [path for folder in ("dcgan", "pages") for path in (PROJECT / folder).rglob("*.*")]:
        if path.suffix in (".py", ".js", ".c", ".css") and not path.name.startswith("__"):
            assert path.name not in names, f"{path} and {names[path.name]}"
            names[path.name] = path


def test_the_scan_sees_every_way_to_import(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "PROJECT", tmp_path)
    (tmp_path / "pages").mkdir()
    path = tmp_path / "pages" / "x.py"
    path.write_text(
        "import dcgan.training\nfrom dcgan import compute as c\nfrom . import near\nimport importlib\n"
        "def f():\n    from dcgan.networks.models import Generator\n    importlib.import_module('dcgan.data.batches')\n"
        "if TYPE_CHECKING:\n    import hidden\nelse:\n    import shown\n"
    )
    found = set(imported(path))
    assert found >= {*TRAINING, "pages.near", "shown"} and "hidden" not in found
