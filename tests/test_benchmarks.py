"""Every benchmark starts as benchmarks/README.md says, from the project's folder."""

import subprocess
import sys

import pytest

from dcgan.system.paths import PROJECT


@pytest.mark.slow
@pytest.mark.parametrize("script", sorted(path.name for path in (PROJECT / "benchmarks").glob("*.py")))
def test_a_benchmark_tells_what_it_takes(script):
    command = [sys.executable, f"benchmarks/{script}", "--help"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.startswith("usage:"), done.stderr
