"""The real side of a run's figures, worked out in a process of its own: while a GPU trains, the CPU has time for it.

What it finds stays in the cache of the data folder, where the training finds it. Run as `python -m
dcgan.monitoring.real_side`, with a Config as JSON for its argument.
"""

import os
import subprocess
import sys

import torch

from dcgan.config import Config
from dcgan.evaluation.spread import whole
from dcgan.monitoring.quick_figures import standard_in_pieces
from dcgan.runs.run import Run
from dcgan.system.processes import start_detached


def start(run: Run) -> subprocess.Popen[bytes]:
    """Begin to work it out; what goes wrong stands in the run's log. Raises OSError where no process can be made."""
    command = [sys.executable, "-m", "dcgan.monitoring.real_side", run.config.to_json()]
    return start_detached(command, run.log_path)


def main() -> None:
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))  # one core stays for the training
    whole(standard_in_pieces(Config.from_json(sys.argv[1])))


if __name__ == "__main__":
    main()
