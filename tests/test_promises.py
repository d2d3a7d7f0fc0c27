"""The table of faults names tests that exist."""

import functools
import re
from pathlib import Path

TESTS = Path(__file__).parent
ROWS = [line for line in (TESTS / "README.md").read_text().splitlines() if re.match(r"\| \d", line)]


@functools.cache
def defined_in(file: str) -> set[str]:
    return set(re.findall(r"^def (test_\w+)", (TESTS / file).read_text(), re.MULTILINE))


def test_every_fault_has_tests_and_they_exist():
    assert [int(row.split(".")[0][2:]) for row in ROWS] == list(range(1, 35))
    for row in ROWS:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row)
        assert named, row
        assert [(file, test) for file, test in named if test not in defined_in(file)] == []
