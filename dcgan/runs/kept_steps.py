"""The steps of which a run keeps something: which there are, and which of them to drop."""

import math
import os
import re
from pathlib import Path


def steps_in(folder: Path, ending: str) -> list[int]:
    """The steps of the files in a folder that are named by theirs, rising; none where there is no folder."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_file()]
    except OSError:
        return []
    stems = [name.removesuffix(ending) for name in names if name.endswith(ending)]
    return sorted(int(stem) for stem in stems if re.fullmatch("[0-9]{8}|[1-9][0-9]{8,14}", stem))


def thin(steps: list[int], keep: int) -> list[int]:
    """Choose which of the rising steps to drop so that `keep` stay, evenly spread over the square root of the step:
    dense at first, when pictures change fastest. First and last always stay."""
    kept = list(steps)
    while len(kept) > max(keep, 2):
        gaps = [math.sqrt(kept[i + 1]) - math.sqrt(kept[i - 1]) for i in range(1, len(kept) - 1)]
        del kept[1 + gaps.index(min(gaps))]
    return sorted(set(steps) - set(kept))
