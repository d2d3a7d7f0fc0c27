"""The command that takes in what another program trained."""

import argparse
from pathlib import Path

from dcgan.cli.output import say, settings
from dcgan.errors import DONE


def bring_file(args: argparse.Namespace) -> int:
    """Make a run of a DCGAN generator that another program trained."""
    from dcgan.imports.bring import bring, found_words

    run, where = bring(Path(args.file), args.data, settings(args.set), args.to or "", args.root)
    words = found_words(run.config, where)
    say(args, {"run": run.id, "directory": str(run.path), "found": where, "words": words}, f"{words}\n{run.path}")
    return DONE
