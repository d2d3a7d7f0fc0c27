"""The training loop: the only place where the mathematics meets the files of a run."""

import contextlib
import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from dcgan.compute import allocator, devices
from dcgan.compute.threads import Threads
from dcgan.config import Config
from dcgan.data import batches, dataset
from dcgan.errors import BadInput, Diverged, Halted
from dcgan.latent.moves import truncate
from dcgan.latent.seeds import sample_seeds, z_from_seeds
from dcgan.monitoring import alarm_words
from dcgan.monitoring.alarms import Watcher, class_rows
from dcgan.monitoring.curve_history import History
from dcgan.monitoring.diagnostics import Probe, begun
from dcgan.monitoring.inline_evaluation import Gauge
from dcgan.runs import kept_states, live_settings, speeds
from dcgan.runs.checkpoint import load_state, save_state
from dcgan.runs.commands import Wishes, caught_signals
from dcgan.runs.fork import refuse_fixed, refuse_other
from dcgan.runs.heartbeat import Heartbeat
from dcgan.runs.metrics_blocks import read_blocks
from dcgan.runs.metrics_log import Curves
from dcgan.runs.run import Run
from dcgan.runs.throughput import STEADY_SECONDS, Rate, Stopwatch, is_over, seconds_left
from dcgan.system.files import PRIVATE, publish
from dcgan.training import distributed
from dcgan.training.gan import GAN
from dcgan.training.snapshots import Keepsakes, is_sample_step
from dcgan.training.step import step_in_memory
from dcgan.training.team import ALONE, Team

log = logging.getLogger("dcgan")

POLL_SECONDS = 0.05  # how often a paused worker looks for a new wish
COMPARE_EVERY = 100  # steps between two looks whether all processes of a team have the same weights

UNEVEN = (
    "The number of threads changed with the load of this machine, so the same settings would round otherwise another "
    "time: a fixed num_threads repeats exactly."
)


def train(
    run: Run,
    heart: Heartbeat,
    on_progress: Callable[[dict[str, float]], None] = lambda point: None,
    on_prepared: Callable[[int, int], None] = lambda done, total: None,
    team: Team = ALONE,
) -> None:
    """Train a run from its start or its last checkpoint to its end, or until a wish in control.json stops it.

    `on_progress` gets every point of the curves, and `on_prepared` before them how many pictures are ready, of how
    many. In a team this is the process that leads. Raises BadInput when data or device can't be used, Diverged when a
    loss is not finite, and Halted when memory or another process is lost; the last good checkpoint stays the newest.
    """
    config = run.config
    if found := kept_states.newest_facts(run):  # before anything is built: the networks may be huge by now
        _fits_state(run, config, found)

    # Prepare the device and the data
    device = team.device(config.device)
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

    def say_prepared(done: int, total: int) -> None:
        heart.update(message=f"Preparing the pictures: {done:,} of {total:,}", prepared=done / max(1, total))
        on_prepared(done, total)
        if run.control().command == "stop" and run.control().serial > heart.status.obeyed:
            raise Stopped

    try:
        pictures = dataset.load(
            *(config.data, config.image_size, config.channels),
            progress=say_prepared,
            crop=config.crop,
            expected=config.data_fingerprint,
            num_test=config.held_out,
        )
    except Stopped:  # what is prepared is kept
        heart.update(state="stopped", message="", prepared=None, obeyed=run.control().serial)
        return
    for reason in pictures.skipped:
        log.warning("skipped %s", reason)
    notice = dataset.notice(pictures)
    heart.update(prepared=None, notice=notice)

    # Build the players, or bring them back exactly as they were
    heart.update(message="Building the networks")
    _make_room(run)
    allocator.keep_buffers()
    gan = GAN(config, device, team, len(pictures.images))
    feed = batches.Feed(pictures.images, device)
    stream = batches.BatchStream(len(pictures.images), config.batch_size, config.seed)
    probe = Probe(gan, feed, pictures.held_out, config.log_every)
    step, images, time_s = 0, 0, 0.0
    now = config  # the settings in force: some can change while it trains
    begins, saved_kept = True, {}  # on these pictures, at least
    if run.state_paths():
        state = load_state(run)
        saved = Config.from_json(state["config"])
        step, time_s = state["step"], state["time_s"]
        images = state.get("images", step * saved.batch_size)
        threads.use(state.get("threads", threads.most))
        begins = _fits_state(run, config, state)
        if not begins:
            now, saved_kept = live_settings.restore(config, state), state.get("kept", {})
        gan.load_state_dict(state["gan"])
        if (saved.batch_size, saved.micro_batch) != (config.batch_size, config.micro_batch):
            gan.start_step_anew()
        if not begins or (saved.data, saved.data_fingerprint) == (config.data, config.data_fingerprint):
            stream.load_state_dict(state["stream"])
        with contextlib.suppress(OSError):  # of a full disk the next save tells
            kept_states.keep_again(run, step, config.max_states_mb)
        log.info("resuming at step %d", step)
    gan.apply(now)
    players = {"gan": gan.state_dict(), "stream": stream.state_dict()}
    team.tell("begin", config=config.to_json(), now=now.to_json(), device=device.type, **players)
    _drop_metrics_after(run, step)
    summary = History(run)
    curves, keepsakes = Curves(run.metrics_path), Keepsakes(run, step, saved_kept)
    gauge, keeping = Gauge(run, config, pictures.images, step, device), Stopwatch()
    trained_before, paced = time_s, (time_s, images)
    heart.update(**gauge.facts)
    seeds = sample_seeds(config.seed, config.num_samples)
    fixed_z = z_from_seeds(seeds, config.z_dim, config.z_prior)  # (N, z_dim), the same eyes every time
    fixed_z = truncate(fixed_z, config.sample_truncation).to(device)

    def save() -> str:
        """Save the state; returns what went wrong: after a full disk the last state is whole, and the next may fit."""
        nonlocal paced
        check_finite(gan, step)
        team.compare(gan)
        if team.size == 1 and time_s - paced[0] >= speeds.LEAST_SECONDS:  # its parts apart: some may share the machine
            speeds.note(now, images - paced[1], time_s - paced[0])
            paced = time_s, images
        progress = {"step": step, "images": images, "time_s": time_s, "config": config.to_json()}
        progress |= {"live": live_settings.dump(now), "threads": threads.now, "kept": keepsakes.kept}
        try:
            with keeping:
                save_state(run, {"gan": gan.state_dict(), "stream": stream.state_dict(), **progress})
        except OSError as error:
            log.warning("could not save step %d: %s", step, error)
            return f"Step {step} could not be saved ({error.strerror})"
        with keeping:
            summary.keep_up()
        try:
            with keeping:
                kept_states.keep(run, step, config.max_states_mb)
        except OSError as error:
            log.warning("could not keep the state of step %d: %s", step, error)
        return ""

    def show() -> None:
        with keeping:
            check_finite(gan, step)
            keepsakes.keep(gan, fixed_z, step)

    def note_shortage(at_once: int) -> None:
        """Say that memory ran out in this step, and what holds from now on."""
        words = f"Memory ran out in step {step + 1}: from there on {at_once} pictures are in the networks at once."
        log.warning("%s", words)
        curves.add({"step": step, "event": "memory", "micro_batch": at_once})
        heart.update(notice=f"{notice} {words}".strip())

    def note_threads() -> None:
        """Say how many threads train from here on, and what that means for a repetition."""
        curves.add({"step": step, "event": "threads", "threads": threads.now})
        log.info("from step %d on: %d threads, for the load of this machine", step, threads.now)
        heart.update(device=devices.device_name(device, team.size, gan.precision))
        if UNEVEN not in heart.status.notice:
            heart.update(notice=f"{heart.status.notice} {UNEVEN}".strip())

    def listen(row: dict[str, Any]) -> None:
        """Let the alarms know of a new row, and say in the log and the status which speak."""
        watcher.feed([row])
        alarms = watcher.alarms()
        for alarm in alarms:
            if alarm.raised == row["step"] and alarm.name not in heart.status.alarms.split(", "):
                log.warning("step %d: %s", row["step"], alarm_words.seen(alarm))
        heart.update(alarms=", ".join(alarm.name for alarm in alarms))

    # Begin, or go on
    start = run.parent().step
    wishes = Wishes(run, heart.status.obeyed)
    num_steps = run.control().num_steps or config.num_steps
    watcher = Watcher()
    events: set[str] = set()
    for block, _ in read_blocks(run.metrics_path):
        watcher.feed(block)
        if isinstance(block, list):
            events |= {row["event"] for row in block if "event" in row}
    if "threads" in events:
        notice = f"{notice} {UNEVEN}".strip()
    heart.update(
        state="running", message="", notice=notice, device=devices.device_name(device, team.size, gan.precision)
    )
    heart.update(step=step, num_steps=num_steps, time_s=time_s, eta_s=None)
    if not run.state_paths():  # before there is a picture: a run with one always has a state to go on from
        heart.update(message=save())  # also the first to fork from: the same initial weights
    if not run.generator_path.exists() or step == start and not run.sample_path(step).exists():
        show()
    saved_at, clock, steady = time.monotonic(), Rate(), Rate(STEADY_SECONDS)
    watcher.feed(class_rows(run.quality_path))

    # Play until the end
    ending = "finished"
    with caught_signals() as signals:
        if begins or step == start and "begun" not in events:
            curves.add(about := {"step": step, "event": "begun"} | begun(gan, pictures.images))
            listen(about)
        while step < num_steps and not is_over(wishes.settings.num_minutes, time_s):
            # Look for a wish
            wish = "stop" if signals else wishes.newest()
            if wish in ("pause", "step"):
                problem = save()
                heart.update(state="paused", message=problem, obeyed=wishes.serial, images_per_s=0.0, eta_s=None)
                while wish == "pause":
                    team.tell("wait")
                    time.sleep(POLL_SECONDS)
                    wish = "stop" if signals else wishes.newest()
                heart.update(state="paused" if wish == "step" else "running", obeyed=wishes.serial)
                clock.reset()
                steady.reset()
            if wish == "stop":
                ending = "stopped"
                break
            num_steps = wishes.control.num_steps or config.num_steps

            # Take over what was changed live; saved at once, so that a resume knows it
            if wishes.settings != now:
                changes = live_settings.changed(now, wishes.settings)
                now = wishes.settings
                gan.apply(now)
                if "micro_batch" in changes:
                    gan.at_most = 0
                team.tell("change", live=live_settings.dump(now), at_most=gan.at_most)
                curves.add({"step": step, "event": "change", **changes})
                log.info("from step %d on: %s", step, live_settings.words(changes))
                heart.update(message=save())

            # One step of G, on one batch, or one for each step of D before it
            began = time.monotonic()
            team.tell("step")
            probe.before(step + 1)
            try:
                measured = step_in_memory(gan, feed, stream, now, note_shortage)
            except Halted:
                if team.size == 1 and not gan.torn:
                    save()
                raise
            step, images = step + 1, images + now.d_steps * config.batch_size
            if threads.look():
                note_threads()

            # Log: here, and only here, the loop waits for the device
            single = wish == "step"
            if single or step % config.log_every == 0 or step == num_steps:
                point = {"step": step, "images": images, "epoch": round(stream.epoch, 4)}
                measured = measured | probe.after(step)
                values = torch.stack(list(measured.values())).tolist()
                point |= {name: rounded(value) for name, value in zip(measured, values, strict=True)}
                if not all(map(math.isfinite, point.values())):
                    raise Diverged(f"The losses stopped being numbers at step {step}.", step)
                rate = clock.images_per_s()
                point |= {"time_s": round(time_s + time.monotonic() - began, 3), "images_per_s": round(rate, 1)}
                curves.add(point)
                listen(point)
                eta_s = seconds_left(now, num_steps - step, steady.images_per_s(), time_s)
                heart.update(images_per_s=point["images_per_s"], eta_s=eta_s)
                on_progress(point)
            heart.update(step=step, num_steps=num_steps, images=images, epoch=stream.epoch)
            if step % COMPARE_EVERY == 0:
                team.compare(gan)

            # Keep a picture and the generator that made it
            pictured = single or is_sample_step(step, now.sample_every) or step == num_steps
            if pictured:
                show()

            # Measure a kept generator, a little after each step
            elapsed = time_s - trained_before + time.monotonic() - began
            if pictured:
                gauge.look(gan, step, images, time_s, elapsed)
            if gauge.work(elapsed):
                heart.update(**gauge.facts)
                listen(gauge.row)
            elif gauge.notice not in heart.status.notice:
                heart.update(notice=f"{heart.status.notice} {gauge.notice}".strip())
            time_s += time.monotonic() - began
            clock.count(now.d_steps * config.batch_size)
            steady.count(now.d_steps * config.batch_size)
            heart.update(time_s=time_s)

            # Save what an interrupted run resumes from and a fork begins with, at a picture if one comes in time
            if time.monotonic() - saved_at >= now.checkpoint_seconds / (2 if pictured else 1):
                heart.update(message=save())
                saved_at = time.monotonic()

    # Leave everything in order
    if not run.sample_path(step).exists() or not keepsakes.whole:
        show()
    problem = save()
    team.tell("end")
    if ending == "finished":
        if gauge.finish(gan, step, images, time_s, time_s - trained_before):
            listen(gauge.row)
        heart.update(**gauge.facts)
    spent = "%.1f s of training: samples and checkpoints took %.2f, measuring the fakes %.2f"
    log.info(spent, time_s - trained_before, keeping.spent_s, gauge.spent_s)
    heart.update(message="", obeyed=wishes.serial, eta_s=None, images_per_s=0.0)
    if problem:
        raise RuntimeError(f"{problem}, so what came after the last checkpoint is lost: make room and resume.")
    heart.update(state=ending)


def _fits_state(run: Run, config: Config, state: Mapping[str, Any]) -> bool:
    """Whether a state, or its facts, is still that of the run's parent; raises BadInput if it is of other settings."""
    saved = Config.from_json(state["config"])
    begins = run.parent().run != "" and run.parent().step == state["step"]
    if begins:
        refuse_fixed(saved, config)
    else:
        refuse_other(run, saved)
    return begins


def check_finite(gan: GAN, step: int) -> None:
    """Raise Diverged if a weight is no longer a number, so that nothing broken replaces something good."""
    for name, parameter in [*gan.G.named_parameters(), *gan.D.named_parameters()]:
        if not torch.isfinite(parameter).all():
            raise Diverged(f"Weight {name} stopped being a number at step {step}.", step)


class Stopped(Exception):
    """A person wished to stop before the first step."""


def _make_room(run: Run) -> None:
    """Make the run's folders, and remove what writers that were killed left a minute ago or earlier."""
    for folder in (run.sample_path(0).parent, run.snapshot_path(0).parent, run.kept_state_path(0).parent):
        folder.mkdir(PRIVATE, exist_ok=True)
    for draft in run.path.rglob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - draft.stat().st_mtime > 60:
                draft.unlink()


def _drop_metrics_after(run: Run, step: int) -> None:
    """Forget points later than the state that training goes on from: they are about to be made again."""
    kept = run.metrics_until(step)
    if run.metrics_path.exists() and run.metrics_path.read_bytes() != kept:
        publish(run.metrics_path, kept)


def rounded(value: float) -> float:
    """A number for the curves: six decimals, and as many digits where it is too small for them."""
    return round(value, 6) if abs(value) >= 0.1 or not value else float(f"{value:.6g}")
