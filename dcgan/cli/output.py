"""What commands share: where they write, what they say, how they show that they work."""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcgan.errors import BadInput
from dcgan.runs.run import Run
from dcgan.system.files import publish

if TYPE_CHECKING:
    from dcgan.networks.models import Generator


def say(args: argparse.Namespace, facts: dict[str, Any], text: str) -> None:
    """Print the result: for people, or one JSON object on one line."""
    print(json.dumps(facts, allow_nan=False) if args.json else text)


def one_line(text: object) -> str:
    """Whatever a person put into it, a sentence is one line."""
    return " ".join(str(text).split())


def origin(run: Run, generator: "Generator") -> dict[str, Any]:
    """Which weights draw: the head of every recipe."""
    assert generator.origin is not None  # it was read from a file
    return {"run": run.id} | generator.origin._asdict()


def settings(groups: list[list[str]]) -> dict[str, str]:
    """`FIELD=VALUE` arguments as a dictionary."""
    settings = {}
    for pair in (pair for group in groups for pair in group):
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise BadInput(f"--set takes FIELD=VALUE, not {pair!r}.")
        settings[name] = value
    return settings


def file_to_write(name: str, *endings: str, option: str = "--out") -> Path:
    """The file to write, refused before any work if it can't be made."""
    path = Path(name)
    if path.suffix not in endings:
        raise BadInput(f"{option} {name!r} must end in {' or '.join(endings)}.")
    if not path.parent.is_dir():
        raise BadInput(f"{option} {name!r}: the folder {path.parent} does not exist.")
    return path


def write(path: Path, content: bytes, option: str = "--out") -> None:
    try:
        publish(path, content, opener=None)
    except OSError as error:
        raise BadInput(f"{option} {str(path)!r} can't be written ({error.strerror}).") from None


@contextlib.contextmanager
def progress_bar(args: argparse.Namespace) -> Iterator[Callable[[float, str], None]]:
    """A bar that is told the share done and what is being done; none with --json or outside a terminal."""
    from tqdm import tqdm

    with tqdm(total=100, disable=args.json or not sys.stderr.isatty(), bar_format="{desc}: {percentage:.0f} %") as bar:

        def progress(share: float, doing: str) -> None:
            bar.set_description_str(doing, refresh=False)
            bar.update(100 * share - bar.n)

        yield progress
