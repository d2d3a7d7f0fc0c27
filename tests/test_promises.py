"""The table of faults names tests that exist."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
ROWS = [line for line in (TESTS / "README.md").read_text().splitlines() if re.match(r"\| \d", line)]


def test_every_fault_has_tests_and_they_exist():
    assert [int(row.split(".")[0][2:]) for row in ROWS] == list(range(1, 33))
    for row in ROWS:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row)
        assert named, row
        for file, test in named:
            tree = ast.parse((TESTS / file).read_text())
            assert test in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)], (file, test)
