"""How closely the picture on Explore follows a hand, with the machine idle and while a run trains.

    python -m benchmarks.latent_drag [--drags 3]

Needs Chromium and playwright (requirements-test.txt). A mouse holds a latent slider for three seconds and moves it 120
times a second. Frames are those the canvas paints; input to paint is from the newest movement in a picture to the end
of the frame that shows it. The screen has 60 frames a second. For comparison: PyTorch drawing one picture on one core
of the server, before anything travels.
"""

import argparse
import asyncio
import contextlib
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from dcgan.latent import seeds
from dcgan.networks.generator_file import generator_bytes, load_generator
from dcgan.presets import PRESETS
from dcgan.runs import launch
from dcgan.runs.new_run import order
from dcgan.runs.run import Run
from dcgan.system.files import publish
from tests.browser.hand import drag_on
from tests.browser.studio import SHIPPED, Studio
from tests.nets import lively

SECONDS = 3.0
WARM_UP = 15.0  # until a run that has been started trains at its full pace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drags", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        shutil.copytree(SHIPPED, root / SHIPPED.name)
        classic = Run.create(PRESETS["classic-64"].config, root, "classic")
        publish(classic.generator_path, generator_bytes(lively(classic.config), 1))
        studio = Studio(root, Path(folder) / "server.log")
        try:
            models = {"quick": SHIPPED.name, "classic-64": classic.id}
            print(f"{'model':12}{'machine':10}{'frames/s':>10}{'median ms':>11}{'p95 ms':>9}", flush=True)
            for name, run in models.items():
                report(name, "idle", f"{studio.url}/explore?run={run}", args.drags)
            with training(root):
                for name, run in models.items():
                    report(name, "training", f"{studio.url}/explore?run={run}", args.drags)
            for name, run in models.items():
                print(f"{name:12}PyTorch on one core, one picture: {pytorch_ms(root / run):.1f} ms")
        finally:
            studio.end_runs()
            studio.kill()


def report(name: str, machine: str, url: str, drags: int) -> None:
    """Drag a few times, each in a browser of its own, and print the medians."""
    found = [asyncio.run(drag_on(url, SECONDS, wait_s=6.0)) for _ in range(drags)]
    fps, median, p95 = (
        statistics.median(getattr(drag, key) for drag in found) for key in ("fps", "median_ms", "p95_ms")
    )
    print(f"{name:12}{machine:10}{fps:10.1f}{median:11.1f}{p95:9.1f}", flush=True)


@contextlib.contextmanager
def training(root: Path) -> Iterator[None]:
    """A run of the quick preset, as the Train page starts it: on all cores, a little behind the pages in rank."""
    run = Run.create(order("quick", {"num_steps": 10**6}), root)
    launch.start(run)
    try:
        time.sleep(WARM_UP)
        assert launch.observe(run).state == "running"
        yield
    finally:
        launch.kill(run)


def pytorch_ms(run: Path) -> float:
    """Median milliseconds of one picture."""
    generator = load_generator(run / "generator.safetensors")
    z = seeds.z_from_seeds([0], generator.config.z_dim)
    torch.set_num_threads(1)
    times = []
    with torch.inference_mode():
        for _ in range(50):
            begin = time.perf_counter()
            generator(z)
            times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times)


if __name__ == "__main__":
    main()
