"""The command line: exit code 0 done, 1 failed while working, 2 refused, with one sentence on stderr."""

import sys

from dcgan.cli import bringing, drawing, judging, listing, measuring, training
from dcgan.cli.arguments import parser
from dcgan.cli.output import one_line
from dcgan.errors import FAILED, REFUSED, BadInput


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        args = parser(COMMAND).parse_args(arguments)
        return args.command(args)
    except BadInput as error:
        print(one_line(error), file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader of our output has gone
        return FAILED


COMMAND = {
    "train": training.train,
    "control": training.control,
    "sample": drawing.sample,
    "interpolate": drawing.interpolate,
    "project": drawing.project,
    "film": drawing.film,
    "evaluate": measuring.evaluate,
    "card": measuring.card,
    "train-judge": judging.train_judge,
    "export": drawing.export,
    "import": bringing.bring_file,
    "bench": measuring.bench,
    "presets": listing.presets,
    "runs": listing.list_all,
}
