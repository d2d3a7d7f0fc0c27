"""What a run will need of memory and disk, before it starts: arithmetic from its settings, without PyTorch.

The memory is that of a CPU. Measured against the peak of real runs (quick, classic-64 with batches of 16, 64 and 128,
fashion-64, basic-dcgan, custom-loop) it was 2 % too low to 11 % too high.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import psutil

from dcgan.config import Config
from dcgan.data import source_pictures, sources
from dcgan.errors import BadInput
from dcgan.networks.layer_sizes import sizes

FLOAT = 4  # bytes
PROGRAM = 760_000_000  # Python, PyTorch and oneDNN with its kernels, as measured
BACKWARD = (
    1.8  # activations and their gradients, against the activations of one pass; measured over batches of 16 to 128
)
POINT = 200  # bytes of a line of metrics.jsonl
PACKED = 0.6  # of a picture's bytes are left in a PNG of clothes; faces compress less
FACES = 1.2
STEPS_PER_S = 100  # more than any CPU we know: only to bound a run that is limited by minutes
GPU_STEPS_PER_S = 2000  # of a GPU: 100 launches of 5 microseconds each would be a step of a small network


class Need(NamedTuple):
    """Bytes by what they are for; disk is what the run can fill at most."""

    memory: dict[str, int]
    disk: dict[str, int]

    @property
    def memory_bytes(self) -> int:
        return sum(self.memory.values())

    @property
    def disk_bytes(self) -> int:
        return sum(self.disk.values())


def estimate(config: Config, num_images: int, mapped: bool = False) -> Need:
    """The need of a run on so many pictures, which are in memory unless they are `mapped` from a file."""
    g, d = sizes(config)["G"], sizes(config)["D"]
    weights = FLOAT * (g.trainable + g.frozen + d.trainable + d.frozen)
    average = FLOAT * (g.trainable + g.frozen)
    moments = FLOAT * (g.trainable + d.trainable) * (2 if config.optimizer == "adam" else 1)
    state = weights + average + moments
    at_once = min(config.batch_size, config.micro_batch or config.batch_size)
    activations = at_once * FLOAT * (g.outputs + 2 * d.outputs)  # fakes, and D on real and on fake
    pictures = 0 if mapped else num_images * config.image_size**2
    memory = {
        "the program": PROGRAM,
        "weights, their average and gradients": 2 * weights + average,
        "optimisers": moments,
        "activations": round(BACKWARD * activations),
        "pictures": pictures,
        "writing a state": 2 * state,
    }

    steps = config.num_steps
    if config.num_minutes:
        most = STEPS_PER_S if config.device == "cpu" or not has_gpu() else GPU_STEPS_PER_S
        steps = min(steps, round(config.num_minutes * 60 * most))
    drawn = min(steps // config.sample_every + 12, steps + 1)  # and the early ones
    grid = round(
        config.num_samples * config.channels * config.image_size**2 * (PACKED if config.channels == 1 else FACES)
    )
    disk = {
        "states to resume from": 2 * state,
        "states to fork from": min(max(round(config.max_states_mb * 1e6), 2 * state), drawn * state)
        * bool(config.max_states_mb),
        "generators": min(drawn, config.max_snapshots) * average // 2 + average * (1 + bool(config.measure_images)),
        "sample grids": min(drawn, config.max_samples) * grid,
        "curves": POINT * (steps // config.log_every),
    }
    return Need(memory, disk)


def estimate_on(config: Config, source: source_pictures.Source) -> Need:
    """The need of a run on a data set that is here; prepared pictures are counted once for all runs."""
    count = sources.count(source)
    if source.kind == "idx":
        return estimate(config, count)
    need = estimate(config, count, mapped=True)
    prepared = count * config.channels * config.image_size**2
    return need._replace(disk=need.disk | {"prepared pictures, for all runs": prepared})


def memory_limit() -> int:
    """Bytes of memory that this machine, or the container that we are in, has in all."""
    limits = [psutil.virtual_memory().total]
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            limits.append(int(Path(path).read_text()))
        except (OSError, ValueError):  # there is none
            continue
    return min(limits)


def memory_free() -> int:
    """Bytes of memory that nobody uses."""
    return min(psutil.virtual_memory().available, memory_limit())


def disk_free(root: Path) -> int:
    """Bytes free where runs live, also if the folder is yet to be made."""
    place = next((path for path in (root, *root.parents) if path.exists()), Path("/"))
    return shutil.disk_usage(place).free


def check(config: Config, need: Need, root: Path) -> None:
    """Raise BadInput in one sentence if disk or memory plainly can't hold the run."""
    room, needed = disk_free(root), sum(size for what, size in need.disk.items() if not what.startswith("prepared"))
    if needed > room:
        raise BadInput(
            f"The run can fill {words(needed)} of disk, but {root} has only {words(room)} free: make room, or lower "
            "max_states_mb, max_snapshots or max_samples."
        )
    limit = memory_limit()
    if need.memory_bytes > limit and (config.device == "cpu" or not has_gpu()):
        largest = max(need.memory, key=lambda what: need.memory[what])
        remedy = {
            "pictures": "fewer pictures or a smaller image_size",
            "activations": "a smaller batch_size, or micro_batch",
        }
        raise BadInput(
            f"The run needs about {words(need.memory_bytes)} of memory, most of it for {largest}, but this machine has "
            f"{words(limit)}: try {remedy.get(largest, 'smaller ngf and ndf')}."
        )


def has_gpu() -> bool:
    """Whether there may be a GPU, whose memory nobody knows before PyTorch is loaded."""
    return os.path.exists("/dev/nvidiactl") or os.path.exists("/dev/dxg") or sys.platform != "linux"


def words(num_bytes: float) -> str:
    """3.2 GB, 45 MB, 12 kB."""
    for unit, power in (("GB", 1e9), ("MB", 1e6)):
        if num_bytes >= power:
            return f"{num_bytes / power:.1f} {unit}" if num_bytes < 10 * power else f"{num_bytes / power:,.0f} {unit}"
    return f"{num_bytes / 1e3:.0f} kB"
