"""Commands that train and steer a training."""

import argparse
import sys

from dcgan import launch, live
from dcgan.commands.common import one_line, say, settings
from dcgan.config import BadInput
from dcgan.fork import fork
from dcgan.order import order
from dcgan.records import COMMANDS
from dcgan.runs import Run
from dcgan.worker import DONE, REFUSED, follows, work


def train(args: argparse.Namespace) -> int:
    """Create a run, or take up an old one, and train it to its end."""
    if follows():  # torchrun started several; the first one creates the run and leads
        from dcgan.distributed import follow

        follow()
    lengths = (args.steps, args.epochs, args.minutes)
    if args.resume:
        others = [args.preset, args.data, args.set, args.name, args.step, args.epochs, args.minutes]
        if any(other not in (None, []) for other in others):
            raise BadInput("--resume keeps the run's settings: only --steps, a new end of training, goes with it.")
        if args.fork:
            raise BadInput("--resume and --fork can't go together: a fork is a run of its own.")
        run = Run.find(args.resume, args.root)
        run.config.replace(**{} if args.steps is None else {"num_steps": args.steps})  # refuses what no run could have
        if not run.state_paths() and run.generator_path.exists():
            raise BadInput(f"Run {run.id} came without its training state (state.pt), so it can't go on.")
    elif args.fork:
        if args.preset:
            raise BadInput("--fork begins with the settings of its parent: change them by --set, without --preset.")
        parent = Run.find(args.fork, args.root)
        run = fork(parent, args.step, settings(args.set), args.data, *lengths, name=args.name or "")
        if run.config.data != parent.config.data:
            print(f"Note: {run.id} goes on with other pictures than {parent.id} learned from.", file=sys.stderr)
    else:
        if args.step is not None:
            raise BadInput("--step goes with --fork only; --steps is where training ends.")
        config = order(args.preset or "quick", settings(args.set), args.data, *lengths, root=args.root)
        run = Run.create(config, args.root, args.name or "")
    try:
        code = work(run, args.steps if args.resume else None, args.parallel, not args.json and sys.stderr.isatty())
        if code == REFUSED and not args.resume:
            raise BadInput(run.status().error)
    except BadInput:
        if not args.resume:
            run.delete()  # refused before its first step
        raise
    status = run.status()
    if status.error:
        print(one_line(status.error), file=sys.stderr)
    facts = {"run": run.id, "directory": str(run.path), "state": status.state, "step": status.step}
    facts |= {"images_per_s": run.newest_point().get("images_per_s"), "error": status.error}
    say(args, facts, str(run.path))
    return code


def control(args: argparse.Namespace) -> int:
    """Pause, step, stop or go on with a run that trains, or change its settings from the next step on."""
    if not args.action and not args.set:
        raise BadInput(f"Say what to do: one of {', '.join(COMMANDS)}, or --set FIELD=VALUE.")
    run = Run.find(args.run, args.root)
    state = launch.observe(run).state
    if args.action and state not in launch.ACTIVE:
        raise BadInput(f"Run {run.id} is not in training: `python -m dcgan train --resume {run.id}` takes it up.")
    changes = live.ask(run, settings(args.set))
    if args.action:
        run.ask(args.action)
    when = "from the next step on" if state in launch.ACTIVE else "when it is resumed"
    said = [f"{live.words(changes)} {when}"] if changes else ["nothing new"] * bool(args.set)
    say(args, {"run": run.id, "state": state, "asked": args.action, "changes": changes}, ", ".join(said))
    return DONE
