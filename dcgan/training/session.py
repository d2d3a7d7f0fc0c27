"""A run in training: its networks, its position in the data and its progress, brought back from a state and saved."""

import contextlib
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dcgan.compute import devices
from dcgan.compute.threads import Threads
from dcgan.config import Config
from dcgan.data import batches
from dcgan.errors import Diverged, Halted
from dcgan.monitoring.curve_history import History
from dcgan.runs import kept_states, live_settings, speeds
from dcgan.runs.checkpoint import load_state, save_state
from dcgan.runs.fork import refuse_fixed, refuse_other
from dcgan.runs.grid_cells import grid_cells
from dcgan.runs.run import Run
from dcgan.runs.throughput import Stopwatch
from dcgan.system.files import PRIVATE, publish
from dcgan.training.gan import GAN
from dcgan.training.growing import grow
from dcgan.training.snapshots import Snapshots
from dcgan.training.step import step_in_memory
from dcgan.training.team import Team

log = logging.getLogger("dcgan")


class Session:
    """What an exact resume needs: step, images, time, the settings in force, GAN, data stream, threads, kept samples.

    `step` counts whole steps, `images` the real pictures they took, and `time_s` the seconds of training, all from the
    run's start. `now` holds the settings in force, some of which change while it trains; `config` stays as it was.
    """

    def __init__(
        self,
        run: Run,
        config: Config,
        images: np.ndarray,
        device: torch.device,
        team: Team,
        threads: Threads,
        labels: np.ndarray | None = None,
    ) -> None:
        """Begin with fresh weights, or go on from the run's newest state.

        `images` are uint8 (N, C, S, S), `labels` their classes, int64 (N,), where these are asked for.

        What files hold of later steps is dropped: those steps are about to be made again. Raises BadInput if the state
        is of other settings, or damaged.
        """
        self.run, self.config, self.team, self.threads = run, config, team, threads
        self.gan = GAN(config, device, team, len(images))
        self.feed = batches.Feed(images, device, labels=labels)
        self.stream = batches.BatchStream(len(images), config.batch_size, config.seed)
        self.step, self.images, self.time_s = 0, 0, 0.0
        self.num_steps = config.num_steps  # the end, which may be moved
        self.now = config
        self.begins = True  # on these pictures, at least
        kept = self._bring_back() if run.state_paths() else {}
        self.gan.apply(self.now)
        place = {"gan": self.gan.state_dict(), "stream": self.stream.state_dict()}
        team.tell("begin", config=config.to_json(), now=self.now.to_json(), device=device.type, **place)

        drop_metrics_after(run, self.step)
        self._summary = History(run)
        self.snapshots = Snapshots(run, self.step, kept)
        self._cells = grid_cells(config)  # the same at every sample
        self.pictured_s = -math.inf  # `time_s` of the last sample, by this process
        self.keeping = Stopwatch()  # of the time that samples and states take
        self._before_s = self.time_s  # trained by earlier processes
        self._paced = self.time_s, self.images  # when the speed was last noted

    @property
    def images_per_step(self) -> int:
        """Real pictures that a step takes, one batch for each of D's moves."""
        return self.now.d_steps * self.config.batch_size

    @property
    def trained_s(self) -> float:
        """Seconds of training by this process."""
        return self.time_s - self._before_s

    def take_step(self, on_retry: Callable[[int], None]) -> dict[str, Tensor]:
        """One step of the settings in force; returns what `GAN.step` measures, scalars that stay on the device.

        Raises Halted where memory runs out for good, the state saved if the weights are whole; `on_retry` gets the
        number of pictures at once that a second try is made with.
        """
        try:
            measured = step_in_memory(self.gan, self.feed, self.stream, self.now, on_retry)
        except Halted:
            if self.team.size == 1 and not self.gan.torn:
                self.save()
            raise
        self.step, self.images = self.step + 1, self.images + self.images_per_step
        return measured

    def change(self, settings: Config) -> dict[str, float | str]:
        """Put other settings in force, in all processes of the team; returns what changed, by name."""
        changes = live_settings.changed(self.now, settings)
        self.now = settings
        self.gan.apply(settings)
        if "micro_batch" in changes:
            self.gan.at_most = 0
        self.team.tell("change", live=live_settings.dump(settings), at_most=self.gan.at_most)
        return changes

    def keep_sample(self) -> bool:
        """Keep the pictures of the fixed z and the generator that draws them; raises Diverged for broken weights.

        Returns whether they could be drawn; `snapshots.notice` says why not.
        """
        devices.wait(self.gan.device)  # so that the time of the last steps isn't taken for this one's
        self.pictured_s = self.time_s
        with self.keeping:
            check_finite(self.gan, self.step)
            return self.snapshots.keep(self.gan, self._cells, self.step)

    def save(self) -> str:
        """Save the state; returns what went wrong: after a full disk the last state is whole, and the next may fit.

        Raises Diverged if a weight is no number, and Halted if the processes of a team have different weights.
        """
        check_finite(self.gan, self.step)
        self.team.compare(self.gan)
        self._note_speed()
        try:
            with self.keeping:
                save_state(self.run, self._state())
        except OSError as error:
            log.warning("could not save step %d: %s", self.step, error)
            return f"Step {self.step} could not be saved ({error.strerror})"
        with self.keeping:
            self._summary.keep_up()
        try:
            with self.keeping:
                kept_states.keep(self.run, self.step, self.config.max_states_mb)
        except OSError as error:
            log.warning("could not keep the state of step %d: %s", self.step, error)
        return ""

    # ---- how it is done

    def _state(self) -> dict[str, Any]:
        """All of it, as tensors, numbers and texts."""
        return {
            "gan": self.gan.state_dict(),
            "stream": self.stream.state_dict(),
            "step": self.step,
            "images": self.images,
            "time_s": self.time_s,
            "config": self.config.to_json(),
            "live": live_settings.dump(self.now),
            "threads": self.threads.now,
            "kept": self.snapshots.kept,
        }

    def _bring_back(self) -> Mapping[str, list[int]]:
        """Be as the run's newest state says; returns the steps of the samples and snapshots that it had kept."""
        state = load_state(self.run)
        self.step, self.time_s = state["step"], state["time_s"]
        self.images = state.get("images", self.step * Config.from_json(state["config"]).batch_size)
        self.threads.use(state.get("threads", self.threads.most))
        self.begins, self.now = go_on_from(state, self.run, self.config, self.gan, self.stream)
        with contextlib.suppress(OSError):  # of a full disk the next save tells
            kept_states.keep_again(self.run, self.step, self.config.max_states_mb)
        log.info("resuming at step %d", self.step)
        return {} if self.begins else state.get("kept", {})

    def _note_speed(self) -> None:
        """Remember this machine's speed, but not that of a team, whose processes may share the machine."""
        time_s, images = self._paced
        if self.team.size == 1 and self.time_s - time_s >= speeds.LEAST_SECONDS:
            speeds.note(self.now, self.images - images, self.time_s - time_s)
            self._paced = self.time_s, self.images


def go_on_from(
    state: dict[str, Any], run: Run, config: Config, gan: GAN, stream: batches.BatchStream
) -> tuple[bool, Config]:
    """Set players and data stream to a state of a run; nothing on disk changes.

    Returns whether the run only begins there, as a fork does, and the settings in force. Raises BadInput if the state
    is of other settings.
    """
    saved = Config.from_json(state["config"])
    begins = fits_state(run, config, state)
    now = config if begins else live_settings.restore(config, state)
    if saved.precision != config.precision:  # a fork's own choice, which the state's does not overrule
        state["gan"]["precision"] = gan.precision
    if saved.image_size != config.image_size:
        grow(state["gan"], saved, gan)
    gan.load_state_dict(state["gan"])
    if (saved.batch_size, saved.micro_batch) != (config.batch_size, config.micro_batch):
        gan.start_step_anew()
    same_data = (saved.data, saved.data_fingerprint) == (config.data, config.data_fingerprint)
    if not begins or same_data:
        stream.load_state_dict(state["stream"])
    return begins, now


def fits_state(run: Run, config: Config, state: Mapping[str, Any]) -> bool:
    """Whether a state, or its facts, is still that of the run's parent; raises BadInput if it is of other settings."""
    saved = Config.from_json(state["config"])
    begins = run.parent().run != "" and run.parent().step == state["step"]
    if begins:
        refuse_fixed(saved, config)
    else:
        refuse_other(run, saved)
    return begins


def make_room(run: Run) -> None:
    """Make the run's folders, and remove what writers that were killed left a minute ago or earlier."""
    for folder in (run.sample_path(0).parent, run.snapshot_path(0).parent, run.kept_state_path(0).parent):
        folder.mkdir(PRIVATE, exist_ok=True)
    for draft in run.path.rglob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - draft.stat().st_mtime > 60:
                draft.unlink()


def drop_metrics_after(run: Run, step: int) -> None:
    """Remove the points of the curves after a step."""
    kept = run.metrics_until(step)
    if run.metrics_path.exists() and run.metrics_path.read_bytes() != kept:
        publish(run.metrics_path, kept)


def check_finite(gan: GAN, step: int) -> None:
    """Raise Diverged if a weight is no longer a number, so that nothing broken replaces something good."""
    for name, parameter in [*gan.G.named_parameters(), *gan.D.named_parameters()]:
        if not torch.isfinite(parameter).all():
            raise Diverged(f"Weight {name} stopped being a number at step {step}.", step)
