"""Every benchmark starts as benchmarks/README.md says, from the project's folder."""

import subprocess
import sys

import pytest

from dcgan.system.paths import PROJECT

SHARED = ("__init__", "planted_faults")  # which others import
NAMES = sorted(path.stem for path in (PROJECT / "benchmarks").glob("*.py") if path.stem not in SHARED)


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_is_a_module_of_the_project(name):
    text = (PROJECT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")
    assert f"python -m benchmarks.{name}" in text and "sys.path" not in text and "__file__" not in text


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_tells_what_it_takes(name):
    command = [sys.executable, "-m", f"benchmarks.{name}", "--help"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.startswith("usage:"), done.stderr
