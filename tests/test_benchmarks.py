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
def test_each_benchmark_tells_what_it_takes():
    code = (  # all in one process, which loads PyTorch once
        "import contextlib, runpy, sys\n"
        f"for name in {NAMES!r}:\n"
        "    sys.argv = [name, '--help']\n"
        "    with contextlib.suppress(SystemExit):\n"
        "        runpy.run_module(f'benchmarks.{name}', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0 and done.stdout.count("usage:") == len(NAMES), done.stderr
