"""What a training reports: points and events of its curves, alarms, status, and progress on the terminal."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from dcgan.compute import devices
from dcgan.errors import Diverged
from dcgan.monitoring import alarm_words
from dcgan.monitoring.alarms import Watcher
from dcgan.monitoring.class_rows import class_rows
from dcgan.monitoring.inline_evaluation import InlineEvaluation
from dcgan.runs import live_settings
from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.metrics_blocks import read_blocks
from dcgan.runs.metrics_log import Curves
from dcgan.runs.throughput import STEADY_SECONDS, Rate, seconds_left
from dcgan.training.event_files import EventFiles
from dcgan.training.session import Session

log = logging.getLogger("dcgan")

UNEVEN = (
    "Other programs use this computer, too, and training takes as many threads as they leave free. It goes on well; "
    "only a fixed num_threads repeats to the last digit."
)
MOVED = (
    "This run was brought to another kind of device, where random numbers are others: it goes on well, but not as it "
    "would have there."
)
OTHER_ROUTE = (
    "This run was on another kind of computer, where another way of multiplying is fastest: it goes on well, but not "
    "to the last digit as it would have there."
)
INEXACT = {"threads": UNEVEN, "device": MOVED, "route": OTHER_ROUTE}  # the kind of event -> what is said of it


class Recorder:
    """Writes the curves and the status of a session; reads its step, images and time, and changes nothing of it."""

    def __init__(
        self, session: Session, heart: Heartbeat, notice: str, on_progress: Callable[[dict[str, float]], None]
    ) -> None:
        """Go on with the run's curves; `notice` is what is to be said of its pictures, and `on_progress` gets points.

        The alarms begin with all earlier points and measurements, those of other processes too.
        """
        self._session, self._heart, self._on_progress = session, heart, on_progress
        self._curves = Curves(session.run.metrics_path)
        self._event_files = EventFiles(session.run, session.config, session.step)
        self._rate, self._steady = Rate(), Rate(STEADY_SECONDS)
        self._watcher = Watcher()
        self.events: set[str] = set()  # kinds of those in the curves when this process began
        for block, _ in read_blocks(session.run.metrics_path):
            self._watcher.feed(block)
            if isinstance(block, list):
                self.events |= {row["event"] for row in block if "event" in row}
        self._watcher.feed(class_rows(session.run.quality_path))
        told = [words for event, words in INEXACT.items() if event in self.events]
        self._notice = " ".join(filter(None, [notice, *told]))

    # ---- the status

    def running(self) -> None:
        """The first step is next."""
        session = self._session
        self._heart.update(state="running", message="", notice=self._notice, device=self._device())
        self._heart.update(step=session.step, num_steps=session.num_steps, time_s=session.time_s, eta_s=None)

    def paused(self, problem: str, serial: int) -> None:
        """It waits, as the command of this number asked for; `problem` is what went wrong in saving, or nothing."""
        self._heart.update(state="paused", message=problem, obeyed=serial, images_per_s=0.0, eta_s=None)

    def resumed(self, command: str, serial: int) -> None:
        """The wait is over; for a single step the state stays as it is."""
        self._heart.update(state="paused" if command == "step" else "running", obeyed=serial)
        self._rate.reset()
        self._steady.reset()

    def saved(self, problem: str) -> None:
        """The state was saved, or `problem` says why not."""
        self._heart.update(message=problem)

    def stepped(self) -> None:
        """One step more."""
        session = self._session
        self._heart.update(
            step=session.step, num_steps=session.num_steps, images=session.images, epoch=session.stream.epoch
        )

    def pictured(self, drawn: bool) -> bool:
        """The sample grid of this step was kept, or could not be; returns which."""
        self.add_notice(self._session.snapshots.notice)
        if drawn:
            self._event_files.picture(self._session.run, self._session.step)
        return drawn

    def timed(self) -> None:
        """The step's time has been added up."""
        self._rate.count(self._session.images_per_step)
        self._steady.count(self._session.images_per_step)
        self._heart.update(time_s=self._session.time_s)

    def measured(self, evaluation: InlineEvaluation) -> None:
        """A new distance to real pictures."""
        self._heart.update(**evaluation.facts)
        self._watch(evaluation.row)
        self._event_files.point(evaluation.row)

    def add_notice(self, words: str) -> None:
        """Words that stay to be read, once each; nothing for none."""
        if words not in self._heart.status.notice:
            self._heart.update(notice=f"{self._heart.status.notice} {words}".strip())

    def leaving(self, serial: int) -> None:
        """All that remains is to end, as the command of this number asked for."""
        self._heart.update(message="", obeyed=serial, eta_s=None, images_per_s=0.0)

    # ---- the curves

    def moved(self) -> None:
        """The state was of another kind of device, or another route, so that what follows is not exact."""
        gan = self._session.gan
        self._event(gan.inexact, precision=gan.precision)
        log.info("from step %d on, in %s: %s", self._session.step, gan.precision, INEXACT[gan.inexact])
        self.add_notice(INEXACT[gan.inexact])

    def begun(self, facts: Mapping[str, float]) -> None:
        """What is known before the first step on these pictures."""
        self._watch(self._event("begun", **facts))

    def changed(self, changes: Mapping[str, float | str]) -> None:
        """Settings that are in force from the next step on."""
        self._event("change", **changes)
        log.info("from step %d on: %s", self._session.step, live_settings.words(changes))

    def short_of_memory(self, at_once: int) -> None:
        """Memory ran out in the present step: from now on so many pictures are in the networks at once."""
        step = self._session.step
        words = f"Memory ran out in step {step + 1}: from there on {at_once} pictures are in the networks at once."
        log.warning("%s", words)
        self._event("memory", micro_batch=at_once)
        self._heart.update(notice=f"{self._notice} {words}".strip())

    def threads_changed(self) -> None:
        """Other threads train from here on, which rounds otherwise."""
        step, threads = self._session.step, self._session.threads.now
        self._event("threads", threads=threads)
        log.info("from step %d on: %d threads, for the load of this machine", step, threads)
        self._heart.update(device=self._device())
        self.add_notice(UNEVEN)

    def point(self, measured: Mapping[str, Tensor], began: float) -> None:
        """Add a point of the curves; waits for the device. Raises Diverged if a number of it is not finite.

        `measured` are scalars by name, and `began` is when the step did, in seconds of time.monotonic().
        """
        session = self._session
        point = {"step": session.step, "images": session.images, "epoch": round(session.stream.epoch, 4)}
        values = torch.stack(list(measured.values())).tolist()
        point |= {name: rounded(value) for name, value in zip(measured, values, strict=True)}
        if not all(map(math.isfinite, point.values())):
            raise Diverged(f"The losses stopped being numbers at step {session.step}.", session.step)
        time_s, images_per_s = session.time_s + time.monotonic() - began, self._rate.images_per_s()
        point |= {"time_s": round(time_s, 3), "images_per_s": round(images_per_s, 1)}
        self._curves.add(point)
        self._watch(point)
        self._event_files.point(point)
        self.add_notice(self._event_files.notice)
        steps_left = session.num_steps - session.step
        eta_s = seconds_left(session.now, steps_left, self._steady.images_per_s(), session.time_s)
        self._heart.update(images_per_s=point["images_per_s"], eta_s=eta_s)
        self._on_progress(point)

    # ---- how it is done

    def _event(self, name: str, **values: Any) -> dict[str, Any]:
        """Mark the curves at the present step; returns the row."""
        row = {"step": self._session.step, "event": name, **values}
        self._curves.add(row)
        return row

    def _watch(self, row: dict[str, Any]) -> None:
        """Give the alarms a new row, and say in the log and the status which are raised."""
        self._watcher.feed([row])
        alarms = self._watcher.alarms()
        for alarm in alarms:
            if alarm.raised == row["step"] and alarm.name not in self._heart.status.alarms.split(", "):
                log.warning("step %d: %s", row["step"], alarm_words.seen(alarm))
        self._heart.update(alarms=", ".join(alarm.name for alarm in alarms))

    def _device(self) -> str:
        gan = self._session.gan
        return devices.device_name(gan.device, self._session.team.size, gan.precision)


def rounded(value: float) -> float:
    """A number for the curves: six decimals, and as many digits where it is too small for them."""
    return round(value, 6) if abs(value) >= 0.1 or not value else float(f"{value:.6g}")
