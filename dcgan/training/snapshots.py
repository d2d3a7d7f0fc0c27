"""The samples that a training keeps: pictures of the same latent vectors, and the generator that drew them."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import torch

from dcgan.compute import devices
from dcgan.errors import Diverged, Halted, first_line
from dcgan.images.encode import png_bytes
from dcgan.images.grids import grid, to_uint8
from dcgan.latent.class_centres import z_of_cells
from dcgan.networks.generator_file import generator_bytes, metadata_of
from dcgan.runs.grid_cells import Cell, class_rows, full_columns
from dcgan.runs.kept_steps import thin
from dcgan.runs.run import Run
from dcgan.system.files import publish
from dcgan.training.gan import GAN

FREE_SECONDS = 60.0  # of training, in which a picture changes so fast that none is too many
BETWEEN_SECONDS = 1.0  # at least, from one picture to the next after that

log = logging.getLogger("dcgan")


class Snapshots:
    """The grids and generators that a run keeps, thinned as they grow.

    Which of them stay follows from which were kept before, and the state holds that list: a run that was killed ends
    with the same ones, but where steps are so fast that `is_sample_time` leaves some out.
    """

    def __init__(self, run: Run, step: int, saved: Mapping[str, list[int]] = MappingProxyType({})) -> None:
        """Go on at a step, with the lists that its state has `saved`; what came later is about to be made again."""
        self.run = run
        self._places = {"samples": (run.samples, run.sample_path), "snapshots": (run.snapshots, run.snapshot_path)}
        self.kept: dict[str, list[int]] = {}
        self.whole = True  # nothing of what was to be kept last is missing
        self.off, self.notice = False, ""  # whether drawing failed, and why a picture is missing
        for name, (there, path) in self._places.items():
            for later in (each for each in there() if each > step):
                path(later).unlink(missing_ok=True)
            self.kept[name] = sorted({*saved.get(name, ()), *there()})

    def keep(self, gan: GAN, cells: Sequence[Cell], step: int) -> bool:
        """Publish the grid of these cells, the generator that made it as a snapshot, and as the newest generator.

        Returns whether they could be drawn. Where not, files stay as they are and `notice` says why.
        """
        try:
            with devices.full_float32():  # so that they can be drawn again anywhere
                files = self._files(gan, cells, step)
        except (Halted, Diverged):
            raise
        except Exception as error:
            self._give_up(error, step)
            devices.forget_buffers(gan.device)
            return False
        self.whole = all([publish_or_skip(path, content) for path, content in files.items()])
        self._thin("samples", step, gan.config.max_samples)
        self._thin("snapshots", step, gan.config.max_snapshots)
        return True

    def _files(self, gan: GAN, cells: Sequence[Cell], step: int) -> dict[Path, bytes]:
        """What `keep` publishes, in this order; nothing of it is written yet."""
        run, generator, config = self.run, gan.ema_generator(), gan.config
        z = z_of_cells(generator, cells, config.sample_truncation).to(gan.device)

        @torch.no_grad()
        def draw(at_once: int) -> torch.Tensor:
            return torch.cat([generator(part).float().cpu() for part in z.split(at_once)])

        drawn = devices.fewer_at_once(draw, len(z), gan.device)  # (N, C, H, W), each from its own z alone
        images = to_uint8(drawn.numpy())  # (N, H, W) or (N, H, W, 3)
        snapshot = generator_bytes(generator, step, half=True)
        rows, columns = class_rows(cells), full_columns(cells)
        recipe = {"run": run.id, "step": step, "weights_hash": metadata_of(snapshot)["weights_hash"]}  # of those kept
        recipe |= {"seed": config.seed, "n": len(images), "truncation": config.sample_truncation}
        recipe |= {"columns": columns} if columns else {}
        recipe |= {"rows": rows} if rows else {}
        return {
            run.generator_path: generator_bytes(generator, step),
            run.snapshot_path(step): snapshot,
            run.sample_path(step): png_bytes(grid(images, columns), recipe),
        }

    def _give_up(self, error: Exception, step: int) -> None:
        """Leave this picture out if it was memory that ran out, else all that follow."""
        self.whole = False
        if devices.is_out_of_memory(error):
            log.warning("no picture of step %d: %s", step, first_line(error))
            self.notice = "Memory ran out for a picture, which is left out; the training goes on."
        else:
            log.exception("no picture of step %d, nor any more", step)
            self.off = True
            self.notice = f"No more pictures are drawn while it trains: {first_line(error)}; log.txt has the details."

    def _thin(self, name: str, step: int, most: int) -> None:
        steps, (_, path) = sorted({*self.kept[name], step}), self._places[name]
        dropped = thin(steps, most)
        self.kept[name] = [each for each in steps if each not in dropped]
        for each in dropped:
            path(each).unlink(missing_ok=True)


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


def is_sample_time(time_s: float, last_s: float) -> bool:
    """Whether enough time has passed since the last picture; both in seconds of training, from the run's start.

    A fast GPU would spend a fifth of its time on pictures that come by steps alone.
    """
    return time_s < FREE_SECONDS or time_s - last_s >= BETWEEN_SECONDS
