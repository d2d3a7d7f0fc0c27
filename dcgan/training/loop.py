"""The training loop: prepare, build or bring back, train until the end, leave in order."""

import logging
import os
import time
from collections.abc import Callable

import torch

from dcgan.compute import allocator, devices
from dcgan.compute.threads import Threads
from dcgan.config import Config
from dcgan.data import dataset
from dcgan.errors import BadInput, Halted
from dcgan.monitoring.diagnostics import Diagnostics, begun
from dcgan.monitoring.inline_evaluation import InlineEvaluation
from dcgan.runs import kept_states
from dcgan.runs.commands import Commands, caught_signals
from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.run import Run
from dcgan.runs.throughput import is_over
from dcgan.training import distributed
from dcgan.training.recorder import Recorder
from dcgan.training.session import Session, fits_state, make_room
from dcgan.training.snapshots import is_sample_step, is_sample_time
from dcgan.training.team import ALONE, Team

log = logging.getLogger("dcgan")

POLL_SECONDS = 0.05  # how often a paused training looks for a new command
COMPARE_EVERY = 100  # steps between two looks whether all processes of a team have the same weights


def train(
    run: Run,
    heart: Heartbeat,
    on_progress: Callable[[dict[str, float]], None] = lambda point: None,
    on_prepared: Callable[[int, int], None] = lambda done, total: None,
    team: Team = ALONE,
) -> None:
    """Train a run from its start or its last checkpoint to its end, or until a command in control.json stops it.

    `on_progress` gets every point of the curves, and `on_prepared` before them how many pictures are ready, of how
    many. In a team this is the process that leads. Raises BadInput when data or device can't be used, Diverged when a
    loss is not finite, and Halted when memory or another process is lost; the last good checkpoint stays the newest.
    """
    config = run.config
    if found := kept_states.newest_facts(run):  # before anything is built: the networks may be huge by now
        fits_state(run, config, found)

    # Prepare the device and the data
    passed_over = devices.passed_over(config.device)
    device = team.device(config.device)
    if passed_over:
        log.warning("%s", passed_over)
    if config.batch_size < 2 * team.size:
        raise BadInput(
            f"batch_size is {config.batch_size}, but each of {team.size} processes needs two pictures: use at least "
            f"{2 * team.size}."
        )
    distributed.set_threads(config, team)
    fixed = config.num_threads or team.size > 1 or device.type != "cpu" or "OMP_NUM_THREADS" in os.environ
    threads = Threads(adapts=not fixed)
    devices.repeat_exactly(device)
    heart.update(
        device=devices.device_name(device, team.size), message="Preparing the pictures", notice="", prepared=None
    )
    try:
        pictures = _load_pictures(run, config, heart, on_prepared)
    except Stopped:  # what is prepared is kept
        heart.update(state="stopped", message="", prepared=None, obeyed=run.control().serial)
        return
    for sentence in pictures.told:
        log.info("%s", sentence)
    for reason in pictures.skipped:
        log.warning("skipped %s", reason)
    notice = f"{passed_over} {dataset.notice(pictures)}".strip()
    heart.update(prepared=None, notice=notice)

    # Build the networks, or bring them back exactly as they were
    heart.update(message="Building the networks")
    make_room(run)
    allocator.keep_buffers()
    session = _build(run, config, pictures, device, team, threads)
    diagnostics = Diagnostics(session.gan, session.feed, pictures.held_out, config.log_every)
    evaluation = InlineEvaluation(run, config, pictures.images, session.step, device)
    heart.update(**evaluation.facts)
    recorder = Recorder(session, heart, notice, on_progress)

    # Begin, or go on
    commands = Commands(run, heart.status.obeyed)
    session.num_steps = run.control().num_steps or config.num_steps
    is_first = session.step == run.parent().step  # of this run: a fork's is its parent's
    recorder.running()
    if not session.gan.is_exact:
        recorder.moved()
    if not run.state_paths():  # before there is a picture: a run with one always has a state to go on from
        recorder.saved(session.save())  # also the first to fork from: the same initial weights
    if not run.generator_path.exists() or is_first and not run.sample_path(session.step).exists():
        recorder.pictured(session.keep_sample())
    saved_at = time.monotonic()

    # Train until the end
    ending = "finished"
    with caught_signals() as signals:
        if session.begins or is_first and "begun" not in recorder.events:
            recorder.begun(begun(session.gan, pictures.images))
        while team.promised or (
            session.step < session.num_steps and not is_over(commands.settings.num_minutes, session.time_s)
        ):
            # Look for a command, unless steps are promised
            command = "run" if team.promised else "stop" if signals else commands.newest()
            if command in ("pause", "step"):
                recorder.paused(session.save(), commands.serial)
                while command == "pause":
                    team.tell("wait")
                    time.sleep(POLL_SECONDS)
                    command = "stop" if signals else commands.newest()
                recorder.resumed(command, commands.serial)
            if command == "stop":
                ending = "stopped"
                break
            session.num_steps = commands.control.num_steps or config.num_steps

            # Put changed settings in force; saved at once, so that a resume has them
            if commands.settings != session.now:
                recorder.changed(session.change(commands.settings))
                recorder.saved(session.save())

            # One step of G, on one batch, or one for each step of D before it
            began = time.monotonic()
            team.step(1 if command == "step" else min(session.num_steps, next_compare(session.step)) - session.step)
            diagnostics.before(session.step + 1)
            measured = session.take_step(recorder.short_of_memory)
            if threads.look():
                recorder.threads_changed()

            # Log: here, and only here, the loop waits for the device
            is_last, single = session.step == session.num_steps, command == "step"
            if single or session.step % config.log_every == 0 or is_last:
                recorder.point(measured | diagnostics.after(session.step), began)
                recorder.add_notice(diagnostics.notice)
            recorder.stepped()
            if session.step % COMPARE_EVERY == 0:
                team.compare(session.gan)

            # Keep a picture and the generator that made it
            due = is_sample_step(session.step, session.now.sample_every)
            due = due and is_sample_time(session.time_s, session.pictured_s) and not session.snapshots.off
            pictured = (single or due or is_last) and recorder.pictured(session.keep_sample())

            # Measure a kept generator, a little after each step
            elapsed = session.trained_s + time.monotonic() - began
            if pictured:
                evaluation.look(session.gan, session.step, session.images, session.time_s, elapsed)
            if evaluation.work(elapsed):
                recorder.measured(evaluation)
            else:
                recorder.add_notice(evaluation.notice)
            session.time_s += time.monotonic() - began
            recorder.timed()

            # Save what an interrupted run resumes from and a fork begins with, at a picture if one comes in time
            due = time.monotonic() - saved_at >= session.now.checkpoint_seconds / (2 if pictured else 1)
            if due and not team.promised:
                recorder.saved(session.save())
                saved_at = time.monotonic()

    # Leave everything in order
    drawn = True
    if not run.sample_path(session.step).exists() or not session.snapshots.whole:
        drawn = recorder.pictured(session.keep_sample())
    problem = session.save()
    team.tell("end")
    moment = session.step, session.images, session.time_s
    if ending == "finished" and drawn and evaluation.finish(session.gan, *moment, session.trained_s):
        recorder.measured(evaluation)
    spent = "%.1f s of training: samples and checkpoints took %.2f, measuring the fakes %.2f"
    log.info(spent, session.trained_s, session.keeping.spent_s, evaluation.spent_s)
    recorder.leaving(commands.serial)
    if problem:
        raise RuntimeError(f"{problem}, so what came after the last checkpoint is lost: make room and resume.")
    heart.update(state=ending)


def next_compare(step: int) -> int:
    """The first step after this one at which the processes of a team compare their weights."""
    return (step // COMPARE_EVERY + 1) * COMPARE_EVERY


class Stopped(Exception):
    """A person wished to stop before the first step."""


def _build(
    run: Run, config: Config, pictures: dataset.ImageData, device: torch.device, team: Team, threads: Threads
) -> Session:
    """The session of a run; raises Halted where memory can't hold its networks."""
    try:
        labels = pictures.labels if config.num_classes else None
        return Session(run, config, pictures.images, device, team, threads, labels)
    except Exception as error:
        if not devices.is_out_of_memory(error):
            raise
        raise Halted("There is no memory for these networks: free some, or train smaller ones (ngf, ndf).") from error


def _load_pictures(
    run: Run, config: Config, heart: Heartbeat, on_prepared: Callable[[int, int], None]
) -> dataset.ImageData:
    """The run's pictures, prepared now if they weren't before; raises Stopped where that is wished for meanwhile."""

    def say_prepared(done: int, total: int) -> None:
        heart.update(message=f"Preparing the pictures: {done:,} of {total:,}", prepared=done / max(1, total))
        on_prepared(done, total)
        if run.control().command == "stop" and run.control().serial > heart.status.obeyed:
            raise Stopped

    return dataset.load_for(config, expected=config.data_fingerprint, progress=say_prepared)
