"""Commands that measure: how good a generator is, how fast this machine."""

import argparse
import sys
from typing import Any

from dcgan.cli.output import file_to_write, origin, progress_bar, say, write
from dcgan.errors import DONE, BadInput
from dcgan.presets import preset_config
from dcgan.runs.new_run import compared_with
from dcgan.runs.run import Run


def evaluate(args: argparse.Namespace) -> int:
    """Measure a generator against real pictures it was not trained on."""
    from dcgan.evaluation.figures import as_text
    from dcgan.evaluation.report import evaluate as evaluate_beside
    from dcgan.evaluation.report import evaluate_run
    from dcgan.runs.checkpoint import open_generator

    out = file_to_write(args.out, ".html") if args.out else None
    run = Run.find(args.run, args.root)
    if args.history:
        return _evaluate_history(run, args)
    generator = open_generator(run, args.step)
    if args.data is not None:
        generator.config = compared_with(generator.config, args.data)
    show = not args.json and sys.stderr.isatty()
    if args.inception:
        from dcgan.evaluation import inception

        inception.ready(show)
    with progress_bar(args) as progress:
        if args.data is None:
            report = evaluate_run(run, generator, args.n, args.seed, progress)
        else:  # what is kept with the run is of its own pictures
            report = evaluate_beside(generator, args.n, args.seed, progress)
    facts, text = origin(run, generator) | report, as_text(report)
    if out is not None:
        from dcgan.evaluation.html import html_report

        write(out, html_report(generator, report, run.name))
        facts |= {"out": str(out)}
    if args.inception:
        facts["inception"] = inception.inception_report(generator, args.n, args.seed, show)
        text += f"\n\n{inception.as_text(facts['inception'])}"
    say(args, facts, text)
    return DONE


def _evaluate_history(run: Run, args: argparse.Namespace) -> int:
    """Measure the kept steps that quality.jsonl doesn't have."""
    from tqdm import tqdm

    from dcgan.monitoring.backfill import fill_history
    from dcgan.monitoring.quick_figures import N

    others = {"--step": args.step, "--out": args.out, "--inception": args.inception or None}
    others |= {"--data": args.data}
    others |= {"--n": args.n if args.n != 1000 else None, "--seed": args.seed or None}  # other than their defaults
    for option, value in others.items():
        if value is not None:
            raise BadInput(f"--history measures {N} fakes at every kept step: {option} doesn't go with it.")
    with tqdm(disable=args.json or not sys.stderr.isatty(), unit="step", dynamic_ncols=True) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        rows = fill_history(run, progress)
    best = run.status()
    facts = {"run": run.id, "best_step": best.best_step, "best_distance": best.best_distance, "rows": rows}
    lines = [f"step {row['step']:>9,}  FD-{row['judge']} {row['distance']:.3f}" for row in rows]
    say(args, facts, "\n".join([*lines, f"best: step {best.best_step:,}, {best.best_distance:.3f}"]))
    return DONE


def card(args: argparse.Namespace) -> int:
    """Write a run's model card: README.md and a sheet of samples into its directory."""
    from dcgan.export.model_card import write_card

    run = Run.find(args.run, args.root)
    with progress_bar(args) as progress:
        path = write_card(run, args.n, args.seed, progress)
    say(args, {"run": run.id, "out": str(path), "picture": str(path.with_name("card.png"))}, str(path))
    return DONE


def bench(args: argparse.Namespace) -> int:
    """Measure this machine's training speed against plain PyTorch, in pairs, on the CPU or on a GPU."""
    config = preset_config(args.preset)
    if args.pairs < 1 or args.seconds <= 0:
        raise BadInput("pairs must be at least 1 and seconds more than 0.")
    from dcgan.compute.devices import pick_device
    from dcgan.training.bench import measure

    device = pick_device(args.device)
    speed = measure(config, args.pairs, args.seconds, device)
    facts: dict[str, Any] = {"preset": args.preset, "device": device.type, "ratio": speed.ratio} | speed._asdict()
    text = f"{args.preset} on {device.type}: {speed.ours:,.0f} images/s in {speed.precision}, "
    text += f"plain PyTorch {speed.plain:,.0f}, "
    text += f"ratio {speed.ratio:.2f} ({min(speed.ratios):.2f} to {max(speed.ratios):.2f})"
    if speed.limit:
        text += f"; the matrix products alone would allow {speed.limit:,.0f}"
    say(args, facts, text)
    return DONE
