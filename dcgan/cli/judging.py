"""The command that trains a judge: a classifier of a data set's own classes, for its figures of quality."""

import argparse
import contextlib
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from dcgan.cli.output import file_to_write, say
from dcgan.data import source_pictures, sources
from dcgan.errors import DONE, FAILED, BadInput, first_line
from dcgan.judges import training_process
from dcgan.system.files import private, publish


def train_judge(args: argparse.Namespace) -> int:
    """Train a classifier of a data set's classes, which judges the generators that learn from it."""
    if args.steps is not None and args.steps < 1:
        raise BadInput(f"--steps must be at least 1, not {args.steps}.")
    out = file_to_write(args.out, ".safetensors") if args.out else None
    source = sources.resolve(args.data, download=True)
    with _terminable(), training_process.hold():
        fingerprint = sources.fingerprint(source)
        if args.expect not in ("", fingerprint):  # a run from before
            source = sources.resolve(args.data, version=1)
            fingerprint = sources.fingerprint(source)
        channels = args.channels or sources.default_channels(source)
        path = out or training_process.path_of(source, fingerprint, channels, args.crop)
        reporter = training_process.Reporter(source.title, path)
        try:
            if args.expect not in ("", fingerprint):
                raise BadInput(f"data {args.data!r} has changed since this run was trained: put it back as it was.")
            return _train(args, source, channels, path, reporter)
        except KeyboardInterrupt:
            reporter.end("cancelled")
            raise
        except BadInput as error:
            reporter.end("failed", str(error))
            raise
        except Exception as error:
            words = f"The judge could not be trained: {first_line(error)}."
            reporter.end("failed", words)
            if isinstance(error, OSError):
                raise BadInput(words) from None
            traceback.print_exc()
            print(words, file=sys.stderr)
            return FAILED


def _train(
    args: argparse.Namespace,
    source: source_pictures.Source,
    channels: int,
    path: Path,
    reporter: training_process.Reporter,
) -> int:
    from dcgan.judges import classifier, train_classifier

    steps = args.steps or train_classifier.NUM_STEPS
    network, about = train_classifier.train_own(
        source, channels, steps, args.seed, _print_step(not args.json), reporter.tell, args.crop
    )
    about = about._replace(name=args.name or about.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    publish(path, classifier.save_bytes(network, about), opener=None if args.out else private)
    digest = classifier.load(path)[2]
    reporter.end("finished", accuracy=about.test_accuracy)
    facts = {"judge": about.name, "out": str(path), "accuracy": about.test_accuracy, "hash": digest}
    facts |= {"classes": list(about.class_names)}
    right, size = f"{about.test_accuracy:.2%} right on held-out pictures", path.stat().st_size / 1e6
    say(args, facts, f"{path}: {about.name}, {right}, {size:.2f} MB, {digest}")
    return DONE


def _print_step(show: bool) -> Callable[[int, int, float], None]:
    began = time.monotonic()

    def on_step(step: int, num_steps: int, loss: float) -> None:
        if show and (step % 50 == 0 or step == num_steps):
            print(f"step {step:,} of {num_steps:,}  loss {loss:.3f}  {time.monotonic() - began:.0f} s", flush=True)

    return on_step


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """End at TERM as at Ctrl-C, so that a page that cancels it finds it cancelled."""

    def interrupted(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
