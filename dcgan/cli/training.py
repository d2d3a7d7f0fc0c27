"""Commands that train and steer a training."""

import argparse
import contextlib
import sys

from dcgan.cli.output import one_line, say, settings
from dcgan.config import NO_END
from dcgan.data import account, sources
from dcgan.errors import DONE, REFUSED, BadInput
from dcgan.images.tones import reading_of
from dcgan.runs import launch, live_settings
from dcgan.runs.fork import fork
from dcgan.runs.kept_states import can_go_on, newest_facts
from dcgan.runs.new_run import order, steps_in
from dcgan.runs.records import COMMANDS
from dcgan.runs.restarts import begun_before
from dcgan.runs.run import Run
from dcgan.runs.throughput import is_over
from dcgan.training.worker import follows, work


def train(args: argparse.Namespace) -> int:
    """Create a run, or take up an old one, and train it to its end."""
    if follows():  # torchrun started several; the first one creates the run and leads
        from dcgan.training.follower import follow

        follow()
    lengths, end = (args.steps, args.epochs, args.minutes), {}
    begun = None if args.resume else begun_before(args.root)
    wanted = settings(args.set) | ({"log": args.log} if args.log else {})
    if begun is not None:
        run = begun
    elif args.resume:
        others = [args.preset, args.data, args.set, args.name, args.step, args.log]
        if any(other not in (None, []) for other in others):
            raise BadInput(
                "--resume keeps the run's settings: only a new end of training, --steps, --epochs or --minutes, goes "
                "with it."
            )
        if args.fork:
            raise BadInput("--resume and --fork can't go together: a fork is a run of its own.")
        run = Run.find(args.resume, args.root)
        end = new_end(run, *lengths)
    elif args.fork:
        if args.preset:
            raise BadInput("--fork begins with the settings of its parent: change them by --set, without --preset.")
        parent = Run.find(args.fork, args.root)
        run = fork(parent, args.step, wanted, args.data, *lengths, name=args.name or "")
        if (run.config.data, run.config.data_fingerprint) != (parent.config.data, parent.config.data_fingerprint):
            print(f"Note: {run.id} goes on with other pictures than {parent.id} learned from.", file=sys.stderr)
    else:
        if args.step is not None:
            raise BadInput("--step goes with --fork only; --steps is where training ends.")
        config = order(args.preset or "quick", wanted, args.data, *lengths, root=args.root)
        for sentence in account.sentences(sources.of_run(config), (), reading_of(config)):
            print(f"Note: {sentence}", file=sys.stderr)
        run = Run.create(config, args.root, args.name or "")
    try:
        code = work(run, end, args.parallel, not args.json and sys.stderr.isatty())
        if code == REFUSED and not args.resume and begun is None:
            raise BadInput(run.status().error)
    except BadInput:
        if not args.resume and begun is None:
            with contextlib.suppress(BadInput):  # the reason of the refusal matters more
                run.delete()  # refused before its first step
        raise
    status = run.status()
    if status.error:
        print(one_line(status.error), file=sys.stderr)
    facts = {"run": run.id, "directory": str(run.path), "state": status.state, "step": status.step}
    facts |= {"images_per_s": run.newest_point().get("images_per_s"), "error": status.error}
    say(args, facts, str(run.path))
    return code


def new_end(run: Run, steps: int | None, epochs: float | None, minutes: float | None) -> dict[str, float]:
    """What to wish for so that a run trains on to one of these ends, counted from its beginning, or to its own.

    Raises BadInput where not one step would be trained.
    """
    config = live_settings.in_force(run)
    if steps is not None:
        config.replace(num_steps=steps)  # refuses what no run could have
    if minutes is not None and config.replace(num_minutes=minutes).num_minutes == 0:
        raise BadInput("minutes must be more than 0.")
    if not can_go_on(run):
        raise BadInput(f"Run {run.id} came without its training state (state.pt), so it can't go on.")
    saved = newest_facts(run)
    step, seen_s = int(saved.get("step", 0)), float(saved.get("time_s", 0.0))
    if minutes is not None:
        if is_over(minutes, seen_s):
            raise BadInput(
                f"Run {run.id} has trained for {seen_s / 60:.3g} minutes already: --minutes is where training ends."
            )
        return {"num_minutes": minutes, "num_steps": NO_END}
    if epochs is not None:
        steps = steps_in(epochs, config, sources.of_run(config))
    if steps is not None:
        if steps <= step:
            option = "--steps is" if epochs is None else f"--epochs {epochs:g} is step {steps:,},"
            raise BadInput(f"Run {run.id} is at step {step:,} already: {option} where training ends.")
        return {"num_steps": steps} | ({"num_minutes": 0.0} if config.num_minutes else {})
    if run.status().state == "finished" and (step >= config.num_steps or is_over(config.num_minutes, seen_s)):
        raise BadInput(
            f"Run {run.id} is finished, at step {step:,}: give it a later end by --steps, --epochs or --minutes."
        )
    return {}


def control(args: argparse.Namespace) -> int:
    """Pause, step, stop or go on with a run that trains, or change its settings from the next step on."""
    if not args.action and not args.set:
        raise BadInput(f"Say what to do: one of {', '.join(COMMANDS)}, or --set FIELD=VALUE.")
    run = Run.find(args.run, args.root)
    state = launch.observe(run).state
    if args.action and state not in launch.ACTIVE:
        raise BadInput(f"Run {run.id} is not in training: `python -m dcgan train --resume {run.id}` takes it up.")
    changes = live_settings.ask(run, settings(args.set))
    if args.action:
        run.ask(args.action)
    when = "from the next step on" if state in launch.ACTIVE else "when it is resumed"
    said = [f"{live_settings.words(changes)} {when}"] if changes else ["nothing new"] * bool(args.set)
    say(args, {"run": run.id, "state": state, "asked": args.action, "changes": changes}, ", ".join(said))
    return DONE
