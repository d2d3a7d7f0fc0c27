"""What `import dcgan` offers to a notebook or a script: load a generator, draw, train, evaluate."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcgan.config import NO_END
from dcgan.errors import BadInput, Halted
from dcgan.runs import launch
from dcgan.runs.new_run import order
from dcgan.runs.run import Run
from dcgan.system.processes import is_process

if TYPE_CHECKING:
    import numpy as np

    from dcgan.networks.models import Generator

Name = Path | str  # of a run, a file or a folder
Step = int | str | None  # a kept step, "best", or None for the newest

POLL_SECONDS = 0.2  # between two looks at a run that trains


def load_generator(source: Run | Name, step: Step = None, root: Name | None = None) -> "Generator":
    """The generator of a run, or of a .safetensors file that the studio wrote: in eval mode on the CPU, float32.

    A run is given by itself, its id under `root` (default: where the studio keeps its runs) or its directory; `step` is
    a kept step of it, or "best" (default: the newest). z (N, z_dim) goes in, pictures (N, C, H, W) in [-1, 1] come out.
    Raises BadInput where there is none, or where it is damaged.
    """
    return _opened(source, step, root)[1]


def draw(generator: "Generator", seeds: Iterable[int] = range(16), of_class: str | None = None) -> "np.ndarray":
    """The pictures of seeds, one each: uint8 (N, H, W), or (N, H, W, 3) in colour.

    A seed gives the same picture here, on the pages and on the command line. Of a generator that knows classes, all are
    `of_class`, by name, or each seed shows its own. Raises BadInput for a seed outside 0 to 2**32 - 1, for none at all,
    and for a class that the generator doesn't know.
    """
    from dcgan.latent.class_centres import labels_of_class, z_of
    from dcgan.latent.render import render

    seeds = list(seeds)
    if not seeds:
        raise BadInput("Name at least one seed to draw.")
    labels = None if of_class is None else labels_of_class(of_class, len(seeds), generator.config)
    return render(generator, z_of(generator, seeds, labels=labels))


def train(
    preset: str = "quick",
    data: str | Path | None = None,
    steps: int | None = None,
    *,
    epochs: float | None = None,
    minutes: float | None = None,
    name: str = "",
    root: Name | None = None,
    show: bool = True,
    **settings: object,
) -> Run:
    """Train a new run to its end and return it; `show` draws a bar.

    `data` is fashion-mnist, mnist, celeba, or the path of pictures (default: the preset's); `settings` are fields of
    Config by name, on top of the preset's. One run at a time trains under `root` (default: where the studio
    keeps its runs). It trains in a process of its own, as one that the Train page starts, so it outlives this one; an
    interruption (KeyboardInterrupt) saves and stops it, and returns it as it is. Raises BadInput for what can't be
    trained, and Halted, with the reason, where the training failed.
    """
    root = None if root is None else Path(root)
    config = order(preset, settings, None if data is None else str(data), steps, epochs, minutes, root=root)
    run = Run.create(config, root, name)
    try:
        launch.start(run)
    except BadInput:
        run.delete()
        raise
    try:
        _wait(run, show)
    except KeyboardInterrupt:
        run.ask("stop")
        _wait(run, show=False)
    status = launch.observe(run)
    if status.state not in ("finished", "stopped"):
        raise Halted(f"Run {run.id}: {status.error or status.message}")
    return run


def evaluate(
    source: "Run | Name | Generator",
    n: int = 1000,
    seed: int = 0,
    *,
    step: Step = None,
    root: Name | None = None,
) -> dict[str, Any]:
    """Compare the fakes of seeds seed, seed + 1, ..., seed + n - 1 with real pictures that were held out.

    `source` is a generator, or what `load_generator` takes. The report is plain numbers and text:
    `report["figures"]["distance"]` is {"value", "floor": {"mean", "deviation"} of real pictures}, or None where there
    are too few pictures to tell. That of a run is kept in its folder and only read the next time. Raises BadInput for n
    outside 2 to 10,000, without the generator, and without the pictures it learned from.
    """
    from dcgan.evaluation import report
    from dcgan.networks.models import Generator

    run, generator = (None, source) if isinstance(source, Generator) else _opened(source, step, root)
    if run is None:
        return report.evaluate(generator, n, seed)
    return report.evaluate_run(run, generator, n, seed)


def _opened(source: Run | Name, step: Step, root: Name | None) -> tuple[Run | None, "Generator"]:
    """The run that is meant, None for a file, and its generator."""
    from dcgan.networks.generator_file import load_generator as load_file
    from dcgan.runs.checkpoint import open_generator

    if not isinstance(source, Run):
        if Path(source).suffix == ".safetensors":
            if step is not None:
                raise BadInput(f"{source} is one generator and has no steps: name its run to choose one.")
            return None, load_file(source)
        source = Run.find(str(source), None if root is None else Path(root))
    return source, open_generator(source, step)


def _wait(run: Run, show: bool) -> None:
    """Wait until no process trains the run any more, nor is about to end."""
    from tqdm import tqdm

    end = run.config.num_steps
    with tqdm(total=end if end < NO_END else None, unit="step", disable=not show, dynamic_ncols=True) as bar:
        while (status := launch.observe(run)).state in launch.ACTIVE or is_process(status.pid, status.pid_started):
            bar.update(status.step - bar.n)
            time.sleep(POLL_SECONDS)
        bar.update(status.step - bar.n)
