"""The samples that a training keeps: pictures of the same latent vectors, and the generator that drew them."""

import logging
import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import torch

from dcgan.images.encode import png_bytes
from dcgan.images.grids import grid, to_uint8
from dcgan.networks.generator_file import generator_bytes, metadata_of
from dcgan.runs.kept_steps import thin
from dcgan.runs.run import Run
from dcgan.system.files import publish
from dcgan.training.gan import GAN

log = logging.getLogger("dcgan")


class Snapshots:
    """The grids and generators that a run keeps, thinned as they grow.

    Which of them stay follows from which were kept before, and the state holds that list: a run that was killed ends
    with the same ones.
    """

    def __init__(self, run: Run, step: int, saved: Mapping[str, list[int]] = MappingProxyType({})) -> None:
        """Go on at a step, with the lists that its state has `saved`; what came later is about to be made again."""
        self.run = run
        self._places = {"samples": (run.samples, run.sample_path), "snapshots": (run.snapshots, run.snapshot_path)}
        self.kept: dict[str, list[int]] = {}
        self.whole = True  # nothing of what was kept last is missing
        for name, (there, path) in self._places.items():
            for later in (each for each in there() if each > step):
                path(later).unlink(missing_ok=True)
            self.kept[name] = sorted({*saved.get(name, ()), *there()})

    def keep(self, gan: GAN, fixed_z: torch.Tensor, step: int) -> None:
        """Publish the grid of the fixed z, the generator that made it as a snapshot, and as the newest generator."""
        run, generator = self.run, gan.ema_generator()
        with torch.no_grad():
            images = to_uint8(generator(fixed_z).float().cpu().numpy())  # (N, H, W) or (N, H, W, 3)
        generator_file = generator_bytes(generator, step)
        written = [publish_or_skip(run.generator_path, generator_file)]
        snapshot, columns = generator_bytes(generator, step, half=True), full_rows(len(images))
        written.append(publish_or_skip(run.snapshot_path(step), snapshot))
        recipe = {"run": run.id, "step": step, "weights_hash": metadata_of(snapshot)["weights_hash"]}  # of those kept
        recipe |= {"seed": gan.config.seed, "n": len(images), "truncation": gan.config.sample_truncation}
        recipe |= {"columns": columns} if columns else {}
        written.append(publish_or_skip(run.sample_path(step), png_bytes(grid(images, columns), recipe)))
        self.whole = all(written)
        self._thin("samples", step, gan.config.max_samples)
        self._thin("snapshots", step, gan.config.max_snapshots)

    def _thin(self, name: str, step: int, most: int) -> None:
        steps, (_, path) = sorted({*self.kept[name], step}), self._places[name]
        dropped = thin(steps, most)
        self.kept[name] = [each for each in steps if each not in dropped]
        for each in dropped:
            path(each).unlink(missing_ok=True)


def full_rows(n: int) -> int | None:
    """Columns that lay n pictures out in full rows, 32 as 4 rows of 8; None where that would be a long strip."""
    least = math.ceil(math.sqrt(n))
    return next((columns for columns in range(least, 2 * least) if n % columns == 0), None)


def publish_or_skip(path: Path, content: bytes) -> bool:
    """Publish a file the training can do without: a full disk costs this picture, not the run. Returns success."""
    try:
        publish(path, content)
    except OSError as error:
        log.warning("could not write %s: %s", path.name, error)
        return False
    return True


def is_sample_step(step: int, every: int) -> bool:
    """Every `every` steps, and before that at 8, 16, 32, ...: the first steps change the picture most."""
    return step % every == 0 or (8 <= step < every and step & (step - 1) == 0)
