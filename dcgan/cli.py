"""The command line: exit code 0 done, 1 failed while working, 2 refused, with one sentence on stderr."""

import argparse
import contextlib
import json
import logging
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tqdm import tqdm

from dcgan import launch, runs
from dcgan.config import BadInput, Config, Diverged, first_line
from dcgan.files import publish
from dcgan.heartbeat import Heartbeat
from dcgan.order import order
from dcgan.presets import PRESETS
from dcgan.runs import Run

if TYPE_CHECKING:
    from dcgan.models import Generator

DONE, FAILED, REFUSED = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        args = _parser().parse_args(arguments)
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
    lengths = [name for name in ("steps", "epochs", "minutes") if getattr(args, name) is not None]
    if args.resume:
        if args.preset or args.data or args.set or args.name or "epochs" in lengths or "minutes" in lengths:
            raise BadInput("--resume keeps the run's settings: only --steps, a new end of training, goes with it.")
        run = Run.find(args.resume, args.root)
        run.config.replace(**{} if args.steps is None else {"num_steps": args.steps})  # refuses what no run could have
        if not run.state_paths() and run.generator_path.exists():
            raise BadInput(f"Run {run.id} came without its training state (state.pt), so it can't go on.")
    else:
        settings = _settings([pair for group in args.set for pair in group])
        config = order(args.preset or "quick", settings, args.data, args.steps, args.epochs, args.minutes)
        run = Run.create(config, args.root, args.name or "")
    try:
        code = _hold_and_train(run, args)
    except BadInput:
        if not args.resume:
            run.delete()  # refused before its first step
        raise
    status = run.status()
    if status.error:
        print(_one_line(status.error), file=sys.stderr)
    facts = {"run": run.id, "directory": str(run.path), "state": status.state, "step": status.step}
    _report(args, facts | {"images_per_s": _last_point(run).get("images_per_s"), "error": status.error}, str(run.path))
    return code


def sample(args: argparse.Namespace) -> int:
    """Draw pictures from a run's generator."""
    from dcgan import images, latent
    from dcgan.checkpoint import open_generator
    from dcgan.render import render

    if args.n < 1 or args.n > 100_000:
        raise BadInput(f"n must be from 1 to 100000, not {args.n}.")
    out = _out(args.out or "sample.png", ".png", ".npz")
    run = Run.find(args.run, args.root)
    generator = open_generator(run, args.step)
    config = generator.config
    seeds = latent.sample_seeds(args.seed, args.n)
    z = latent.truncate(latent.z_from_seeds(seeds, config.z_dim, config.z_prior), args.truncation)
    pictures = render(generator, z)
    recipe = _origin(run, generator) | {"seed": args.seed, "n": args.n, "truncation": args.truncation}
    if out.suffix == ".npz":
        import io

        import numpy as np

        buffer = io.BytesIO()
        np.savez_compressed(buffer, images=pictures)
        content = buffer.getvalue()
    else:
        content = images.png_bytes(images.grid(pictures), recipe)
    _write(out, content)
    _report(args, recipe | {"out": str(out), "shape": list(pictures.shape)}, str(out))
    return DONE


def interpolate(args: argparse.Namespace) -> int:
    """Morph from seed to seed."""
    from dcgan import images, latent
    from dcgan.checkpoint import open_generator
    from dcgan.render import render

    out = _out(args.out or "morph.gif", ".gif", ".webp", ".png")
    run = Run.find(args.run, args.root)
    generator = open_generator(run, args.step)
    config = generator.config
    if args.frames > 5000:
        raise BadInput(f"frames must be at most 5000, not {args.frames}.")
    corners = latent.truncate(latent.z_from_seeds(args.seeds, config.z_dim, config.z_prior), args.truncation)
    if args.mode == "even":
        z = latent.even_path(corners, args.frames, lambda z: render(generator, z), loop=args.loop)
    else:
        z = latent.path(corners, args.frames, args.mode, args.loop)
    pictures = list(render(generator, z))
    recipe = _origin(run, generator) | {"seeds": args.seeds, "mode": args.mode, "loop": args.loop}
    recipe |= {"frames": args.frames, "truncation": args.truncation}
    if out.suffix == ".png":
        content = images.png_bytes(images.film_strip(pictures, len(pictures)), recipe)
    else:
        encode = images.gif_bytes if out.suffix == ".gif" else images.webp_bytes
        content = encode(pictures, args.fps, True, recipe)  # it repeats for ever; --loop only closes the walk
    _write(out, content)
    _report(args, recipe | {"out": str(out)}, str(out))
    return DONE


def evaluate(args: argparse.Namespace) -> int:
    """Measure a generator against real pictures it was not trained on."""
    from dcgan.checkpoint import open_generator
    from dcgan.metrics.pixels import pixel_report

    run = Run.find(args.run, args.root)
    generator = open_generator(run, args.step)
    facts = _origin(run, generator) | pixel_report(generator, args.n, args.seed)
    _report(args, facts, "\n".join(f"{key}: {value}" for key, value in facts.items()))
    return DONE


def presets(args: argparse.Namespace) -> int:
    """List the named recipes with the sizes of their networks."""
    from dcgan.anatomy import parameter_counts

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
        status, point = launch.observe(run), _last_point(run)
        figures = {key: point.get(key) for key in ("d_loss", "g_loss", "images_per_s")}
        names = {"id": run.id, "name": run.name, "preset": _preset_of(run), "directory": str(run.path)}
        rows.append(names | {"state": status.state, "step": status.step, "num_steps": status.num_steps} | figures)
    lines = [f"{row['id']:36} {row['state']:12} {row['preset']:12} step {row['step']:,}" for row in rows]
    _report(args, {"runs": rows}, "\n".join(lines) or "No runs yet: `python -m dcgan train` makes the first.")
    return DONE


# -- helpers


def _hold_and_train(run: Run, args: argparse.Namespace) -> int:
    """Train as the run's one trainer; raises BadInput if that is refused before the first step of a new run."""
    with launch.hold(run, args.parallel):
        if args.resume and args.steps is not None:
            run.extend(args.steps)
        with _logging_to(run), Heartbeat(run) as heart:
            code = _train_watched(run, heart, show=not args.json and sys.stderr.isatty())
    if code == REFUSED and not args.resume:
        raise BadInput(run.status().error)
    return code


def _train_watched(run: Run, heart: Heartbeat, show: bool) -> int:
    """Train with a progress bar; whatever goes wrong ends as one sentence in the status and a traceback in the log."""
    log = logging.getLogger("dcgan")
    with tqdm(disable=not show, unit="step", dynamic_ncols=True) as bar:

        def on_progress(point: dict[str, float]) -> None:
            bar.total = heart.status.num_steps
            bar.set_postfix_str(
                f"D {point['d_loss']:.3f} G {point['g_loss']:.3f} {point['images_per_s']:.0f} images/s", refresh=False
            )
            bar.update(int(point["step"]) - bar.n)

        try:
            from dcgan.train import train as train_run

            train_run(run, heart, on_progress)
            return DONE
        except BadInput as error:
            heart.update(state="failed", error=str(error))
            return REFUSED
        except Diverged as error:
            log.error("%s", error)
            heart.update(
                state="failed", error=f"{error} The last good state is kept; a lower learning rate is the usual remedy."
            )
        except Exception as error:
            log.exception("training failed")
            heart.update(state="failed", error=f"Training failed: {first_line(error)}. log.txt has the details.")
        return FAILED


def _origin(run: Run, generator: "Generator") -> dict[str, Any]:
    """Which weights draw: the head of every recipe."""
    assert generator.origin is not None  # it was read from a file
    return {"run": run.id} | generator.origin._asdict()


def _settings(pairs: list[str]) -> dict[str, str]:
    """`FIELD=VALUE` arguments as a dictionary."""
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadInput(f"--set takes FIELD=VALUE, not {pair!r}.")
        settings[name] = value
    return settings


def _out(name: str, *endings: str) -> Path:
    """The file to write, refused before any work if it can't be made."""
    path = Path(name)
    if path.suffix not in endings:
        raise BadInput(f"--out {name!r} must end in {' or '.join(endings)}.")
    if not path.parent.is_dir():
        raise BadInput(f"--out {name!r}: the folder {path.parent} does not exist.")
    return path


def _write(path: Path, content: bytes) -> None:
    try:
        publish(path, content)
    except OSError as error:
        raise BadInput(f"--out {str(path)!r} can't be written ({error.strerror}).") from None


def _report(args: argparse.Namespace, facts: dict[str, Any], text: str) -> None:
    """Print the result: for people, or one JSON object on one line."""
    print(json.dumps(facts, allow_nan=False) if args.json else text)


def _last_point(run: Run) -> dict[str, float]:
    points, _ = run.read_metrics()
    return points[-1] if points else {}


def _preset_of(run: Run) -> str:
    try:
        return run.config.preset
    except BadInput:
        return "unreadable"


@contextlib.contextmanager
def _logging_to(run: Run) -> Iterator[None]:
    """Send the log and the warnings to the run's log.txt."""
    handler = logging.FileHandler(run.log_path, encoding="utf-8")
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
        handler.close()


def _one_line(text: object) -> str:
    """Whatever a person put into it, a sentence is one line."""
    return " ".join(str(text).split())


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{message[0].upper()}{message[1:]}; `{self.prog} --help` lists what is possible.")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}") from None


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a number, not {text!r}")
    return value


def _seed(text: str) -> int:
    value = _whole(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"must be from 0 to {2**32 - 1}, not {value}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m dcgan", description="Train, sample and explain Deep Convolutional GANs.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def add(name: str, command: Any, run: bool = False) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=command.__doc__, description=command.__doc__)
        sub.set_defaults(command=command)
        sub.add_argument("--json", action="store_true", help="print one JSON object on the last line")
        sub.add_argument("--root", type=Path, default=None, help="where runs live (default: checkpoints/)")
        if run:
            sub.add_argument("run", metavar="RUN", help="a run's id or directory")
            sub.add_argument("--step", type=_whole, help="a kept step (default: the newest)")
        return sub

    sub = add("train", train)
    sub.add_argument("--preset", help=f"{', '.join(PRESETS)} (default: quick)")
    sub.add_argument("--data", metavar="SPEC", help=Config.__dataclass_fields__["data"].metadata["help"])
    sub.add_argument(
        "--set", metavar="FIELD=VALUE", action="append", nargs="+", default=[], help="change settings of the preset"
    )
    length = sub.add_mutually_exclusive_group()
    length.add_argument("--steps", type=_whole, help="train until this step")
    length.add_argument("--epochs", type=_number, help="train for this many passes over the data")
    length.add_argument("--minutes", type=_number, help="train for this long")
    sub.add_argument("--name", help="what to call the run")
    sub.add_argument("--resume", metavar="RUN", help="go on with a run, exactly where its last checkpoint is")
    sub.add_argument("--parallel", action="store_true", help="train even while another run trains")

    sub = add("sample", sample, run=True)
    sub.add_argument("--n", type=_whole, default=64, help="how many pictures")
    sub.add_argument("--seed", type=_seed, default=0, help="picture i comes from seed + i")
    sub.add_argument("--truncation", type=_number, default=1.0, help="scales z; below 1 is more typical, less varied")
    sub.add_argument("--out", metavar="FILE", help=".png grid or .npz of uint8 images (default: sample.png)")

    sub = add("interpolate", interpolate, run=True)
    sub.add_argument("--seeds", type=_seed, nargs="+", default=[0, 1], help="the pictures to morph between")
    sub.add_argument("--frames", type=_whole, default=60)
    sub.add_argument("--mode", choices=["slerp", "lerp", "even"], default="slerp")
    sub.add_argument("--loop", action="store_true", help="come back to the first seed")
    sub.add_argument("--fps", type=_number, default=20.0, help="frames per second")
    sub.add_argument("--truncation", type=_number, default=1.0)
    sub.add_argument("--out", metavar="FILE", help=".gif, .webp or .png strip (default: morph.gif)")

    sub = add("evaluate", evaluate, run=True)
    sub.add_argument("--n", type=_whole, default=1000, help="how many pictures of each kind")
    sub.add_argument("--seed", type=_seed, default=0)

    add("presets", presets)
    add("runs", list_all)
    return parser
