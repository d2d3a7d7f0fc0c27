"""What quality.jsonl says of classes: its rows, and which classes the fakes have too seldom."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dcgan.runs.records import objects_in
from dcgan.system.files import read_regular

RARE = 0.3  # of its real share: a judge takes some fakes of other classes for one that is missing


def rare_classes(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The classes of a row of quality.jsonl that the fakes have less than RARE times as often as the real pictures."""
    each = zip(row["class_names"], row["shares"], row["real_shares"], strict=True)
    return tuple(name for name, share, due in each if share < RARE * due)


def class_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a quality.jsonl that speak of classes, the last one of each step, by rising step."""
    try:
        content = read_regular(path)
    except OSError:
        return []
    rows = {}
    for _, row in objects_in(content):
        try:
            step, images, names = int(row["step"]), int(row["images"]), [str(name) for name in row["class_names"]]
            shares, real = ([float(share) for share in row[key]] for key in ("shares", "real_shares"))
        except (ValueError, TypeError, KeyError, OverflowError):
            continue  # damaged
        if names and len(names) == len(shares) == len(real):
            rows[step] = {"step": step, "images": images, "class_names": names, "shares": shares, "real_shares": real}
    return [rows[step] for step in sorted(rows)]
