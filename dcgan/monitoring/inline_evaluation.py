"""How far the fakes are from real pictures while a run trains: measured a little at a time between its steps.

The steps need every core, and a second process at their side, at whatever priority, holds them up at each of their
many barriers for longer than it works (benchmarks/README.md has the figures). So the training process measures by
itself, piece by piece, and never more than a share of its time.
"""

import contextlib
import json
import logging
import subprocess
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open

from dcgan.compute import devices
from dcgan.config import Config
from dcgan.errors import BadInput, Halted, first_line
from dcgan.evaluation.reference import Reference
from dcgan.monitoring import quick_figures, real_side
from dcgan.monitoring.quick_figures import Pieces, figures_in_pieces, frozen, standard_in_pieces
from dcgan.networks.generator_file import generator_bytes, weights_hash
from dcgan.networks.models import Discriminator, Generator
from dcgan.runs.metrics_log import append_line
from dcgan.runs.quality_log import FIELDS, lines_until, rows_in
from dcgan.runs.run import Run
from dcgan.system.files import publish

if TYPE_CHECKING:
    from dcgan.training.gan import GAN

log = logging.getLogger("dcgan")

SHARE = 0.04  # of the training's time that measuring may take
SHARE_ONCE = 0.2  # that getting to know the real pictures may take, which are kept for later runs on them
SHARE_AT_END = 0.05  # that it may have taken when the last generator is measured, too
WAIT_SECONDS = 0.05  # between two looks whether the process that prepares is done, when nothing else is left to do
HEAD_START_S = 0.5  # that it may take at once, so that a short run has figures


class InlineEvaluation:
    """Measures the kept generators of a run in training; writes its quality.jsonl and best.safetensors.

    What fails here, be it the judge, the real pictures or memory, ends the measuring and never the training: `notice`
    then says why.
    """

    def __init__(self, run: Run, config: Config, images: np.ndarray, step: int, device: torch.device) -> None:
        """`images` are the training pictures, uint8 (N, C, S, S); `step` is where the training goes on."""
        self.run, self.config, self._device = run, config, device
        self.every = config.measure_images  # 0: off
        self.notice = ""
        self.spent_s = 0.0  # of the training's time, by this process,
        self._spent_once_s = 0.0  # and what of it went into getting to know the real pictures
        self.row: dict[str, Any] = {}  # what was measured last
        self.facts: dict[str, Any]  # for status.json
        self._train = images[:, 0] if config.channels == 1 else images.transpose(0, 2, 3, 1)
        self._standard: Any = None
        self._pieces: Pieces | None = None  # of what is being worked out
        self._helper: subprocess.Popen[bytes] | None = None  # who looks at the real pictures, if another process does
        self._cost_s = 0.0  # of the last whole measurement
        rows = rows_in(_drop_rows_after(run, step))
        self._due = rows[-1]["images"] + self.every if rows else min(self.every, max(1, self.every // 8))
        self._best = best_of(run)
        newest = rows[-1] if rows else {}
        self.facts = {name: newest.get(name) for name in ("distance", "distance_floor")}
        self.facts |= {f"best_{name}": self._best.get(name) for name in ("step", "distance")}

    def look(self, gan: "GAN", step: int, images: int, time_s: float, elapsed_s: float) -> None:
        """Begin to measure the generator whose sample was just kept, if it is time for it.

        `elapsed_s` is how long this process has trained.
        """
        if not self.every or self._pieces is not None or images < self._due:
            return
        if self._standard is None:
            self._pieces = self._prepare()
        elif self._spent_measuring_s + self._cost_s / 2 <= SHARE * elapsed_s + HEAD_START_S:
            self._begin(gan, step, images, time_s)

    def work(self, elapsed_s: float) -> bool:
        """Do one piece if there is time for it; returns whether a measurement was completed by it."""
        known = self._standard is not None
        share, spent_s = (SHARE, self._spent_measuring_s) if known else (SHARE_ONCE, self._spent_once_s)
        if self._pieces is None or spent_s > share * elapsed_s + HEAD_START_S:
            return False
        return self._one_piece()

    def finish(self, gan: "GAN", step: int, images: int, time_s: float, elapsed_s: float) -> bool:
        """Measure the last generator, whose sample was just kept, if that takes little beside the whole training.

        Returns whether a measurement was completed.
        """
        done = False
        while self._pieces is not None and self._standard is None and self._spent_once_s < SHARE_ONCE * elapsed_s:
            self._one_piece()
            if self._is_waiting():
                time.sleep(WAIT_SECONDS)
                self._spend(WAIT_SECONDS, once=True)
        idle, budget = self._pieces is None, SHARE_AT_END * elapsed_s
        if (
            self.every
            and self._standard
            and (idle or self._cost_s)
            and self._spent_measuring_s + self._cost_s <= budget
        ):
            self._begin(gan, step, images, time_s)
        while self._pieces is not None and self._standard and self._spent_measuring_s < budget:
            done = self._one_piece() or done
        return done

    # ---- how it is done

    @property
    def _spent_measuring_s(self) -> float:
        return self.spent_s - self._spent_once_s

    def _spend(self, seconds: float, once: bool) -> None:
        self.spent_s += seconds
        self._spent_once_s += seconds * once

    def _is_waiting(self) -> bool:
        return self._helper is not None and self._helper.poll() is None

    def _begin(self, gan: "GAN", step: int, images: int, time_s: float) -> None:
        devices.wait(self._device)  # what is left of the step is none of this
        began = time.monotonic()
        with self._no_harm():
            with torch.device("meta"):  # draws no random numbers, takes no memory
                twins = Generator(self.config), Discriminator(self.config)
            G, D = frozen(gan.ema, twins[0]), frozen(gan.D, twins[1])
            moment: dict[str, Any] = {"step": step, "images": images, "time_s": round(time_s, 3)}
            moment |= {"weights": "EMA" if gan.config.ema_half_life_images else "raw"}
            self._due = images + min(self.every, max(images, self.every // 8))
            self._pieces = self._measure(G, D, moment)
        self._spend(time.monotonic() - began, once=False)

    def _one_piece(self) -> bool:
        assert self._pieces is not None
        if self._standard:  # before that nothing here is on the device
            devices.wait(self._device)
        began, done, once = time.monotonic(), False, self._standard is None
        with self._no_harm():
            try:
                next(self._pieces)
            except StopIteration as end:
                self._pieces, done = None, bool(end.value)
        self._spend(time.monotonic() - began, once)
        return done

    def _prepare(self) -> Pieces:
        """Get to know the real pictures; where a GPU trains, once another process has looked at them."""
        if self._device.type != "cpu" and not Reference.is_kept(self.config):
            with contextlib.suppress(OSError):  # no process can be made: it is done here, between the steps
                self._helper = real_side.start(self.run)
            while self._is_waiting():
                yield
        self._standard = yield from standard_in_pieces(self.config, self._train)

    def _measure(self, G: Generator, D: Discriminator, moment: dict[str, Any]) -> Pieces:
        """One row, and the generator if it is the best; returns True."""
        spent_before = self.spent_s
        figures = yield from figures_in_pieces(self._standard, G, D)
        row = moment | figures | {"weights_hash": weights_hash(G.state_dict())}
        yield
        if is_better(row, self._best):
            publish(self.run.best_path, generator_bytes(G, row["step"], facts=best_facts(row)))
            self._best = {name: row[name] for name in ("step", "distance", "judge_hash", "n")}
        row |= {"best_step": self._best["step"], "best_distance": self._best["distance"]}
        row["seconds"] = round(self.spent_s - spent_before, 3)
        self._cost_s = self.spent_s - spent_before
        append_line(self.run.quality_path, {name: row[name] for name in FIELDS})
        self.row = row
        self.facts = {name: row[name] for name in ("distance", "distance_floor", "best_step", "best_distance")}
        return True

    @contextlib.contextmanager
    def _no_harm(self) -> Any:
        """End the measuring when it fails, with one sentence; the training goes on."""
        try:
            yield
        except Halted:  # by another process
            raise
        except OSError as error:  # a full disk: the next row may fit
            log.warning("a measurement of the fakes was lost: %s", error)
            self._pieces = None
        except Exception as error:
            if isinstance(error, BadInput):
                log.warning("the fakes are not measured any more: %s", error)
            else:
                log.exception("the fakes are not measured any more")
            words = str(error) if isinstance(error, BadInput) else f"{first_line(error)}; log.txt has the details."
            self.notice = f"How close the fakes are to real pictures is not measured: {words}"
            self.every, self._pieces, self._standard = 0, None, None
            devices.forget_buffers(self._device)  # if it was its memory that ran out, the training needs it


def is_better(row: dict[str, Any], best: dict[str, Any]) -> bool:
    """Whether a row's generator takes the place of the best so far, with which it must have been measured alike."""
    alike = all(best.get(name) == row[name] for name in ("judge_hash", "n"))
    return not alike or row["distance"] < best["distance"]


def best_facts(row: dict[str, Any]) -> dict[str, str]:
    """What best.safetensors says of itself beside what every generator says."""
    return {"distance": repr(row["distance"]), "judge_hash": row["judge_hash"], "n": str(row["n"])}


def best_of(run: Run) -> dict[str, Any]:
    """Step, distance, judge_hash and n of the best generator kept so far; empty if there is none that can be read."""
    try:
        with safe_open(run.best_path, framework="pt") as file:
            facts = file.metadata() or {}
        found = {"step": int(facts["step"]), "distance": float(facts["distance"]), "judge_hash": facts["judge_hash"]}
        found["n"] = int(facts.get("n", quick_figures.N))  # older ones don't say it
    except (OSError, SafetensorError, KeyError, ValueError):
        return {}
    return found if np.isfinite(found["distance"]) else {}


def line_of(row: dict[str, Any]) -> bytes:
    """A row as a line of quality.jsonl."""
    return (json.dumps({name: row[name] for name in FIELDS}, allow_nan=False) + "\n").encode()


def _drop_rows_after(run: Run, step: int) -> bytes:
    """Forget rows later than the state that training goes on from; returns those that stay."""
    kept = lines_until(run.quality_path, step)
    if run.quality_path.exists() and run.quality_path.read_bytes() != kept:
        publish(run.quality_path, kept)
    return kept
