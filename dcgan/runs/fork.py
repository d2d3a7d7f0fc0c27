"""Forking: a new run that goes on from a kept state of another, with some settings changed.

Nothing of the parent is touched, so it may be in training; files that both hold are one file with two names.
"""

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import Any

from dcgan.config import NO_END, SIZES, Config, those
from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.runs import estimate, live_settings
from dcgan.runs.kept_states import facts, fork_points, is_whole
from dcgan.runs.new_run import check_log, hold_out, name_classes, read_as, steps_in
from dcgan.runs.quality_log import lines_until
from dcgan.runs.records import Parent, Status, dump
from dcgan.runs.run import Run
from dcgan.system.files import PRIVATE, publish, share, sync_directory

FIXED = those(forkable=False)
UNSAID = those(own=False)  # settings whose change is no news to a person


def fork(
    parent: Run,
    step: int | None,
    values: Mapping[str, object],
    data: str | None = None,
    steps: int | None = None,
    epochs: float | None = None,
    minutes: float | None = None,
    name: str = "",
) -> Run:
    """Make a run beside its parent that goes on from a kept step (default: the newest) with changed settings.

    `steps` is a new end; `epochs` and `minutes` count from the fork on. Curves, samples and generators up to the step
    come along. Raises BadInput, and makes nothing, for what can't be done.
    """
    points = fork_points(parent)
    if not points:
        raise BadInput(f"Run {parent.id} kept no training state, so nothing can go on from it.")
    if step is None:
        step = max(points)
    if step not in points:
        near = ", ".join(map(str, nearest(list(points), step)))
        raise BadInput(f"step {step} of {parent.id} was not kept; the nearest kept ones are {near}.")
    saved = facts(points[step])
    before = settings_at(parent, saved)
    config = _ordered(before, step, float(saved["time_s"]), values, data, steps, epochs, minutes)
    for each in (before, Config.from_json(saved["config"])):  # a fork that has not begun has its parent's state
        refuse_fixed(each, config)
    if config.num_steps <= step:
        raise BadInput(f"num_steps is {config.num_steps}, but the fork begins at step {step}: give it a later end.")
    if config.num_minutes and saved["time_s"] >= 60 * config.num_minutes:
        raise BadInput(
            f"num_minutes is {config.num_minutes:g}, and {parent.id} has trained that long: give the fork more minutes."
        )

    check_log(config)
    estimate.check(config, estimate.estimate_on(config, sources.of_run(config)), parent.path.parent)

    def fill(draft: Run) -> None:
        grows = config.image_size != before.image_size  # its kept pictures and states would be of two sizes
        publish(draft.metrics_path, parent.metrics_until(step))
        if not grows:
            _share_pictures(parent, draft, step)
        if config.data_fingerprint == before.data_fingerprint and not grows:  # else the distances are to other pictures
            publish(draft.quality_path, lines_until(parent.quality_path, step))
        try:
            share(points[step], draft.state_path)
        except FileNotFoundError:
            raise BadInput(f"step {step} of {parent.id} was thinned away just now: pick another.") from None
        if not is_whole(draft.state_path) or facts(draft.state_path)["step"] != step:
            raise BadInput(f"The state that {parent.id} kept at step {step} is damaged: pick another step.")
        if config.max_states_mb and not grows:
            draft.kept_state_path(step).parent.mkdir(PRIVATE)
            share(draft.state_path, draft.kept_state_path(step))
        publish(draft.parent_path, dump(Parent(parent.id, step, differences(before, config))))
        images = int(saved.get("images", step * before.batch_size))
        draft.write_status(Status(step=step, num_steps=config.num_steps, images=images, time_s=float(saved["time_s"])))
        sync_directory(draft.path)

    return Run.create(config, parent.path.parent, name, fill, otherwise=f"{parent.name[:40]} from {step}")


def settings_at(run: Run, saved: dict[str, Any]) -> Config:
    """The settings in force at a kept state, of whose facts `saved` is; raises BadInput when they can't be read."""
    of_state, parent = Config.from_json(saved["config"]), run.parent()
    if parent.run and parent.step == saved["step"] and of_state != run.config:  # its parent's, until it goes on
        config = run.config
    else:
        config = live_settings.restore(of_state, saved)
    return config.replace(num_steps=run.control().num_steps or config.num_steps)


def refuse_other(run: Run, saved: Config) -> None:
    """Raise BadInput if the run's settings are not those of its saved state, with what differs and the way out."""
    if saved == run.config:
        return
    try:
        refuse_fixed(saved, run.config)
        way = "fork the run, which can change them"
    except BadInput:
        way = "start a new run with them"
    raise BadInput(
        f"config.json of run {run.id} has changed since its state was saved ({differences(saved, run.config, ())}): "
        f"put it back, or {way}."
    )


def refuse_fixed(before: Config, after: Config) -> None:
    """Raise BadInput naming the first setting that a fork can't change."""
    if after.image_size == 2 * before.image_size:
        before = doubled(before)
    names = [name for name in FIXED if getattr(before, name) != getattr(after, name)]
    if bool(before.dropout) != bool(after.dropout):
        names.append("dropout")  # how much is left out may change, but not whether there is such a layer
    if before.data_fingerprint == after.data_fingerprint and before.held_out != after.held_out:
        names.append("held_out")  # of the same pictures: the order in which they are seen goes on
    if names:
        raise BadInput(
            f"{names[0]} can't change in a fork ({getattr(before, names[0])} to {getattr(after, names[0])}): the saved "
            "state is made for it. Start a new run instead."
        )


def doubled(before: Config) -> Config:
    """The settings of a fork with pictures twice as high and wide, which `training.growing` can begin.

    The feature maps at the large ends are divided, since a layer comes before them. Raises BadInput for networks that
    can't grow.
    """
    stays = before.seen_size < before.image_size  # D, which sees the same of larger pictures
    ngf, least = before.ngf // 2, 2 * before.channels
    ndf = before.ndf if stays else before.ndf // before.d_growth
    why = ""
    if before.architecture != "dcgan" or before.kernel != 4 or before.g_activation == "selu":
        why = "that takes architecture=dcgan, kernel=4 and g_activation relu or leaky-relu"
    elif 2 * before.image_size not in SIZES:
        why = f"it makes pictures of {before.image_size} px, and twice that is no size"
    elif before.ngf % 2 or (before.ndf % before.d_growth and not stays) or min(ngf, ndf) < least:
        feature_maps = f"ngf {before.ngf} and ndf {before.ndf}, divided by 2 and {before.d_growth},"
        why = f"{feature_maps} must leave whole numbers from {least} on"
    if why:
        raise BadInput(f"image_size can't be doubled in a fork of this run: {why}.")
    return before.replace(image_size=2 * before.image_size, ngf=ngf, ndf=ndf)


def differences(before: Config, after: Config, unsaid: tuple[str, ...] = UNSAID) -> str:
    """What a fork does otherwise, in words; empty if nothing."""
    names = [field.name for field in dataclasses.fields(Config) if field.name not in unsaid]
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in names]
    return ", ".join(f"{name} {new} instead of {old}" for name, old, new in pairs if old != new)


def nearest(steps: list[int], wanted: int, n: int = 3) -> list[int]:
    """The n steps next to the wanted one, rising."""
    return sorted(sorted(steps, key=lambda step: abs(step - wanted))[:n])


def family(run: Run, runs: list[Run]) -> tuple[list[tuple[str, int]], list[tuple[Run, int]]]:
    """Its ancestors from its parent upwards, and its own forks, each with the step at which the ways part."""
    by_id = {each.id: each for each in runs}
    ancestors: list[tuple[str, int]] = []
    at: Run | None = run
    while at is not None and (parent := at.parent()).run and len(ancestors) < 100:  # a ring would be an edited file
        ancestors.append((parent.run, parent.step))
        at = by_id.get(parent.run)
    forks = [(each, each.parent().step) for each in runs if each.parent().run == run.id]
    return ancestors, sorted(forks, key=lambda pair: pair[1])


def _ordered(
    before: Config,
    step: int,
    time_s: float,
    values: Mapping[str, object],
    data: str | None,
    steps: int | None,
    epochs: float | None,
    minutes: float | None,
) -> Config:
    """The fork's settings from what a person asked for."""
    wanted = dict(values)
    spec = data if data is not None else wanted.pop("data", None)
    config = before.replace(**wanted)
    if config.image_size == 2 * before.image_size:
        config = doubled(before).replace(**wanted)
        if sources.of_run(before).kind == "idx" and before.image_size == 32:  # which have a border there
            config = config.replace(**{"crop": "pad", **wanted})
    if spec is not None:  # also the same name again: what it holds may have changed
        source = sources.resolve(str(spec), download=True)
        if source.spec == before.data:
            source = sources.resolve(str(spec), version=before.reading)
        sources.check(source)
        config = config.replace(data=source.spec, data_fingerprint=sources.fingerprint(source))
        if config.d_sees == "original" and source.kind != "idx":
            raise BadInput(
                f"data can't be {source.title} in a fork of this run: its D sees what pictures of 28 px were enlarged "
                "from. Take Fashion-MNIST or MNIST, or start a new run."
            )
        if config.data_fingerprint != before.data_fingerprint:
            config = config.replace(**{name: wanted.get(name, 0) for name in ("black", "white", "held_out")})
            config = name_classes(hold_out(read_as(config, source), source), source)
    if steps is not None:
        config = config.replace(num_steps=steps)
    if epochs is not None:
        config = config.replace(num_steps=step + steps_in(epochs, config, sources.of_run(config)))
    if minutes is not None:
        if minutes <= 0:
            raise BadInput("minutes must be more than 0.")
        config = config.replace(num_minutes=time_s / 60 + minutes)
        if steps is None and epochs is None:
            config = config.replace(num_steps=NO_END)
    return config


def _share_pictures(parent: Run, draft: Run, step: int) -> None:
    """Sample grids and generators up to a step; what is thinned away meanwhile is left out."""
    for steps, path, target in (
        (parent.samples(), parent.sample_path, draft.sample_path),
        (parent.snapshots(), parent.snapshot_path, draft.snapshot_path),
    ):
        target(0).parent.mkdir(PRIVATE)
        for kept in steps:
            if kept <= step:
                with contextlib.suppress(FileNotFoundError):
                    share(path(kept), target(kept))
