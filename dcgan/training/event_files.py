"""TensorBoard's event files beside metrics.jsonl: the same figures and the sample grids, for whoever looks there.

They are written by torch.utils.tensorboard, which needs the optional package tensorboard. A resume opens another file
and says from which step on what earlier files hold is made again; TensorBoard puts them together.
"""

import logging
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image

from dcgan.config import Config
from dcgan.errors import first_line
from dcgan.runs.new_run import has_tensorboard
from dcgan.runs.run import Run

log = logging.getLogger("dcgan")


class EventFiles:
    """Writes what the curves get, where the settings ask for it; what can't be written ends it, never the training."""

    def __init__(self, run: Run, config: Config, step: int) -> None:
        """Go on after a step; `notice` says why nothing is written though it is asked for."""
        self.notice = ""
        self._writer: Any = None
        if config.log == "tensorboard":
            self._try(lambda: self._open(run, step))

    def point(self, row: Mapping[str, Any]) -> None:
        """The figures of a row of metrics.jsonl or quality.jsonl, by their names there."""
        figures = {name: value for name, value in row.items() if type(value) in (int, float) and name != "step"}
        if self._writer and "event" not in row:
            self._try(lambda: self._scalars(figures, int(row["step"])))

    def picture(self, run: Run, step: int) -> None:
        """The sample grid of a step."""
        if self._writer and run.sample_path(step).is_file():
            self._try(lambda: self._image(np.asarray(Image.open(run.sample_path(step))), step))

    def _open(self, run: Run, step: int) -> None:
        if not has_tensorboard():
            raise ModuleNotFoundError("the package tensorboard is not installed")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of packages that it loads
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(run.path, purge_step=step + 1 if step else None)

    def _scalars(self, figures: Mapping[str, float], step: int) -> None:
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()  # a process that is killed leaves all that the curves have

    def _image(self, pixels: np.ndarray, step: int) -> None:
        self._writer.add_image("samples", pixels, step, dataformats="HW" if pixels.ndim == 2 else "HWC")
        self._writer.flush()

    def _try(self, write: Callable[[], None]) -> None:
        try:
            write()
        except Exception as error:  # such as a full disk
            log.warning("no more event files: %s", error)
            self.notice = f"TensorBoard's event files get nothing any more: {first_line(error)}."
            self._writer = None
