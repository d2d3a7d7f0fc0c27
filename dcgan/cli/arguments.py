"""What the command line takes: every command with its options, and the sentence for what can't be understood."""

import argparse
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from dcgan.config import LIVE, Config, describe
from dcgan.errors import BadInput
from dcgan.presets import PRESETS
from dcgan.runs.records import COMMANDS
from dcgan.setting_values import shown
from dcgan.system.names import nearest

FEW = 5  # choices that a refusal lists
Command = Callable[[argparse.Namespace], int]


def parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The parser of all commands, each with the function that does it; its docstring is the help."""
    whole = _Parser(prog="python -m dcgan", description="Train, sample and explain Deep Convolutional GANs.")
    subparsers = whole.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def add(name: str, run: bool = False, step: bool = False, needed: bool = True) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(name, help=commands[name].__doc__, description=commands[name].__doc__)
        sub.set_defaults(command=commands[name])
        sub.add_argument("--json", action="store_true", help="print one JSON object on the last line")
        sub.add_argument("--root", type=Path, default=None, help="where runs live (default: checkpoints/)")
        if run:
            sub.add_argument("run", metavar="RUN", nargs=None if needed else "?", help="a run's id or directory")
        if step:
            sub.add_argument("--step", type=_step, help="a kept step, or best (default: the newest)")
        return sub

    sub = add("train")
    sub.add_argument("--preset", help=f"{', '.join(PRESETS)} (default: quick)")
    sub.add_argument("--data", metavar="SPEC", help=describe("data"))
    sub.add_argument(
        "--set", metavar="FIELD=VALUE", action="append", nargs="+", default=[], help="change settings of the preset"
    )
    length = sub.add_mutually_exclusive_group()
    length.add_argument("--steps", type=_whole, help="train until this step")
    length.add_argument("--epochs", type=_number, help="train for this many passes over the data")
    length.add_argument("--minutes", type=_number, help="train for this long")
    sub.add_argument("--log", choices=["tensorboard"], help="also write TensorBoard's event files, as --set log= does")
    sub.add_argument("--name", help="what to call the run")
    sub.add_argument("--resume", metavar="RUN", help="go on with a run, exactly where its last checkpoint is")
    sub.add_argument("--fork", metavar="RUN", help="begin as a kept checkpoint of another run, with changes by --set")
    sub.add_argument("--step", type=_whole, help="with --fork: the kept step to begin at (default: the newest)")
    sub.add_argument("--parallel", action="store_true", help="train even while another run trains")

    sub = add("control", run=True)
    sub.add_argument("action", nargs="?", choices=COMMANDS, help="what the training should do")
    sub.add_argument("--set", metavar="FIELD=VALUE", action="append", nargs="+", default=[], help=f"{', '.join(LIVE)}")

    sub = add("sample", run=True, step=True, needed=False)
    sub.add_argument("--n", type=_whole, help="how many pictures (default: 64)")
    sub.add_argument("--seed", type=_seed, help="picture i comes from seed + i (default: 0)")
    sub.add_argument("--class", dest="of_class", metavar="CLASS", help="of a generator that knows classes: only this")
    sub.add_argument("--truncation", type=_number, help="scales z; below 1 is more typical, less varied (default: 1)")
    sub.add_argument(
        "--recipe", metavar="PICTURE", help="draw a PNG, GIF or WebP of the studio's again from the recipe inside it"
    )
    sub.add_argument(
        "--out", metavar="FILE", help=".png grid or .npz of uint8 images; with --recipe also .gif and .webp"
    )

    sub = add("interpolate", run=True, step=True)
    sub.add_argument("--seeds", type=_seed, nargs="+", default=[0, 1], help="the pictures to morph between")
    sub.add_argument(
        "--class",
        dest="of_class",
        metavar="CLASS",
        nargs="+",
        help="of a generator that knows classes: that of all seeds, or one for each",
    )
    sub.add_argument("--frames", type=_whole, default=60)
    sub.add_argument("--mode", choices=["slerp", "lerp", "even"], default="slerp")
    sub.add_argument("--loop", action="store_true", help="come back to the first seed")
    sub.add_argument("--fps", type=_number, default=20.0, help="frames per second")
    sub.add_argument("--truncation", type=_number, default=1.0)
    sub.add_argument("--out", metavar="FILE", help=".gif, .webp, .mp4 or .png strip (default: morph.gif)")
    sub.add_argument(
        "--columns", type=_whole, help="of a .png: a sheet with so many frames in a row instead of a strip"
    )

    sub = add("project", run=True, step=True)
    sub.add_argument("picture", metavar="PICTURE", help="a picture file of any size, grey or colour")
    sub.add_argument("--invert", action="store_true", help="swap light and dark first")
    sub.add_argument("--compare", action="store_true", help="do the same for held-out real pictures, and say how many")
    sub.add_argument("--out", metavar="FILE", help=".png of what was found (default: projection.png)")

    sub = add("film", run=True)
    sub.add_argument("--fps", type=_number, default=6.0, help="frames per second")
    sub.add_argument("--out", metavar="FILE", help=".gif or .webp (default: film.gif)")

    sub = add("evaluate", run=True, step=True)
    sub.add_argument("--n", type=_whole, default=1000, help="how many fakes (default: 1000)")
    sub.add_argument("--seed", type=_seed, default=0, help="fake i comes from seed + i")
    sub.add_argument("--data", metavar="SPEC", help="compare with these pictures instead of the run's; nothing is kept")
    sub.add_argument("--out", metavar="FILE", help=".html: also write the report, with its pictures, as one file")
    sub.add_argument(
        "--history", action="store_true", help="measure every kept step instead, for the curve on the pages"
    )
    sub.add_argument(
        "--inception", action="store_true", help="also Inception FID, score and KID (needs torch-fidelity)"
    )

    sub = add("card", run=True)
    sub.add_argument("--n", type=_whole, default=10_000, help="how many fakes are measured (default: 10000)")
    sub.add_argument("--seed", type=_seed, default=0, help="fake i comes from seed + i")

    sub = add("train-judge")
    sub.add_argument("--data", metavar="SPEC", required=True, help="mnist, or pictures with classes")
    sub.add_argument("--channels", type=_whole, choices=(1, 3), help="1 grey, 3 colour (default: the data's)")
    sub.add_argument(
        "--crop",
        choices=Config.__dataclass_fields__["crop"].metadata["choices"],
        default="square",
        help="how oblong pictures become square, as in the runs that it is to judge (default: square)",
    )
    sub.add_argument("--steps", type=_whole, help="batches of 128 to learn from (default: 700)")
    sub.add_argument("--seed", type=_seed, default=0, help="of its first weights and the order of the pictures")
    sub.add_argument("--name", help="of its figures: FD-NAME (default: from the data and its weights)")
    sub.add_argument("--out", metavar="FILE", help=".safetensors (default: where evaluate looks for it)")
    sub.add_argument("--expect", metavar="HASH", default="", help="refuse data with another fingerprint")

    sub = add("export", run=True, step=True)
    sub.add_argument(
        "--to",
        metavar="FILE",
        required=True,
        help=".html one-file explorer, .safetensors weights, or .onnx (needs the package onnx)",
    )

    sub = add("import")
    sub.add_argument("file", metavar="FILE", help="PyTorch's .pth or .pt, a whole checkpoint, or .safetensors")
    sub.add_argument("--to", metavar="RUN", help="the id of the new run (default: from the file's name)")
    sub.add_argument("--data", metavar="SPEC", default="", help="the pictures it was trained on, to evaluate it with")
    sub.add_argument(
        "--set",
        metavar="FIELD=VALUE",
        action="append",
        nargs="+",
        default=[],
        help="what weights don't tell: g_activation, leak, output, z_prior (default: relu, tanh, normal)",
    )

    sub = add("bench")
    sub.add_argument("--preset", default="quick", help=f"{', '.join(PRESETS)} (default: quick)")
    sub.add_argument("--device", choices=("cpu", "cuda", "mps", "auto"), default="cpu", help="(default: cpu)")
    sub.add_argument("--pairs", type=_whole, default=3, help="how often both sides take turns")
    sub.add_argument("--seconds", type=_number, default=4.0, help="of training on each side of a pair")

    add("presets")
    add("runs").add_argument("--csv", action="store_true", help="as a table for spreadsheets, with a line of names")
    return whole


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        if found := re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message, re.DOTALL):
            choices = [choice.strip("' ") for choice in found[2].split(",")]
            near = nearest(found[1], choices)
            if near or len(choices) > FEW:
                message = f"there is no {shown(found[1])}" + f", the nearest is {near}" * bool(near)
        raise BadInput(f"{message[0].upper()}{message[1:]}; `{self.prog} --help` lists what is possible.")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}") from None


def _step(text: str) -> int | str:
    return text if text == "best" else _whole(text)


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
