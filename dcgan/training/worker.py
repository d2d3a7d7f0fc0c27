"""The training process: locks the run, publishes its status, writes its log; every failure ends in one sentence."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tqdm import tqdm

from dcgan.config import NO_END
from dcgan.errors import DONE, FAILED, REFUSED, BadInput, Diverged, Halted, first_line
from dcgan.runs import launch
from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.metrics_log import append_line
from dcgan.runs.run import Run
from dcgan.runs.throughput import time_left
from dcgan.system.files import private

BAR = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"  # the time left is the status's, as on the pages


def follows() -> bool:
    """Whether this is one of several processes that torchrun started, and not the first, which leads."""
    return int(os.environ.get("WORLD_SIZE", 1)) > 1 and int(os.environ.get("RANK", 0)) > 0


def work(run: Run, end: Mapping[str, float] = MappingProxyType({}), parallel: bool = False, show: bool = False) -> int:
    """Train as the run's one trainer; returns the exit code. `show` draws a bar.

    `end` may move the end of training: num_steps, num_minutes, or both.

    Raises BadInput if another process trains it already.
    """
    with launch.hold(run, parallel):
        if end:
            run.change(**end)
        with _logging_to(run), Heartbeat(run) as heart:
            code = _train_watched(run, heart, show)
        if run.status().error != heart.status.error:  # nothing could be written any more, not even over the old status
            print(heart.status.error, file=sys.stderr)
        return code


def _train_watched(run: Run, heart: Heartbeat, show: bool) -> int:
    """Train with a progress bar; whatever goes wrong ends as one sentence in the status and a traceback in the log."""
    log = logging.getLogger("dcgan")
    with tqdm(disable=not show, unit="step", dynamic_ncols=True) as bar:

        def on_progress(point: dict[str, float]) -> None:
            bar.total = heart.status.num_steps if heart.status.num_steps < NO_END else None
            bar.bar_format = BAR
            bar.set_postfix_str(
                f"{time_left(heart.status.eta_s)} left, D {point['d_loss']:.3f} G {point['g_loss']:.3f} "
                + f"{point['images_per_s']:.0f} images/s"
                + (f", alarm: {heart.status.alarms}" if heart.status.alarms else ""),
                refresh=False,
            )
            bar.update(int(point["step"]) - bar.n)

        def on_prepared(done: int, total: int) -> None:
            if bar.disable:
                return
            bar.total = total
            if not bar.desc:  # an interrupted preparation goes on where it was
                bar.initial = bar.n = done
                bar.unit = " pictures"
                bar.set_description_str("Preparing")
            bar.update(done - bar.n)
            if done == total:
                bar.refresh()
                bar.set_description_str(refresh=False)
                bar.unit, bar.initial = "step", 0
                bar.reset()

        team = None
        try:
            from dcgan.training import distributed
            from dcgan.training.loop import train as train_run

            team = distributed.join()
            train_run(run, heart, on_progress, on_prepared, team)
            return DONE
        except BadInput as error:
            heart.update(state="failed", error=str(error))
            return REFUSED
        except Halted as error:
            log.error("%s", error)
            heart.update(state="failed", error=str(error))
        except Diverged as error:
            log.error("%s", error)
            _note(run, {"step": error.step, "event": "diverged"})
            remedy = "The last good state is kept; a lower learning rate is the usual remedy."
            heart.update(state="failed", error=f"{error} {remedy}", alarms="nan")
        except Exception as error:
            log.exception("training failed")
            heart.update(state="failed", error=f"Training failed: {first_line(error)}. log.txt has the details.")
        finally:
            if team is not None:
                team.leave(heart.status.error)
        return FAILED


def _note(run: Run, event: dict[str, object]) -> None:
    """Add an event to the curves; without room for it there is still the status."""
    with contextlib.suppress(OSError):
        append_line(run.metrics_path, event)


@contextlib.contextmanager
def _logging_to(run: Run) -> Iterator[None]:
    """Send the log and the warnings to the run's log.txt; raises BadInput where there is none and none can be made."""
    try:
        open(run.log_path, "ab", opener=private).close()  # the handler would let others read it
        handler = logging.FileHandler(run.log_path, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"Run {run.id} can't be written to ({error.strerror}).") from None
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # a full disk: its own words would be many
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    loggers = [logging.getLogger("dcgan"), logging.getLogger("py.warnings")]
    loggers[0].setLevel(logging.INFO)
    for logger in loggers:
        logger.addHandler(handler)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        for logger in loggers:
            logger.removeHandler(handler)
        with contextlib.suppress(OSError):  # what a full disk did not take is tried again here
            handler.close()
