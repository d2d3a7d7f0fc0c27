"""The command line: exit code 0 done, 1 failed while working, 2 refused, with one sentence on stderr."""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcgan import launch, live, runs
from dcgan.arguments import parser
from dcgan.config import BadInput
from dcgan.files import publish
from dcgan.fork import fork
from dcgan.order import order
from dcgan.presets import PRESETS, preset_config
from dcgan.records import COMMANDS
from dcgan.runs import Run
from dcgan.shapes import parameter_counts
from dcgan.worker import DONE, FAILED, REFUSED, follows, work

if TYPE_CHECKING:
    from dcgan.models import Generator


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        args = parser(COMMAND).parse_args(arguments)
        return args.command(args)
    except BadInput as error:
        print(_one_line(error), file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader of our output has gone
        return FAILED


# -- commands


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
        run = fork(parent, args.step, _settings(args.set), args.data, *lengths, name=args.name or "")
        if run.config.data != parent.config.data:
            print(f"Note: {run.id} goes on with other pictures than {parent.id} learned from.", file=sys.stderr)
    else:
        if args.step is not None:
            raise BadInput("--step goes with --fork only; --steps is where training ends.")
        config = order(args.preset or "quick", _settings(args.set), args.data, *lengths, root=args.root)
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
        print(_one_line(status.error), file=sys.stderr)
    facts = {"run": run.id, "directory": str(run.path), "state": status.state, "step": status.step}
    facts |= {"images_per_s": run.newest_point().get("images_per_s"), "error": status.error}
    _report(args, facts, str(run.path))
    return code


def control(args: argparse.Namespace) -> int:
    """Pause, step, stop or go on with a run that trains, or change its settings from the next step on."""
    if not args.action and not args.set:
        raise BadInput(f"Say what to do: one of {', '.join(COMMANDS)}, or --set FIELD=VALUE.")
    run = Run.find(args.run, args.root)
    state = launch.observe(run).state
    if args.action and state not in launch.ACTIVE:
        raise BadInput(f"Run {run.id} is not in training: `python -m dcgan train --resume {run.id}` takes it up.")
    changes = live.ask(run, _settings(args.set))
    if args.action:
        run.ask(args.action)
    when = "from the next step on" if state in launch.ACTIVE else "when it is resumed"
    said = [f"{live.words(changes)} {when}"] if changes else ["nothing new"] * bool(args.set)
    _report(args, {"run": run.id, "state": state, "asked": args.action, "changes": changes}, ", ".join(said))
    return DONE


def sample(args: argparse.Namespace) -> int:
    """Draw pictures from a run's generator, or a picture again from the recipe inside it."""
    if args.recipe:
        return again(args)
    if not args.run:
        raise BadInput("The following arguments are required: RUN, or --recipe with a picture to draw again.")
    from dcgan.checkpoint import open_generator
    from dcgan.latent import check_truncation
    from dcgan.redraw import drawn, sample_z
    from dcgan.render import render

    recipe: dict[str, Any] = {"seed": args.seed or 0, "n": 64 if args.n is None else args.n}
    recipe["truncation"] = 1.0 if args.truncation is None else args.truncation
    if not 1 <= recipe["n"] <= 100_000:
        raise BadInput(f"n must be from 1 to 100000, not {args.n}.")
    check_truncation(recipe["truncation"])
    out = _out(args.out or "sample.png", ".png", ".npz")
    run = Run.find(args.run, args.root)
    generator = open_generator(run, args.step)
    recipe = _origin(run, generator) | recipe
    if out.suffix == ".npz":
        import io

        import numpy as np

        buffer = io.BytesIO()
        np.savez_compressed(buffer, images=render(generator, sample_z(recipe, generator.config)))
        content = buffer.getvalue()
    else:
        content = drawn(generator, recipe, out.suffix)
    _write(out, content)
    size = generator.config.image_size
    shape = [recipe["n"], size, size, *([3] if generator.config.channels == 3 else [])]
    _report(args, recipe | {"out": str(out), "shape": shape}, str(out))
    return DONE


def again(args: argparse.Namespace) -> int:
    """Draw a picture again from the recipe inside it; say whether the file is the same."""
    from dcgan.recipes import ENDINGS, kind_of, recipe_of_file

    others = {"--n": args.n, "--seed": args.seed, "--truncation": args.truncation}
    if given := [name for name, value in others.items() if value is not None]:
        raise BadInput(f"--recipe says all that {' and '.join(given)} could say: leave it out.")
    recipe, old = recipe_of_file(args.recipe)
    source, endings = Path(args.recipe), ENDINGS[kind_of(recipe)]
    ending = source.suffix if source.suffix in endings else endings[0]
    out = _out(args.out or f"{source.stem}-again{ending}", *endings)
    from dcgan.redraw import difference, redrawn

    run = Run.find(args.run, args.root) if args.run else None
    content, recipe = redrawn(recipe, out.suffix, args.root, run, args.step)
    _write(out, content)
    differs = 0 if content == old else difference(old, content)
    if content == old:
        said = "the same bytes"
    elif differs == 0:
        said = "the same pixels, in other bytes"
    else:
        said = "another picture" if differs is None else f"pixels differ by up to {differs} of 255 grey levels"
    facts = recipe | {"out": str(out), "same_bytes": content == old, "differs": differs}
    _report(args, facts, f"{out}: {said}")
    return DONE


def interpolate(args: argparse.Namespace) -> int:
    """Morph from seed to seed."""
    from dcgan import video
    from dcgan.checkpoint import open_generator
    from dcgan.images import check_fps
    from dcgan.latent import check_truncation
    from dcgan.redraw import MAX_FRAMES, drawn

    out = _out(args.out or "morph.gif", ".gif", ".webp", ".png", ".mp4")
    if out.suffix == ".mp4":
        video.check_available()
    if args.frames > MAX_FRAMES:
        raise BadInput(f"frames must be at most {MAX_FRAMES}, not {args.frames}.")
    if len(args.seeds) < 2:
        raise BadInput(f"seeds must be at least 2, not {len(args.seeds)}.")
    if args.frames < len(args.seeds):
        raise BadInput(f"frames must be at least the number of seeds, {len(args.seeds)}, not {args.frames}.")
    check_fps(args.fps)
    check_truncation(args.truncation)
    run = Run.find(args.run, args.root)
    generator = open_generator(run, args.step)
    recipe = _origin(run, generator) | {"seeds": args.seeds, "mode": args.mode, "loop": args.loop}
    recipe |= {"frames": args.frames, "truncation": args.truncation, "fps": args.fps}
    if out.suffix == ".mp4":
        recipe["enlarged"] = video.enlargement(generator.config.image_size)
    _write(out, drawn(generator, recipe, out.suffix))
    _report(args, recipe | {"out": str(out)}, str(out))
    return DONE


def project(args: argparse.Namespace) -> int:
    """Find the z whose picture comes nearest to a picture file."""
    from tqdm import tqdm

    from dcgan import images
    from dcgan import project as projection
    from dcgan.checkpoint import open_generator
    from dcgan.zcode import code_of

    out = _out(args.out or "projection.png", ".png")
    run = Run.find(args.run, args.root)
    generator = open_generator(run, args.step)
    try:
        content = Path(args.picture).read_bytes()
    except OSError as error:
        raise BadInput(f"{args.picture!r} can't be read ({error.strerror}).") from None
    target = projection.target_of(content, args.picture, generator.config, args.invert)
    with tqdm(total=100, disable=args.json or not sys.stderr.isatty(), bar_format="{percentage:.0f} %") as bar:
        found = projection.project(generator, target, lambda share: bar.update(100 * share - bar.n))
        held_out = projection.held_out_distances(generator) if args.compare else []
    recipe = _origin(run, generator) | {"seed": 0, "z": code_of(found.z), "truncation": 1.0}
    _write(out, images.png_bytes(found.picture, recipe))
    facts = recipe | {"distance": found.distance, "start": found.start, "held_out": held_out, "out": str(out)}
    text = f"{found.distance:.1f} grey levels away, {found.start:.1f} the best of {projection.NUM_STARTS} random z"
    words = projection.beside(found.distance, held_out)
    _report(args, facts, f"{text}{', ' * bool(words)}{words}\n{out}, z={facts['z']}")
    return DONE


def film(args: argparse.Namespace) -> int:
    """Make a film of a training: its sample grids from the first to the newest."""
    from dcgan.film import film_of

    out = _out(args.out or "film.gif", ".gif", ".webp")
    run = Run.find(args.run, args.root)
    content, recipe = film_of(run, args.fps, out.suffix == ".webp")
    _write(out, content)
    _report(args, recipe | {"out": str(out)}, str(out))
    return DONE


def evaluate(args: argparse.Namespace) -> int:
    """Measure a generator against real pictures it was not trained on."""
    from dcgan.checkpoint import open_generator
    from dcgan.metrics.evaluation import evaluate_run
    from dcgan.metrics.words import as_text

    out = _out(args.out, ".html") if args.out else None
    run = Run.find(args.run, args.root)
    if args.history:
        return _evaluate_history(run, args)
    generator = open_generator(run, args.step)
    show = not args.json and sys.stderr.isatty()
    if args.inception:
        from dcgan.metrics import inception

        inception.ready(show)
    with _bar(args) as progress:
        report = evaluate_run(run, generator, args.n, args.seed, progress)
    facts, text = _origin(run, generator) | report, as_text(report)
    if out is not None:
        from dcgan.metrics.html import html_report

        _write(out, html_report(generator, report, run.name))
        facts |= {"out": str(out)}
    if args.inception:
        facts["inception"] = inception.inception_report(generator, args.n, args.seed, show)
        text += f"\n\n{inception.as_text(facts['inception'])}"
    _report(args, facts, text)
    return DONE


def card(args: argparse.Namespace) -> int:
    """Write a run's model card: README.md and a sheet of samples into its directory."""
    from dcgan.card import write_card

    run = Run.find(args.run, args.root)
    with _bar(args) as progress:
        path = write_card(run, args.n, args.seed, progress)
    _report(args, {"run": run.id, "out": str(path), "picture": str(path.with_name("card.png"))}, str(path))
    return DONE


def _evaluate_history(run: Run, args: argparse.Namespace) -> int:
    """Measure the kept steps that quality.jsonl doesn't have."""
    from tqdm import tqdm

    from dcgan.metrics.follow import N
    from dcgan.metrics.history import fill_history

    others = {"--step": args.step, "--out": args.out, "--inception": args.inception or None}
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
    _report(args, facts, "\n".join([*lines, f"best: step {best.best_step:,}, {best.best_distance:.3f}"]))
    return DONE


def bench(args: argparse.Namespace) -> int:
    """Measure this machine's training speed against plain PyTorch, in pairs."""
    config = preset_config(args.preset)
    if args.pairs < 1 or args.seconds <= 0:
        raise BadInput("pairs must be at least 1 and seconds more than 0.")
    from dcgan.bench import measure

    speed = measure(config, args.pairs, args.seconds)
    facts: dict[str, Any] = {"preset": args.preset, "ratio": speed.ratio} | speed._asdict()
    text = f"{args.preset}: {speed.ours:,.0f} images/s in {speed.precision}, plain PyTorch {speed.plain:,.0f}, "
    text += f"ratio {speed.ratio:.2f} ({min(speed.ratios):.2f} to {max(speed.ratios):.2f})"
    if speed.limit:
        text += f"; the matrix products alone would allow {speed.limit:,.0f}"
    _report(args, facts, text)
    return DONE


def export(args: argparse.Namespace) -> int:
    """Write a generator as a file to give away."""
    from dcgan.checkpoint import open_generator
    from dcgan.export import ENDINGS, exported

    to = _out(args.to, *ENDINGS, option="--to")
    run = Run.find(args.run, args.root)
    generator = open_generator(run, args.step)
    content = exported(generator, run.name, to.suffix, run)
    _write(to, content, "--to")
    _report(args, _origin(run, generator) | {"to": str(to), "bytes": len(content)}, str(to))
    return DONE


def presets(args: argparse.Namespace) -> int:
    """List the named recipes with the sizes of their networks."""
    rows, lines, group = [], [], ""
    for name, preset in PRESETS.items():
        config = preset.config
        counts = parameter_counts(config)  # total as Keras counts: with BatchNorm's running statistics
        row: dict[str, Any] = {"name": name, "group": preset.group, "title": preset.title, "source": preset.source}
        row |= {"image_size": config.image_size, "channels": config.channels, "parameters": counts}
        rows.append(row | {network: each["trainable"] for network, each in counts.items()})
        if preset.group != group:
            group = preset.group
            lines.append(f"{group}: parameters in all (trainable)")
        sizes = "  ".join(f"{network} {each['total']:>10,} ({each['trainable']:,})" for network, each in counts.items())
        lines += [f"  {name:18} {config.image_size:3} px  {sizes}", f"  {'':18} {preset.title}"]
    _report(args, {"presets": rows}, "\n".join(lines))
    return DONE


def list_all(args: argparse.Namespace) -> int:
    """List the runs, newest first."""
    rows = []
    for run in runs.list_runs(args.root):
        status, point = launch.observe(run), run.newest_point()
        parent = run.parent()
        row: dict[str, Any] = {"id": run.id, "name": run.name, "preset": _preset_of(run), "directory": str(run.path)}
        row |= {"state": status.state, "step": status.step, "num_steps": status.num_steps}
        row |= {key: point.get(key) for key in ("d_loss", "g_loss", "images_per_s")}
        row |= {key: getattr(status, key) for key in ("distance", "distance_floor", "best_step", "best_distance")}
        row["alarms"] = status.alarms.split(", ") if status.alarms else []
        row |= {"parent": parent.run or None, "parent_step": parent.step if parent.run else None}
        rows.append(row | {"kept_states": run.kept_states()})
    lines = [
        f"{row['id']:36} {row['state']:12} {row['preset']:12} step {row['step']:<10,} "
        + (f"distance {row['distance']:.2f}" if row["distance"] is not None else "")
        + _alarmed(row)
        for row in rows
    ]
    lines = [line.rstrip() for line in lines]
    _report(args, {"runs": rows}, "\n".join(lines) or "No runs yet: `python -m dcgan train` makes the first.")
    return DONE


# -- helpers


def _alarmed(row: dict[str, Any]) -> str:
    return f"  alarm: {', '.join(row['alarms'])}" if row["alarms"] else ""


def _origin(run: Run, generator: "Generator") -> dict[str, Any]:
    """Which weights draw: the head of every recipe."""
    assert generator.origin is not None  # it was read from a file
    return {"run": run.id} | generator.origin._asdict()


def _settings(groups: list[list[str]]) -> dict[str, str]:
    """`FIELD=VALUE` arguments as a dictionary."""
    settings = {}
    for pair in (pair for group in groups for pair in group):
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadInput(f"--set takes FIELD=VALUE, not {pair!r}.")
        settings[name] = value
    return settings


def _out(name: str, *endings: str, option: str = "--out") -> Path:
    """The file to write, refused before any work if it can't be made."""
    path = Path(name)
    if path.suffix not in endings:
        raise BadInput(f"{option} {name!r} must end in {' or '.join(endings)}.")
    if not path.parent.is_dir():
        raise BadInput(f"{option} {name!r}: the folder {path.parent} does not exist.")
    return path


def _write(path: Path, content: bytes, option: str = "--out") -> None:
    try:
        publish(path, content)
    except OSError as error:
        raise BadInput(f"{option} {str(path)!r} can't be written ({error.strerror}).") from None


@contextlib.contextmanager
def _bar(args: argparse.Namespace) -> Iterator[Callable[[float, str], None]]:
    """A bar that is told the share done and what is being done; none with --json or outside a terminal."""
    from tqdm import tqdm

    with tqdm(total=100, disable=args.json or not sys.stderr.isatty(), bar_format="{desc}: {percentage:.0f} %") as bar:

        def progress(share: float, doing: str) -> None:
            bar.set_description_str(doing, refresh=False)
            bar.update(100 * share - bar.n)

        yield progress


def _report(args: argparse.Namespace, facts: dict[str, Any], text: str) -> None:
    """Print the result: for people, or one JSON object on one line."""
    print(json.dumps(facts, allow_nan=False) if args.json else text)


def _preset_of(run: Run) -> str:
    try:
        return run.config.preset
    except BadInput:
        return "unreadable"


def _one_line(text: object) -> str:
    """Whatever a person put into it, a sentence is one line."""
    return " ".join(str(text).split())


COMMAND = {
    "train": train,
    "control": control,
    "sample": sample,
    "interpolate": interpolate,
    "project": project,
    "film": film,
    "evaluate": evaluate,
    "card": card,
    "export": export,
    "bench": bench,
    "presets": presets,
    "runs": list_all,
}
